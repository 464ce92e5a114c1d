//! The id token: header, signature, and every rule of OpenID Connect Core 1.0 §3.1.3.7. What its claims say about people is
//! elsewhere.
//!
//! By hand over one signature check, since `jsonwebtoken`'s validation takes an absent or wrongly typed claim for a fitting
//! one and an issuer in an array for an issuer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserializer, Error as _, IgnoredAny};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Number, Value};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::errors::fault;
use super::key_set::{NoKey, TrustedKey};
use super::settings::{OidcSettings, TokenAlg};
use crate::domain::digest;
use crate::domain::refusal::RefusalCode::{F17, F19, F21};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::IdpError;

/// Longest id token looked at, bytes. Real ones have a few thousand.
const LONGEST: usize = 256 * 1024;

/// Why a token is refused; for operators. Never holds a value from the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenFault {
    #[error("it is not three base64url parts with a JSON object in the first two")]
    Form,
    #[error("its header tells where to find a key or demands an extension; keys come from the provider's key set only")]
    ForeignKey,
    #[error("its alg is not one of idp.oidc.algorithms")]
    Algorithm,
    #[error("its typ is another kind of token's")]
    Kind,
    #[error(transparent)]
    Key(#[from] NoKey),
    #[error("its signature does not fit")]
    Signature,
    #[error("a claim it must have is missing or of the wrong JSON type")]
    Claims,
    #[error("its nonce is not the one of this login: the code belongs to another")]
    OtherLogin,
    #[error("its acr is not one of idp.oidc.required_acr")]
    Level,
    #[error("{0}")]
    Value(&'static str),
}

/// The header. Members that point at keys are of interest only in being absent: nothing is ever fetched for them.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    jku: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    jwk: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    x5u: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    x5c: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
}

/// A member that is there must have its type: `null` is not taken for absent (CVE-2026-25537 is of this kind).
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

/// A token taken apart; nothing is checked but its form and header.
pub(super) struct UnverifiedIdToken<'t> {
    pub alg: TokenAlg,
    pub kid: Option<String>,
    signed: &'t str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'t> UnverifiedIdToken<'t> {
    /// Takes a token apart and judges its header (RFC 8725 §3.1, §3.11; RFC 7515 §4.1.11).
    pub(super) fn parse(token: &'t str, algorithms: &[TokenAlg]) -> Result<Self, TokenFault> {
        if token.len() > LONGEST {
            return Err(TokenFault::Form);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenFault::Form)?;
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| TokenFault::Form)?;
        if header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() || header.x5c.is_some() || header.crit.is_some() {
            return Err(TokenFault::ForeignKey);
        }
        let alg = algorithms.iter().copied().find(|a| a.as_str() == header.alg).ok_or(TokenFault::Algorithm)?;
        if header.typ.is_some_and(|t| !t.eq_ignore_ascii_case("JWT")) {
            return Err(TokenFault::Kind);
        }
        // A payload with a dot in it fails here: the alphabet has none.
        Ok(Self { alg, kid: header.kid, signed, payload: decode(payload)?, signature: decode(signature)? })
    }

    /// The claims, if the signature is the key's.
    pub(super) fn verify(&self, key: &TrustedKey) -> Result<(IdClaims, Map<String, Value>), TokenFault> {
        if !key.holds(self.alg, self.signed.as_bytes(), &self.signature) {
            return Err(TokenFault::Signature);
        }
        // Twice: once strictly for the rules, once as it is for the mapping.
        Ok((object(&self.payload)?, object(&self.payload)?))
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenFault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Form)
}

fn object<T: DeserializeOwned>(payload: &[u8]) -> Result<T, TokenFault> {
    serde_json::from_slice(payload).map_err(|_| TokenFault::Claims)
}

/// The claims with rules (OpenID Connect Core §2).
#[derive(Deserialize)]
pub(super) struct IdClaims {
    iss: String,
    pub sub: String,
    aud: Audience,
    exp: NumericDate,
    iat: NumericDate,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    nonce: Option<String>,
    #[serde(default, deserialize_with = "present")]
    azp: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub acr: Option<String>,
    #[serde(default, deserialize_with = "present")]
    amr: Option<Words>,
    #[serde(default, deserialize_with = "present")]
    at_hash: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// A list by the book; one word from some providers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    List(Vec<String>),
    One(String),
}

