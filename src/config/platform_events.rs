//! `[platform_events]`: what follows when a platform tells us of a community.

use std::time::Duration;

use super::catalogue::{Section, Setting, set};
use super::reader::Reader;

const HOUR: Duration = Duration::from_secs(3600);

/// Which measure follows which event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlatformEvents {
    /// After a new name.
    pub renamed: EventMeasure,
    /// After a change of administrators.
    pub administrators_changed: EventMeasure,
    /// After a capture.
    pub captured: EventMeasure,
    /// After a deletion.
    pub deleted: EventMeasure,
    /// Time to prove control again.
    pub reprove_within: Duration,
}

/// What is done about a badge in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventMeasure {
    /// Nothing but remembering the message.
    Record,
    /// Control has to be proven again in time.
    Reprove,
    /// Out of force.
    Suspend,
    /// Ended for good.
    Revoke,
}

const WORDS: [(&str, EventMeasure); 4] = [
    ("record", EventMeasure::Record),
    ("reprove", EventMeasure::Reprove),
    ("suspend", EventMeasure::Suspend),
    ("revoke", EventMeasure::Revoke),
];

pub(super) fn read(r: &mut Reader) -> PlatformEvents {
    let mut measure = |name: &str| r.choice(&format!("platform_events.{name}"), &WORDS);
    PlatformEvents {
        renamed: measure("renamed"),
        administrators_changed: measure("administrators_changed"),
        captured: measure("captured"),
        deleted: measure("deleted"),
        reprove_within: r.duration("platform_events.reprove_within", HOUR..=180 * 24 * HOUR),
    }
}

pub(super) const SECTION: Section = Section {
    name: "platform_events",
    about: "What follows when a platform tells of a community with a badge: \"suspend\" takes the badge out of force at once, \"revoke\" ends it for
        good, \"reprove\" leaves it in force until control of the community has to be proven again, \"record\" only remembers the message.",
    settings: SETTINGS,
};

const SETTINGS: &[Setting] = &[
    set(
        "renamed",
        "\"suspend\"",
        "The community is called something else. A suspension ends by itself when it is called what was confirmed again, or when its body confirms
        the new name; \"record\" lets an old page be renamed into a false one under its badge.",
    ),
    set(
        "administrators_changed",
        "\"reprove\"",
        "Others may administer the community. Most changes are harmless, so the body gets time to confirm it again.",
    ),
    set("captured", "\"suspend\"", "Somebody took the community over. Only an operator puts the badge back in force."),
    set("deleted", "\"revoke\"", "The community is gone. \"suspend\" where a platform lets deleted communities come back."),
    set(
        "reprove_within",
        "\"14d\"",
        "Time to prove control again under \"reprove\", or when a link between site and community is gone, 1h to 180d. After it the badge is suspended until its body confirms the community.",
    ),
];
