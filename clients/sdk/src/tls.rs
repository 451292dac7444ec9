//! TLS as both the REST calls and the WebSocket use it.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::Error;

/// Trusts the authorities that this machine trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
pub(crate) fn configuration() -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let hint = "install the package ca-certificates, or name a file in SSL_CERT_FILE";
        return Err(Error::Invalid(format!("this machine trusts no certificate authority: {hint}")));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Invalid(format!("TLS cannot be used: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(configuration))
}
