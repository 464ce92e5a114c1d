//! Thousands of events in one transaction, written as the service writes them, for what has to deliver them.

use gosbadge::cli::wire::Parts;
use gosbadge::domain::badge::{BadgeState, EventKind};
use gosbadge::domain::ids::{DeliveryId, EventId};
use gosbadge::domain::reason::ReasonCode;
use gosbadge::domain::time::Timestamp;
use gosbadge::store::conn::Location;
use gosbadge::store::deliveries::{self, DeliveryRow};
use gosbadge::store::ledger::{self, EventRow};
use gosbadge::store::{Db, StoreError, Tx, attestations, badges};

use crate::database::Database;

/// Every badge of a platform in force is suspended and reinstated again and again, up to this version, and the platform is to
/// hear of it; returns how many events that made.
pub async fn queue_events(database: &str, platform: &str, versions: i64) -> usize {
    let db = Db::open(Location::parse(database).unwrap(), 2).unwrap();
    let now = Parts::system().clock.now();
    let ids: Vec<String> = Database::open(database).lines(&format!(
        "SELECT b.id AS v FROM badges b JOIN communities c ON c.id = b.community_id
         WHERE c.platform_id = '{platform}' AND b.state = 'active' AND b.version = 1"
    ));
    let (platform, made) = (platform.to_owned(), ids.len() * usize::try_from(versions - 1).unwrap());
    let queued = db.write("queue_many", move |tx| -> Result<(), StoreError> {
        let mut n = 0;
        for version in 2..=versions {
            for id in &ids {
                n += 1;
                record(tx, &platform, id, version, now, n)?;
            }
        }
        Ok(())
    });
    queued.await.unwrap();
    made
}

fn record(tx: &mut Tx<'_>, platform: &str, badge: &str, version: i64, now: Timestamp, n: u128) -> Result<(), StoreError> {
    let (to, kind) =
        if version % 2 == 0 { (BadgeState::Suspended, EventKind::Suspended) } else { (BadgeState::Active, EventKind::Reinstated) };
    let row = badges::by_id(tx, badge)?.unwrap();
    assert_eq!(badges::advance(tx, &row, to, Some(ReasonCode::OperatorDecision), now)?, version);
    let attestation = attestations::newest_active(tx, badge)?.map(|a| a.id);
    let random: [u8; 10] = n.to_be_bytes()[6..].try_into().unwrap();
    let event = EventRow {
        seq: 0,
        id: EventId::new(now, random).to_string(),
        badge_id: badge.to_owned(),
        version,
        kind: kind.as_str().to_owned(),
        state: to.as_str().to_owned(),
        reason: Some("operator_decision".to_owned()),
        actor_kind: "operator".to_owned(),
        actor: None,
        attestation_id: attestation,
        at: now.millis(),
    };
    let event_seq = ledger::append(tx, event)?;
    let delivery = DeliveryRow {
        id: DeliveryId::new(now, random).to_string(),
        event_seq,
        platform_id: platform.to_owned(),
        badge_id: badge.to_owned(),
        version,
        state: "pending".to_owned(),
        attempts: 0,
        next_at: now.millis(),
        lease_token: None,
        lease_until: 0,
        last_note: None,
        created_at: now.millis(),
        delivered_at: None,
    };
    deliveries::insert(tx, &delivery)
}
