//! An authority starts an application itself, from a pasted link: which community is meant, what its platform says of it, and a
//! one-time link by which whoever may act for the authority goes on. Nobody is known yet, so nothing is believed: control of the
//! community has still to be proven, and what nobody signs in for is gone after [`UNCLAIMED`].

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::new_application::Beginning;
use super::push_request::DETAILS_TYPE;
use super::{App, Error, look_at_community};
use crate::domain::application::StartKind;
use crate::domain::apply_problem::ApplyProblem as Problem;
use crate::domain::community::{BadCommunity, CommunitySnapshot, shown_name};
use crate::domain::community_link::{self, Locator};
use crate::domain::digest::{self, SecretKind};
use crate::domain::ids::ApplicationId;
use crate::domain::official_name;
use crate::ports::PlatformApi;
use crate::ports::platform_api::{ApiFault, UnverifiedCommunity, Visibility};
use crate::store::StoreError;
use crate::store::applications::{self, ApplicationRow};
use crate::store::platforms::{self, PlatformRow};

/// Time to sign in for the first time. Then the application gets its whole life.
pub const UNCLAIMED: Duration = Duration::from_secs(3 * 24 * 3600);

/// The form, as filled in.
#[derive(Default)]
pub struct PortalStart {
    /// Short name of the platform; without it the link decides.
    pub platform: Option<String>,
    /// Whatever was pasted for the community.
    pub link: String,
    /// What the community is called, where its platform cannot be asked.
    pub name: Option<String>,
    /// One-time value of the form: sent twice, it starts one application.
    pub once: Option<String>,
    /// Where the request came from.
    pub client: Option<IpAddr>,
}

/// Why nothing was started.
pub struct NotStarted {
    /// What is wrong.
    pub problem: Problem,
    /// When to come again, where that is known.
    pub again_in: Option<Duration>,
}

/// A platform whose communities may be confirmed.
pub struct OpenPlatform {
    /// Short name.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What an address of a community there looks like.
    pub example: String,
    /// Whether it can be asked about its communities.
    pub has_interface: bool,
}

/// The platforms to choose from.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn open_platforms(app: &Arc<App>) -> Result<Vec<OpenPlatform>, Error> {
    let all = app.db.read("open_platforms", platforms::list).await.map_err(Error::from)?;
    let open = all.into_iter().filter(|p| p.state == "active").map(|p| {
        let prefix = p.prefixes()?.into_iter().next().unwrap_or_default();
        let has_interface = app.platform_apis.get(&p.id).is_some();
        Ok(OpenPlatform { example: format!("{prefix}club123456"), has_interface, id: p.id, name: p.name })
    });
    open.collect()
}

/// Starts an application; the path that leads into it.
///
/// # Errors
/// [`Error`] when the database is away. What is wrong with the form is the inner error.
pub async fn start_portal(app: &Arc<App>, start: PortalStart) -> Result<Result<String, NotStarted>, Error> {
    // Every attempt may cost a question to the platform.
    if let Err(rest) = app.start_limits.allow(start.client, app.clock.now()) {
        return Ok(Err(NotStarted { problem: Problem::TooMany, again_in: Some(rest) }));
    }
    Ok(begin(app, start).await?.map_err(|problem| NotStarted { problem, again_in: None }))
}

async fn begin(app: &Arc<App>, start: PortalStart) -> Result<Result<String, Problem>, Error> {
    let all = app.db.read("platforms", platforms::list).await.map_err(Error::from)?;
    let (platform, meant) = match which(all, start.platform.as_deref(), &start.link)? {
        Ok(found) => found,
        Err(problem) => return Ok(Err(problem)),
    };
    let community = match app.platform_apis.get(&platform.id) {
        Some(api) => asked(app, api, &meant).await,
        None => described(&platform, &meant, &start)?,
    };
    let community = community.and_then(|c| fitting(&platform, c));
    match community {
        Ok(community) if platform.speaks_for(&community.id)? => Ok(Ok(record(app, &platform, community, start.once).await?)),
        Ok(_) => Ok(Err(Problem::NotServed)),
        Err(problem) => Ok(Err(problem)),
    }
}

/// The platform and the community that are meant.
fn which(all: Vec<PlatformRow>, chosen: Option<&str>, link: &str) -> Result<Result<(PlatformRow, Locator), Problem>, Error> {
    let link = link.trim();
    if link.is_empty() {
        return Ok(Err(Problem::LinkMissing));
    }
    if chosen.is_none() && link.starts_with('@') {
        return Ok(Err(Problem::PlatformNeeded));
    }
    let mut disabled = false;
    for platform in all.into_iter().filter(|p| chosen.is_none_or(|c| c == p.id)) {
        let Some(meant) = community_link::locate(link, &platform.prefixes()?) else { continue };
        if platform.state == "active" {
            return Ok(Ok((platform, meant)));
        }
        disabled = true;
    }
    Ok(Err(if disabled { Problem::PlatformDisabled } else { Problem::LinkNotUnderstood }))
}

