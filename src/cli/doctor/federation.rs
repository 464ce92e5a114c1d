//! The part of `gosbadge doctor` about the delegation of the owner of the kind of badge, where one is configured.

use super::{Finding, Level, finding};
use crate::cli::wire;
use crate::config::Config;
use crate::domain::time::Timestamp;

const WHAT: &str = "delegation";

/// Whether it is accepted, and how long it holds.
pub(super) fn examine(config: &Config, now: Timestamp, out: &mut Vec<Finding>) {
    let delegation = match wire::delegation(config, now) {
        Ok(None) => return,
        Ok(Some(delegation)) => delegation,
        Err(e) => return out.push(finding(Level::Bad, WHAT, e.to_string())),
    };
    let owner = &delegation.owner;
    out.push(match (delegation.term(now), delegation.ends) {
        (Some(term), Some(ends)) if term.due => {
            let level = if term.urgent { Level::Bad } else { Level::Note };
            finding(level, WHAT, format!("{owner} delegates until {ends}, {} more days: get the next one now", term.days))
        }
        (_, Some(ends)) => finding(Level::Good, WHAT, format!("{owner} delegates until {ends}")),
        (_, None) => finding(Level::Good, WHAT, format!("{owner} delegates without an end")),
    });
}
