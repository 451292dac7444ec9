//! A server behind TLS: `https` for calls and `wss` for the socket.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::generate_simple_self_signed;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::scripts::{program_at, text};
use crate::world::{PASSWORD, World};

/// Ends TLS before the server, as a load balancer does. Gives the port, and the certificate that clients must trust.
async fn tls_before(world: &World, home: &Path) -> (u16, PathBuf) {
    let certified = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = home.join("authority.pem");
    std::fs::write(&certificate, certified.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let configuration = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(configuration));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = world.addr();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let (Ok(mut near), Ok(mut far)) = (acceptor.accept(near).await, TcpStream::connect(target).await)
                else {
                    return;
                };
                let _ = copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (port, certificate)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_https_is_spoken_to_by_tls_alone_and_only_if_it_is_trusted() {
    let world = World::start().await;
    world.account("ada").await;
    let home = world.home_of("ada");
    let (port, certificate) = tls_before(&world, &home).await;
    let addr = format!("https://localhost:{port}");
    std::fs::write(home.join("password"), PASSWORD).unwrap();
    let password = home.join("password");
    let arguments =
        ["--user", "ada", "--password-file", password.to_str().unwrap(), "send", "--room", "global", "secretly"];
    let run = |addr: &str, trusted: Option<&Path>| {
        let mut command = program_at(addr, &world, "ada", &arguments);
        if let Some(trusted) = trusted {
            command.env("SSL_CERT_FILE", trusted);
        }
        command.output()
    };
    // By REST for signing in and finding the room, by a WebSocket for the message.
    let output = run(&addr, Some(&certificate)).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "[Sent to global] secretly\n");
    let output = run(&format!("http://localhost:{port}"), Some(&certificate)).unwrap();
    assert_eq!(output.status.code(), Some(4), "plain text is no way to speak to it");
    let other = home.join("other.pem");
    std::fs::write(&other, generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem()).unwrap();
    let output = run(&format!("https://localhost:{port}"), Some(&other)).unwrap();
    assert_ne!(output.status.code(), Some(0));
    let output = run(&format!("https://127.0.0.1:{port}"), Some(&certificate)).unwrap();
    assert_eq!(output.status.code(), Some(4), "the certificate is for another name");
    assert!(text(&output.stderr).contains("certificate"), "{}", text(&output.stderr));
}
