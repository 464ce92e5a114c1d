//! What is in force, in memory: follows the ledger, answers verifications without the database, and publishes the signed
//! status lists. Each process keeps its own; one that falls behind says so instead of guessing.

mod memory;
mod published;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::Mutex;

pub use published::Published;
pub(super) use published::{Validity, sign};

use super::{App, Error};
use crate::domain::attestation::{AttestationClaims, status_list_number};
use crate::domain::badge::BadgeState;
use crate::domain::ids::BadgeId;
use crate::domain::reason::ReasonCode;
use crate::domain::signing_key::KeyPurpose;
use crate::domain::status::{ListValue, VerifyStatus};
use crate::domain::status_list::StatusBits;
use crate::domain::time::Timestamp;
use crate::store::attestations::{self, Of, ViewRow};
use crate::store::{Tx, ledger, status_lists};
use memory::{List, Memory};

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

/// Places read at once: enough that a query costs nothing beside its rows, and few enough that they are no memory to speak of.
const PAGE: i64 = 8192;

/// Badges looked up at once.
const CHUNK: usize = 500;

/// So many events at once are cheaper taken in by reading everything anew.
const TOO_MANY: i64 = 20_000;

/// The view. Readers never wait for the database.
#[derive(Default)]
pub struct StatusView {
    inner: RwLock<Memory>,
    refreshing: Mutex<()>,
}

impl StatusView {
    fn read(&self) -> RwLockReadGuard<'_, Memory> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Memory> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks an attestation of ours up, its signature checked: the entry, if any, and the instant the view is known to be true
    /// for.
    ///
    /// # Errors
    /// [`Error::StatusStale`] when the view is older than its bound: an outage must not read as "not revoked".
    pub fn get(&self, app: &App, claims: &AttestationClaims) -> Result<(Option<Entry>, Timestamp), Error> {
        let inner = self.read();
        let as_of = inner.refreshed_at.ok_or(Error::StatusStale)?;
        let now = app.clock.now();
        // A clock that was set back makes the view's age unknowable; the next refresh settles it.
        if now.since(as_of) > app.settings.view_max_age || as_of.since(now) > Duration::from_secs(1) {
            return Err(Error::StatusStale);
        }
        let place = &claims.status.status_list;
        let list = status_list_number(&app.settings.issuer, &place.uri);
        Ok((list.and_then(|list| inner.entry(list, place.idx, claims.jti)), as_of))
    }

