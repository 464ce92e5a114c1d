//! What a leaf says: one event of a badge, or one version of a status list. Codes and hashes only: a log that can never
//! forget must never be told a name.
//!
//! Leaves are canonical JSON (RFC 8785): members in order, no white space, numbers whole, no character that needs an escape.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::badge::EventKind;
use crate::domain::reason::ReasonCode;

/// Version of the leaf format.
pub const VERSION: u8 = 1;

/// One event of a badge. Field order is the canonical order of members.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventLeaf {
    /// The badge.
    pub badge: String,
    /// Reason code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<ReasonCode>,
    /// Our id of the community: the last part of an attestation's `sub`.
    pub community: String,
    /// What happened.
    pub ev: EventKind,
    /// Place in the status list of the attestation that `jti` names.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub idx: Option<u32>,
    /// The badge's newest attestation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub jti: Option<String>,
    /// Status list of that attestation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub list: Option<i64>,
    /// SHA-256 of the whole ledger row, see [`row_digest`]: commits to who acted without telling it.
    pub row: String,
    /// Number of the event in the ledger, from 1, without gaps.
    pub seq: i64,
    /// SHA-256 of the compact token of that attestation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<String>,
    /// When, milliseconds since 1970.
    pub t: i64,
    /// [`VERSION`]
    pub v: u8,
    /// The badge's version after the event, from 1, without gaps.
    pub version: i64,
}

/// One version of a status list: logged whenever its content changed. Field order is the canonical order of members.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListLeaf {
    /// `status-list`
    pub ev: ListWord,
    /// Entries that say INVALID.
    pub invalid: u32,
    /// Number of the list.
    pub list: i64,
    /// Version of the list in the log, from 1, without gaps.
    pub n: i64,
    /// The events it takes into account: all up to this one.
    pub seq: i64,
    /// SHA-256 of the list's bytes (uncompressed, two bits each), in which every place that no event names is zero.
    pub sha256: String,
    /// Number of entries.
    pub size: u32,
    /// Entries that say SUSPENDED.
    pub suspended: u32,
    /// When it was logged, milliseconds since 1970.
    pub t: i64,
    /// [`VERSION`]
    pub v: u8,
}

/// The one word that tells a list's leaf from an event's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ListWord {
    /// `status-list`
    #[serde(rename = "status-list")]
    StatusList,
}

/// A leaf of either kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Leaf {
    /// An event.
    Event(EventLeaf),
    /// A version of a status list.
    List(ListLeaf),
}

impl Leaf {
    /// The entry: canonical JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        // safety: plain structs of numbers and texts; no map, no writer that can fail
        serde_json::to_vec(self).expect("a leaf serialises")
    }

    /// Reads an entry; `None` unless it is spelled as [`Self::to_bytes`] spells it.
    pub fn parse(entry: &[u8]) -> Option<Self> {
        let leaf: Self = serde_json::from_slice(entry).ok()?;
        let version = match &leaf {
            Self::Event(e) => e.v,
            Self::List(l) => l.v,
        };
        (version == VERSION && leaf.to_bytes() == entry).then_some(leaf)
    }
}

/// The whole ledger row of an event, as it is hashed into its leaf. The random event id keeps anybody from guessing the rest
/// back out of the hash. Field order is the canonical order of members.
#[derive(Serialize)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct LedgerRow<'a> {
    pub actor: Option<&'a str>,
    pub actor_kind: &'a str,
    pub at: i64,
    pub attestation_id: Option<&'a str>,
    pub badge_id: &'a str,
    pub id: &'a str,
    pub kind: &'a str,
    pub reason: Option<&'a str>,
    pub seq: i64,
    pub state: &'a str,
    pub version: i64,
}

/// SHA-256 of the row's JSON, base64url.
pub fn row_digest(row: &LedgerRow<'_>) -> String {
    // safety: a plain struct of numbers and texts
    digest(&serde_json::to_vec(row).expect("a row serialises"))
}

/// SHA-256, base64url without padding.
pub fn digest(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}
