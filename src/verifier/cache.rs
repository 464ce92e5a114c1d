//! Status lists kept between checks: which one is fresh, which one is to be fetched again, which one says nothing any more.
//!
//! Neither fetches nor reads a clock: the caller does both, and asks here what to do.

use std::collections::HashMap;
use std::time::Duration;

use super::claims::{is_future, is_past};
use super::status_list::StatusList;
use crate::domain::time::Timestamp;

/// How long a list that names no `ttl` is kept before it is fetched again.
pub const TTL_ABSENT: Duration = Duration::from_secs(300);

/// Longest time a list is kept before it is fetched again, whatever its `ttl` says.
pub const TTL_MAX: Duration = Duration::from_secs(3600);

/// How long a fetch in the background that was [begun](ListCache::begun) keeps others from beginning one.
pub const FETCH_MAX: Duration = Duration::from_secs(10);

/// What to do about a list before an answer is given from it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Due {
    /// Nothing: the list is kept and young, or somebody is fetching it in time.
    Nothing,
    /// Answer from the list that is kept, and fetch it again meanwhile: three quarters of its `ttl` are over.
    Background,
    /// Fetch it first, its `ttl` is over. Should that fail, the list that is kept holds until its `exp`: an outage of the
    /// issuer takes no badge down that day.
    First,
    /// Fetch it. Should that fail nobody can tell: none is kept, or it has run out.
    Required,
}

/// The status lists of one issuer, by address. Takes only what [`Verifier::status_list`](super::Verifier::status_list) has
/// checked, so nobody but the issuer can fill it.
#[derive(Clone, Default, Debug)]
pub struct ListCache {
    lists: HashMap<String, Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    list: StatusList,
    fetched: Timestamp,
    begun: Option<Timestamp>,
}

impl ListCache {
    /// Keeps nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What to do about the list at `uri`.
    pub fn due(&self, uri: &str, now: Timestamp) -> Due {
        let Some(kept) = self.lists.get(uri).filter(|kept| kept.holds(now)) else { return Due::Required };
        // Fetched in the future: the clock was set back, and how old the list is cannot be told.
        if is_future(kept.fetched.secs(), now) || now >= kept.until() {
            Due::First
        } else if now >= kept.refresh_at() && !kept.is_being_fetched(now) {
            Due::Background
        } else {
            Due::Nothing
        }
    }

    /// The list at `uri`; `None` when it is not kept or has run out (draft-ietf-oauth-status-list-21 §8.3 step 5).
    pub fn get(&self, uri: &str, now: Timestamp) -> Option<&StatusList> {
        self.lists.get(uri).filter(|kept| kept.holds(now)).map(|kept| &kept.list)
    }

    /// Keeps a list that was fetched at `now`, and drops those that have run out.
    ///
    /// A list made before the one that is kept is not taken, and the answer is `false`: an old copy, out of a proxy or out of an
    /// attacker's hands, must not bring a revoked badge back while its `exp` lasts.
    pub fn put(&mut self, list: StatusList, now: Timestamp) -> bool {
        self.lists.retain(|_, kept| kept.holds(now));
        if self.lists.get(list.uri()).is_some_and(|kept| kept.list.issued_at() > list.issued_at()) {
            return false;
        }
        self.lists.insert(list.uri().to_owned(), Kept { list, fetched: now, begun: None });
        true
    }

    /// Notes that somebody fetches the list at `uri` in the background. For [`FETCH_MAX`] nobody else is told to; if it fails,
    /// the next one is told after that.
    pub fn begun(&mut self, uri: &str, now: Timestamp) {
        if let Some(kept) = self.lists.get_mut(uri) {
            kept.begun = Some(now);
        }
    }

    /// The list to fetch next, and when, for a loop that keeps all of them fresh so that no answer waits for a fetch.
    pub fn next_refresh(&self) -> Option<(&str, Timestamp)> {
        let at = |kept: &Kept| kept.begun.map_or(kept.refresh_at(), |begun| kept.refresh_at().max(begun.plus(FETCH_MAX)));
        self.lists.iter().map(|(uri, kept)| (uri.as_str(), at(kept))).min_by_key(|(uri, at)| (*at, *uri))
    }
}

impl Kept {
    /// Whether the list may be relied on at all.
    fn holds(&self, now: Timestamp) -> bool {
        !is_past(self.list.expires_at().secs(), now) && !is_future(self.list.issued_at().secs(), now)
    }

    /// The end of its `ttl`, counted from the fetch, or its `exp` where that comes first.
    fn until(&self) -> Timestamp {
        self.fetched.plus(self.list.ttl().unwrap_or(TTL_ABSENT).min(TTL_MAX)).min(self.list.expires_at())
    }

    fn refresh_at(&self) -> Timestamp {
        self.fetched.plus(self.until().since(self.fetched) * 3 / 4)
    }

    fn is_being_fetched(&self, now: Timestamp) -> bool {
        self.begun.is_some_and(|begun| (begun..begun.plus(FETCH_MAX)).contains(&now))
    }
}
