//! What follows for a badge when its community is looked at again and is there, or is not. Pure: who looks, and when, is the
//! services'. A look that got no answer never comes here: an outage is not a loss.

use std::time::Duration;

use super::badge::{BadgeChange, BadgeState};
use super::reason::ReasonCode;
use super::time::Timestamp;

/// How a community was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// People can see it, all of them or its members.
    There,
    /// It was deleted, or never heard of.
    Gone,
    /// The platform took it out of sight.
    Blocked,
}

/// What is known of the badge and of earlier looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// Where the badge stands.
    pub state: BadgeState,
    /// Its version.
    pub version: i64,
    /// Since when the community was not there.
    pub lost_since: Option<Timestamp>,
    /// The version the badge got when it was suspended for that.
    pub suspended_version: Option<i64>,
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// All is well; what was noted of a loss is forgotten.
    Settle,
    /// It may be a moment's trouble: look again soon before anything happens.
    Doubt,
    /// Wait for the next look.
    Wait,
    /// Change the badge.
    Change(BadgeChange),
}

/// Decides. `grace`: how long a lost community keeps its badge suspended before the badge ends.
///
/// Whatever an operator or the platform did to the badge since stands: only a suspension of ours is lifted or made final, and a badge
/// that was reinstated by hand is not suspended for the same loss again.
pub fn decide(found: Found, known: &Known, now: Timestamp, grace: Duration) -> Step {
    let ours = known.state == BadgeState::Suspended && known.suspended_version == Some(known.version);
    let reason = match found {
        Found::There if ours => return Step::Change(BadgeChange::Reinstate(ReasonCode::CommunityDeleted)),
        Found::There => return Step::Settle,
        Found::Gone => ReasonCode::CommunityDeleted,
        Found::Blocked => ReasonCode::PlatformRequest,
    };
    let Some(since) = known.lost_since else { return Step::Doubt };
    match known.state {
        BadgeState::Active if known.suspended_version.is_none() => Step::Change(BadgeChange::Suspend(reason)),
        BadgeState::Suspended if ours && now.since(since) >= grace => Step::Change(BadgeChange::Revoke(reason)),
        _ => Step::Wait,
    }
}

/// Whether so many of one answer are gone that the answer is to be doubted rather than the communities.
pub const fn is_incredible(asked: usize, gone: usize) -> bool {
    asked >= 20 && gone * 2 > asked
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(7 * 86_400);

    fn known(state: BadgeState, version: i64, lost_days: Option<u64>, suspended_version: Option<i64>) -> Known {
        let since = lost_days.map(|d| now().minus(Duration::from_secs(d * 86_400)));
        Known { state, version, lost_since: since, suspended_version }
    }

    fn now() -> Timestamp {
        Timestamp::from_secs(1_795_176_000)
    }

    #[test]
    fn a_loss_is_believed_at_the_second_look_and_final_after_the_grace() {
        use BadgeState::{Active, Suspended};
        for (found, reason) in [(Found::Gone, ReasonCode::CommunityDeleted), (Found::Blocked, ReasonCode::PlatformRequest)] {
            let step = |k: Known| decide(found, &k, now(), GRACE);
            assert_eq!(step(known(Active, 1, None, None)), Step::Doubt);
            assert_eq!(step(known(Active, 1, Some(0), None)), Step::Change(BadgeChange::Suspend(reason)));
            assert_eq!(step(known(Suspended, 2, Some(6), Some(2))), Step::Wait);
            assert_eq!(step(known(Suspended, 2, Some(7), Some(2))), Step::Change(BadgeChange::Revoke(reason)));
        }
    }

    #[test]
    fn what_others_did_stands() {
        use BadgeState::{Active, Suspended};
        // Suspended by an operator, before or after ours: not lifted, not ended.
        for suspended_version in [None, Some(2)] {
            assert_eq!(decide(Found::There, &known(Suspended, 4, Some(1), suspended_version), now(), GRACE), Step::Settle);
            assert_eq!(decide(Found::Gone, &known(Suspended, 4, Some(30), suspended_version), now(), GRACE), Step::Wait);
        }
        // Reinstated by hand while it is still gone.
        assert_eq!(decide(Found::Gone, &known(Active, 3, Some(1), Some(2)), now(), GRACE), Step::Wait);
    }

    #[test]
    fn who_is_back_gets_the_badge_back() {
        let back = decide(Found::There, &known(BadgeState::Suspended, 2, Some(3), Some(2)), now(), GRACE);
        assert_eq!(back, Step::Change(BadgeChange::Reinstate(ReasonCode::CommunityDeleted)));
        assert_eq!(decide(Found::There, &known(BadgeState::Active, 1, Some(0), None), now(), GRACE), Step::Settle);
    }

    #[test]
    fn an_answer_that_loses_most_of_many_is_not_believed() {
        assert!(is_incredible(20, 11) && is_incredible(500, 500));
        assert!(!is_incredible(20, 10) && !is_incredible(19, 19) && !is_incredible(1, 1));
    }
}