    /// Age of the view; `None` before the first refresh.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        self.read().refreshed_at.map(|at| now.since(at))
    }

    /// The published list, if it exists.
    ///
    /// # Errors
    /// [`Error::StatusStale`] when it has run out: nobody may rely on it any more, so it is not handed out.
    /// [`Error::ListRetired`] when everything in it has ended long ago.
    pub fn list(&self, app: &App, id: i64) -> Result<Option<Arc<Published>>, Error> {
        let inner = self.read();
        if inner.retired.contains(&id) {
            return Err(Error::ListRetired);
        }
        let list = inner.lists.get(&id).and_then(|l| l.published.clone());
        if list.as_ref().is_some_and(|l| app.clock.now().since(l.issued_at) >= app.settings.status_lifetime) {
            return Err(Error::StatusStale);
        }
        Ok(list)
    }

    /// Numbers of all lists in force.
    pub fn list_ids(&self) -> Vec<i64> {
        self.read().lists.keys().copied().collect()
    }

    /// Follows the ledger, re-signs what changed or has reached its `ttl`. Concurrent calls take turns, so that when one
    /// returns, everything committed before it began is visible.
    ///
    /// # Errors
    /// [`Error`] when the database or the signer is away; the old view stays, and ages. What a refresh that fails half-way took
    /// in is true, only younger than the view says.
    pub async fn refresh(&self, app: &Arc<App>) -> Result<(), Error> {
        let _turn = self.refreshing.lock().await;
        let asked_at = app.clock.now();
        let inner = Arc::clone(app);
        app.db.read("follow_ledger", move |tx| inner.view.follow(tx, asked_at)).await?;
        self.publish(app, asked_at).await
    }

    /// Takes in what one snapshot of the database says. Page by page, so that a million badges are never in memory twice, and
    /// readers wait for one page at most.
    fn follow(&self, tx: &mut Tx<'_>, asked_at: Timestamp) -> Result<(), Error> {
        let (seq, first) = {
            let inner = self.read();
            (inner.seq, inner.refreshed_at.is_none())
        };
        let lists = status_lists::all(tx)?;
        self.write().lists(&lists)?;
        let head = ledger::head(tx)?;
        if first || head - seq > TOO_MANY {
            for list in lists.iter().filter(|l| l.retired_at.is_none()) {
                for from in (0..list.next_idx).step_by(PAGE as usize) {
                    self.take(&attestations::view(tx, Of::Places { list: list.id, from, to: from + PAGE })?)?;
                }
            }
        } else if head > seq {
            for badges in ledger::changed_since(tx, seq)?.chunks(CHUNK) {
                self.take(&attestations::view(tx, Of::Badges(badges))?)?;
            }
        }
        let unfinished = attestations::unfinished_places(tx, asked_at.minus(CLOSED_WHILE_UNFINISHED_AFTER))?;
        let mut inner = self.write();
        for (list, idx) in unfinished {
            inner.mark(list, idx, ListValue::Suspended)?;
        }
        (inner.seq, inner.refreshed_at) = (head, Some(asked_at));
        Ok(())
    }

    fn take(&self, rows: &[ViewRow]) -> Result<(), Error> {
        let mut inner = self.write();
        rows.iter().try_for_each(|row| inner.take(row))
    }

    /// Signs the lists that are due. Packing the bits is the dear part, and is done only for those that changed.
    async fn publish(&self, app: &App, now: Timestamp) -> Result<(), Error> {
        let known = app.keys.known();
        let key = known.active(KeyPurpose::Status);
        // A list signed by a key that was called compromised is refused by whoever reads the keys anew.
        let other = |p: &Published| key.is_some_and(|key| p.kid != key);
        let old = |l: &List| {
            l.published.as_ref().is_none_or(|p| now.since(p.issued_at) >= app.settings.status_ttl || p.issued_at > now || other(p))
        };
        let due: Vec<(i64, Content)> = {
            let inner = self.read();
            let due = inner.lists.iter().filter(|(_, l)| l.lst.is_none() || old(l));
            due.map(|(id, l)| (*id, l.lst.clone().map_or_else(|| Content::Bits(l.bits.clone()), Content::Packed))).collect()
        };
        let validity = Validity {
            issued_at: now,
            expires: now.plus(app.settings.status_lifetime).secs(),
            ttl: Some(app.settings.status_ttl.as_secs()),
        };
        for (id, content) in due {
            let lst: Arc<str> = match content {
                Content::Packed(lst) => lst,
                Content::Bits(bits) => bits.to_lst().into(),
            };
            let published = Arc::new(sign(app, id, &lst, &validity)?);
            if let Some(list) = self.write().lists.get_mut(&id) {
                // Refreshes take turns, so nothing can have changed since the bits were copied.
                (list.published, list.lst) = (Some(published), Some(lst));
            }
            // Many lists may be due at once; requests get their turn in between.
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// What a list will say: known, or to be packed.
enum Content {
    Packed(Arc<str>),
    Bits(StatusBits),
}

/// The answer a badge's state means for its attestations.
pub(super) const fn verify_status(state: BadgeState) -> VerifyStatus {
    match state {
        BadgeState::Active => VerifyStatus::Active,
        BadgeState::Suspended => VerifyStatus::Suspended,
        BadgeState::Revoked => VerifyStatus::Revoked,
        BadgeState::Expired => VerifyStatus::Expired,
        BadgeState::Superseded => VerifyStatus::Superseded,
        BadgeState::Prepared | BadgeState::Abandoned => VerifyStatus::Unknown,
    }
}
