//! A status list as it was in force at an instant of the past (draft-ietf-oauth-status-list-21 §8.4), also of a list that was
//! retired. The transparency log says which version that was; its bits are made anew from the events and served only if they
//! are those whose hash was logged then.
//!
//! A place that was closed only because an issue was not finished (`status_view`) is not in the log, and not here.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::status_view::{Published, Validity, sign};
use super::{App, Error, sequence_log};
use crate::domain::signing_key::KeyPurpose;
use crate::domain::status_list::StatusBits;
use crate::domain::time::Timestamp;
use crate::domain::tlog::leaf::{EventLeaf, ListLeaf, VERSION, digest};
use crate::domain::tlog::past::{first_second, version_at, write_places};
use crate::store::ledger::{self, Step};
use crate::store::status_lists::{self, ListRow};
use crate::store::{Tx, attestations, log};

/// Signed versions kept: at most 200 KB each, with the largest lists there may be.
const KEPT: usize = 64;

/// Lists rebuilt at once: they read thousands of rows, and current business comes first.
const AT_ONCE: usize = 1;

/// Whoever comes when so many wait is sent away.
const WAITING: usize = 32;

/// Badges replayed at once.
const CHUNK: usize = 500;

/// Signed versions of the past, kept by this process, and who may make more.
pub struct PastLists {
    kept: Mutex<VecDeque<Kept>>,
    turns: Semaphore,
    waiting: AtomicUsize,
}

impl Default for PastLists {
    fn default() -> Self {
        Self { kept: Mutex::default(), turns: Semaphore::new(AT_ONCE), waiting: AtomicUsize::new(0) }
    }
}

struct Kept {
    list: i64,
    /// The seconds it speaks for.
    from: i64,
    until: i64,
    published: Arc<Published>,
}

impl PastLists {
    /// A kept version that was in force at `second`, signed by the key that signs now; becomes the last to be dropped. One signed
    /// by another may be in no key set any more.
    fn get(&self, list: i64, second: i64, kid: Option<&str>) -> Option<Arc<Published>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |k: &Kept| k.list == list && k.from <= second && second < k.until && kid == Some(k.published.kid.as_str());
        let at = kept.iter().position(fits)?;
        let found = kept.remove(at)?;
        let published = Arc::clone(&found.published);
        kept.push_front(found);
        Some(published)
    }

    fn keep(&self, new: Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Of the version still in force a shorter piece may be kept.
        kept.retain(|k| (k.list, k.from) != (new.list, new.from));
        kept.push_front(new);
        kept.truncate(KEPT);
    }
}

/// One place in the queue; given back when dropped, also by a caller who went away.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The list at `second` (seconds since 1970), and whether it is a finished piece of the past.
///
/// # Errors
/// [`Error::NotFound`] when there was no such list then, or the time is still to come. [`Error::StatusStale`] when the answer
/// depends on the list in force, and that is out of sight. [`Error::Unavailable`] when too many ask at once.
/// [`Error::Internal`] when the records do not give what was logged.
pub async fn recall_status_list(app: &Arc<App>, list: i64, second: i64) -> Result<(Arc<Published>, bool), Error> {
    if second > app.clock.now().secs() {
        return Err(Error::NotFound("status list of that time"));
    }
    let current = match app.view.list(app, list) {
        Ok(current) => current,
        // What is over does not depend on what is served now.
        Err(Error::ListRetired | Error::StatusStale) => None,
        Err(e) => return Err(e),
    };
    if let Some(current) = current.as_ref().filter(|c| c.issued_at.secs() <= second) {
        return Ok((Arc::clone(current), false));
    }
    let keys = app.keys.known();
    let kid = keys.active(KeyPurpose::Status);
    if let Some(kept) = app.past.get(list, second, kid) {
        return Ok((kept, true));
    }
    let place = Place(&app.past.waiting);
    if app.past.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
        return Err(Error::Unavailable("too many ask for status lists of the past".to_owned()));
    }
    let _turn = app.past.turns.acquire().await.map_err(|e| Error::Internal(e.to_string()))?;
    drop(place);
    // Whoever was before may have asked for the same.
    if let Some(kept) = app.past.get(list, second, kid) {
        return Ok((kept, true));
    }
    let current_since = current.map(|c| c.issued_at.secs());
    let piece = app.db.read("recall_status_list", move |tx| recall(tx, list, second, current_since)).await?;
    let Piece { from, until, lst } = piece.ok_or(Error::NotFound("status list of that time"))?;
    let validity = Validity { issued_at: Timestamp::from_secs(from), expires: until, ttl: None };
    let published = Arc::new(sign(app, list, &lst, &validity)?);
    app.past.keep(Kept { list, from, until, published: Arc::clone(&published) });
    Ok((published, true))
}

