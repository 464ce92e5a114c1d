//! Audits the transparency log from an empty start: every leaf is made anew from the ledger and the attestations, the tree is
//! built anew from the leaves, every checkpoint is held against it, and what the events say must be is held against what the
//! database says. Trusts nothing that is stored but the log's key.

mod checkpoints;
mod records;
mod walk;

use std::sync::Arc;

use serde::Serialize;

use super::log::named;
use super::{App, Error};
use crate::domain::tlog::note::VerifierKey;
use crate::store::{Tx, ledger, log};

/// Something that is not as it must be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// Where: `event 17`, `leaf 4`, `checkpoint 12`, `status list 1`, `badge bdg_…`.
    pub place: String,
    /// What.
    pub what: String,
}

/// What an audit looked at and found.
#[derive(Default, Debug, Serialize)]
pub struct Report {
    /// Name and keys of the log that checkpoints were held against, the one that signs first.
    pub keys: Vec<String>,
    /// Leaves rebuilt.
    pub leaves: u64,
    /// Root over them, hex.
    pub root: String,
    /// Events in the ledger that have their leaf.
    pub events: i64,
    /// Events that wait for theirs; not a fault.
    pub waiting: i64,
    /// Checkpoints held against the tree.
    pub checkpoints: usize,
    /// Cosignatures checked.
    pub cosignatures: usize,
    /// Status lists held against the events.
    pub lists: usize,
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
}

impl Report {
    fn find(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.findings.push(Finding { place: place.into(), what: what.into() });
    }
}

/// A checkpoint somebody outside kept: the one thing a rewritten log cannot have changed.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where it came from, for the finding.
    pub name: String,
    /// The signed note.
    pub note: String,
}

/// Keys the log has and had.
struct LogKeys {
    good: Vec<VerifierKey>,
    /// With the instants at which they were called compromised: what is on record from before counts still.
    compromised: Vec<(VerifierKey, i64)>,
}

/// Audits; looks at one snapshot of the database, however long it takes.
///
/// # Errors
/// [`Error`] when the database is away. What is wrong with the log is in the report.
pub async fn audit_log(app: &Arc<App>, kept: Vec<Kept>) -> Result<Report, Error> {
    let inner = Arc::clone(app);
    app.db
        .read("audit_log", move |tx| {
            let state = log::state(tx)?;
            let known = inner.keys.known();
            let named = |public: &[[u8; 32]]| named(public, &state.origin, &inner.settings.issuer);
            let (public, at): (Vec<_>, Vec<_>) = known.compromised_log_keys().iter().copied().unzip();
            let keys = LogKeys { good: named(known.good_log_keys())?, compromised: named(&public)?.into_iter().zip(at).collect() };
            let witnesses: Vec<VerifierKey> = inner.log.witnesses.iter().map(|w| w.key().clone()).collect();
            audit(tx, &state, &keys, &witnesses, &kept)
        })
        .await
}

fn audit(tx: &mut Tx<'_>, state: &log::LogState, keys: &LogKeys, witnesses: &[VerifierKey], kept: &[Kept]) -> Result<Report, Error> {
    let mut report = Report { keys: keys.good.iter().map(ToString::to_string).collect(), ..Report::default() };
    let mut wanted = checkpoints::read(tx, state, keys, witnesses, kept, &mut report)?;
    let (mut replay, tree) = walk::leaves(tx, state, &mut wanted, &mut report)?;
    wanted.settle(tx, &tree, &mut report)?;
    let last = walk::waiting(tx, &mut replay, &mut report)?;
    let head = ledger::head(tx)?;
    if head != last {
        report.find(format!("event {head}"), format!("is missing: the ledger counted {head} events, the last one on record is {last}"));
    }
    records::compare(tx, &replay, &mut report)?;
    Ok(report)
}
