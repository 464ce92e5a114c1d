//! Digests of secrets: what the database keeps instead of codes, states and tokens. Each kind has its own label, so that
//! one kind of secret presented in another's place is simply unknown.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// What a secret is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecretKind {
    /// `request_uri` of a pushed authorization request.
    RequestUri,
    /// `state` sent to the identity provider.
    LoginState,
    /// `state` sent to a platform's own sign-in.
    PlatformState,
    /// Cookie that names a browser.
    Browser,
    /// Authorization code given to a platform.
    AuthorizationCode,
    /// Access token given to a platform.
    AccessToken,
    /// OAuth client secret of a platform.
    ClientSecret,
    /// Operator token.
    OperatorToken,
    /// `jti` of a client assertion.
    ClientAssertion,
    /// Form token against cross-site requests.
    FormToken,
    /// One-time link into an application.
    ApplicationLink,
    /// Idempotency key of a platform.
    IdempotencyKey,
    /// What a stream's endpoint must give back of its verification event.
    StreamChallenge,
}

impl SecretKind {
    const fn label(self) -> &'static str {
        match self {
            Self::RequestUri => "request_uri",
            Self::LoginState => "login_state",
            Self::PlatformState => "platform_state",
            Self::Browser => "browser",
            Self::AuthorizationCode => "code",
            Self::AccessToken => "access_token",
            Self::ClientSecret => "client_secret",
            Self::OperatorToken => "operator_token",
            Self::ClientAssertion => "client_assertion",
            Self::FormToken => "form_token",
            Self::ApplicationLink => "application_link",
            Self::IdempotencyKey => "idempotency_key",
            Self::StreamChallenge => "stream_challenge",
        }
    }
}

/// SHA-256 over the label and the secret, lower-case hex. The secrets are 256 random bits, so a plain hash is enough: there
/// is nothing to guess and a slow hash would only slow us.
pub fn of_secret(kind: SecretKind, secret: &str) -> String {
    let mut h = Sha256::new();
    h.update(kind.label().as_bytes());
    h.update([0]);
    h.update(secret.as_bytes());
    hex(&h.finalize())
}

/// SHA-256 of bytes, lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// PKCE `S256` (RFC 7636 §4.2): base64url(SHA-256(verifier)).
pub fn pkce_s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for b in bytes {
        // Writing into a String does not fail.
        let _ = write!(out, "{b:02x}");
    }
    out
}

/// The 32 bytes that unpadded base64url text stands for.
pub fn base64url_32(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Whether two texts are equal, in time that does not tell where they differ.
pub fn equal(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0u8, |acc, (x, y)| acc | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkce_example_of_rfc_7636() {
        assert_eq!(pkce_s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn kinds_do_not_mix() {
        assert_ne!(of_secret(SecretKind::AuthorizationCode, "x"), of_secret(SecretKind::LoginState, "x"));
        assert!(equal("ab", "ab") && !equal("ab", "ac") && !equal("ab", "abc"));
    }
}
