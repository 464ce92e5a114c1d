//! Where somebody else owns the kind of badge (a ministry), their delegation lets this service issue it: accepted at start,
//! carried by every new attestation, watched for its end.

use std::sync::Arc;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use crate::domain::attestation::trust_mark_type;
use crate::domain::delegation::UnverifiedDelegation;
use crate::domain::time::Timestamp;
use crate::service::alarms::{Alarm, URGENT_DAYS, WARN_DAYS};
use crate::service::metrics::days_left;
use crate::service::{App, Error, Settings};

/// How far the owner's clock may be ahead, seconds.
const LEEWAY_SECS: i64 = 60;

/// A delegation in force.
#[derive(Clone, Debug)]
pub struct Delegation {
    /// The JWT, as attestations carry it.
    pub token: String,
    /// The owner's entity identifier.
    pub owner: String,
    /// The owner's keys (RFC 7517), as published in `trust_mark_owners`.
    pub owner_jwks: Value,
    /// When it ends.
    pub ends: Option<Timestamp>,
}

/// Why a delegation is not accepted. One line for the operator, naming the setting to mend.
#[derive(PartialEq, Eq, Debug, thiserror::Error)]
#[error("federation.{setting}: {problem}")]
pub struct NotAccepted {
    setting: &'static str,
    problem: String,
}

const fn not_accepted(setting: &'static str, problem: String) -> NotAccepted {
    NotAccepted { setting, problem }
}

/// Checks what the configuration names (OpenID Federation 1.1, "Validating a Trust Mark Delegation").
///
/// # Errors
/// [`NotAccepted`].
pub fn accept(issuer: &str, token: &str, owner: &str, owner_jwks: &str, now: Timestamp) -> Result<Delegation, NotAccepted> {
    let bad = |problem: String| not_accepted("delegation_file", format!("the delegation {problem}"));
    let token = token.trim();
    let kind = trust_mark_type(issuer);
    let read =
        UnverifiedDelegation::read(token, issuer, &kind).map_err(|e| bad(format!("{e}; wanted: sub {issuer}, trust_mark_type {kind}")))?;
    if read.iss != owner {
        return Err(not_accepted("owner", format!("the delegation was issued by {}, not by {owner}", shown(&read.iss))));
    }
    let (published, keys) = public_keys(owner_jwks)?;
    verify(token, &read.kid, &keys)?;
    if read.iat > now.secs() + LEEWAY_SECS {
        return Err(bad(format!("begins on {}, in the future; check the clock", Timestamp::from_secs(read.iat))));
    }
    let ends = read.exp.map(Timestamp::from_secs);
    if let Some(ended) = ends.filter(|end| *end <= now) {
        return Err(bad(format!("ended on {ended}; get the owner's next one")));
    }
    Ok(Delegation { token: token.to_owned(), owner: owner.to_owned(), owner_jwks: published, ends })
}

/// The owner's key set: as it will be published, and to verify with.
fn public_keys(text: &str) -> Result<(Value, JwkSet), NotAccepted> {
    let bad = |problem: &str| not_accepted("owner_jwks_file", problem.to_owned());
    let whole: Map<String, Value> = serde_json::from_str(text).map_err(|_| bad("is not a JWK set"))?;
    let keys = whole.get("keys").and_then(Value::as_array).filter(|k| !k.is_empty()).ok_or_else(|| bad("is not a JWK set with keys"))?;
    // `d` and `k` are secret in every key type that has them (RFC 7518 §6), and we publish the set.
    if keys.iter().any(|k| k.get("d").is_some() || k.get("k").is_some()) {
        return Err(bad("holds a private key: ask the owner for the public half, and tell them"));
    }
    let set = serde_json::from_value(Value::Object(whole.clone())).map_err(|_| bad("has a key this service cannot read"))?;
    Ok((serde_json::json!({ "keys": keys }), set))
}

fn verify(token: &str, kid: &str, keys: &JwkSet) -> Result<(), NotAccepted> {
    let bad = |problem: &str| not_accepted("delegation_file", format!("the delegation {problem}"));
    let header = jsonwebtoken::decode_header(token).map_err(|_| bad("has a header this service cannot read"))?;
    // Asymmetric ones only: to an HMAC the owner's public key would be a secret everybody knows.
    if !matches!(header.alg, Algorithm::ES256 | Algorithm::ES384 | Algorithm::PS256 | Algorithm::RS256 | Algorithm::EdDSA) {
        return Err(bad("is signed with an algorithm other than ES256, ES384, PS256, RS256, EdDSA"));
    }
    let jwk = keys.find(kid).ok_or_else(|| bad("names a key that is not in federation.owner_jwks_file"))?;
    let mut validation = Validation::new(header.alg);
    // Times are held against our clock by the caller; here only the signature counts.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let verified = DecodingKey::from_jwk(jwk).and_then(|key| jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation));
    verified.map(drop).map_err(|_| bad("is not signed by the owner's key it names"))
}

