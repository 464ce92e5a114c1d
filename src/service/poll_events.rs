//! A platform fetches its events (RFC 8936): what it acknowledges is settled, the oldest that wait are handed out in ledger
//! order. An event is handed out again until it is acknowledged, and never before an earlier one of its badge that waits.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::deliver::with_reason;
use super::event_message::EventMessage;
use super::{App, Error, PlatformRow};
use crate::domain::stream::{Method, StreamState};
use crate::store::deliveries::{self, Answered};
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

/// The oldest events that wait, at most `limit`; none of a stream that is paused.
///
/// # Errors
/// [`Error::Conflict`] when the stream is not polled.
pub async fn hand_out(app: &Arc<App>, platform: &PlatformRow, limit: usize) -> Result<HandedOut, Error> {
    let id = platform.id.clone();
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let waiting = app
        .db
        .read("hand_out_events", move |tx| -> Result<Vec<EventMessage>, Error> {
            if polled(tx, &id)?.state()? != StreamState::Enabled {
                return Ok(Vec::new());
            }
            let seqs: Vec<i64> = deliveries::waiting(tx, &id, wanted)?;
            seqs.into_iter().map(|seq| ledger::by_seq(tx, seq).map_err(Error::from).and_then(|e| EventMessage::read(tx, e))).collect()
        })
        .await?;
    let more = waiting.len() > limit;
    let sets = waiting.into_iter().take(limit).map(|m| Ok((m.event.id.clone(), m.set(app, &platform.base_url)?)));
    Ok(HandedOut { sets: sets.collect::<Result<_, Error>>()?, more })
}
