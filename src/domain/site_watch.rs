//! What follows for a badge that rests on links between a site and its community when somebody looks whether they still stand. Pure:
//! who looks, and when, is the services'. A look that got no answer never comes here: an outage is no missing link.

use std::time::Duration;

use super::time::Timestamp;

/// A missing link is believed when it is missing still, this long after it was missed first.
pub const BELIEVED_AFTER: Duration = Duration::from_secs(86_400);

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// All is well; what was noted of a missing link is forgotten.
    Settle,
    /// Missed for the first time: note it, nothing more.
    Doubt,
    /// Wait for the next look.
    Wait,
    /// Control has to be proven again.
    Demand,
}

/// Decides. `linked`: both links stand; `missed_since`: when an answer first said that one does not; `every`: the pause between looks.
pub fn decide(linked: bool, missed_since: Option<Timestamp>, now: Timestamp, every: Duration) -> Step {
    let since = match (linked, missed_since) {
        (true, _) => return Step::Settle,
        (false, None) => return Step::Doubt,
        (false, Some(since)) => since,
    };
    let missed_for = now.since(since);
    // After looks without an answer it is an old story: in between the link may have been there.
    if missed_for > 3 * every.max(BELIEVED_AFTER) {
        return Step::Doubt;
    }
    if missed_for >= BELIEVED_AFTER { Step::Demand } else { Step::Wait }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn after(hours: u32, every: Duration) -> Step {
        let now = Timestamp::from_secs(1_795_176_000);
        decide(false, Some(now.minus(hours * HOUR)), now, every)
    }

    #[test]
    fn a_missing_link_is_believed_after_a_day_and_not_when_nobody_could_look_for_long() {
        let now = Timestamp::from_secs(1_795_176_000);
        assert_eq!(decide(false, None, now, 24 * HOUR), Step::Doubt);
        for (hours, step) in [(1, Step::Wait), (23, Step::Wait), (24, Step::Demand), (72, Step::Demand), (73, Step::Doubt)] {
            assert_eq!(after(hours, 6 * HOUR), step, "{hours} h");
            assert_eq!(after(hours, 24 * HOUR), step, "{hours} h");
        }
        assert_eq!(after(30 * 24, 30 * 24 * HOUR), Step::Demand);
    }

    #[test]
    fn links_that_stand_settle_it() {
        let now = Timestamp::from_secs(1_795_176_000);
        for missed in [None, Some(now.minus(HOUR)), Some(now.minus(240 * HOUR))] {
            assert_eq!(decide(true, missed, now, 24 * HOUR), Step::Settle);
        }
    }
}
