//! The assertion by which a certificate stands for a secret: a JWT that the application's private
//! key has signed, and in whose head the certificate's thumbprint says which key that is.
//!
//! Source: "Microsoft identity platform application authentication certificate credentials" (RS256
//! with `x5t`, the SHA-1 of the certificate; no assertion should live longer than ten minutes).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use peerage_core::time::Timestamp;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

/// How long an assertion is good, and how far our clock may be ahead of Azure's, in seconds.
const GOOD_FOR_S: i64 = 300;
const CLOCK_SKEW_S: i64 = 60;

/// The largest PEM that is read, in bytes.
const PEM_MAX: usize = 64 * 1024;

/// A certificate's thumbprint and its private key.
pub struct Certificate {
    key: RsaKeyPair,
    thumbprint: String,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(..)")
    }
}

impl Certificate {
    /// Reads a certificate and its RSA key out of one text; of several certificates the first.
    pub(super) fn from_pem(pem: &str) -> Result<Self, String> {
        if pem.len() > PEM_MAX {
            return Err(format!("the PEM is longer than {PEM_MAX} bytes"));
        }
        let Some(certificate) = section(pem, "CERTIFICATE")? else {
            return Err("the PEM has no CERTIFICATE".to_owned());
        };
        let pkcs8 = section(pem, "PRIVATE KEY")?;
        let pkcs1 = section(pem, "RSA PRIVATE KEY")?;
        let key = match (pkcs8, pkcs1) {
            (Some(der), _) => RsaKeyPair::from_pkcs8(&der),
            (None, Some(der)) => RsaKeyPair::from_der(&der),
            (None, None) => {
                return Err("the PEM has no unencrypted PRIVATE KEY or RSA PRIVATE KEY".to_owned());
            }
        };
        let key = key.map_err(|rejected| format!("the private key is not taken: {rejected}"))?;
        let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate);
        Ok(Self { key, thumbprint: URL_SAFE_NO_PAD.encode(thumbprint) })
    }

    /// An assertion of `client` for the token endpoint `audience`.
    pub(super) fn assertion(
        &self,
        client: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<String, String> {
        let random = SystemRandom::new();
        let mut id = [0; 16];
        random.fill(&mut id).map_err(|_| "the system gives no random bytes".to_owned())?;
        let seconds = now.as_millis().div_euclid(1000);
        let head = json!({"alg": "RS256", "typ": "JWT", "x5t": self.thumbprint});
        let claims = json!({
            "aud": audience,
            "iss": client,
            "sub": client,
            "jti": URL_SAFE_NO_PAD.encode(id),
            "iat": seconds,
            "nbf": seconds - CLOCK_SKEW_S,
            "exp": seconds + GOOD_FOR_S,
        });
        let [head, claims] =
            [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string().as_bytes()));
        let signed = format!("{head}.{claims}");
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature)
            .map_err(|_| "the private key does not sign".to_owned())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The bytes of the first section of that name.
fn section(pem: &str, name: &str) -> Result<Option<Vec<u8>>, String> {
    let (begin, end) = (format!("-----BEGIN {name}-----"), format!("-----END {name}-----"));
    let Some((_, rest)) = pem.split_once(&begin) else { return Ok(None) };
    let Some((body, _)) = rest.split_once(&end) else {
        return Err(format!("the PEM has no end of {name}"));
    };
    let body: String = body.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(body).map_err(|_| format!("the {name} is no base64"))?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    /// Made for these tests by `openssl req -x509 -newkey rsa:2048 -nodes`; it opens nothing.
    const PEM: &str = include_str!("assertion/certificate.pem");
    /// The same key as PKCS #1, by `openssl rsa -traditional`.
    const PKCS1: &str = include_str!("assertion/certificate_pkcs1.pem");
    /// What `openssl x509 -fingerprint -sha1` says of it.
    const FINGERPRINT: &str = include_str!("assertion/fingerprint.txt");

    fn parts(assertion: &str) -> (Value, Value, Vec<u8>, String) {
        let parts: Vec<_> = assertion.split('.').collect();
        let [head, claims, signature] = parts.as_slice() else { panic!("{assertion}") };
        let json =
            |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let signed = format!("{head}.{claims}");
        (json(head), json(claims), URL_SAFE_NO_PAD.decode(signature).unwrap(), signed)
    }

    #[test]
    fn an_assertion_is_signed_by_the_key_and_names_the_certificate() {
        for pem in [PEM, PKCS1] {
            let certificate = Certificate::from_pem(pem).unwrap();
            let now = Timestamp::from_millis(1_700_000_000_999);
            let (head, claims, signature, signed) =
                parts(&certificate.assertion("app", "https://login/t/token", now).unwrap());
            let public = certificate.key.public().as_ref();
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
                .verify(signed.as_bytes(), &signature)
                .unwrap();
            let thumbprint = URL_SAFE_NO_PAD.decode(head["x5t"].as_str().unwrap()).unwrap();
            let hex: Vec<_> = thumbprint.iter().map(|byte| format!("{byte:02X}")).collect();
            assert_eq!(hex.join(":"), FINGERPRINT.trim());
            assert_eq!((head["alg"].as_str(), head["typ"].as_str()), (Some("RS256"), Some("JWT")));
            assert_eq!(claims["aud"], "https://login/t/token");
            assert_eq!((&claims["iss"], &claims["sub"]), (&json!("app"), &json!("app")));
            assert_eq!(claims["exp"], 1_700_000_300);
            assert!(claims["nbf"].as_i64().unwrap() < 1_700_000_000);
        }
    }

    #[test]
    fn a_changed_assertion_is_not_verified() {
        let certificate = Certificate::from_pem(PEM).unwrap();
        let (_, _, signature, signed) =
            parts(&certificate.assertion("app", "a", Timestamp::ZERO).unwrap());
        let public = certificate.key.public().as_ref();
        let forged = signed.replacen('e', "f", 1);
        let verified = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
            .verify(forged.as_bytes(), &signature);
        assert!(verified.is_err());
    }

    #[test]
    fn two_assertions_have_two_ids() {
        let certificate = Certificate::from_pem(PEM).unwrap();
        let ids = [(); 2].map(|()| {
            let (_, claims, _, _) =
                parts(&certificate.assertion("app", "a", Timestamp::ZERO).unwrap());
            claims["jti"].as_str().unwrap().to_owned()
        });
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_of_the_key_is_shown() {
        let certificate = PEM.split_once("-----BEGIN CERTIFICATE").unwrap();
        let (key, rest) = (certificate.0, format!("-----BEGIN CERTIFICATE{}", certificate.1));
        let without_key = Certificate::from_pem(&rest).unwrap_err();
        assert!(without_key.contains("PRIVATE KEY"), "{without_key}");
        let without_certificate = Certificate::from_pem(key).unwrap_err();
        assert!(without_certificate.contains("CERTIFICATE"), "{without_certificate}");
        let broken =
            format!("{rest}\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----");
        let rejected = Certificate::from_pem(&broken).unwrap_err();
        assert!(rejected.contains("not taken") && !rejected.contains("AAAA"), "{rejected}");
        let long = "x".repeat(PEM_MAX + 1);
        assert!(Certificate::from_pem(&long).unwrap_err().contains("longer"));
        assert_eq!(format!("{:?}", Certificate::from_pem(PEM).unwrap()), "Certificate(..)");
    }
}
