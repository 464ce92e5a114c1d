//! Offline check of an attestation: what a platform embeds, and what `gosbadge verify` and `POST /v1/verify` call too.
//!
//! Builds with `--no-default-features`. Does no I/O and reads no clock: the caller fetches `{iss}/.well-known/jwks.json` and the
//! status lists, and says what time it is. Every doubt is a refusal. `tests/vectors` holds attestations that must pass and that
//! must not, with the reason; what this module says of them is what every implementation must say.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # fn fetch(uri: &str) -> Option<String> { None }
//! # let (jwks, attestation): (&[u8], &str) = (b"", "");
//! # let (now, shown_on) = (gosbadge::domain::time::Timestamp::EPOCH, None);
//! use gosbadge::verifier::{Due, ListCache, Verifier};
//!
//! let verifier = Verifier::new("https://badge.example.ru", jwks)?;
//! let mut lists = ListCache::new(); // kept as long as the process runs
//!
//! let mut verdict = verifier.verify_cached(attestation, &lists, shown_on, now);
//! if let Some(uri) = verdict.list_uri().map(str::to_owned) {
//!     // Due::Background: answer now, and do this meanwhile
//!     if lists.due(&uri, now) >= Due::First {
//!         if let Some(token) = fetch(&uri) {
//!             match verifier.status_list(&token, &uri, now) {
//!                 Ok(list) => lists.put(list, now),
//!                 Err(rejection) => return Err(rejection.into()),
//!             };
//!         }
//!         verdict = verifier.verify_cached(attestation, &lists, shown_on, now);
//!     }
//! }
//! let show_the_badge = verdict.status.is_valid();
//! # let _ = show_the_badge;
//! # Ok(())
//! # }
//! ```

mod cache;
mod claims;
mod json;
mod jws;
mod keys;
pub mod log;
mod rejection;
mod status_list;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

pub use self::cache::{Due, FETCH_MAX, ListCache, TTL_ABSENT, TTL_MAX};
pub use self::claims::{LEEWAY_SECS, LIFETIME_MAX_SECS};
pub use self::keys::{KEY_SET_MAX, KEYS_MAX, KeySetError, KeyUse};
pub use self::rejection::{Rejection, STATUS_NOT_READ, Verdict};
pub use self::status_list::StatusList;
use crate::domain::attestation::{self, AttestationClaims};
use crate::domain::community::CommunityRef;
use crate::domain::status::{ListValue, VerifyStatus};
use crate::domain::status_list as list_format;
use crate::domain::time::Timestamp;

/// Most characters of an attestation.
pub const ATTESTATION_MAX: usize = 16 * 1024;

/// Most characters of any other token of ours but a status list; a trust mark status answer carries a whole attestation.
pub const JWT_MAX: usize = 2 * ATTESTATION_MAX;

/// Most characters of a status list token: the largest list, not compressible, base64url twice, with room for its claims.
pub const LIST_TOKEN_MAX: usize = list_format::BYTES_MAX * 2;

/// Checks the tokens of one issuer with a set of its keys.
#[derive(Clone, Debug)]
pub struct Verifier {
    issuer: String,
    keys: keys::KeySet,
}

/// An attestation whose signature, claims and time held. Whether it still stands is for its status list to say.
#[derive(Clone, PartialEq, Debug)]
pub struct Attested {
    /// What it says.
    pub claims: AttestationClaims,
    /// The key that signed it.
    pub kid: String,
}

/// An attestation with everything checked but community, time and status.
struct Signed {
    attested: Attested,
    not_before: claims::NotBefore,
}

impl Verifier {
    /// `issuer` is compared byte for byte with `iss`: an origin without trailing slash. Keys that are not P-256, or have no
    /// `purpose` we know, are ignored.
    ///
    /// # Errors
    /// [`KeySetError`] saying what is wrong with the issuer or the set.
    pub fn new(issuer: &str, jwks_json: &[u8]) -> Result<Self, KeySetError> {
        let host = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://")).ok_or(KeySetError::Issuer)?;
        let in_form = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if host.is_empty() || host.len() > 255 || !host.chars().all(in_form) {
            return Err(KeySetError::Issuer);
        }
        Ok(Self { issuer: issuer.to_owned(), keys: keys::KeySet::parse(jwks_json)? })
    }

    /// The pinned issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Checks an attestation's signature, claims and time, not its status.
    ///
    /// # Errors
    /// [`Rejection`]; also for an attestation that ran out.
    pub fn attestation(&self, token: &str, now: Timestamp) -> Result<Attested, Rejection> {
        let signed = self.signed(token)?;
        claims::check_time(&signed.attested.claims, &signed.not_before, now)?;
        Ok(signed.attested)
    }

