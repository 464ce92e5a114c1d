//! An official site and a community that name each other. That much may be true of anybody's site and anybody's community, and all the
//! world can see it; what ties it to this application is the one-time text in the head of the page, where only those who run the site
//! can write.

use std::sync::Arc;

use url::Url;

use super::look::{Question, community};
use crate::domain::control_problem::ControlProblem as Problem;
use crate::domain::digest;
use crate::domain::official_site;
use crate::ports::platform_api::UnverifiedCommunity;
use crate::ports::site_reader::{SiteFault, UnverifiedSitePage};
use crate::service::App;

/// Whether the page that was named is of a site the community names, links to the community, and carries the text.
pub(super) async fn find(app: &Arc<App>, q: &Question) -> Result<(), Problem> {
    let page = q.proof.page.as_deref().and_then(|p| Url::parse(p).ok()).ok_or(Problem::SiteNotReached)?;
    let seen = naming(app, &q.row.platform_id, &q.row.community_number, &page).await?;
    let there = read(app, &page).await?;
    if !leads_to(&there, &seen, &q.prefixes) {
        return Err(Problem::NoLinkToCommunity);
    }
    let token = q.proof.token.as_deref().unwrap_or_default();
    if !there.marks.iter().any(|mark| !token.is_empty() && digest::equal(mark, token)) {
        return Err(Problem::TextNotOnSite);
    }
    Ok(())
}

/// The community as it is now, where it names the site the page is of. Asked first: nobody's server is called that it does not name.
pub(in crate::service) async fn naming(app: &Arc<App>, platform: &str, number: &str, page: &Url) -> Result<UnverifiedCommunity, Problem> {
    let seen = community(app, platform, number).await?;
    if names(&seen, page) { Ok(seen) } else { Err(Problem::NoLinkBack) }
}

/// What stands on the page.
pub(in crate::service) async fn read(app: &Arc<App>, page: &Url) -> Result<UnverifiedSitePage, Problem> {
    app.site_reader.read(page.as_str()).await.map_err(problem)
}

/// Whether the page links to the community.
pub(in crate::service) fn leads_to(there: &UnverifiedSitePage, seen: &UnverifiedCommunity, prefixes: &[String]) -> bool {
    there.links.iter().any(|href| official_site::leads_to(href, &seen.id, seen.screen_name.as_deref(), prefixes))
}

/// Whether the community names the site the page is of as its own, in the field for it. A description names founders and partners too.
fn names(seen: &UnverifiedCommunity, page: &Url) -> bool {
    official_site::named_in(&seen.site).iter().any(|named| official_site::lies_under(page, named))
}

fn problem(fault: SiteFault) -> Problem {
    match fault {
        SiteFault::Forbidden | SiteFault::NotReached => Problem::SiteNotReached,
        SiteFault::NoPage => Problem::SitePageMissing,
        SiteFault::Redirects => Problem::SiteRedirects,
        SiteFault::TooLarge => Problem::SiteTooLarge,
        SiteFault::NotAPage => Problem::SiteNotAPage,
    }
}
