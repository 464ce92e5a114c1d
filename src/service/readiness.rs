//! Whether this process can do its work: database, keys, age of the status view, lag of deliveries.

use std::sync::Arc;

use serde::Serialize;

use super::App;
use crate::domain::signing_key::KeyPurpose;
use crate::domain::time::Timestamp;
use crate::store::{StoreError, deliveries};

/// The answer of `/health/ready`.
#[derive(Debug, Serialize)]
pub struct Readiness {
    /// Whether traffic should come here.
    #[serde(skip)]
    pub ready: bool,
    /// `ok` or `unready`.
    pub status: &'static str,
    /// The database answers.
    pub database: bool,
    /// Signing keys are loaded.
    pub keys: bool,
    /// Age of the status view, seconds.
    pub status_view_age_seconds: Option<u64>,
    /// Deliveries waiting.
    pub deliveries_pending: Option<i64>,
    /// Age of the oldest waiting delivery, seconds.
    pub oldest_delivery_seconds: Option<u64>,
}

/// Looks at everything the service needs. A backlog of deliveries is told but does not make it unready: other endpoints'
/// trouble must not take ours down.
pub async fn readiness(app: &Arc<App>) -> Readiness {
    let now = app.clock.now();
    let backlog = app.db.read("readiness", |tx| -> Result<_, StoreError> { deliveries::backlog(tx, None) }).await.ok();
    let known = app.keys.known();
    let keys = [KeyPurpose::Badge, KeyPurpose::Status].into_iter().all(|p| known.active(p).is_some()) && app.keys.whole();
    let age = app.view.age(now);
    let ready = backlog.is_some() && keys && age.is_some_and(|a| a <= app.settings.view_max_age);
    Readiness {
        ready,
        status: if ready { "ok" } else { "unready" },
        database: backlog.is_some(),
        keys,
        status_view_age_seconds: age.map(|a| a.as_secs()),
        deliveries_pending: backlog.map(|(n, _)| n),
        oldest_delivery_seconds: backlog.and_then(|(_, oldest)| oldest).map(|at| now.since(Timestamp::from_millis(at)).as_secs()),
    }
}
