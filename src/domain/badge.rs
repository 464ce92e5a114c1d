//! The badge: the standing fact that a community belongs to an authority, and the moves its state may make.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::lang::Lang;
use super::reason::ReasonCode;

/// Where a badge stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadgeState {
    /// Intent recorded, attestation not yet signed and recorded. Verifies nowhere.
    Prepared,
    /// In force.
    Active,
    /// Taken out of force for a while; can come back.
    Suspended,
    /// Ended by decision. Final.
    Revoked,
    /// Ended by time. Final.
    Expired,
    /// Ended because the community was confirmed for somebody else. Final.
    Superseded,
    /// Prepared and never finished. Final; was never in force.
    Abandoned,
}

impl BadgeState {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Prepared, Self::Active, Self::Suspended, Self::Revoked, Self::Expired, Self::Superseded, Self::Abandoned];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Abandoned => "abandoned",
        }
    }

    /// True for states nothing leads out of.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Revoked | Self::Expired | Self::Superseded | Self::Abandoned)
    }

    /// Short public label; the Russian one agrees with «страница».
    pub const fn title(self, lang: Lang) -> &'static str {
        let (ru, en) = match self {
            Self::Prepared => ("Готовится", "In preparation"),
            Self::Active => ("Подтверждена", "Confirmed"),
            Self::Suspended => ("Приостановлена", "Suspended"),
            Self::Revoked => ("Отозвана", "Revoked"),
            Self::Expired => ("Срок истёк", "Expired"),
            Self::Superseded => ("Заменена знаком другой организации", "Replaced by another organisation's badge"),
            Self::Abandoned => ("Не завершена", "Not completed"),
        };
        lang.pick(ru, en)
    }
}

impl fmt::Display for BadgeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for BadgeState {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or_else(|| format!("unknown badge state {s:?}"))
    }
}

/// A change somebody asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadgeChange {
    /// Take out of force for a while.
    Suspend(ReasonCode),
    /// Put back in force.
    Reinstate(ReasonCode),
    /// End for good.
    Revoke(ReasonCode),
}

/// What a change comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transition {
    /// The state moves, and one event is written.
    To(BadgeState, EventKind),
    /// The badge already stands there: nothing is written, the answer is the same (idempotence).
    Already,
}

/// The change is not possible from where the badge stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a badge that is {from} cannot be {wanted}")]
pub struct Impossible {
    /// Where it stands.
    pub from: BadgeState,
    /// What was asked: `suspended`, `reinstated`, `revoked`.
    pub wanted: &'static str,
}

impl BadgeChange {
    /// Decides what the change means for a badge in state `from`.
    ///
    /// # Errors
    /// [`Impossible`] when no rule leads there; nothing must be written then.
    pub const fn apply(self, from: BadgeState) -> Result<Transition, Impossible> {
        use BadgeState as S;
        Ok(match (self, from) {
            (Self::Suspend(_), S::Active) => Transition::To(S::Suspended, EventKind::Suspended),
            (Self::Reinstate(_), S::Suspended) => Transition::To(S::Active, EventKind::Reinstated),
            (Self::Revoke(_), S::Active | S::Suspended) => Transition::To(S::Revoked, EventKind::Revoked),
            (Self::Suspend(_), S::Suspended) | (Self::Reinstate(_), S::Active) | (Self::Revoke(_), S::Revoked) => Transition::Already,
            (Self::Suspend(_), _) => return Err(Impossible { from, wanted: "suspended" }),
            (Self::Reinstate(_), _) => return Err(Impossible { from, wanted: "reinstated" }),
            (Self::Revoke(_), _) => return Err(Impossible { from, wanted: "revoked" }),
        })
    }

    /// The reason given.
    pub const fn reason(self) -> ReasonCode {
        match self {
            Self::Suspend(r) | Self::Reinstate(r) | Self::Revoke(r) => r,
        }
    }
}

/// Kinds of ledger entries about badges.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// First attestation recorded.
    Issued,
    /// A further attestation recorded for the same badge.
    Renewed,
    /// Taken out of force.
    Suspended,
    /// Put back in force.
    Reinstated,
    /// Ended by decision.
    Revoked,
    /// Ended by time.
    Expired,
    /// Ended because the community was confirmed for somebody else.
    Superseded,
    /// Something about a badge in force changed, and it stays in force: control of the community has to be proven again, say.
    Updated,
    /// A prepared attestation was given up. Internal: platforms never heard of it.
    Abandoned,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Issued,
        Self::Renewed,
        Self::Suspended,
        Self::Reinstated,
        Self::Revoked,
        Self::Expired,
        Self::Superseded,
        Self::Updated,
        Self::Abandoned,
    ];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Renewed => "renewed",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Updated => "updated",
            Self::Abandoned => "abandoned",
        }
    }

    /// The webhook type, `badge.issued`; `None` for what platforms are not told.
    pub const fn webhook_type(self) -> Option<&'static str> {
        Some(match self {
            Self::Issued => "badge.issued",
            Self::Renewed => "badge.renewed",
            Self::Suspended => "badge.suspended",
            Self::Reinstated => "badge.reinstated",
            // A platform has to do the same about both; `status` tells them apart.
            Self::Revoked | Self::Superseded => "badge.revoked",
            Self::Expired => "badge.expired",
            Self::Updated => "badge.updated",
            Self::Abandoned => return None,
        })
    }
}

impl FromStr for EventKind {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or_else(|| format!("unknown event kind {s:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const R: ReasonCode = ReasonCode::OperatorDecision;

    #[test]
    fn final_states_stay_final() {
        for from in BadgeState::ALL.into_iter().filter(|s| s.is_final()) {
            for change in [BadgeChange::Suspend(R), BadgeChange::Reinstate(R), BadgeChange::Revoke(R)] {
                assert!(!matches!(change.apply(from), Ok(Transition::To(..))), "{from} {change:?}");
            }
        }
    }

    #[test]
    fn every_change_is_idempotent() {
        for from in BadgeState::ALL {
            for change in [BadgeChange::Suspend(R), BadgeChange::Reinstate(R), BadgeChange::Revoke(R)] {
                if let Ok(Transition::To(to, _)) = change.apply(from) {
                    assert_eq!(change.apply(to), Ok(Transition::Already));
                }
            }
        }
    }

    #[test]
    fn a_prepared_badge_cannot_be_changed_by_hand() {
        assert!(BadgeChange::Revoke(R).apply(BadgeState::Prepared).is_err());
        assert!(BadgeChange::Reinstate(R).apply(BadgeState::Prepared).is_err());
    }
}
