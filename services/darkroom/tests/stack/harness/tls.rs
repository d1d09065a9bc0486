//! Connections to Traefik that can be read and written as they are.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::sync::Arc;

/// Where bytes can be sent and read as they are.
pub trait Line: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send> Line for T {}

/// One to the server at that address, whose certificate comes from that authority (PEM).
pub async fn connect(base: &str, authority: &[u8]) -> Box<dyn Line> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority) {
        roots.add(certificate.expect("a certificate")).expect("an authority");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let port: u16 = base.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let socket = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    Box::new(connector.connect(name, socket).await.expect("TLS"))
}
