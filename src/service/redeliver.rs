//! Sends again what was given up, or what a platform lost: one delivery, or all of a time.

use std::sync::Arc;

use super::list_deliveries::{Delivery, shown};
use super::{Actor, App, Error};
use crate::domain::time::Timestamp;
use crate::store::deliveries::{self, DeliveryFilter};
use crate::store::{StoreError, audit, ledger};

/// Deliveries made due in one transaction: short enough not to hold up others.
const BATCH: i64 = 500;

/// Which deliveries.
pub struct Range {
    /// Whose.
    pub platform: String,
    /// `delivered` or `dead`; none: both.
    pub state: Option<String>,
    /// Queued from here on.
    pub since: Timestamp,
    /// Queued before.
    pub until: Timestamp,
}

/// Makes one delivery due now, with all its attempts before it; `platform` where it must be that one's.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or not of that platform.
pub async fn redeliver(app: &Arc<App>, id: String, platform: Option<String>, actor: &Actor) -> Result<Delivery, Error> {
    let now = app.clock.now();
    let entry = super::add_operator::entry(app, "delivery.redeliver", &id, actor);
    let delivery = app
        .db
        .write("redeliver", move |tx| -> Result<Delivery, Error> {
            let known = deliveries::by_id(tx, &id)?.filter(|d| platform.as_ref().is_none_or(|p| d.platform_id == *p));
            if known.is_none() {
                return Err(Error::NotFound("delivery"));
            }
            deliveries::again(tx, std::slice::from_ref(&id), now)?;
            audit::insert(tx, &entry)?;
            let row = deliveries::by_id(tx, &id)?.ok_or(Error::NotFound("delivery"))?;
            let event = ledger::by_seq(tx, row.event_seq)?;
            Ok(shown(row, event))
        })
        .await?;
    ring(app);
    Ok(delivery)
}

/// Makes every settled delivery of a time due again; returns how many. Many short transactions: what is done stays done if a
/// later one fails, and asking again does the rest.
///
/// # Errors
/// [`Error::InvalidRequest`] for an unknown state or an empty time.
pub async fn redeliver_range(app: &Arc<App>, range: Range, actor: &Actor) -> Result<usize, Error> {
    if range.state.as_deref().is_some_and(|s| !["delivered", "dead"].contains(&s)) {
        return Err(Error::InvalidRequest("state must be delivered or dead, or be left out for both".to_owned()));
    }
    if range.until <= range.since {
        return Err(Error::InvalidRequest("until must be later than since".to_owned()));
    }
    let entry = super::add_operator::entry(app, "delivery.redeliver_range", &range.platform, actor);
    app.db.write("audit_redelivery", move |tx| audit::insert(tx, &entry)).await.map_err(Error::from)?;
    let now = app.clock.now();
    let (mut cursor, mut sent) = (None, 0);
    let states = range.state.map_or_else(|| vec!["delivered".to_owned(), "dead".to_owned()], |s| vec![s]);
    for state in states {
        loop {
            let filter = DeliveryFilter {
                platform: Some(range.platform.clone()),
                state: Some(state.clone()),
                since: Some(range.since),
                until: Some(range.until),
            };
            let from: Option<String> = cursor.take();
            let batch = app.db.write("redeliver_batch", move |tx| -> Result<_, StoreError> {
                let ids: Vec<String> = deliveries::page(tx, &filter, from.as_deref(), BATCH)?.into_iter().map(|d| d.id).collect();
                Ok((deliveries::again(tx, &ids, now)?, ids.last().cloned()))
            });
            let (done, last) = batch.await.map_err(Error::from)?;
            sent += done;
            cursor = last;
            if cursor.is_none() {
                break;
            }
        }
    }
    ring(app);
    Ok(sent)
}

fn ring(app: &App) {
    app.delivery_bell.notify_one();
    app.poll_bell.notify_waiters();
}
