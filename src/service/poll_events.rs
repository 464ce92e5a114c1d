//! A platform fetches its events (RFC 8936): what it acknowledges is settled, the oldest that wait are handed out in ledger
//! order. An event is handed out again until it is acknowledged, and never before an earlier one of its badge that waits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::deliver::{BROKEN, next_attempt, with_reason};
use super::event_message::EventMessage;
use super::{App, Error, PlatformRow};
use crate::domain::stream::{Method, StreamState};
use crate::domain::time::Timestamp;
use crate::store::deliveries::{self, Answered, DeliveryRow};
use crate::store::streams::{self, Fared, StreamRow};
use crate::store::{Tx, ledger};

/// Ids looked up in one statement.
const BATCH: usize = 500;

/// What a platform says of events it got: `jti`s it took, and those it could not take with its word for why.
pub struct Answers {
    /// Taken.
    pub taken: Vec<String>,
    /// Not taken.
    pub refused: BTreeMap<String, String>,
}

/// Events handed out.
pub struct HandedOut {
    /// `jti` and SET, oldest first.
    pub sets: Vec<(String, String)>,
    /// Whether more wait.
    pub more: bool,
}

fn polled(tx: &mut Tx<'_>, platform: &str) -> Result<StreamRow, Error> {
    let stream = streams::of_platform(tx, platform)?.ok_or(Error::NotFound("stream"))?;
    if stream.method()? == Method::Poll {
        Ok(stream)
    } else {
        Err(Error::Conflict("the stream's method is not poll: PUT /v1/stream with \"method\":\"poll\" first".to_owned()))
    }
}

/// Settles what a platform answers for. Ids it was never given are passed over: it may answer late, or twice.
///
/// # Errors
/// [`Error::Conflict`] when the stream is not polled.
pub async fn acknowledge(app: &Arc<App>, platform: &PlatformRow, answers: Answers) -> Result<(), Error> {
    if answers.taken.is_empty() && answers.refused.is_empty() {
        return Ok(());
    }
    let (id, now) = (platform.id.clone(), app.clock.now());
    let (taken, refused) = app
        .db
        .write("acknowledge_events", move |tx| -> Result<_, Error> {
            let stream = polled(tx, &id)?;
            let mut taken = 0;
            for ids in answers.taken.chunks(BATCH) {
                let seqs = ledger::seqs(tx, ids)?;
                taken += deliveries::answer(tx, &id, &seqs, &Answered::Taken, now)?;
            }
            let (mut refused, mut fared) = (0, Fared::default());
            for (event, err) in &answers.refused {
                let seqs = ledger::seqs(tx, std::slice::from_ref(event))?;
                let note = with_reason("refused".to_owned(), serde_json::json!({ "err": err }).to_string().as_bytes());
                refused += deliveries::answer(tx, &id, &seqs, &Answered::Refused(&note), now)?;
                fared.failed = Some((now, note));
            }
            fared.accepted_at = (taken > 0).then_some(now);
            fared.failures = i64::try_from(refused).unwrap_or(i64::MAX);
            streams::note_deliveries(tx, &id, stream.generation, &fared)?;
            Ok((taken, refused))
        })
        .await?;
    (0..taken).for_each(|_| app.metrics.delivery(&platform.id, "delivered"));
    (0..refused).for_each(|_| app.metrics.delivery(&platform.id, "dead"));
    if refused > 0 {
        tracing::warn!(platform = platform.id, refused, "a platform could not take events; they are given up");
    }
    Ok(())
}

/// The oldest events that wait, at most `limit`; none of a stream that is paused. One that cannot be read is passed over with what
/// follows it of its badge, tried again as a pushed one would be, and given up in the end.
///
/// # Errors
/// [`Error::Conflict`] when the stream is not polled.
pub async fn hand_out(app: &Arc<App>, platform: &PlatformRow, limit: usize) -> Result<HandedOut, Error> {
    let id = platform.id.clone();
    let found = app.db.read("hand_out_events", move |tx| look(tx, &id, limit.saturating_add(1))).await?;
    count_broken(app, &platform.id, found.generation, found.broken).await?;
    let more = found.messages.len() > limit;
    let sets = found.messages.into_iter().take(limit).map(|m| Ok((m.event.id.clone(), m.set(app, &platform.base_url)?)));
    Ok(HandedOut { sets: sets.collect::<Result<_, Error>>()?, more })
}

/// What waits.
struct Found {
    /// Of the stream.
    generation: i64,
    messages: Vec<EventMessage>,
    /// Deliveries whose records cannot be read, and why.
    broken: Vec<(DeliveryRow, Error)>,
}

/// At least `wanted` messages, where there are as many.
fn look(tx: &mut Tx<'_>, platform: &str, wanted: usize) -> Result<Found, Error> {
    let stream = polled(tx, platform)?;
    let mut found = Found { generation: stream.generation, messages: Vec::new(), broken: Vec::new() };
    if stream.state()? != StreamState::Enabled {
        return Ok(found);
    }
    let batch = i64::try_from(wanted).unwrap_or(i64::MAX);
    // Badges with an event that has neither been handed out nor given up: the later ones wait behind it.
    let (mut seq, mut held) = (0, BTreeSet::new());
    while found.messages.len() < wanted {
        let rows = deliveries::waiting(tx, platform, seq, batch)?;
        let Some(last) = rows.last() else { break };
        seq = last.event_seq;
        let seqs: Vec<i64> = rows.iter().map(|row| row.event_seq).collect();
        for (row, message) in rows.into_iter().zip(EventMessage::of_seqs(tx, &seqs)?) {
            if held.contains(&row.badge_id) {
                continue;
            }
            match message {
                Ok(message) => found.messages.push(message),
                Err(e) => {
                    held.insert(row.badge_id.clone());
                    found.broken.push((row, e));
                }
            }
        }
    }
    Ok(found)
}

/// Counts an attempt at what cannot be read, where one is due: a platform may ask as often as it likes, and the schedule is what
/// gives us the time to mend the record.
async fn count_broken(app: &Arc<App>, platform: &str, generation: i64, broken: Vec<(DeliveryRow, Error)>) -> Result<(), Error> {
    let now = app.clock.now();
    let due = broken.into_iter().filter(|(row, _)| row.next_at <= now.millis() || row.next_at == deliveries::BEHIND);
    let failed: Vec<(DeliveryRow, Error, Option<Timestamp>)> = due
        .map(|(row, e)| {
            let again = next_attempt(app, &row, now, None);
            (row, e, again)
        })
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    let id = platform.to_owned();
    let counted = app
        .db
        .write("count_broken_events", move |tx| -> Result<_, Error> {
            let mut counted = Vec::new();
            for (row, e, again) in failed {
                // Of two requests at once one counts.
                if deliveries::count_failure(tx, &row, again, BROKEN, now)? {
                    counted.push((row, e, again));
                }
            }
            if !counted.is_empty() {
                let failures = i64::try_from(counted.len()).unwrap_or(i64::MAX);
                let fared = Fared { failed: Some((now, BROKEN.to_owned())), failures, ..Fared::default() };
                streams::note_deliveries(tx, &id, generation, &fared)?;
            }
            Ok(counted)
        })
        .await?;
    for (row, e, again) in counted {
        let (seq, detail, how) = (row.event_seq, e.operator_detail(), if again.is_some() { "failed" } else { "dead" });
        tracing::error!(seq, delivery = %row.id, platform, detail, how, "event cannot be read; passed over");
        app.metrics.delivery(platform, how);
    }
    Ok(())
}
