//! The words for "does this badge hold": one inner enum, and its mapping to each standard that has a word of its own.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::badge::BadgeState;

/// Value of one entry of a status list (Token Status List, two bits).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum ListValue {
    /// `0x00 VALID`
    Valid = 0,
    /// `0x01 INVALID`: revoked, or never recorded.
    Invalid = 1,
    /// `0x02 SUSPENDED`
    Suspended = 2,
    /// `0x03` application specific; we never write it and read it as not valid.
    Other = 3,
}

impl ListValue {
    /// From the two bits.
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Valid,
            1 => Self::Invalid,
            2 => Self::Suspended,
            _ => Self::Other,
        }
    }

    /// What a badge's state means for the entries of its attestations.
    pub const fn of(state: BadgeState) -> Self {
        match state {
            BadgeState::Prepared | BadgeState::Active | BadgeState::Expired => Self::Valid,
            BadgeState::Suspended => Self::Suspended,
            BadgeState::Revoked | BadgeState::Abandoned => Self::Invalid,
        }
    }
}

/// Outcome of checking an attestation. Only `Active` is a yes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifyStatus {
    /// Signed by us, in time, in force, and for this community.
    Active,
    /// Taken out of force for a while.
    Suspended,
    /// Ended by decision.
    Revoked,
    /// Its time ran out.
    Expired,
    /// Replaced by a badge of another authority.
    Superseded,
    /// Nothing is known of it.
    Unknown,
    /// Not an attestation at all, or one that breaks the format's rules.
    Malformed,
    /// The signature, its algorithm or its key does not hold.
    WrongSignature,
    /// Issued by somebody else.
    WrongIssuer,
    /// A true attestation of another community.
    WrongCommunity,
    /// Issued in the future.
    NotYetValid,
}

impl VerifyStatus {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Unknown => "unknown",
            Self::Malformed => "malformed",
            Self::WrongSignature => "wrong_signature",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongCommunity => "wrong_community",
            Self::NotYetValid => "not_yet_valid",
        }
    }

    /// True only for [`Self::Active`].
    pub const fn is_valid(self) -> bool {
        matches!(self, Self::Active)
    }

    /// The word of the OpenID Federation trust mark status answer.
    pub const fn trust_mark_status(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked | Self::Superseded => "revoked",
            Self::Suspended => "suspended",
            _ => "invalid",
        }
    }
}

impl fmt::Display for VerifyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
