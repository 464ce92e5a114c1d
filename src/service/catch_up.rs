//! A platform that lost its data reads all its events again, in ledger order, from a cursor of its own. Nothing is settled and
//! nothing queued by that: the ledger is read, not the outbox.

use std::sync::Arc;

use serde_json::Value;

use super::event_message::EventMessage;
use super::{App, Error, PlatformRow};
use crate::domain::badge::EventKind;
use crate::store::ledger;

/// A page of events.
pub struct Page {
    /// `id` and the JSON of a webhook (`type`, `timestamp`, `data` with the SET), oldest first.
    pub events: Vec<(String, Value)>,
    /// Id of the last event the page is about, which may be one it passes over; nothing where there was none.
    pub last: Option<String>,
    /// Whether more follow.
    pub more: bool,
}

/// Events after the one whose id is the cursor, or from the beginning. One that cannot be read is passed over, and the log says so:
/// everything after it would be out of reach otherwise.
///
/// # Errors
/// [`Error::InvalidRequest`] when no event has that id.
pub async fn catch_up(app: &Arc<App>, platform: &PlatformRow, after: Option<String>, limit: usize) -> Result<Page, Error> {
    let id = platform.id.clone();
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let kinds: Vec<&'static str> = EventKind::ALL.into_iter().filter(|k| k.webhook_type().is_some()).map(EventKind::as_str).collect();
    let (messages, last, more) = app
        .db
        .read("catch_up", move |tx| -> Result<_, Error> {
            let seq = match after {
                None => 0,
                Some(id) => *ledger::seqs(tx, &[id])?
                    .first()
                    .ok_or_else(|| Error::InvalidRequest("after must be the id of an event, as this endpoint gives it".to_owned()))?,
            };
            let mut rows = ledger::of_platform_after(tx, &id, seq, &kinds, wanted)?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let last = rows.last().map(|row| row.id.clone());
            let mut messages = Vec::with_capacity(rows.len());
            for (row, read) in rows.iter().zip(EventMessage::of_rows(tx, &rows)?) {
                match read {
                    Ok(message) => messages.push(message),
                    Err(e) => {
                        tracing::error!(seq = row.seq, platform = id, detail = e.operator_detail(), "event cannot be read; passed over")
                    }
                }
            }
            Ok((messages, last, more))
        })
        .await?;
    let events = messages.into_iter().map(|m| Ok((m.event.id.clone(), m.webhook(app, &platform.base_url)?)));
    Ok(Page { events: events.collect::<Result<_, Error>>()?, last, more })
}
