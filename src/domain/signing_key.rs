//! Signing keys: what a key is for, and its way from announced to withdrawn. No key material lives here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a key may sign. A verifier refuses a token whose key has another purpose, so that a thief of the busy status key
/// can bend statuses (and be caught by the log) but never issue a badge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Attestations, answers about one attestation, the issuer's own statements (federation entity key).
    Badge,
    /// Status lists and security event tokens.
    Status,
    /// Entity configurations of communities, which are hosted here.
    Community,
    /// Checkpoints of the transparency log.
    Log,
}

impl KeyPurpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::Badge, Self::Status, Self::Community, Self::Log];

    /// The word in the database and in the published key's `purpose` member.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Badge => "badge",
            Self::Status => "status",
            Self::Community => "community",
            Self::Log => "log",
        }
    }

    /// Whether verifiers of attestations need it: it stands in `/.well-known/jwks.json`.
    pub const fn is_in_key_set(self) -> bool {
        matches!(self, Self::Badge | Self::Status)
    }

    /// Whether the announced key signs beside the active one. A checkpoint carries both signatures, so that whoever
    /// keeps either of the log's two keys can still read it after the next change.
    pub const fn next_signs_too(self) -> bool {
        matches!(self, Self::Log)
    }
}

impl fmt::Display for KeyPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyPurpose {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|p| p.as_str() == s).ok_or_else(|| format!("unknown key purpose {s:?}: badge, status, community or log"))
    }
}

/// Where a key stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Announced: published, so that every verifier knows it before it signs anything.
    Next,
    /// Signs.
    Active,
    /// Signs no more; still published, because what it signed may still hold. Its private half is destroyed.
    Retired,
    /// Not published any more: nothing it signed holds, or it never signed.
    Withdrawn,
    /// Not to be trusted, whatever it signed and when.
    Compromised,
}

impl KeyState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Next, Self::Active, Self::Retired, Self::Withdrawn, Self::Compromised];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Withdrawn => "withdrawn",
            Self::Compromised => "compromised",
        }
    }

    /// Whether verifiers are shown it as good.
    pub const fn is_published(self) -> bool {
        matches!(self, Self::Next | Self::Active | Self::Retired)
    }

    /// Whether its private half is still of use.
    pub const fn has_private_half(self) -> bool {
        matches!(self, Self::Next | Self::Active)
    }

    /// Whether a key may go from here to `to`. Nothing leads back: a key that once left is never trusted again.
    pub const fn may_become(self, to: Self) -> bool {
        matches!(
            (self, to),
            (Self::Next, Self::Active | Self::Withdrawn | Self::Compromised)
                | (Self::Active, Self::Retired | Self::Compromised)
                | (Self::Retired, Self::Withdrawn | Self::Compromised)
                | (Self::Withdrawn, Self::Compromised)
        )
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyState {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or_else(|| format!("unknown key state {s:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for p in KeyPurpose::ALL {
            assert_eq!(p.as_str().parse(), Ok(p));
        }
        for s in KeyState::ALL {
            assert_eq!(s.as_str().parse(), Ok(s));
        }
    }

    #[test]
    fn nothing_leads_back() {
        let rank = |s: KeyState| KeyState::ALL.iter().position(|v| *v == s);
        for from in KeyState::ALL {
            for to in KeyState::ALL {
                assert!(!from.may_become(to) || rank(from) < rank(to), "{from} {to}");
            }
            assert!(from == KeyState::Compromised || from.may_become(KeyState::Compromised), "{from} can be found out");
        }
    }

    #[test]
    fn a_key_signs_only_while_it_is_published() {
        for s in KeyState::ALL {
            assert!(!s.has_private_half() || s.is_published(), "{s}");
        }
    }
}
