//! Encrypted connections: with `sslmode=require` the server must have a certificate for its name that we trust.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Trusts the authorities of a file in PEM or, without one, those of this machine.
pub(super) fn connector(authorities: Option<&Path>) -> io::Result<MakeRustlsConnect> {
    let certificates = match authorities {
        Some(path) => CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(io::Error::other)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    let (trusted, _) = roots.add_parsable_certificates(certificates);
    if trusted == 0 {
        return Err(io::Error::new(io::ErrorKind::NotFound, "no certificate of an authority was found"));
    }
    // The library that signs our tokens, named here, as a default for the whole process could be set by anybody.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
