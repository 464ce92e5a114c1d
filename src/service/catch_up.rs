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
    /// Whether more follow.
    pub more: bool,
}

/// Events after the one whose id is the cursor, or from the beginning.
///
/// # Errors
/// [`Error::InvalidRequest`] when no event has that id.
pub async fn catch_up(app: &Arc<App>, platform: &PlatformRow, after: Option<String>, limit: usize) -> Result<Page, Error> {
    let id = platform.id.clone();
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let kinds: Vec<&'static str> = EventKind::ALL.into_iter().filter(|k| k.webhook_type().is_some()).map(EventKind::as_str).collect();
    let found = app
        .db
        .read("catch_up", move |tx| -> Result<Vec<EventMessage>, Error> {
            let seq = match after {
                None => 0,
                Some(id) => *ledger::seqs(tx, &[id])?
                    .first()
                    .ok_or_else(|| Error::InvalidRequest("after must be the id of an event, as this endpoint gives it".to_owned()))?,
            };
            let rows = ledger::of_platform_after(tx, &id, seq, &kinds, wanted)?;
            rows.into_iter().map(|row| EventMessage::read(tx, row)).collect()
        })
        .await?;
    let more = found.len() > limit;
    let events = found.into_iter().take(limit).map(|m| Ok((m.event.id.clone(), m.webhook(app, &platform.base_url)?)));
    Ok(Page { events: events.collect::<Result<_, Error>>()?, more })
}