/// Seconds since 1970 as a JSON number, fractions permitted (RFC 7519 §2). Text is no number.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
struct NumericDate(i64);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let n = Number::deserialize(d)?;
        // Ten thousand years either way; beyond that it is no date.
        let seconds = n.as_i64().or_else(|| n.as_f64().map(|f| f.floor() as i64)).filter(|s| s.unsigned_abs() < 320_000_000_000);
        seconds.map(Self).ok_or_else(|| D::Error::custom("not a date"))
    }
}

/// Whom and when a token must be for.
pub(super) struct Expected<'a> {
    pub settings: &'a OidcSettings,
    pub nonce: &'a str,
    pub access_token: &'a str,
    pub alg: TokenAlg,
    pub now: Timestamp,
}

impl IdClaims {
    /// Every rule of §3.1.3.7 that the signature did not settle.
    pub(super) fn check(&self, e: &Expected<'_>) -> Result<(), TokenFault> {
        let us = e.settings.client_id.as_str();
        if self.iss != e.settings.issuer {
            return Err(TokenFault::Value("its issuer is not idp.oidc.issuer, byte for byte"));
        }
        let (ours, others) = match &self.aud {
            Audience::One(one) => (one == us, false),
            Audience::Several(list) => (list.iter().any(|a| a == us), list.iter().any(|a| a != us)),
        };
        if !ours {
            return Err(TokenFault::Value("it was issued to another client"));
        }
        if self.azp.as_deref().map_or(others, |azp| azp != us) {
            return Err(TokenFault::Value("it is meant for several, and this service is not the one it was issued to (azp)"));
        }
        if self.sub.is_empty() || self.sub.len() > 255 {
            return Err(TokenFault::Value("its sub is empty or longer than 255 bytes"));
        }
        self.check_times(e)?;
        match self.nonce.as_deref() {
            None => return Err(TokenFault::Value("it has no nonce")),
            Some(nonce) if !digest::equal(nonce, e.nonce) => return Err(TokenFault::OtherLogin),
            Some(_) => {}
        }
        if self.at_hash.as_ref().is_some_and(|h| *h != at_hash(e.alg, e.access_token)) {
            return Err(TokenFault::Value("its at_hash is of another access token"));
        }
        let levels = &e.settings.required_acr;
        if !levels.is_empty() && !self.acr.as_ref().is_some_and(|acr| levels.contains(acr)) {
            return Err(TokenFault::Level);
        }
        Ok(())
    }

    fn check_times(&self, e: &Expected<'_>) -> Result<(), TokenFault> {
        let (now, leeway) = (e.now, e.settings.leeway);
        let at = |d: NumericDate| Timestamp::from_secs(d.0);
        if self.exp <= self.iat {
            return Err(TokenFault::Value("it expires before it was issued"));
        }
        if at(self.exp).plus(leeway) <= now {
            return Err(TokenFault::Value("it has expired; compare clocks"));
        }
        if at(self.iat) > now.plus(leeway) || self.nbf.is_some_and(|nbf| at(nbf) > now.plus(leeway)) {
            return Err(TokenFault::Value("it is from the future; compare clocks"));
        }
        if at(self.iat).plus(e.settings.max_token_age).plus(leeway) <= now {
            return Err(TokenFault::Value("it was issued longer ago than idp.oidc.max_token_age; compare clocks"));
        }
        Ok(())
    }

    /// How the person signed in, words in the provider's order.
    pub(super) fn method(&self) -> Option<String> {
        match self.amr.as_ref()? {
            Words::List(list) => Some(list.join(" ")).filter(|w| !w.is_empty()),
            Words::One(word) => Some(word.clone()),
        }
    }
}

/// OpenID Connect Core §3.1.3.6: the left half of the access token's hash, by the hash of the signature's algorithm.
fn at_hash(alg: TokenAlg, access_token: &str) -> String {
    let bytes = access_token.as_bytes();
    let hash = match alg {
        TokenAlg::Rs256 | TokenAlg::Ps256 | TokenAlg::Es256 => Sha256::digest(bytes).to_vec(),
        TokenAlg::Es384 => Sha384::digest(bytes).to_vec(),
        // Ed25519 hashes with SHA-512 (RFC 8032 §5.1).
        TokenAlg::EdDsa => Sha512::digest(bytes).to_vec(),
    };
    URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}

/// A token that fails its check is our fault or theirs, never the person's, unless it is a good one of another login, or of
/// a sign-in that was too weak.
pub(super) fn refuse(e: TokenFault) -> IdpError {
    let code = match e {
        TokenFault::OtherLogin => F19,
        TokenFault::Level => F21,
        _ => F17,
    };
    fault(code, format!("id token refused: {e}"))
}
