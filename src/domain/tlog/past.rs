//! What a status list said at an instant of the past, by the log: which version was in force then, and what the events up to
//! it make of the list's places.

use super::leaf::{EventLeaf, Leaf};
use super::replay::Replay;
use crate::domain::status::ListValue;
use crate::domain::status_list::{BadStatusList, StatusBits};
use crate::domain::time::Timestamp;

/// The first whole second that is not before `instant`: tokens speak in seconds, and a version may only claim those at whose
/// beginning it was in force. So every second belongs to one version, and one that lasted for less than a second may have none.
pub fn first_second(instant: Timestamp) -> i64 {
    instant.secs() + i64::from(instant.millis().rem_euclid(1000) > 0)
}

/// The newest of the versions `1..=newest` that was there at `at`; `None` when the list began later. `time_of` tells when a
/// version was logged; it is asked about few, so versions must not go back in time.
///
/// # Errors
/// From `time_of`.
pub fn version_at<E>(newest: i64, at: Timestamp, mut time_of: impl FnMut(i64) -> Result<Timestamp, E>) -> Result<Option<i64>, E> {
    // Version `there` was there at that time (0: nothing yet), version `beyond` was not.
    let (mut there, mut beyond) = (0, newest + 1);
    while beyond - there > 1 {
        let middle = there + (beyond - there) / 2;
        if time_of(middle)? <= at {
            there = middle;
        } else {
            beyond = middle;
        }
    }
    Ok((there > 0).then_some(there))
}

/// Writes what these events make of the places of `list`. They must be all events of their badges, in order; other badges'
/// events change nothing about their places, so a list can be written in parts.
///
/// # Errors
/// [`BadStatusList::OutOfRange`] for a place the list does not have.
pub fn write_places(bits: &mut StatusBits, list: i64, events: impl IntoIterator<Item = EventLeaf>) -> Result<(), BadStatusList> {
    let mut replay = Replay::default();
    for event in events {
        // Faults are not asked for: with most of the log left out its numbers have gaps. Whether the outcome is true is told by
        // the hash in the version's leaf.
        let _ = replay.take(&Leaf::Event(event));
    }
    // A place that says VALID is zero from the start.
    replay.places(list).filter(|(_, value)| *value != ListValue::Valid).try_for_each(|(idx, value)| bits.set(idx, value))
}
