//! What an attempt came to, written down: for the delivery and for the stream, many in one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::flows;
use crate::domain::backoff;
use crate::domain::stream::StreamChange;
use crate::domain::time::Timestamp;
use crate::ports::event_sink::{Attempted, DeliveryOutcome};
use crate::service::{App, Error};
use crate::store::deliveries::{self, DeliveryRow, Settled};
use crate::store::streams::{self, Fared};
use crate::store::{StoreError, Tx};

/// Each try waits a few seconds for a connection.
const SETTLE_TRIES: u32 = 3;

/// What is noted of a delivery whose records cannot be read.
pub(in crate::service) const BROKEN: &str = "internal error";

/// One delivery that was tried, or laid aside.
pub(super) struct Done {
    row: DeliveryRow,
    generation: i64,
    how: Settled,
    note: Option<String>,
    at: Timestamp,
    /// The endpoint said 410.
    gone: bool,
}

/// What RFC 8935 §2.4 lets a receiver say of a SET it does not take.
#[derive(Deserialize)]
struct Refusal {
    err: String,
}

/// `status 400: invalid_key`: the receiver's own word goes into the note if it is one of few characters.
pub(in crate::service) fn with_reason(note: String, answer: &[u8]) -> String {
    let plain = |e: &str| !e.is_empty() && e.len() <= 40 && e.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match serde_json::from_slice::<Refusal>(answer) {
        Ok(refusal) if plain(&refusal.err) => format!("{note}: {}", refusal.err),
        _ => note,
    }
}

impl Done {
    pub(super) fn attempted(app: &App, row: DeliveryRow, generation: i64, attempted: Attempted) -> Self {
        let at = app.clock.now();
        let done = |row, how, note, gone| Self { row, generation, how, note, at, gone };
        let (note, retry_after) = match attempted.outcome {
            DeliveryOutcome::Accepted => return done(row, Settled::Delivered, None, false),
            // Nothing is lost: the event waits until another endpoint is verified.
            DeliveryOutcome::Gone => return done(row, Settled::Waits(at), Some("the endpoint answered 410".to_owned()), true),
            DeliveryOutcome::Forbidden { note } => (note, None),
            DeliveryOutcome::Failed { note, retry_after } => (with_reason(note, &attempted.answer), retry_after),
        };
        let how = again(app, &row, at, retry_after);
        done(row, how, Some(note), false)
    }

    pub(super) fn waits(row: DeliveryRow, generation: i64, until: Timestamp, note: &'static str) -> Self {
        Self { row, generation, how: Settled::Waits(until), note: Some(note.to_owned()), at: until, gone: false }
    }

    pub(super) fn broken(app: &App, row: DeliveryRow, generation: i64) -> Self {
        let at = app.clock.now();
        let how = again(app, &row, at, None);
        Self { row, generation, how, note: Some(BROKEN.to_owned()), at, gone: false }
    }

    /// Whether the endpoint did not take it; nothing where it was not asked.
    pub(super) const fn failed(&self) -> Option<bool> {
        match self.how {
            Settled::Delivered => Some(false),
            Settled::Again(_) | Settled::Dead => Some(true),
            Settled::Waits(_) => None,
        }
    }

    /// Whether it goes no more, so that what stands behind it may.
    const fn is_over(&self) -> bool {
        matches!(self.how, Settled::Delivered | Settled::Dead)
    }

    /// Whether it can be settled with others like it.
    const fn simply_arrived(&self) -> bool {
        matches!(self.how, Settled::Delivered)
    }

    fn tell(&self) {
        let Self { row, note, .. } = self;
        match &self.how {
            Settled::Delivered => {
                tracing::info!(delivery = %row.id, platform = %row.platform_id, badge = %row.badge_id, version = row.version, "event delivered");
            }
            Settled::Again(at) => {
                tracing::warn!(delivery = %row.id, platform = %row.platform_id, note, next = %at, "event not delivered, will retry");
            }
            Settled::Waits(_) => tracing::info!(delivery = %row.id, platform = %row.platform_id, note, "event waits"),
            Settled::Dead => tracing::warn!(delivery = %row.id, platform = %row.platform_id, note, "event given up"),
        }
    }
}

fn again(app: &App, row: &DeliveryRow, now: Timestamp, retry_after: Option<std::time::Duration>) -> Settled {
    next_attempt(app, row, now, retry_after).map_or(Settled::Dead, Settled::Again)
}

/// When a delivery that failed just now is tried next; nothing at the end of the schedule.
pub(in crate::service) fn next_attempt(
    app: &App,
    row: &DeliveryRow,
    now: Timestamp,
    retry_after: Option<std::time::Duration>,
) -> Option<Timestamp> {
    let failures = u32::try_from(row.attempts + 1).unwrap_or(u32::MAX);
    let [jitter] = app.entropy.bytes::<1>();
    backoff::wait_after(&app.settings.retry_schedule, failures, jitter, retry_after).map(|wait| now.plus(wait))
}