fn shown(text: &str) -> String {
    text.chars().take(120).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// When an attestation made now ends: after its lifetime, and never after the delegation it carries, by which it would stand or
/// fall.
///
/// # Errors
/// [`Error::Unavailable`] when the delegation is over: a mark without one would be refused by everybody.
pub fn attestation_end(settings: &Settings, now: Timestamp) -> Result<Timestamp, Error> {
    let end = now.plus(settings.attestation_lifetime);
    match settings.federation.delegation.as_ref().and_then(|d| d.ends) {
        None => Ok(end),
        Some(last) if last.secs() > now.secs() => Ok(end.min(last)),
        Some(last) => Err(Error::Unavailable(format!("the owner's delegation ended on {last}: set the next one and start again"))),
    }
}

/// How long a delegation still holds.
#[derive(PartialEq, Eq, Debug)]
pub struct Term {
    /// Whole days; negative when it is over.
    pub days: i64,
    /// Somebody must do something.
    pub due: bool,
    /// At once.
    pub urgent: bool,
}

impl Delegation {
    /// How long it still holds; `None` for one without end.
    pub fn term(&self, now: Timestamp) -> Option<Term> {
        let days = days_left(self.ends?, now);
        Some(Term { days, due: days < WARN_DAYS, urgent: days < URGENT_DAYS })
    }
}

/// Tells operators of a delegation that ends.
pub fn watch_delegation(app: &Arc<App>) {
    let now = app.clock.now();
    let standing: Vec<Alarm> = app.settings.federation.delegation.iter().filter_map(|d| alarm(d, now)).collect();
    app.delegation_alarms.tell(&standing, now);
}

fn alarm(delegation: &Delegation, now: Timestamp) -> Option<Alarm> {
    let (ends, term) = (delegation.ends?, delegation.term(now).filter(|t| t.due)?);
    let (stage, what) = match term.days {
        ..0 => ("over", format!("is over since {ends}: nothing is issued any more")),
        days => (if term.urgent { "urgent" } else { "soon" }, format!("ends in {days} days, on {ends}, and attestations end with it")),
    };
    let text = format!("the delegation of {} {what}; get the next one into federation.delegation_file and start again", delegation.owner);
    Some(Alarm { key: format!("delegation {stage}"), urgent: term.urgent, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const NOW: Timestamp = Timestamp::from_secs(1_795_176_000);

    fn ending(secs: i64) -> Delegation {
        let ends = Some(Timestamp::from_secs(NOW.secs() + secs));
        Delegation { token: String::new(), owner: "https://owner.example.ru".into(), owner_jwks: Value::Null, ends }
    }

    #[test]
    fn the_end_is_told_early_then_loudly() {
        assert_eq!(alarm(&Delegation { ends: None, ..ending(0) }, NOW), None);
        assert_eq!(alarm(&ending(30 * DAY), NOW), None);
        let soon = alarm(&ending(30 * DAY - 1), NOW).unwrap();
        assert!(!soon.urgent && soon.text.contains("ends in 29 days"), "{}", soon.text);
        let urgent = alarm(&ending(7 * DAY - 1), NOW).unwrap();
        assert!(urgent.urgent && urgent.text.contains("ends in 6 days") && urgent.key != soon.key);
        let over = alarm(&ending(-1), NOW).unwrap();
        assert!(over.urgent && over.text.contains("is over since"));
    }

    #[test]
    fn key_sets_that_cannot_be_published_are_refused() {
        for (text, why) in [
            ("", "not a JWK set"),
            ("[]", "not a JWK set"),
            ("{\"keys\":[]}", "with keys"),
            ("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\",\"d\":\"AA\"}]}", "private key"),
            ("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}", "private key"),
            ("{\"keys\":[7]}", "cannot read"),
        ] {
            let refused = public_keys(text).unwrap_err().to_string();
            assert!(refused.starts_with("federation.owner_jwks_file: ") && refused.contains(why), "{text}: {refused}");
        }
    }
}