/// A version and the seconds it was in force.
struct Piece {
    from: i64,
    until: i64,
    lst: String,
}

fn recall(tx: &mut Tx<'_>, list: i64, second: i64, current_since: Option<i64>) -> Result<Option<Piece>, Error> {
    let Some(row) = status_lists::by_id(tx, list)? else { return Ok(None) };
    let Some(newest) = log::newest_of_list(tx, list)? else { return Ok(None) };
    let newest = sequence_log::version(&newest)?.n;
    let time_of = |n| version(tx, list, n).map(|leaf| Timestamp::from_millis(leaf.t));
    let Some(n) = version_at(newest, Timestamp::from_secs(second), time_of)? else { return Ok(None) };
    let leaf = version(tx, list, n)?;
    let from = first_second(Timestamp::from_millis(leaf.t));
    // The list said something else from the next event about it on, however late that was logged.
    let changed = ledger::first_change_in_list(tx, list, leaf.seq)?.map(|at| first_second(Timestamp::from_millis(at)));
    let until = if n < newest {
        first_second(Timestamp::from_millis(version(tx, list, n + 1)?.t))
    } else {
        // Of the version still in force, what lies before the list that is served now.
        end_of(&row).or(current_since).ok_or(Error::StatusStale)?
    };
    if n == newest && changed.is_some_and(|at| second >= at) {
        return Err(Error::StatusStale); // until the log has it
    }
    let until = changed.map_or(until, |at| at.min(until));
    // Versions logged late, or by clocks that do not agree, leave seconds of which nobody can tell.
    if second < from || second >= until {
        return Ok(None);
    }
    Ok(Some(Piece { from, until, lst: rebuild(tx, &leaf)?.to_lst() }))
}

fn end_of(row: &ListRow) -> Option<i64> {
    row.retired_at.map(|at| first_second(Timestamp::from_millis(at)))
}

fn version(tx: &mut Tx<'_>, list: i64, n: i64) -> Result<ListLeaf, Error> {
    sequence_log::version(&log::version_of_list(tx, list, n)?.ok_or_else(|| super::damaged("version of a status list"))?)
}

/// The bits of a version, from the events it took into account.
fn rebuild(tx: &mut Tx<'_>, leaf: &ListLeaf) -> Result<StatusBits, Error> {
    let mut bits = StatusBits::new(leaf.size);
    for badges in ledger::changed_in_list(tx, leaf.list)?.chunks(CHUNK) {
        let places = attestations::places(tx, badges)?.into_iter().map(|(id, list, idx)| (id, (list, idx))).collect();
        let steps = ledger::steps(tx, badges, leaf.seq)?;
        let events = steps.into_iter().map(|step| event(step, &places)).collect::<Result<Vec<_>, _>>()?;
        write_places(&mut bits, leaf.list, events).map_err(|_| super::damaged("status index"))?;
    }
    if digest(bits.as_bytes()) != leaf.sha256 {
        let what = format!("version {} of status list {} cannot be rebuilt: run `gosbadge log verify`", leaf.n, leaf.list);
        return Err(Error::Internal(what));
    }
    Ok(bits)
}

/// As much of an event's leaf as the rules ask for.
fn event(step: Step, places: &HashMap<String, (i64, i64)>) -> Result<EventLeaf, Error> {
    let place = step.attestation_id.as_ref().and_then(|id| places.get(id));
    let idx = place.map(|(_, idx)| u32::try_from(*idx)).transpose().map_err(|_| super::damaged("status index"))?;
    Ok(EventLeaf {
        badge: step.badge_id,
        code: step.reason.as_deref().and_then(|r| r.parse().ok()),
        community: String::new(),
        ev: step.kind.parse().map_err(|_| super::damaged("event kind"))?,
        idx,
        jti: step.attestation_id,
        list: place.map(|(list, _)| *list),
        row: String::new(),
        seq: step.seq,
        sha256: None,
        t: 0,
        v: VERSION,
        version: step.version,
    })
}
