//! A certificate for a port of this machine, with an authority of its own that clients can be told
//! to trust: the clients of some clouds refuse to send a token without TLS.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The authority's certificate, and what a server needs.
pub struct Certificate {
    /// In PEM, for clients: `REQUESTS_CA_BUNDLE` and the like.
    pub authority_pem: String,
    /// For [`crate::serve`].
    pub server: Arc<ServerConfig>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificate")
    }
}

impl Certificate {
    /// Makes one for `localhost`, `127.0.0.1` and `::1`, and for `hosts`.
    ///
    /// # Errors
    /// A host is no name or address, in words for people.
    pub fn generate(hosts: &[String]) -> Result<Self, String> {
        let words = |error: rcgen::Error| error.to_string();
        let authority_key = KeyPair::generate().map_err(words)?;
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "Peerage emulated clouds");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = authority.self_signed(&authority_key).map_err(words)?;
        let issuer = Issuer::new(authority, authority_key);
        let usual = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let names: Vec<String> = usual.into_iter().chain(hosts.iter().cloned()).collect();
        let mut params = CertificateParams::new(names).map_err(words)?;
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(words)?;
        let own = params.signed_by(&key, &issuer).map_err(words)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder.with_no_client_auth().with_single_cert(vec![own.der().clone()], private)
            })
            .map_err(|error| error.to_string())?;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { authority_pem: root.pem(), server: Arc::new(server) })
    }
}
