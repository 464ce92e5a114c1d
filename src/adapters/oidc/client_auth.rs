//! How we prove at the token endpoint who we are (OpenID Connect Core §9). Keys are read and checked once.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::{Algorithm, EncodingKey};
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use serde_json::json;

use super::errors::fault;
use super::settings::{AssertionAlg, AssertionAudience, ClientAuthentication, OidcSettingsError};
use crate::domain::refusal::RefusalCode::F17;
use crate::domain::time::Timestamp;
use crate::ports::Entropy;
use crate::ports::identity_provider::IdpError;

/// Life of an assertion: long enough for a slow request and clocks a little apart, too short to be worth stealing.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);
/// Smallest RSA key, bits (RFC 7518 §3.3).
const MIN_RSA: u32 = 2048;

/// `client_assertion_type` (RFC 7523 §2.2).
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A way to authenticate, ready for use. No `Debug`.
pub(super) enum ClientProof {
    Assertion(Assertion),
    Basic(String),
    Post(String),
}

/// Signs `private_key_jwt`.
pub(super) struct Assertion {
    key: EncodingKey,
    algorithm: Algorithm,
    key_id: Option<String>,
    audience: AssertionAudience,
    entropy: Arc<dyn Entropy>,
}

impl ClientProof {
    pub(super) fn new(authentication: ClientAuthentication, entropy: Arc<dyn Entropy>) -> Result<Self, OidcSettingsError> {
        match authentication {
            ClientAuthentication::SecretBasic(secret) => Ok(Self::Basic(secret)),
            ClientAuthentication::SecretPost(secret) => Ok(Self::Post(secret)),
            ClientAuthentication::PrivateKeyJwt { private_key, algorithm, key_id, audience } => {
                let wrong = |problem: &str| OidcSettingsError::new("private_key_file", problem);
                let pem = checked(&private_key, algorithm).map_err(wrong)?;
                let (key, algorithm) = match algorithm {
                    AssertionAlg::Es256 => (EncodingKey::from_ec_pem(&pem), Algorithm::ES256),
                    AssertionAlg::Rs256 => (EncodingKey::from_rsa_pem(&pem), Algorithm::RS256),
                    AssertionAlg::Ps256 => (EncodingKey::from_rsa_pem(&pem), Algorithm::PS256),
                };
                let key = key.map_err(|_| wrong("cannot be used for signing"))?;
                Ok(Self::Assertion(Assertion { key, algorithm, key_id, audience, entropy }))
            }
        }
    }
}

/// The key as PKCS#8, whatever PEM it came in, if it is of the algorithm's kind.
fn checked(pem: &[u8], algorithm: AssertionAlg) -> Result<Vec<u8>, &'static str> {
    let key = PKey::private_key_from_pem(pem).map_err(|_| "is not a private key in PEM form without a password")?;
    let on_p256 = |key: &PKey<Private>| key.ec_key().is_ok_and(|k| k.group().curve_name() == Some(Nid::X9_62_PRIME256V1));
    match algorithm {
        AssertionAlg::Es256 if !on_p256(&key) => Err("ES256 needs a key on the curve P-256"),
        AssertionAlg::Rs256 | AssertionAlg::Ps256 if key.id() != Id::RSA || key.bits() < MIN_RSA => {
            Err("RS256 and PS256 need an RSA key of at least 2048 bits")
        }
        _ => key.private_key_to_pem_pkcs8().map_err(|_| "cannot be re-encoded"),
    }
}

impl Assertion {
    /// A fresh assertion (RFC 7523 §3): one request's only, hence the `jti`.
    pub(super) fn sign(&self, client_id: &str, issuer: &str, token_endpoint: &str, now: Timestamp) -> Result<String, IdpError> {
        let alg = match self.algorithm {
            Algorithm::ES256 => "ES256",
            Algorithm::PS256 => "PS256",
            _ => "RS256",
        };
        let mut header = json!({ "typ": "JWT", "alg": alg });
        if let Some(kid) = &self.key_id {
            header["kid"] = json!(kid);
        }
        let claims = json!({
            "iss": client_id,
            "sub": client_id,
            "aud": match self.audience { AssertionAudience::Issuer => issuer, AssertionAudience::TokenEndpoint => token_endpoint },
            "jti": self.entropy.token(),
            "iat": now.secs(),
            "exp": now.plus(ASSERTION_LIFETIME).secs(),
        });
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = (aws_lc::DEFAULT_PROVIDER.signer_factory)(&self.algorithm, &self.key)
            .ok()
            .and_then(|signer| signer.try_sign(input.as_bytes()).ok())
            .ok_or_else(|| fault(F17, "our assertion could not be signed; check idp.oidc.private_key_file"))?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
