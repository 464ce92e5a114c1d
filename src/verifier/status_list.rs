//! A checked status list token (draft-ietf-oauth-status-list-21 §5, §8.3): signed, about the wanted address, in time.

use std::time::Duration;

use serde::Deserialize;

use super::claims::{is_future, is_past};
use super::json;
use super::rejection::Rejection;
use crate::domain::attestation::StatusListRef;
use crate::domain::status::ListValue;
use crate::domain::status_list::{BYTES_MAX, entries, entry, inflate};
use crate::domain::time::Timestamp;

/// A status list whose signature, address and time held when it was read.
#[derive(Clone, Debug)]
pub struct StatusList {
    uri: String,
    iat: i64,
    exp: i64,
    ttl: Option<u64>,
    bits: u8,
    bytes: Vec<u8>,
}

#[derive(Deserialize)]
pub(super) struct ListClaims {
    #[serde(default, deserialize_with = "json::present")]
    iss: Option<String>,
    sub: String,
    iat: i64,
    exp: i64,
    #[serde(default, deserialize_with = "json::present")]
    ttl: Option<u64>,
    status_list: ListBody,
}

#[derive(Deserialize)]
struct ListBody {
    bits: u8,
    lst: String,
}

impl StatusList {
    pub(super) fn check(claims: ListClaims, issuer: &str, expected_uri: &str, now: Timestamp) -> Result<Self, Rejection> {
        let bad = |code, detail: &str| Err(Rejection::malformed(code, detail));
        if claims.iss.is_some_and(|iss| iss != issuer) {
            return Err(super::jws::other_issuer(issuer));
        }
        if claims.sub != expected_uri {
            return bad("status-sub", "the status list is not the one at the wanted address");
        }
        if claims.iat < 0 || claims.exp <= claims.iat || claims.ttl == Some(0) {
            return bad("status-lifetime", "the status list's exp must lie after its iat, and its ttl must be positive");
        }
        if is_future(claims.iat, now) {
            return Err(Rejection::unknown("status-not-yet-valid", "the status list was issued in the future; check the clock"));
        }
        if !matches!(claims.status_list.bits, 1 | 2 | 4 | 8) {
            return bad("status-bits", "status_list.bits must be 1, 2, 4 or 8");
        }
        let bytes =
            inflate(&claims.status_list.lst, BYTES_MAX).map_err(|e| Rejection::malformed("status-lst", format!("status_list.{e}")))?;
        let list = Self { uri: claims.sub, iat: claims.iat, exp: claims.exp, ttl: claims.ttl, bits: claims.status_list.bits, bytes };
        list.check_fresh(now)?;
        Ok(list)
    }

    /// After `exp` a list must not be relied on (§8.3 step 5): nobody can tell then.
    pub(super) fn check_fresh(&self, now: Timestamp) -> Result<(), Rejection> {
        if is_past(self.exp, now) {
            return Err(Rejection::unknown("status-stale", "the status list has run out; fetch it again"));
        }
        Ok(())
    }

    /// Looks an attestation up.
    pub(super) fn look_up(&self, place: &StatusListRef, now: Timestamp) -> Result<ListValue, Rejection> {
        if place.uri != self.uri {
            return Err(Rejection::unknown("status-other-list", "the attestation's status stands in another list"));
        }
        self.check_fresh(now)?;
        self.get(place.idx).ok_or_else(|| Rejection::unknown("status-index", "the attestation's place lies outside its status list"))
    }

    /// Where the list is published.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The entry at `idx`; `None` outside the list.
    pub fn get(&self, idx: u32) -> Option<ListValue> {
        entry(&self.bytes, self.bits, idx)
    }

    /// Number of entries.
    pub fn len(&self) -> u32 {
        entries(&self.bytes, self.bits)
    }

    /// True when there is no entry.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// When the list was made.
    pub fn issued_at(&self) -> Timestamp {
        Timestamp::from_secs(self.iat)
    }

    /// From when on the list says nothing any more.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_secs(self.exp)
    }

    /// How long to keep the list before fetching it again, where it says so.
    pub fn ttl(&self) -> Option<Duration> {
        self.ttl.map(Duration::from_secs)
    }
}
