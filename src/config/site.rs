//! `[site]`: how official sites of authorities are read.

use std::time::Duration;

use super::catalogue::{Section, Setting, set};
use super::reader::Reader;

/// How official sites are read.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Site {
    /// Limit of connecting.
    pub connect_timeout: Duration,
    /// Limit of reading one page.
    pub timeout: Duration,
    /// Longest page read.
    pub max_bytes: usize,
}

pub(super) const SECTION: Section = Section {
    name: "site",
    about: "Reading the official site that a person names to prove control of a community. Only public addresses are ever called.",
    settings: &SETTINGS,
};

const SETTINGS: [Setting; 3] = [
    set("connect_timeout", "\"3s\"", "Longest wait for a connection to a site, 100ms to 60s."),
    set(
        "timeout",
        "\"10s\"",
        "Longest time for one page, those that send on to it included, 100ms to 60s. Somebody is waiting in a browser.",
    ),
    set(
        "max_bytes",
        "2097152",
        "Longest page read, 4096 to 16777216 bytes. A longer one proves nothing: its person is told to name another.",
    ),
];

pub(super) fn read(r: &mut Reader) -> Site {
    const SECOND: Duration = Duration::from_secs(1);
    Site {
        connect_timeout: r.duration("site.connect_timeout", SECOND / 10..=60 * SECOND),
        timeout: r.duration("site.timeout", SECOND / 10..=60 * SECOND),
        max_bytes: r.number("site.max_bytes", 4096..=16_777_216) as usize,
    }
}
