//! What is in force, in memory: follows the ledger, answers verifications without the database, and publishes the signed
//! status lists. Each process keeps its own; one that falls behind says so instead of guessing.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tokio::sync::Mutex;

use super::{App, Error};
use crate::domain::attestation::status_list_uri;
use crate::domain::badge::BadgeState;
use crate::domain::digest;
use crate::domain::ids::{AttestationId, BadgeId};
use crate::domain::reason::ReasonCode;
use crate::domain::status::{ListValue, VerifyStatus};
use crate::domain::status_list::{self, StatusBits};
use crate::domain::time::Timestamp;
use crate::ports::signer::KeyPurpose;
use crate::store::attestations::{self, ViewRow};
use crate::store::{StoreError, ledger, status_lists};

/// What is known of one attestation.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its badge.
    pub badge: BadgeId,
    /// Whether it holds.
    pub status: VerifyStatus,
    /// Why not.
    pub reason: Option<ReasonCode>,
    /// The badge's version.
    pub version: i64,
}

/// One signed status list, ready to be served.
pub struct Published {
    /// The token.
    pub token: Vec<u8>,
    /// The token, gzipped once.
    pub gzip: Vec<u8>,
    /// Strong entity tag, quoted.
    pub etag: String,
    /// When it was signed.
    pub issued_at: Timestamp,
}

/// From this age on, the place of an attestation that was prepared and is not recorded reads SUSPENDED.
///
/// A process that dies between signing and recording may leave a signed token in a core dump or in a stolen memory image.
/// Online it is unknown from the start. Offline its place decides, and that place cannot be closed before the badge is
/// recorded as a rule: platforms keep a list for its `ttl`, so every fresh badge would be refused for as long. Hence a
/// place is open while an issue can be under way, and closes when it takes longer than an issue ever does (milliseconds;
/// both waits for the database together, when it is busy, stay about this long). SUSPENDED and not INVALID, because the
/// same application may still finish the issue, and INVALID is for good (draft-ietf-oauth-status-list §7.1); that is what
/// the sweeper writes when it gives the issue up.
pub const CLOSED_WHILE_UNFINISHED_AFTER: Duration = Duration::from_secs(5);

struct List {
    bits: StatusBits,
    published: Option<Arc<Published>>,
    dirty: bool,
}

#[derive(Default)]
struct Inner {
    seq: i64,
    refreshed_at: Option<Timestamp>,
    entries: HashMap<u128, Entry>,
    lists: BTreeMap<i64, List>,
}

/// The view. Readers never wait for the database.
#[derive(Default)]
pub struct StatusView {
    inner: RwLock<Inner>,
    refreshing: Mutex<()>,
}

impl StatusView {
    /// Looks an attestation up: the entry, if any, and the instant the view is known to be true for.
    ///
    /// # Errors
    /// [`Error::StatusStale`] when the view is older than its bound: an outage must not read as "not revoked".
    pub fn get(&self, app: &App, id: AttestationId) -> Result<(Option<Entry>, Timestamp), Error> {
        let inner = self.inner.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let as_of = inner.refreshed_at.ok_or(Error::StatusStale)?;
        let now = app.clock.now();
        // A clock that was set back makes the view's age unknowable; the next refresh settles it.
        if now.since(as_of) > app.settings.view_max_age || as_of.since(now) > Duration::from_secs(1) {
            return Err(Error::StatusStale);
        }
        Ok((inner.entries.get(&id.bits()).copied(), as_of))
    }

