//! Looks again at the communities of badges in force, through the platforms' own interfaces, and draws the consequences: what is gone
//! at two looks is suspended, what comes back is reinstated, what stays away loses its badge. A platform that does not answer, or
//! answers what cannot be, changes nothing. Several processes may do this at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::change_badge::change_in;
use super::{Actor, App, Error};
use crate::domain::badge::{BadgeChange, BadgeState};
use crate::domain::community::CommunityNumber;
use crate::domain::community_watch::{Found, Known, Step, decide, is_incredible};
use crate::domain::time::Timestamp;
use crate::ports::PlatformApi;
use crate::ports::platform_api::{ApiError, ApiFault, UnverifiedCommunity, Visibility};
use crate::store::community_looks::{self, DueLook};
use crate::store::{StoreError, Tx, badges};

/// Badges whose first look is planned in one transaction.
const PLAN: i64 = 1000;

/// How often badges are searched whose community nobody looks at yet.
const PLAN_EVERY: Duration = Duration::from_secs(600);

/// Nobody else looks at what was claimed for this long.
const LEASE: Duration = Duration::from_secs(300);

/// A loss is looked at again after this long before it is believed.
const DOUBT: Duration = Duration::from_secs(15 * 60);

/// After a fault of ours, or of the community's, the platform is asked again after this long.
const REST: Duration = Duration::from_secs(3600);

/// How communities are watched.
#[derive(Clone, Copy, Debug)]
pub struct WatchSettings {
    /// Pause between two looks at a community; zero: nobody looks.
    pub every: Duration,
    /// How long a badge stays suspended for a lost community before it ends.
    pub grace: Duration,
}

/// When this process last searched for badges whose community nobody looks at yet.
#[derive(Default)]
pub struct Planned(Mutex<Option<Timestamp>>);

impl Planned {
    /// Whether to search now; then it counts as done.
    fn is_due(&self, now: Timestamp) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|at| now.since(at) >= PLAN_EVERY);
        if due {
            *last = Some(now);
        }
        due
    }
}

/// What one round did.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Communities an answer was got about.
    pub seen: usize,
    /// Badges changed.
    pub changed: usize,
}

/// One round: all that is due and that the platforms' limits permit now.
///
/// # Errors
/// [`Error`] when the database is away; the next round continues.
pub async fn watch_communities(app: &Arc<App>) -> Result<Watched, Error> {
    let mut all = Watched::default();
    if app.settings.watch.every.is_zero() {
        return Ok(all);
    }
    let to_plan = app.looks_planned.is_due(app.clock.now());
    for api in app.platform_apis.iter() {
        if to_plan {
            plan(app, api.platform()).await?;
        }
        while let Some(round) = look(app, &**api).await? {
            all.seen += round.seen;
            all.changed += round.changed;
        }
    }
    if all.changed > 0 {
        tracing::info!(seen = all.seen, changed = all.changed, "communities were looked at");
    }
    Ok(all)
}

