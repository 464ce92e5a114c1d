//! Ending many badges by one decision: which ones, and how far the decision has got.

use serde::{Deserialize, Serialize};

use super::community::PlatformId;
use super::ogrn::Ogrn;
use super::time::Timestamp;

/// Which badges, of those in force or suspended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Of one authority.
    Ogrn(Ogrn),
    /// Of all communities of one platform.
    Platform(PlatformId),
    /// With an attestation that one key signed and that has not been replaced.
    Key(String),
    /// First issued from the first instant on and before the second.
    IssuedBetween(Timestamp, Timestamp),
}

/// Where a mass revocation stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationState {
    /// Written down; takes effect when a second person approves.
    Prepared,
    /// Approved; being carried out.
    Approved,
    /// Every badge in its scope is ended.
    Done,
}

impl RevocationState {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Approved => "approved",
            Self::Done => "done",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_one_thing_each() {
        let read = |text: &str| serde_json::from_str::<Scope>(text);
        assert_eq!(read(r#"{"key":"abc"}"#).unwrap(), Scope::Key("abc".to_owned()));
        assert!(read(r#"{"ogrn":"1029900000019"}"#).is_ok_and(|s| matches!(s, Scope::Ogrn(_))));
        assert!(read(r#"{"issued_between":["2026-11-01T00:00:00Z","2026-11-02T00:00:00Z"]}"#).is_ok());
        for bad in ["{}", r#"{"key":"a","platform":"vk"}"#, r#"{"ogrn":"1029900000018"}"#, r#"{"everything":true}"#, r#""key""#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
