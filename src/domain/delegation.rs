//! A trust mark delegation: the owner of a kind of badge lets an issuer issue it (OpenID Federation 1.1, "Trust Mark
//! Delegation"). What it must say and in which form; whose signature it bears is for those to check who have the owner's keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// `typ` of the JOSE header.
pub const TYP: &str = "trust-mark-delegation+jwt";

/// Most characters. Each attestation carries it, base64 in base64, and must stay within what platforms read.
pub const LENGTH_MAX: usize = 4096;

/// Why a text is no delegation, in words that follow "the delegation".
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadDelegation {
    /// Over [`LENGTH_MAX`].
    #[error("is longer than {LENGTH_MAX} characters")]
    TooLong,
    /// Not three base64url segments of which two are JSON objects.
    #[error("is not a JWT in compact form")]
    NotAJwt,
    /// Another `typ`.
    #[error("is not of type {TYP}")]
    Typ,
    /// `alg` or `kid` is missing, or the algorithm is `none`.
    #[error("has a header without algorithm or key id")]
    Header,
    /// A claim is missing or of another type.
    #[error("lacks iss, sub, trust_mark_type or iat, or has one of the wrong type")]
    Claims,
    /// Issued to somebody else.
    #[error("is issued to another issuer: its sub is not this one's address")]
    Subject,
    /// For another kind of badge.
    #[error("is for another trust_mark_type")]
    TrustMarkType,
    /// `exp` is not after `iat`.
    #[error("ends before it begins")]
    Lifetime,
}

/// What a delegation says; its signature was not looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnverifiedDelegation {
    /// The owner.
    pub iss: String,
    /// The issuer it delegates to.
    pub sub: String,
    /// The kind of badge.
    pub trust_mark_type: String,
    /// Begins, seconds.
    pub iat: i64,
    /// Ends, seconds; never, when absent.
    pub exp: Option<i64>,
    /// Name of the owner's key.
    pub kid: String,
}

impl UnverifiedDelegation {
    /// Reads a delegation to `issuer` for `trust_mark_type`.
    ///
    /// # Errors
    /// [`BadDelegation`], the first thing that is wrong.
    pub fn read(token: &str, issuer: &str, trust_mark_type: &str) -> Result<Self, BadDelegation> {
        if token.len() > LENGTH_MAX {
            return Err(BadDelegation::TooLong);
        }
        let mut segments = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) = (segments.next(), segments.next(), segments.next(), segments.next())
        else {
            return Err(BadDelegation::NotAJwt);
        };
        if signature.is_empty() || URL_SAFE_NO_PAD.decode(signature).is_err() {
            return Err(BadDelegation::NotAJwt);
        }
        let (header, claims) = (object(header)?, object(claims)?);
        if header.get("typ").and_then(Value::as_str) != Some(TYP) {
            return Err(BadDelegation::Typ);
        }
        let kid = text(&header, "kid").filter(|kid| !kid.is_empty());
        let (Some(kid), true) = (kid, text(&header, "alg").is_some_and(|alg| alg != "none")) else { return Err(BadDelegation::Header) };
        let read = Self::of_claims(&claims, kid).ok_or(BadDelegation::Claims)?;
        if read.sub != issuer {
            return Err(BadDelegation::Subject);
        }
        if read.trust_mark_type != trust_mark_type {
            return Err(BadDelegation::TrustMarkType);
        }
        if read.exp.is_some_and(|exp| exp <= read.iat) {
            return Err(BadDelegation::Lifetime);
        }
        Ok(read)
    }

    fn of_claims(claims: &Map<String, Value>, kid: String) -> Option<Self> {
        Some(Self {
            iss: text(claims, "iss")?,
            sub: text(claims, "sub")?,
            trust_mark_type: text(claims, "trust_mark_type")?,
            iat: claims.get("iat")?.as_i64()?,
            // An end of the wrong type must not read as no end.
            exp: match claims.get("exp") {
                None => None,
                Some(exp) => Some(exp.as_i64()?),
            },
            kid,
        })
    }
}

fn object(segment: &str) -> Result<Map<String, Value>, BadDelegation> {
    let bytes = URL_SAFE_NO_PAD.decode(segment).map_err(|_| BadDelegation::NotAJwt)?;
    serde_json::from_slice(&bytes).map_err(|_| BadDelegation::NotAJwt)
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISS: &str = "https://badge.example.ru";
    const TYPE: &str = "https://badge.example.ru/tm/official-community/v1";

    fn good() -> (Value, Value) {
        let claims =
            json!({ "iss": "https://owner.example.ru", "sub": ISS, "trust_mark_type": TYPE, "iat": 1_795_453_977, "exp": 1_803_229_977 });
        (json!({ "typ": TYP, "alg": "ES256", "kid": "k1" }), claims)
    }

    fn read(header: &Value, claims: &Value) -> Result<UnverifiedDelegation, BadDelegation> {
        let b64 = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
        UnverifiedDelegation::read(&format!("{}.{}.c2ln", b64(header), b64(claims)), ISS, TYPE)
    }

    #[test]
    fn a_good_one_is_read() {
        let (header, mut claims) = good();
        let read_back = read(&header, &claims).unwrap();
        assert_eq!(
            (read_back.iss.as_str(), read_back.exp, read_back.kid.as_str()),
            ("https://owner.example.ru", Some(1_803_229_977), "k1")
        );
        claims.as_object_mut().unwrap().remove("exp");
        claims["ref"] = json!("https://owner.example.ru/order");
        assert_eq!(read(&header, &claims).unwrap().exp, None);
    }

    #[test]
    fn each_thing_that_is_wrong_is_named() {
        let claims: [(&str, Value, BadDelegation); 9] = [
            ("iss", Value::Null, BadDelegation::Claims),
            ("iat", json!("1795453977"), BadDelegation::Claims),
            ("iat", json!(1.5), BadDelegation::Claims),
            ("exp", Value::Null, BadDelegation::Claims),
            ("exp", json!("never"), BadDelegation::Claims),
            ("sub", json!("https://badge.example.ru/"), BadDelegation::Subject),
            ("trust_mark_type", json!("https://badge.example.ru/tm/official-community/v2"), BadDelegation::TrustMarkType),
            ("exp", json!(1_795_453_977), BadDelegation::Lifetime),
            ("ref", json!("x".repeat(LENGTH_MAX)), BadDelegation::TooLong),
        ];
        for (name, value, wrong) in claims {
            let (header, mut claims) = good();
            claims[name] = value.clone();
            assert_eq!(read(&header, &claims), Err(wrong), "{name} = {value}");
        }
        let headers = [
            ("typ", json!("trust-mark+jwt"), BadDelegation::Typ),
            ("alg", json!("none"), BadDelegation::Header),
            ("alg", json!(null), BadDelegation::Header),
            ("kid", json!(""), BadDelegation::Header),
        ];
        for (name, value, wrong) in headers {
            let (mut header, claims) = good();
            header[name] = value.clone();
            assert_eq!(read(&header, &claims), Err(wrong), "{name} = {value}");
        }
        for text in ["", "a", "a.b", "a.b.c.d", "e30.e30.", "e30.W10.c2ln", "!.e30.c2ln"] {
            assert_eq!(UnverifiedDelegation::read(text, ISS, TYPE), Err(BadDelegation::NotAJwt), "{text}");
        }
    }
}
