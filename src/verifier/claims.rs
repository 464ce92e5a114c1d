//! What an attestation must say to be one: names under the issuer's address, agreement with itself, and its time.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::rejection::Rejection;
use super::{json, jws};
use crate::domain::attestation::{Alias, AttestationClaims, TYPE_PATH};
use crate::domain::community::CommunityRef;
use crate::domain::delegation::UnverifiedDelegation;
use crate::domain::ids::CommunityId;
use crate::domain::status::VerifyStatus;
use crate::domain::time::Timestamp;

/// How far the issuer's clock may be ahead of the verifier's, seconds. Ends (`exp`) get none: late is late.
pub const LEEWAY_SECS: i64 = 60;

/// Longest life of an attestation, seconds: 90 days, and an hour for an issuer that rounds up.
pub const LIFETIME_MAX_SECS: i64 = 90 * 24 * 3600 + 3600;

/// Reads the claim set; wrong types, and members that are missing, are refused by name.
pub(super) fn read(payload: &RawValue) -> Result<AttestationClaims, Rejection> {
    serde_json::from_str(payload.get())
        .map_err(|e| Rejection::malformed("claims", format!("the claims are not those of an attestation: {e}")))
}

/// Everything about the claims that does not depend on the hour.
pub(super) fn check_form(claims: &AttestationClaims, iss: &str) -> Result<(), Rejection> {
    if claims.iss != iss {
        return Err(jws::other_issuer(iss));
    }
    let bad = |code, detail| Err(Rejection::malformed(code, detail));
    if claims.trust_mark_type.strip_prefix(iss) != Some(TYPE_PATH) {
        return bad("trust-mark-type", "trust_mark_type is not the issuer's official-community/v1");
    }
    if under(&claims.sub, iss, "/c/").is_none_or(|id| id.parse::<CommunityId>().is_err()) {
        return bad("sub", "sub is not a community under the issuer's address");
    }
    if !under(&claims.status.status_list.uri, iss, "/status/").is_some_and(is_number) {
        return bad("status-uri", "status.status_list.uri is not a status list under the issuer's address");
    }
    if !names_agree(claims) {
        return bad("sub-id", "sub_id and community do not name the same community");
    }
    if claims.legal_entity.legal_person_id.strip_prefix("NTRRU-") != Some(&claims.legal_entity.identifier.ogrn) {
        return bad("legal-person-id", "legal_entity.legal_person_id and identifier.ogrn do not name the same legal entity");
    }
    match claims.exp.checked_sub(claims.iat) {
        Some(life) if claims.iat >= 0 && (1..=LIFETIME_MAX_SECS).contains(&life) => Ok(()),
        _ => bad("lifetime", "exp must lie after iat, by 90 days at most"),
    }
}

/// The owner's delegation, where there is one (OpenID Federation 1.1, "Validating a Trust Mark"): its form, whom and what it is
/// for, and that the attestation does not outlive it. Its signature is for those to check who know the owner's keys.
pub(super) fn check_delegation(payload: &RawValue, claims: &AttestationClaims) -> Result<(), Rejection> {
    #[derive(Deserialize)]
    struct Delegated {
        #[serde(default, deserialize_with = "json::present")]
        delegation: Option<String>,
    }
    let bad = |detail: &str| Rejection::malformed("delegation", format!("the delegation {detail}"));
    let read: Delegated = serde_json::from_str(payload.get()).map_err(|_| bad("is not a text"))?;
    let Some(token) = read.delegation else { return Ok(()) };
    let delegation = UnverifiedDelegation::read(&token, &claims.iss, &claims.trust_mark_type).map_err(|e| bad(&e.to_string()))?;
    if delegation.exp.is_some_and(|end| end < claims.exp) {
        return Err(bad("ends before the attestation does"));
    }
    Ok(())
}

/// RFC 9493 §3: both forms of naming the subject must name the same one.
fn names_agree(claims: &AttestationClaims) -> bool {
    let mut kinds = (false, false);
    claims.sub_id.format == "aliases"
        && claims.sub_id.identifiers.iter().all(|alias| match alias {
            Alias::IssSub { sub, .. } => {
                kinds.0 = true;
                sub == claims.community.snapshot.id.as_str()
            }
            Alias::Uri { uri } => {
                kinds.1 = true;
                *uri == claims.community.snapshot.uri
            }
        })
        && kinds == (true, true)
}

/// The rest of `text` after `{iss}{path}`.
fn under<'a>(text: &'a str, iss: &str, path: &str) -> Option<&'a str> {
    text.strip_prefix(iss)?.strip_prefix(path)
}

fn is_number(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Refuses an attestation of another community than the one it is shown for.
pub(super) fn check_community(claims: &AttestationClaims, shown_for: Option<&CommunityRef>) -> Result<(), Rejection> {
    match shown_for {
        Some(community) if *community != claims.community.reference() => {
            Err(Rejection::new(VerifyStatus::WrongCommunity, "community", "the attestation belongs to another community"))
        }
        _ => Ok(()),
    }
}

/// `nbf`, which we never write but honour (RFC 7519 §4.1.5).
#[derive(Deserialize)]
pub(super) struct NotBefore {
    #[serde(default, deserialize_with = "json::present")]
    nbf: Option<i64>,
}

impl NotBefore {
    pub(super) fn read(payload: &RawValue) -> Result<Self, Rejection> {
        serde_json::from_str(payload.get()).map_err(|_| Rejection::malformed("claims", "nbf is not a whole number of seconds"))
    }
}

/// Refuses what is not yet or no longer valid.
pub(super) fn check_time(claims: &AttestationClaims, not_before: &NotBefore, now: Timestamp) -> Result<(), Rejection> {
    let begins = claims.iat.max(not_before.nbf.unwrap_or(claims.iat));
    if is_future(begins, now) {
        return Err(Rejection::new(VerifyStatus::NotYetValid, "not-yet-valid", "the attestation begins in the future; check the clock"));
    }
    if is_past(claims.exp, now) {
        return Err(Rejection::new(VerifyStatus::Expired, "expired", "the attestation has run out; ask for the current one"));
    }
    Ok(())
}

/// True when `secs` lies further ahead than clocks may differ.
pub(super) fn is_future(secs: i64, now: Timestamp) -> bool {
    secs > now.secs().saturating_add(LEEWAY_SECS)
}

/// True when an end at `secs` has come (RFC 7519 §4.1.4: "on or after").
pub(super) fn is_past(secs: i64, now: Timestamp) -> bool {
    now.secs() >= secs
}
