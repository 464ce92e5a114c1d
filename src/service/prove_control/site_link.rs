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
use crate::ports::site_reader::SiteFault;
use crate::service::App;

/// Whether the page that was named is of a site the community names, links to the community, and carries the text.
pub(super) async fn find(app: &Arc<App>, q: &Question) -> Result<(), Problem> {
    let page = q.proof.page.as_deref().and_then(|p| Url::parse(p).ok()).ok_or(Problem::SiteNotReached)?;
    let seen = community(app, &q.row).await?;
    // Asked first: nobody's server is called that the community does not name.
    if !names(&seen, &page) {
        return Err(Problem::NoLinkBack);
    }
    let there = app.site_reader.read(page.as_str()).await.map_err(problem)?;
    if !there.links.iter().any(|href| official_site::leads_to(href, &seen.id, seen.screen_name.as_deref(), &q.prefixes)) {
        return Err(Problem::NoLinkToCommunity);
    }
    let token = q.proof.token.as_deref().unwrap_or_default();
    if !there.marks.iter().any(|mark| !token.is_empty() && digest::equal(mark, token)) {
        return Err(Problem::TextNotOnSite);
    }
    Ok(())
}

/// Whether the community names the site the page is of as its own, in the field for it. A description names founders and partners too.
pub(super) fn names(seen: &UnverifiedCommunity, page: &Url) -> bool {
    official_site::named_in(&seen.site).iter().any(|named| official_site::lies_under(page, named))
}

pub(super) fn problem(fault: SiteFault) -> Problem {
    match fault {
        SiteFault::Forbidden | SiteFault::NotReached => Problem::SiteNotReached,
        SiteFault::Redirects => Problem::SiteRedirects,
        SiteFault::TooLarge => Problem::SiteTooLarge,
        SiteFault::NotAPage => Problem::SiteNotAPage,
    }
}