    /// Checks a status list token fetched from `expected_uri`.
    ///
    /// # Errors
    /// [`Rejection`]; `status-stale` when the list has run out.
    pub fn status_list(&self, token: &str, expected_uri: &str, now: Timestamp) -> Result<StatusList, Rejection> {
        let (_, claims) = self.open(token, list_format::TYP, KeyUse::Status, LIST_TOKEN_MAX)?;
        StatusList::check(claims, &self.issuer, expected_uri, now)
    }

    /// The whole answer about an attestation, shown for `community` where one is given. A negative or missing answer of any
    /// step ends it; running out comes before whatever the list says.
    pub fn verify(&self, token: &str, list: &StatusList, community: Option<&CommunityRef>, now: Timestamp) -> Verdict {
        self.verify_with(token, community, now, |claims| list.look_up(&claims.status.status_list, now))
    }

    /// [`Self::verify`] with the list out of `lists`. Where it is not kept the verdict is `unknown` with the code
    /// [`STATUS_NOT_READ`], and [`Verdict::list_uri`] says what to fetch.
    pub fn verify_cached(&self, token: &str, lists: &ListCache, community: Option<&CommunityRef>, now: Timestamp) -> Verdict {
        self.verify_with(token, community, now, |claims| {
            let place = &claims.status.status_list;
            match lists.get(&place.uri, now) {
                Some(list) => list.look_up(place, now),
                None => Err(Rejection::unknown(STATUS_NOT_READ, "the status list was not read")),
            }
        })
    }

    /// [`Self::verify`] with another source of the status: `look_up` is asked last, and only about an attestation that
    /// holds in all other ways. It must return an error when it cannot tell.
    pub fn verify_with<F>(&self, token: &str, community: Option<&CommunityRef>, now: Timestamp, look_up: F) -> Verdict
    where
        F: FnOnce(&AttestationClaims) -> Result<ListValue, Rejection>,
    {
        let signed = match self.signed(token) {
            Ok(signed) => signed,
            Err(rejection) => return Verdict::refused(rejection, None),
        };
        let claims = signed.attested.claims;
        let outcome = claims::check_community(&claims, community)
            .and_then(|()| claims::check_time(&claims, &signed.not_before, now))
            .and_then(|()| look_up(&claims))
            .and_then(in_force);
        match outcome {
            Ok(()) => Verdict::active(claims),
            Err(rejection) => Verdict::refused(rejection, Some(claims)),
        }
    }

    /// Opens any signed token of the issuer: the header is exactly `typ`, `alg` ES256 and a `kid` known for that purpose, the
    /// payload a JSON object with each member once. Claims, issuer and time are the caller's to check.
    ///
    /// # Errors
    /// [`Rejection`].
    pub fn jwt<T: DeserializeOwned>(&self, token: &str, typ: &str, purpose: KeyUse) -> Result<T, Rejection> {
        self.open(token, typ, purpose, JWT_MAX).map(|(_, claims)| claims)
    }

    fn open<T: DeserializeOwned>(&self, token: &str, typ: &str, purpose: KeyUse, max: usize) -> Result<(String, T), Rejection> {
        let opened = jws::open(&self.keys, token, &jws::Wanted { issuer: &self.issuer, typ, purpose, max })?;
        let claims = json::object(&opened.payload)
            .map_err(|e| Rejection::malformed("claims", format!("the token's claims are not in form: {e}")))?;
        Ok((opened.kid, claims))
    }

    fn signed(&self, token: &str) -> Result<Signed, Rejection> {
        let (kid, payload): (_, Box<RawValue>) = self.open(token, attestation::TYP, KeyUse::Badge, ATTESTATION_MAX)?;
        let claims = claims::read(&payload)?;
        claims::check_form(&claims, &self.issuer)?;
        claims::check_delegation(&payload, &claims)?;
        Ok(Signed { attested: Attested { claims, kid }, not_before: claims::NotBefore::read(&payload)? })
    }
}

fn in_force(value: ListValue) -> Result<(), Rejection> {
    let no = |status, code, detail| Err(Rejection::new(status, code, detail));
    match value {
        ListValue::Valid => Ok(()),
        ListValue::Invalid => no(VerifyStatus::Revoked, "revoked", "the badge was revoked"),
        ListValue::Suspended => no(VerifyStatus::Suspended, "suspended", "the badge is suspended"),
        ListValue::Other => no(VerifyStatus::Unknown, "status-value", "the status list holds a value this verifier does not know"),
    }
}