/// Plans the first look at communities that nobody looks at yet. Finding them means reading through all badges, so it is done rarely and
/// outside the one writer.
async fn plan(app: &Arc<App>, platform: &str) -> Result<(), Error> {
    let first = app.clock.now().plus(app.settings.watch.every);
    let mut after = String::new();
    loop {
        let (platform, from) = (platform.to_owned(), after.clone());
        let read = app.db.read("unplanned_looks", move |tx| community_looks::unplanned(tx, &platform, &from, PLAN));
        let fresh = read.await.map_err(Error::from)?;
        let Some(last) = fresh.last() else { return Ok(()) };
        after = last.clone();
        match app.db.write("plan_looks", move |tx| community_looks::plan(tx, &fresh, first)).await {
            // Another process does the same.
            Ok(()) | Err(StoreError::Duplicate) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

/// One question to one platform; `None` when nothing is due or it is not to be asked now.
async fn look(app: &Arc<App>, api: &dyn PlatformApi) -> Result<Option<Watched>, Error> {
    let now = app.clock.now();
    let (platform, most) = (api.platform().to_owned(), i64::try_from(api.most_at_once()).unwrap_or(1));
    let claim = move |tx: &mut Tx<'_>| community_looks::claim(tx, &platform, now, now.plus(LEASE), most);
    let due = app.db.write("claim_looks", claim).await.map_err(Error::from)?;
    let numbers: Vec<CommunityNumber> = due.iter().filter_map(|d| d.number.parse().ok()).collect();
    if due.is_empty() {
        return Ok(None);
    }
    let answer = match api.communities(&numbers).await {
        Ok(seen) => credible(api.platform(), &numbers, seen),
        Err(e) => Err(e),
    };
    match answer {
        Ok(found) => draw(app, &due, &found, now).await.map(Some),
        Err(e) => put_off(app, api.platform(), &due, &e, now).await,
    }
}

/// What each number was said to be, unless the answer as a whole cannot be believed. Of a community that is left out nothing is known.
fn credible(platform: &str, asked: &[CommunityNumber], seen: Vec<UnverifiedCommunity>) -> Result<BTreeMap<String, Found>, ApiError> {
    let seen: BTreeMap<String, Visibility> = seen.into_iter().map(|c| (c.id.to_string(), c.visibility)).collect();
    let found = |n: &CommunityNumber| match seen.get(n.as_str()) {
        Some(Visibility::Open | Visibility::Closed) => Some(Found::There),
        Some(Visibility::Blocked) => Some(Found::Blocked),
        Some(Visibility::Deleted) => Some(Found::Gone),
        // Left out of the answer: what an interface that moved, or one that is broken, says of everybody.
        None => None,
    };
    let all: BTreeMap<String, Found> = asked.iter().filter_map(|n| Some((n.to_string(), found(n)?))).collect();
    let gone = all.values().filter(|f| **f != Found::There).count();
    if is_incredible(all.len(), gone) {
        let detail = format!("{platform} says that {gone} of {} communities are gone: not believed, nothing was changed", all.len());
        return Err(ApiError { fault: ApiFault::Ours, upstream: None, detail });
    }
    Ok(all)
}

/// No answer: nothing follows from it for any badge. `Some` when the next question may be asked at once.
async fn put_off(app: &Arc<App>, platform: &str, due: &[DueLook], e: &ApiError, now: Timestamp) -> Result<Option<Watched>, Error> {
    let (wait, go_on) = match e.fault {
        ApiFault::TryAgain(wait) => (wait.unwrap_or(Duration::from_secs(60)), false),
        ApiFault::Ours => (REST, false),
        ApiFault::Theirs => (REST, true),
    };
    match e.fault {
        // Its limits are met in every round over many communities.
        ApiFault::TryAgain(Some(_)) => {}
        ApiFault::Ours => tracing::error!(platform, upstream = e.upstream, detail = %e, "communities cannot be looked at"),
        _ => tracing::warn!(platform, upstream = e.upstream, detail = %e, "communities were not looked at"),
    }
    let ids: Vec<String> = due.iter().map(|d| d.badge_id.clone()).collect();
    app.db.write("put_off_looks", move |tx| community_looks::put_off(tx, &ids, now.plus(wait))).await.map_err(Error::from)?;
    Ok(go_on.then(Watched::default))
}

async fn draw(app: &Arc<App>, due: &[DueLook], found: &BTreeMap<String, Found>, now: Timestamp) -> Result<Watched, Error> {
    let mut round = Watched::default();
    let (known, unknown): (Vec<&DueLook>, Vec<&DueLook>) = due.iter().partition(|d| found.contains_key(&d.number));
    if !unknown.is_empty() {
        tracing::warn!(communities = unknown.len(), first = unknown[0].number, "the platform says nothing of communities with a badge");
        let (ids, next): (Vec<String>, _) = (unknown.iter().map(|d| d.badge_id.clone()).collect(), now.plus(app.settings.watch.every));
        app.db.write("put_off_looks", move |tx| community_looks::put_off(tx, &ids, next)).await.map_err(Error::from)?;
    }
    for look in known {
        let Some(found) = found.get(&look.number).copied() else { continue };
        round.seen += 1;
        let (inner, badge) = (Arc::clone(app), look.badge_id.clone());
        // One transaction each: the ledger's lock is taken last and let go at once.
        match app.db.write("look_at_community", move |tx| conclude(&inner, tx, &badge, found, now)).await {
            Ok(changed) => round.changed += usize::from(changed),
            // Somebody else moved the badge between our look and our step: the next look decides anew.
            Err(Error::Conflict(_)) => {}
            Err(e) => return Err(e),
        }
    }
    if round.changed > 0 {
        app.after_commit().await;
    }
    Ok(round)
}

/// What one look means for one badge; whether the badge was changed.
fn conclude(app: &App, tx: &mut Tx<'_>, badge: &str, found: Found, now: Timestamp) -> Result<bool, Error> {
    badges::lock(tx, badge)?;
    let row = badges::by_id(tx, badge)?;
    let noted = community_looks::of_badge(tx, badge)?;
    let (Some(row), Some(noted)) = (row, noted) else { return Ok(false) };
    if row.state()?.is_final() {
        community_looks::forget(tx, badge)?;
        return Ok(false);
    }
    let lost_since = noted.lost_since.map(Timestamp::from_millis);
    // A doubt that nobody could look into in time is begun anew: in between it may have been there.
    let stale = row.state()? == BadgeState::Active && lost_since.is_some_and(|at| now.since(at) > 2 * DOUBT.max(app.settings.watch.every));
    let lost_since = lost_since.filter(|_| !stale);
    let known = Known { state: row.state()?, version: row.version, lost_since, suspended_version: noted.suspended_version };
    let watch = app.settings.watch;
    let later = now.plus(watch.every);
    let change = match decide(found, &known, now, watch.grace) {
        Step::Settle => {
            community_looks::note(tx, badge, later, None, None)?;
            return Ok(false);
        }
        Step::Doubt => {
            community_looks::note(tx, badge, now.plus(DOUBT.min(watch.every)), Some(now), noted.suspended_version)?;
            return Ok(false);
        }
        Step::Wait => {
            community_looks::note(tx, badge, later, lost_since, noted.suspended_version)?;
            return Ok(false);
        }
        Step::Change(change) => change,
    };
    // What came back is forgiven under the reason it was suspended for.
    let change = match (change, row.reason.as_deref().and_then(|r| r.parse().ok())) {
        (BadgeChange::Reinstate(_), Some(reason)) => BadgeChange::Reinstate(reason),
        (change, _) => change,
    };
    // The event takes the ledger's lock, so the note comes first; the badge's next version is known.
    match change {
        BadgeChange::Suspend(_) => community_looks::note(tx, badge, later, Some(now), Some(row.version + 1))?,
        BadgeChange::Reinstate(_) => community_looks::note(tx, badge, later, None, None)?,
        BadgeChange::Revoke(_) => community_looks::forget(tx, badge)?,
    }
    let note = "the platform's own interface showed it at two looks";
    change_in(app, tx, badge, change, Some(note), &Actor::system(), now)?.map(|c| c.moved)
}
