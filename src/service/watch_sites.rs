//! Looks again at the links that badges rest on: the official site's page has to lead to the community still, and the community to name
//! the site. Where answers say at two looks, a day apart or more, that one or the page itself is missing, control has to be
//! proven again (`reprove`). A site or a platform that does not answer changes nothing. Several processes may do this at once.

use std::sync::Arc;

use futures_util::future::join_all;
use url::Url;

use super::prove_control::site_link;
use super::{Actor, App, Error, reprove};
use crate::domain::community_watch::is_incredible;
use crate::domain::control::ProofKind;
use crate::domain::control_problem::ControlProblem;
use crate::domain::site_watch::{Step, decide};
use crate::domain::time::Timestamp;
use crate::ports::site_reader::UnverifiedSitePage;
use crate::store::badges::{self, BadgeRow};
use crate::store::site_looks::{self, DueSite};
use crate::store::{Tx, platforms, proofs, reproofs};

/// Pages looked at at the same time.
const AT_ONCE: usize = 4;

/// What one round did.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct SitesWatched {
    /// Badges an answer was got about.
    pub seen: usize,
    /// Badges whose control has to be proven again now.
    pub demanded: usize,
}

/// Notes what a badge rests on when a confirmation of it is recorded: the page of the site, where links with it are the strongest proof.
/// The badge is locked.
pub(super) fn plan(app: &App, tx: &mut Tx<'_>, badge: &str, application: &str, now: Timestamp) -> Result<(), Error> {
    let control = proofs::strongest_valid(tx, application, now)?;
    let page = match control {
        Some(proof) if proof.kind()? == ProofKind::SiteLink => proof.page,
        _ => None,
    };
    Ok(site_looks::rest_on(tx, badge, page.as_deref(), now.plus(app.settings.watch.every))?)
}

/// One round: all that is due.
///
/// # Errors
/// [`Error`] when the database is away; the next round continues.
pub async fn watch_sites(app: &Arc<App>) -> Result<SitesWatched, Error> {
    let mut all = SitesWatched::default();
    let every = app.settings.watch.every;
    if every.is_zero() {
        return Ok(all);
    }
    loop {
        let now = app.clock.now();
        let mut pages = Vec::with_capacity(AT_ONCE);
        while pages.len() < AT_ONCE {
            let due = app.db.write("claim_site", move |tx| site_looks::claim(tx, now, now.plus(every))).await.map_err(Error::from)?;
            if due.is_empty() {
                break;
            }
            pages.push(due);
        }
        if pages.is_empty() {
            return Ok(all);
        }
        for looked in join_all(pages.iter().map(|badges| look(app, badges, now))).await {
            let looked = looked?;
            all.seen += looked.seen;
            all.demanded += looked.demanded;
        }
        if all.demanded > 0 {
            app.after_commit().await;
        }
    }
}

/// Looks at one page for every badge that rests on it.
async fn look(app: &Arc<App>, badges: &[DueSite], now: Timestamp) -> Result<SitesWatched, Error> {
    let mut looked = SitesWatched::default();
    let mut read = None;
    for due in badges {
        let linked = match is_linked(app, due, &mut read).await? {
            Ok(linked) => linked,
            Err(problem) => {
                tracing::info!(
                    badge = due.badge_id,
                    problem = problem.as_str(),
                    "no answer about the links of a site: nothing was changed"
                );
                continue;
            }
        };
        looked.seen += 1;
        let (inner, due) = (Arc::clone(app), due.clone());
        match app.db.write("look_at_site", move |tx| conclude(&inner, tx, &due, linked, now)).await {
            Ok(demanded) => looked.demanded += usize::from(demanded),
            // Somebody else moved the badge between our look and our step: the next look decides anew.
            Err(Error::Conflict(_)) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(looked)
}

/// What the page was found to be, once for all badges that rest on it.
type Read = Option<Result<UnverifiedSitePage, ControlProblem>>;

/// Whether both links stand; the inner error: nobody can say now. The one-time text has served and is not looked for.
async fn is_linked(app: &Arc<App>, due: &DueSite, read: &mut Read) -> Result<Result<bool, ControlProblem>, Error> {
    let id = due.platform.clone();
    let platform = app.db.read("platform_prefixes", move |tx| platforms::by_id(tx, &id)).await.map_err(Error::from)?;
    let prefixes = platform.ok_or(Error::NotFound("platform"))?.prefixes()?;
    let Ok(page) = Url::parse(&due.page) else { return Ok(Err(ControlProblem::SiteNotReached)) };
    let seen = match site_link::naming(app, &due.platform, &due.number, &page).await {
        Ok(seen) => seen,
        Err(ControlProblem::NoLinkBack) => return Ok(Ok(false)),
        Err(problem) => return Ok(Err(problem)),
    };
    if read.is_none() {
        *read = Some(site_link::read(app, &page).await);
    }
    Ok(match read {
        Some(Ok(there)) => Ok(site_link::leads_to(there, &seen, &prefixes)),
        // The page with the link is not there any more.
        Some(Err(ControlProblem::SitePageMissing)) => Ok(false),
        Some(Err(problem)) => Err(*problem),
        None => Err(ControlProblem::SiteNotReached),
    })
}

/// What one look means for one badge; whether control has to be proven again.
fn conclude(app: &App, tx: &mut Tx<'_>, due: &DueSite, linked: bool, now: Timestamp) -> Result<bool, Error> {
    badges::lock(tx, &due.badge_id)?;
    let Some(badge) = badges::by_id(tx, &due.badge_id)? else { return Ok(false) };
    // Confirmed anew by something else while the answer was on its way.
    let Some(missed_since) = site_looks::missed_since(tx, &badge.id, &due.page)? else { return Ok(false) };
    if badge.state()?.is_final() {
        site_looks::forget(tx, &badge.id)?;
        return Ok(false);
    }
    match decide(linked, missed_since, now, app.settings.watch.every) {
        Step::Settle => site_looks::note(tx, &badge.id, None)?,
        Step::Doubt => site_looks::note(tx, &badge.id, Some(now))?,
        Step::Wait => {}
        Step::Demand => return demand(app, tx, &badge, &due.platform, now),
    }
    Ok(false)
}

fn demand(app: &App, tx: &mut Tx<'_>, badge: &BadgeRow, platform: &str, now: Timestamp) -> Result<bool, Error> {
    let (all, missing) = site_looks::extent(tx)?;
    let count = |n: i64| usize::try_from(n).unwrap_or_default();
    if is_incredible(count(all), count(missing)) {
        tracing::error!(all, missing, "links of most sites are missing: not believed, nothing was changed");
        return Ok(false);
    }
    // From here on a new confirmation alone counts, and that notes anew what the badge rests on.
    site_looks::forget(tx, &badge.id)?;
    // What is demanded already stays as it is: a confirmation begun since then is as good.
    if reproofs::term(tx, &badge.id)?.is_some() {
        return Ok(false);
    }
    let within = app.settings.platform_events.reprove_within;
    reprove::demand(app, tx, badge, platform, within, &Actor::system(), now)?;
    tracing::info!(badge = badge.id, "a link between site and community is missing at two looks: control has to be proven again");
    Ok(true)
}