/// Deliveries to take on.
pub(super) struct Lease {
    pub platform: String,
    pub token: String,
    /// At most so many; none at all is possible.
    pub limit: i64,
    pub now: Timestamp,
    pub until: Timestamp,
}

/// Writes down what became of these deliveries and takes on what is due next, in one transaction.
///
/// # Errors
/// [`Error`] when the database is away; the leases run out then and the messages go out again.
pub(super) async fn settle(app: &Arc<App>, mut done: Vec<Done>, lease: Lease) -> Result<Vec<DeliveryRow>, Error> {
    for d in &done {
        d.tell();
        app.metrics.delivery(&lease.platform, d.how.as_str());
    }
    // One order for all workers, so that no two wait for each other.
    done.sort_unstable_by(|a, b| a.row.id.cmp(&b.row.id));
    // What arrived and is not written down arrives again: worth some patience with a busy database.
    let mut tries = if done.is_empty() { 1 } else { SETTLE_TRIES };
    let batch = Arc::new((lease, done));
    loop {
        let batch = Arc::clone(&batch);
        match app.db.write("settle_deliveries", move |tx| write(tx, &batch.0, &batch.1)).await {
            Err(StoreError::Unavailable(_)) if tries > 1 => tries -= 1,
            other => return other.map_err(Error::from),
        }
    }
}

fn write(tx: &mut Tx<'_>, lease: &Lease, done: &[Done]) -> Result<Vec<DeliveryRow>, StoreError> {
    let mut fared: BTreeMap<i64, Fared> = BTreeMap::new();
    let arrived: Vec<String> = done.iter().filter(|d| d.simply_arrived()).map(|d| d.row.id.clone()).collect();
    let arrived = match done.iter().filter(|d| d.simply_arrived()).map(|d| d.at).max() {
        Some(at) => deliveries::settle_arrived(tx, arrived, &lease.token, at)?,
        None => arrived,
    };
    for d in done {
        // Where the lease ran out another worker took over; its settlement counts.
        if d.simply_arrived() {
            if !arrived.contains(&d.row.id) {
                continue;
            }
        } else {
            match deliveries::settle(tx, &d.row, &lease.token, &d.how, d.note.as_deref(), d.at) {
                Ok(()) => {}
                Err(StoreError::Stale(_)) => continue,
                Err(e) => return Err(e),
            }
        }
        let fared = fared.entry(d.generation).or_default();
        match (&d.how, &d.note) {
            (Settled::Delivered, _) => {
                (fared.accepted_at, fared.failures) = (fared.accepted_at.max(Some(d.at)), 0);
            }
            (Settled::Again(_) | Settled::Dead, Some(note)) => {
                fared.failed = Some((d.at, note.clone()));
                fared.failures += 1;
            }
            _ => {}
        }
    }
    for (generation, fared) in fared {
        streams::note_deliveries(tx, &lease.platform, generation, &fared)?;
    }
    let over: Vec<String> = done.iter().filter(|d| d.is_over()).map(|d| d.row.badge_id.clone()).collect();
    if !over.is_empty() {
        let free = deliveries::free_of(tx, &lease.platform, &over)?;
        deliveries::wake(tx, free, lease.now)?;
    }
    if let Some(gone) = done.iter().find(|d| d.gone) {
        shut(tx, &lease.platform, gone.generation, gone.at)?;
    }
    if lease.limit == 0 {
        return Ok(Vec::new());
    }
    match streams::of_platform(tx, &lease.platform)? {
        Some(stream) if flows(&stream)? => deliveries::lease(tx, &lease.platform, &lease.token, lease.limit, lease.now, lease.until),
        _ => Ok(Vec::new()),
    }
}

/// The endpoint wants no more: the stream rests until an endpoint is named and verified again.
pub(in crate::service) fn shut(tx: &mut Tx<'_>, platform: &str, generation: i64, now: Timestamp) -> Result<(), StoreError> {
    let Some(mut stream) = streams::of_platform(tx, platform)?.filter(|s| s.generation == generation) else { return Ok(()) };
    let Some(state) = stream.state()?.after(StreamChange::Gone) else { return Ok(()) };
    state.as_str().clone_into(&mut stream.state);
    stream.probe_at = None;
    tracing::error!(platform, "the endpoint answered 410: the stream is disabled until an endpoint is set and verified again; events wait");
    match streams::decide(tx, generation, &stream, now) {
        // Somebody else was faster; what they decided stands.
        Err(StoreError::Stale(_)) => Ok(()),
        other => other,
    }
}
