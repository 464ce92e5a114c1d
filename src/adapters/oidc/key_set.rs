//! The provider's JWK set (RFC 7517): which keys are usable, and which one a token may be checked with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::settings::TokenAlg;

/// Most keys in a set. Providers publish a handful; a set of thousands is an attack on our time.
pub(super) const MOST_KEYS: usize = 100;
/// RSA modulus sizes accepted, bits (RFC 7518 §3.3; larger ones cost too much time).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// What a key is. Each algorithm wants exactly one kind: a key can never be used as another kind's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

const fn kind_for(alg: TokenAlg) -> Kind {
    match alg {
        TokenAlg::Rs256 | TokenAlg::Ps256 => Kind::Rsa,
        TokenAlg::Es256 => Kind::P256,
        TokenAlg::Es384 => Kind::P384,
        TokenAlg::EdDsa => Kind::Ed25519,
    }
}

/// A key that may check signatures.
#[derive(Clone)]
pub(super) struct TrustedKey {
    kid: Option<String>,
    kind: Kind,
    alg: Option<String>,
    key: DecodingKey,
}

/// Why a set is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeySetFault {
    #[error("the provider's key set is not a JWK set")]
    Form,
    #[error("the provider's key set has more than {MOST_KEYS} keys")]
    TooMany,
}

/// Why no key of a set is the token's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoKey {
    #[error("the provider's key set has no usable key for it")]
    Unknown,
    /// Guessing would let any of them speak for all.
    #[error("several keys of the provider fit and it does not say which")]
    Ambiguous,
}

/// The usable keys of a provider.
#[derive(Clone, Default)]
pub(super) struct KeySet(Vec<TrustedKey>);

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a set. Keys out of form, of unknown kinds, for other uses and symmetrical ones are passed over (RFC 7517 §5).
    pub(super) fn parse(body: &[u8]) -> Result<Self, KeySetFault> {
        let document: Document = serde_json::from_slice(body).map_err(|_| KeySetFault::Form)?;
        if document.keys.len() > MOST_KEYS {
            return Err(KeySetFault::TooMany);
        }
        Ok(Self(document.keys.iter().filter_map(Value::as_object).filter_map(usable).collect()))
    }

    /// The one key for a token of this algorithm that names this key, or none.
    pub(super) fn choose(&self, alg: TokenAlg, kid: Option<&str>) -> Result<&TrustedKey, NoKey> {
        let fits = |k: &&TrustedKey| {
            let named = kid.is_none() || k.kid.as_deref() == kid;
            named && k.kind == kind_for(alg) && k.alg.as_deref().is_none_or(|a| a == alg.as_str())
        };
        let mut fitting = self.0.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (None, _) => Err(NoKey::Unknown),
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(NoKey::Ambiguous),
        }
    }

    /// Whether any key could check such a token.
    pub(super) fn serves(&self, alg: TokenAlg) -> bool {
        self.choose(alg, None) != Err(NoKey::Unknown)
    }
}

impl PartialEq for TrustedKey {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl TrustedKey {
    /// Whether `signature` over `message` is this key's.
    ///
    /// The crypto provider is named instead of taken from the process, and `jsonwebtoken::Validation` is not used at all: its
    /// rules read the ambient clock and take an absent or wrongly typed claim for a fitting one.
    pub(super) fn holds(&self, alg: TokenAlg, message: &[u8], signature: &[u8]) -> bool {
        if kind_for(alg) != self.kind {
            return false;
        }
        let algorithm = match alg {
            TokenAlg::Rs256 => Algorithm::RS256,
            TokenAlg::Ps256 => Algorithm::PS256,
            TokenAlg::Es256 => Algorithm::ES256,
            TokenAlg::Es384 => Algorithm::ES384,
            TokenAlg::EdDsa => Algorithm::EdDSA,
        };
        (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&algorithm, &self.key)
            .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
    }
}

/// The key of a JWK that may check signatures of id tokens.
fn usable(jwk: &Map<String, Value>) -> Option<TrustedKey> {
    // A member that is there and not text makes the key unusable: it is not taken for absent.
    let text = |name: &str| match jwk.get(name) {
        None => Some(None),
        Some(Value::String(s)) => Some(Some(s.as_str())),
        Some(_) => None,
    };
    // `d` and `k` are secret in every key type that has them (RFC 7518 §6): what everybody can read proves nothing.
    if jwk.contains_key("d") || jwk.contains_key("k") || text("use")?.is_some_and(|u| u != "sig") {
        return None;
    }
    let for_checking = |ops: &Value| ops.as_array().is_some_and(|l| l.iter().any(|op| op == "verify"));
    if jwk.get("key_ops").is_some_and(|ops| !for_checking(ops)) {
        return None;
    }
    let (kind, key) = match (text("kty")??, text("crv")?) {
        ("RSA", _) => (Kind::Rsa, rsa(text("n")??, text("e")??)?),
        ("EC", Some("P-256")) => (Kind::P256, ec(text("x")??, text("y")??, 32)?),
        ("EC", Some("P-384")) => (Kind::P384, ec(text("x")??, text("y")??, 48)?),
        ("OKP", Some("Ed25519")) => (Kind::Ed25519, ed25519(text("x")??)?),
        _ => return None,
    };
    // RFC 9864 has another name for what RFC 8037 calls EdDSA.
    let alg = text("alg")?.map(|a| if a == "Ed25519" { "EdDSA" } else { a }.to_owned());
    Some(TrustedKey { kid: text("kid")?.map(str::to_owned), kind, alg, key })
}

fn rsa(n: &str, e: &str) -> Option<DecodingKey> {
    let modulus = URL_SAFE_NO_PAD.decode(n).ok()?;
    let first = modulus.iter().position(|b| *b != 0)?;
    let bits = (modulus.len() - first) * 8 - modulus[first].leading_zeros() as usize;
    RSA_BITS.contains(&bits).then(|| DecodingKey::from_rsa_components(n, e).ok()).flatten()
}

fn ec(x: &str, y: &str, size: usize) -> Option<DecodingKey> {
    let full = |c: &str| URL_SAFE_NO_PAD.decode(c).is_ok_and(|b| b.len() == size);
    // RFC 7518 §6.2.1.2: exactly the size of a coordinate.
    (full(x) && full(y)).then(|| DecodingKey::from_ec_components(x, y).ok()).flatten()
}

fn ed25519(x: &str) -> Option<DecodingKey> {
    URL_SAFE_NO_PAD.decode(x).is_ok_and(|b| b.len() == 32).then(|| DecodingKey::from_ed_components(x).ok()).flatten()
}
