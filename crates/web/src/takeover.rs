//! A connection that leaves HTTP: what has been agreed in a handshake goes on without actix's dispatcher.
//!
//! actix keeps two buffers of 8 KiB and a task for each connection, for as long as it is open. For requests that is little; for
//! ten thousand sockets of which most are idle it is most of the memory. So an upgrade request is answered by the same
//! application as any other, and then the handler that has answered it gets the connection itself.

use std::io;

use actix_codec::Framed;
use actix_http::body::{BodySize, BoxBody, MessageBody, to_bytes};
use actix_http::h1::{Codec, Message};
use actix_http::{ConnectionType, Request, Response};
use actix_web::HttpResponse;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::rt::net::TcpStream;
use bytes::BytesMut;
use futures_util::SinkExt;

/// What becomes of a connection: it, and what has come on it after the handshake.
type Then = Box<dyn FnOnce(TcpStream, BytesMut)>;

struct Takeover(Then);

/// Hands the connection to `then` once this response is written, and with it what the peer has sent since its request.
/// The response's body is not sent.
pub fn take_over(response: &mut HttpResponse, then: impl FnOnce(TcpStream, BytesMut) + 'static) {
    response.extensions_mut().insert(Takeover(Box::new(then)));
}

/// Answers an upgrade request as the application does. A connection that is not taken over ends with the answer.
///
/// # Errors
/// The connection could not be written to.
pub async fn answer_upgrade<S, B>(
    application: &S,
    request: Request,
    mut connection: Framed<TcpStream, Codec>,
) -> io::Result<()>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
{
    let mut response: Response<BoxBody> = match application.call(request).await {
        Ok(response) => Response::from(response).map_body(|_, body| BoxBody::new(body)),
        Err(error) => error.into(),
    };
    let takeover = response.extensions_mut().remove::<Takeover>();
    if let Some(Takeover(then)) = takeover {
        connection.send(Message::Item((response.drop_body(), BodySize::None))).await?;
        let parts = connection.into_parts();
        then(parts.io, parts.read_buf);
        return Ok(());
    }
    response.head_mut().set_connection_type(ConnectionType::Close);
    write(response, &mut connection).await?;
    connection.close().await
}

/// Writes it in one piece: there are clients that look for the body only where they have found the head.
async fn write(response: Response<BoxBody>, connection: &mut Framed<TcpStream, Codec>) -> io::Result<()> {
    let (head, body) = response.into_parts();
    let size = body.size();
    let bytes = to_bytes(body).await.map_err(|error| io::Error::other(error.to_string()))?;
    connection.feed(Message::Item((head, size))).await?;
    if !matches!(size, BodySize::None | BodySize::Sized(0)) {
        connection.feed(Message::Chunk(Some(bytes))).await?;
        connection.feed(Message::Chunk(None)).await?;
    }
    connection.flush().await
}
