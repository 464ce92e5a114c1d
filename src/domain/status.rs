//! The words for "does this badge hold": one inner enum, and its mapping to each standard that has a word of its own.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::badge::BadgeState;
use super::lang::Lang;

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
            BadgeState::Revoked | BadgeState::Superseded | BadgeState::Abandoned => Self::Invalid,
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

    /// Every outcome, the only yes first.
    pub const ALL: [Self; 11] = [
        Self::Active,
        Self::Suspended,
        Self::Revoked,
        Self::Expired,
        Self::Superseded,
        Self::Unknown,
        Self::Malformed,
        Self::WrongSignature,
        Self::WrongIssuer,
        Self::WrongCommunity,
        Self::NotYetValid,
    ];

    /// Short public label.
    pub const fn title(self, lang: Lang) -> &'static str {
        let (ru, en) = match self {
            Self::Active => ("Подтверждена", "Confirmed"),
            Self::Suspended => ("Приостановлена", "Suspended"),
            Self::Revoked => ("Отозвана", "Revoked"),
            Self::Expired => ("Срок истёк", "Expired"),
            Self::Superseded => ("Заменена знаком другой организации", "Replaced by another organisation's badge"),
            Self::Unknown => ("Подтверждения нет", "No confirmation on record"),
            Self::Malformed => ("Это не свидетельство", "Not an attestation"),
            Self::WrongSignature => ("Подпись неверна", "The signature is wrong"),
            Self::WrongIssuer => ("Выдано другим сервисом", "Issued by another service"),
            Self::WrongCommunity => ("Свидетельство другой страницы", "An attestation of another page"),
            Self::NotYetValid => ("Ещё не действует", "Not yet valid"),
        };
        lang.pick(ru, en)
    }
}

impl fmt::Display for VerifyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn only_active_is_a_yes_and_no_two_labels_are_alike() {
        assert_eq!(VerifyStatus::ALL.into_iter().filter(|s| s.is_valid()).collect::<Vec<_>>(), [VerifyStatus::Active]);
        for lang in Lang::ALL {
            assert_eq!(VerifyStatus::ALL.map(|s| s.title(lang)).into_iter().collect::<HashSet<_>>().len(), VerifyStatus::ALL.len());
            assert_eq!(BadgeState::ALL.map(|s| s.title(lang)).into_iter().collect::<HashSet<_>>().len(), BadgeState::ALL.len());
        }
    }

    /// A page must not say one thing of a badge and another of its attestation.
    #[test]
    fn states_and_outcomes_share_their_labels() {
        for state in BadgeState::ALL {
            if let Some(outcome) = VerifyStatus::ALL.into_iter().find(|s| s.as_str() == state.as_str()) {
                for lang in Lang::ALL {
                    assert_eq!(state.title(lang), outcome.title(lang));
                }
            }
        }
    }
}