    /// Age of the view; `None` before the first refresh.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        let inner = self.inner.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        inner.refreshed_at.map(|at| now.since(at))
    }

    /// The published list, if it exists.
    ///
    /// # Errors
    /// [`Error::StatusStale`] when it has run out: nobody may rely on it any more, so it is not handed out.
    pub fn list(&self, app: &App, id: i64) -> Result<Option<Arc<Published>>, Error> {
        let inner = self.inner.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let list = inner.lists.get(&id).and_then(|l| l.published.clone());
        if list.as_ref().is_some_and(|l| app.clock.now().since(l.issued_at) >= app.settings.status_lifetime) {
            return Err(Error::StatusStale);
        }
        Ok(list)
    }

    /// Numbers of all lists.
    pub fn list_ids(&self) -> Vec<i64> {
        let inner = self.inner.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        inner.lists.keys().copied().collect()
    }

    /// Follows the ledger, re-signs what changed or has reached its `ttl`. Concurrent calls take turns, so that when one
    /// returns, everything committed before it began is visible.
    ///
    /// # Errors
    /// [`Error`] when the database or the signer is away; the old view stays, and ages.
    pub async fn refresh(&self, app: &Arc<App>) -> Result<(), Error> {
        let _turn = self.refreshing.lock().await;
        let asked_at = app.clock.now();
        let (seq, first) = {
            let inner = self.inner.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            (inner.seq, inner.refreshed_at.is_none())
        };
        let unfinished_since = asked_at.minus(CLOSED_WHILE_UNFINISHED_AFTER);
        let (head, rows, unfinished, lists) = app
            .db
            .read("follow_ledger", move |tx| -> Result<_, StoreError> {
                let (head, badges) = ledger::changed_since(tx, seq)?;
                // So many at once are cheaper read whole, and databases take only so many parameters.
                let first = first || badges.len() > 1000;
                let rows = match (first, badges.is_empty()) {
                    (true, _) => attestations::view(tx, None)?,
                    (false, true) => Vec::new(),
                    (false, false) => attestations::view(tx, Some(&badges))?,
                };
                Ok((
                    head,
                    rows,
                    attestations::unfinished_places(tx, unfinished_since)?,
                    status_lists::all(tx)?.into_iter().map(|l| (l.id, l.size)).collect::<Vec<_>>(),
                ))
            })
            .await?;
        {
            let mut inner = self.inner.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            for (id, size) in lists {
                let size = u32::try_from(size).map_err(|_| super::damaged("status list size"))?;
                inner.lists.entry(id).or_insert_with(|| List { bits: StatusBits::new(size), published: None, dirty: true });
            }
            for (list, idx) in unfinished {
                inner.put(list, idx, ListValue::Suspended)?;
            }
            for row in &rows {
                inner.take(row)?;
            }
            inner.seq = head;
            inner.refreshed_at = Some(asked_at);
        }
        self.publish(app, asked_at)
    }

    fn publish(&self, app: &App, now: Timestamp) -> Result<(), Error> {
        let due: Vec<(i64, StatusBits)> = {
            let inner = self.inner.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            let old =
                |l: &List| l.published.as_ref().is_none_or(|p| now.since(p.issued_at) >= app.settings.status_ttl || p.issued_at > now);
            inner.lists.iter().filter(|(_, l)| l.dirty || old(l)).map(|(id, l)| (*id, l.bits.clone())).collect()
        };
        for (id, bits) in due {
            let published = Arc::new(sign(app, id, &bits, now)?);
            let mut inner = self.inner.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(list) = inner.lists.get_mut(&id) {
                list.published = Some(published);
                // Refreshes take turns, so nothing can have changed since the bits were copied.
                list.dirty = false;
            }
        }
        Ok(())
    }
}

impl Inner {
    fn take(&mut self, row: &ViewRow) -> Result<(), Error> {
        let id: AttestationId = row.id.parse().map_err(|_| super::damaged("attestation id"))?;
        let badge: BadgeId = row.badge_id.parse().map_err(|_| super::damaged("badge id"))?;
        let state: BadgeState = row.badge_state.parse().map_err(|_| super::damaged("badge state"))?;
        let status = if row.attestation_state == "active" { verify_status(state) } else { VerifyStatus::Unknown };
        let reason = row.reason.as_deref().and_then(|r| r.parse().ok());
        self.entries.insert(id.bits(), Entry { badge, status, reason, version: row.version });
        let value = ListValue::from_bits(u8::try_from(row.status).map_err(|_| super::damaged("status value"))?);
        self.put(row.list_id, row.idx, value)
    }

    fn put(&mut self, list: i64, idx: i64, value: ListValue) -> Result<(), Error> {
        let idx = u32::try_from(idx).map_err(|_| super::damaged("status index"))?;
        let list = self.lists.get_mut(&list).ok_or_else(|| super::damaged("status list"))?;
        if list.bits.get(idx) != Some(value) {
            list.bits.set(idx, value).map_err(|_| super::damaged("status index"))?;
            list.dirty = true;
        }
        Ok(())
    }
}

/// The answer a badge's state means for its attestations.
pub(super) const fn verify_status(state: BadgeState) -> VerifyStatus {
    match state {
        BadgeState::Active => VerifyStatus::Active,
        BadgeState::Suspended => VerifyStatus::Suspended,
        BadgeState::Revoked => VerifyStatus::Revoked,
        BadgeState::Expired => VerifyStatus::Expired,
        BadgeState::Prepared | BadgeState::Abandoned => VerifyStatus::Unknown,
    }
}

fn sign(app: &App, id: i64, bits: &StatusBits, now: Timestamp) -> Result<Published, Error> {
    let iss = &app.settings.issuer;
    let claims = json!({
        "iss": iss,
        "sub": status_list_uri(iss, id),
        "iat": now.secs(),
        "exp": now.plus(app.settings.status_lifetime).secs(),
        "ttl": app.settings.status_ttl.as_secs(),
        "status_list": { "bits": status_list::BITS, "lst": bits.to_lst(), "aggregation_uri": format!("{iss}/status") },
    });
    let signed =
        app.signer.sign_jwt(KeyPurpose::Status, status_list::TYP, &claims.to_string()).map_err(|e| Error::Unavailable(e.to_string()))?;
    let token = signed.token.into_bytes();
    let mut gz = GzEncoder::new(Vec::new(), Compression::best());
    let gzip = gz.write_all(&token).and_then(|()| gz.finish()).map_err(|e| Error::Internal(e.to_string()))?;
    Ok(Published { etag: format!("\"{}\"", &digest::sha256_hex(&token)[..32]), gzip, token, issued_at: now })
}
