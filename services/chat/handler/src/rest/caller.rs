//! The caller of a REST call: checked, and met by chat before the call looks at any room.

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use chat_usecase::Chat;
use contract::problem::Slug;
use futures_util::future::LocalBoxFuture;
use kernel::Principal;
use web::{Authenticated, Failure};

use crate::problem;

/// Who is asking: as [`Authenticated`], and welcome in the default rooms if this is their first call.
pub(crate) struct Caller(pub(crate) Principal);

impl FromRequest for Caller {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let authenticated = Authenticated::from_request(request, payload);
        let chat = request.app_data::<Data<Chat>>().cloned();
        Box::pin(async move {
            let Authenticated(principal) = authenticated.await?;
            let chat = chat.ok_or_else(|| Failure::new(Slug::Internal, "Chat is not set up."))?;
            chat.welcome(&principal).await.map_err(|error| problem::welcome(&error))?;
            Ok(Self(principal))
        })
    }
}
