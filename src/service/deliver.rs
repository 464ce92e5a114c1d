//! Tells platforms what happened to their communities' badges: takes due deliveries from the outbox, signs, sends, settles.
//! At least once, in order per badge. Each platform has a lane of its own, so that nobody waits for another's endpoint.
//! What a message says is in `event_message.rs`.

mod envelope;
mod settle;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};

pub(super) use self::envelope::{Address, To, authorization};
use self::envelope::{Envelope, Sealed, envelopes};
pub(super) use self::settle::{BROKEN, next_attempt, shut, with_reason};
use self::settle::{Done, Lease, settle};
use super::{App, Error};
use crate::domain::stream::StreamState;
use crate::store::streams::StreamRow;
use crate::store::{StoreError, deliveries, streams};

/// A lease outlives the slowest attempt by this much, or two workers would send the same message at once.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// Tells a running lane of new work, and of the end.
#[derive(Default)]
pub struct LaneBell {
    work: Notify,
    ended: AtomicBool,
}

impl LaneBell {
    /// There may be something new.
    pub fn ring(&self) {
        self.work.notify_one();
    }

    /// Nothing more is to be begun; what is on its way is finished.
    pub fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.work.notify_one();
    }
}

/// Platforms whose lane has something to do.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn lanes_with_work(app: &Arc<App>) -> Result<Vec<String>, Error> {
    let now = app.clock.now();
    app.db
        .read("lanes_with_work", move |tx| -> Result<_, StoreError> {
            let mut found = Vec::new();
            for stream in streams::of_active_platforms(tx)? {
                if flows(&stream)? && deliveries::any_due(tx, &stream.platform_id, now)? {
                    found.push(stream.platform_id);
                }
            }
            Ok(found)
        })
        .await
        .map_err(Error::from)
}

/// Whether we push to this stream's endpoint now.
fn flows(stream: &StreamRow) -> Result<bool, StoreError> {
    Ok(stream.state()? == StreamState::Enabled && stream.method()?.pushes())
}

/// Makes one attempt at what is due, as much of each platform's as its lane holds at once; returns how many were attempted.
///
/// # Errors
/// [`Error`] when the database is away; nothing is lost, leases run out by themselves.
pub async fn deliver_due(app: &Arc<App>) -> Result<usize, Error> {
    let lanes = lanes_with_work(app).await?;
    let made = join_all(lanes.iter().map(|platform| async { Lane::new(app, platform).once().await })).await;
    made.into_iter().sum()
}

/// Why a lane ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LaneEnd {
    /// Nothing more was due, or the bell said the end.
    Done,
    /// As many attempts as it holds at once have failed one after the other. Whatever else waits would fare no better just now, and
    /// each failure costs the database a write that others wait for.
    Failing {
        /// Whether anything arrived before.
        some_arrived: bool,
    },
}

/// Delivers to one platform until nothing of its is due, its endpoint fails, or the bell says the end. In `doubt` one message goes
/// alone, and the others follow when it arrived.
///
/// # Errors
/// [`Error`] when the database is away; nothing is lost, leases run out by themselves.
pub async fn run_lane(app: &Arc<App>, platform: &str, bell: &LaneBell, doubt: bool) -> Result<LaneEnd, Error> {
    Lane::new(app, platform).run(bell, doubt).await
}

/// One platform's deliveries in this process.
struct Lane<'a> {
    app: &'a Arc<App>,
    platform: &'a str,
    /// Names this lane's leases.
    token: String,
    width: usize,
}

impl<'a> Lane<'a> {
    fn new(app: &'a Arc<App>, platform: &'a str) -> Self {
        Self { app, platform, token: app.entropy.token(), width: app.settings.delivery_concurrency.max(1) }
    }

    /// One attempt at as much as the lane holds.
    async fn once(&self) -> Result<usize, Error> {
        let made = join_all(self.turn(Vec::new(), self.width).await?.into_iter().map(|e| attempt(Arc::clone(self.app), e))).await;
        let n = made.len();
        self.turn(made, 0).await?;
        Ok(n)
    }

    /// Keeps up to `width` attempts on their way, each a task of its own: they go on while this one waits for the database.
    /// Whatever has come back meanwhile is settled with the next lease, in one transaction: a fast endpoint costs few of them,
    /// and a slow message holds up only itself.
    async fn run(&self, bell: &LaneBell, doubt: bool) -> Result<LaneEnd, Error> {
        let mut flights: JoinSet<Done> = JoinSet::new();
        let (mut back, mut failed_in_a_row, mut some_arrived) = (Vec::<Done>::new(), 0, false);
        loop {
            for failed in back.iter().filter_map(Done::failed) {
                failed_in_a_row = if failed { failed_in_a_row + 1 } else { 0 };
                some_arrived |= !failed;
            }
            let width = if doubt && !some_arrived { 1 } else { self.width };
            let failing = failed_in_a_row >= width;
            let room = if failing || bell.ended.load(Ordering::SeqCst) { 0 } else { width - flights.len() };
            let leased = match self.turn(std::mem::take(&mut back), room).await {
                Ok(leased) => leased,
                Err(e) if flights.is_empty() => return Err(e),
                // First what is on its way: it would go out twice otherwise.
                Err(e) => {
                    tracing::warn!(platform = self.platform, error = %e, detail = e.operator_detail(), "a lane could not settle and lease");
                    Vec::new()
                }
            };
            for envelope in leased {
                flights.spawn(attempt(Arc::clone(self.app), envelope));
            }
            if flights.is_empty() {
                return Ok(if failing { LaneEnd::Failing { some_arrived } } else { LaneEnd::Done });
            }
            // Woken by new work, or by what came back: that lets the next version of its badge go.
            let first = tokio::select! {
                first = flights.join_next() => first,
                () = bell.work.notified() => None,
            };
            back.extend(first.into_iter().chain(std::iter::from_fn(|| flights.try_join_next())).filter_map(landed));
        }
    }

    /// Settles what came back and leases up to `room` more.
    async fn turn(&self, back: Vec<Done>, room: usize) -> Result<Vec<Envelope>, Error> {
        if back.is_empty() && room == 0 {
            return Ok(Vec::new());
        }
        let now = self.app.clock.now();
        let lease = Lease {
            platform: self.platform.to_owned(),
            token: self.token.clone(),
            limit: i64::try_from(room).unwrap_or(i64::MAX),
            now,
            until: now.plus(self.app.settings.delivery_timeout + LEASE_MARGIN),
        };
        let rows = settle(self.app, back, lease).await?;
        if rows.is_empty() { Ok(Vec::new()) } else { envelopes(self.app, self.platform, rows).await }
    }
}

/// What an attempt came to; nothing where it ended with a panic, after which its lease runs out.
fn landed(flight: Result<Done, JoinError>) -> Option<Done> {
    flight.inspect_err(|e| tracing::error!(error = %e, "an attempt to deliver ended unexpectedly")).ok()
}

async fn attempt(app: Arc<App>, envelope: Envelope) -> Done {
    let (row, generation) = (envelope.row, envelope.generation);
    match envelope.sealed {
        Sealed::Message(message) => {
            let attempted = app.sink.deliver(message).await;
            Done::attempted(&app, row, generation, attempted)
        }
        Sealed::Waits(until, note) => Done::waits(row, generation, until, note),
        Sealed::Broken => Done::broken(&app, row, generation),
    }
}