/// The community as its platform describes it.
async fn asked(app: &App, api: &Arc<dyn PlatformApi>, meant: &Locator) -> Result<CommunitySnapshot, Problem> {
    let seen = look_at_community::ask(app, api, meant).await.map_err(|e| {
        tracing::warn!(platform = api.platform(), upstream = e.upstream, detail = %e.detail, "a community could not be looked at");
        match e.fault {
            ApiFault::TryAgain(_) | ApiFault::Ours => Problem::PlatformAway,
            ApiFault::Theirs => Problem::KeptOut,
        }
    })?;
    open_community(seen)
}

/// What is kept of a community that everybody can see.
///
/// # Errors
/// Why it cannot be confirmed.
pub(super) fn open_community(seen: Option<UnverifiedCommunity>) -> Result<CommunitySnapshot, Problem> {
    let seen = seen.ok_or(Problem::NoSuchCommunity)?;
    match seen.visibility {
        Visibility::Open => {}
        Visibility::Closed => return Err(Problem::Closed),
        Visibility::Deleted => return Err(Problem::Deleted),
        Visibility::Blocked => return Err(Problem::Blocked),
    }
    Ok(CommunitySnapshot {
        id: seen.id,
        uri: seen.uri,
        name: shown_name(&seen.name),
        screen_name: seen.screen_name.filter(|s| !s.is_empty()),
    })
}

/// The community as the form describes it, where its platform cannot be asked.
fn described(platform: &PlatformRow, meant: &Locator, start: &PortalStart) -> Result<Result<CommunitySnapshot, Problem>, Error> {
    let Locator::Number(number) = meant else { return Ok(Err(Problem::NumberNeeded)) };
    let Some(uri) = community_link::own_address(&start.link, &platform.prefixes()?) else { return Ok(Err(Problem::NumberNeeded)) };
    let name = match official_name::clean(start.name.as_deref().unwrap_or_default()) {
        Ok(Some(name)) => name,
        Ok(None) => return Ok(Err(Problem::NameNeeded)),
        Err(_) => return Ok(Err(Problem::NameNotUsable)),
    };
    Ok(Ok(CommunitySnapshot { id: number.clone(), uri, name, screen_name: None }))
}

fn fitting(platform: &PlatformRow, community: CommunitySnapshot) -> Result<CommunitySnapshot, Problem> {
    let prefixes = platform.prefixes().map_err(|_| Problem::NotServed)?;
    match community.check(&prefixes) {
        Ok(()) => Ok(community),
        Err(BadCommunity::Name) => Err(Problem::NameNotUsable),
        Err(_) => Err(Problem::NotServed),
    }
}

async fn record(app: &Arc<App>, platform: &PlatformRow, community: CommunitySnapshot, once: Option<String>) -> Result<String, Error> {
    // The form's one-time value is the link: sent again, it finds what it started.
    if let Some(link) = once.filter(|o| is_link(o)) {
        let digest = digest::of_secret(SecretKind::ApplicationLink, &link);
        match earlier(app, digest.clone()).await? {
            Some(row) if is_same(&row, platform, &community) => return Ok(path(&row.id, &link)),
            // Somebody went back and named another community: that is another application.
            Some(_) => {}
            None => match insert(app, platform, &community, &link).await {
                Ok(id) => return Ok(path(&id, &link)),
                // Both of two equal requests got here.
                Err(StoreError::Duplicate) => {
                    if let Some(row) = earlier(app, digest).await?.filter(|row| is_same(row, platform, &community)) {
                        return Ok(path(&row.id, &link));
                    }
                }
                Err(e) => return Err(e.into()),
            },
        }
    }
    let link = app.entropy.token();
    Ok(path(&insert(app, platform, &community, &link).await?, &link))
}

async fn earlier(app: &Arc<App>, link_digest: String) -> Result<Option<ApplicationRow>, Error> {
    app.db.read("started_before", move |tx| applications::of_link(tx, &link_digest)).await.map_err(Error::from)
}

async fn insert(app: &Arc<App>, platform: &PlatformRow, community: &CommunitySnapshot, link: &str) -> Result<String, StoreError> {
    let now = app.clock.now();
    let id = ApplicationId::new(now, app.entropy.bytes());
    let beginning = Beginning {
        start: StartKind::Portal,
        return_to: format!("{}/applications/{id}", app.settings.issuer),
        state: None,
        code_challenge: String::new(),
        details: json!({ "type": DETAILS_TYPE, "actions": ["issue"], "community": community }).to_string(),
        community: community.clone(),
        link_digest: Some(digest::of_secret(SecretKind::ApplicationLink, link)),
    };
    let mut row = beginning.row(app, platform, id, now, "start_portal");
    row.expires_at = now.plus(UNCLAIMED.min(app.settings.portal_lifetime)).millis();
    app.db.write("start_portal", move |tx| applications::insert(tx, &row)).await?;
    Ok(id.to_string())
}

fn is_same(row: &ApplicationRow, platform: &PlatformRow, community: &CommunitySnapshot) -> bool {
    row.platform_id == platform.id && row.community_number == community.id.as_str() && row.start == StartKind::Portal.as_str()
}

/// As `app.entropy` makes them: 32 bytes, base64url.
fn is_link(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn path(application: &str, link: &str) -> String {
    format!("/applications/{application}?link={link}")
}
