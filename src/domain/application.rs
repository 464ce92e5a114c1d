//! An application: one attempt to get a badge, from start to issue or refusal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where an application stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationState {
    /// Begun; nobody has signed in yet.
    Started,
    /// Somebody signed in and may act for more than one organisation: a choice is due.
    IdentityConfirmed,
    /// The organisation is chosen and passed its checks.
    OrganisationChosen,
    /// Control of the community is proven too; the platform may collect the badge.
    ControlProven,
    /// The badge exists. Final.
    Issued,
    /// Ended with a refusal code. Final.
    Refused,
    /// Ended by time. Final.
    Expired,
}

/// How an application began.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartKind {
    /// A platform pushed an authorization request (RFC 9126).
    Par,
    /// A platform asked in plain JSON and sends the person to a link.
    Rest,
    /// The authority itself began, without its platform.
    Portal,
}

impl StartKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Par, Self::Rest, Self::Portal];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Par => "par",
            Self::Rest => "rest",
            Self::Portal => "portal",
        }
    }
}

impl FromStr for StartKind {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or_else(|| format!("unknown start {s:?}"))
    }
}

impl ApplicationState {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Started, Self::IdentityConfirmed, Self::OrganisationChosen, Self::ControlProven, Self::Issued, Self::Refused, Self::Expired];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::IdentityConfirmed => "identity_confirmed",
            Self::OrganisationChosen => "organisation_chosen",
            Self::ControlProven => "control_proven",
            Self::Issued => "issued",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }

    /// True for states nothing leads out of.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Issued | Self::Refused | Self::Expired)
    }

    /// Whether the step from `self` to `next` is one an application may take.
    pub const fn may_become(self, next: Self) -> bool {
        use ApplicationState as S;
        match (self, next) {
            (from, S::Refused | S::Expired) => !from.is_final(),
            (S::Started, S::IdentityConfirmed | S::OrganisationChosen)
            | (S::IdentityConfirmed, S::OrganisationChosen)
            | (S::OrganisationChosen, S::ControlProven)
            | (S::ControlProven, S::Issued)
            // Signing in again before the end starts the identity steps over.
            | (S::IdentityConfirmed | S::OrganisationChosen | S::ControlProven, S::Started) => true,
            _ => false,
        }
    }
}

impl fmt::Display for ApplicationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ApplicationState {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or_else(|| format!("unknown application state {s:?}"))
    }
}
