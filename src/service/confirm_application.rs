//! The last step of an application that an authority started itself: the person sees who and what will stand beside each other in
//! public, confirms, and the badge is issued. A pass for the platform, as it redeems a code, is not needed: the person is here.

use std::sync::Arc;

use super::confirm_authority::{obstacle, present_badge};
use super::issue::{self, Redemption};
use super::look_up::{SignedIn, sign_in_of};
use super::start_portal::open_community;
use super::{App, Error, look_at_community};
use crate::domain::application::{ApplicationState, StartKind};
use crate::domain::apply_problem::ApplyProblem;
use crate::domain::community::CommunitySnapshot;
use crate::domain::community_link::Locator;
use crate::domain::control::ProofKind;
use crate::domain::digest::{self, SecretKind};
use crate::domain::refusal::RefusalCode;
use crate::ports::platform_api::ApiFault;
use crate::store::applications::{self, ApplicationRow};
use crate::store::authorities::AuthorityRow;
use crate::store::platforms::{self, PlatformRow};
use crate::store::{StoreError, Tx, authorities, logins, proofs};

/// What is to be confirmed.
pub struct Confirmation {
    /// The application.
    pub application: ApplicationRow,
    /// Its platform.
    pub platform: PlatformRow,
    /// The authority.
    pub authority: AuthorityRow,
    /// The community as it is now.
    pub community: CommunitySnapshot,
    /// Whether that differs from what stands in the application.
    pub renamed: bool,
    /// How control was proven.
    pub control: ProofKind,
    /// The badge the community has now.
    pub present: Present,
}

/// The badge a community has before another is issued.
pub enum Present {
    /// None.
    None,
    /// The same body's: it is renewed.
    Own,
    /// Another body's, by its name: it ends.
    Other(String),
    /// One that stands in the way.
    InTheWay(RefusalCode),
}

/// Where the last step stands.
pub enum Standing {
    /// It can be taken.
    Ready(Box<Confirmation>),
    /// The community cannot be confirmed as it is now, or its platform does not answer.
    Held(Box<Confirmation>, ApplyProblem),
    /// It is not due, or not this browser's: the application's page says what is.
    NotDue,
}

/// What a press of the button did.
pub enum Confirmed {
    /// There is a badge, by this press or an earlier one.
    Done,
    /// Something differs from what the person saw: to be shown and asked again.
    Again(Standing),
}

/// What the person is asked to confirm.
///
/// # Errors
/// [`Error::NotFound`] for another browser's application, or one that a platform started.
pub async fn open_confirmation(app: &Arc<App>, application: String, browser: &str) -> Result<Standing, Error> {
    let Some(found) = load(app, application, browser).await? else { return Ok(Standing::NotDue) };
    look(app, found).await
}

/// Confirms what the person saw, of which `seen` is the digest, and issues.
///
/// # Errors
/// As [`open_confirmation`]; [`Error::Refused`] where the community's present badge stands in the way; [`Error::Conflict`] while
/// another confirmation of the community is being finished.
pub async fn confirm_application(app: &Arc<App>, application: String, browser: &str, seen: &str) -> Result<Confirmed, Error> {
    let Some(found) = load(app, application.clone(), browser).await? else {
        return match state_of(app, application).await? {
            ApplicationState::Issued => Ok(Confirmed::Done),
            _ => Ok(Confirmed::Again(Standing::NotDue)),
        };
    };
    let confirmation = match look(app, found).await? {
        Standing::Ready(confirmation) if digest::equal(&digest_of(&confirmation), seen) => *confirmation,
        other => return Ok(Confirmed::Again(other)),
    };
    let row = &confirmation.application;
    if confirmation.renamed {
        let (id, community) = (row.id.clone(), confirmation.community.clone());
        app.db.write("note_community", move |tx| applications::set_community(tx, &id, &community)).await.map_err(Error::from)?;
    }
    let redemption = Redemption { code: None, token: None, keep: None };
    match issue::issue(app, row, &confirmation.platform, redemption).await {
        Ok(_) => Ok(Confirmed::Done),
        // Of two presses one issues; the other finds the badge.
        Err(e @ (Error::Conflict(_) | Error::ApplicationEnded)) => match state_of(app, row.id.clone()).await? {
            ApplicationState::Issued => Ok(Confirmed::Done),
            _ => Err(e),
        },
        Err(e) => Err(e),
    }
}

/// What the person saw, so that nothing else is confirmed.
pub fn digest_of(c: &Confirmation) -> String {
    let branch = c.application.branch_name.as_deref().unwrap_or_default();
    let former = match &c.present {
        Present::Other(name) => name,
        _ => "",
    };
    let seen = [&c.authority.ogrn, &c.authority.full_name, branch, &c.community.name, &c.community.uri, former];
    digest::sha256_hex(seen.join("\n").as_bytes())
}

async fn state_of(app: &Arc<App>, application: String) -> Result<ApplicationState, Error> {
    let row = app.db.read("application", move |tx| applications::by_id(tx, &application)).await.map_err(Error::from)?;
    Ok(row.ok_or(Error::NotFound("application"))?.state()?)
}

/// Everything on record; `None` where the step is not due in this browser.
async fn load(app: &Arc<App>, application: String, browser: &str) -> Result<Option<Confirmation>, Error> {
    let (now, handover) = (app.clock.now(), app.settings.handover);
    let browser_digest = digest::of_secret(SecretKind::Browser, browser);
    let found = app.db.read("open_confirmation", move |tx| -> Result<_, Error> {
        let row = applications::by_id(tx, &application)?.ok_or(Error::NotFound("application"))?;
        if row.start()? != StartKind::Portal || !logins::browser_began(tx, &row.id, &browser_digest)? {
            return Err(Error::NotFound("application"));
        }
        if row.state()? != ApplicationState::ControlProven || row.expires_at <= now.millis() {
            return Ok(None);
        }
        let platform = platforms::by_id(tx, &row.platform_id)?.ok_or(StoreError::Stale("platform"))?;
        let authority = authorities::by_id(tx, row.authority_id.as_deref().ok_or_else(|| super::damaged("application"))?)?;
        let Some(proof) = proofs::strongest_valid(tx, &row.id, now)? else { return Ok(None) };
        let present = present(tx, handover, &row, &authority)?;
        let (community, control) = (row.community()?, proof.kind()?);
        Ok(Some(Confirmation { application: row, platform, authority, community, renamed: false, control, present }))
    });
    let Some(found) = found.await? else { return Ok(None) };
    let SignedIn { here, .. } = sign_in_of(app, &found.application, browser).await?;
    Ok(here.map(|_| found))
}

fn present(tx: &mut Tx<'_>, handover: bool, row: &ApplicationRow, authority: &AuthorityRow) -> Result<Present, Error> {
    let branch = (&row.branch_name, &row.branch_kpp);
    if let Some(code) = obstacle(handover, tx, row, &authority.ogrn, branch)? {
        return Ok(Present::InTheWay(code));
    }
    Ok(match present_badge(tx, row)? {
        None => Present::None,
        Some((badge, holder)) if holder.ogrn == authority.ogrn && (&badge.branch_name, &badge.branch_kpp) == branch => Present::Own,
        Some((badge, holder)) => Present::Other(badge.branch_name.unwrap_or(holder.full_name)),
    })
}

/// Looks at the community once more, where its platform can be asked.
async fn look(app: &Arc<App>, mut found: Confirmation) -> Result<Standing, Error> {
    if found.platform.state != "active" {
        return Ok(Standing::Held(Box::new(found), ApplyProblem::PlatformDisabled));
    }
    let Some(api) = app.platform_apis.get(&found.platform.id) else { return Ok(Standing::Ready(Box::new(found))) };
    let seen = look_at_community::ask(app, api, &Locator::Number(found.community.id.clone())).await;
    let seen = seen.map_err(|e| {
        tracing::warn!(platform = api.platform(), upstream = e.upstream, detail = %e.detail, application = %found.application.id, "a community could not be looked at");
        match e.fault {
            ApiFault::TryAgain(_) | ApiFault::Ours => ApplyProblem::PlatformAway,
            ApiFault::Theirs => ApplyProblem::KeptOut,
        }
    });
    let now = seen.and_then(open_community).and_then(|c| match c.check(&found.platform.prefixes().unwrap_or_default()) {
        Ok(()) => Ok(c),
        Err(_) => Err(ApplyProblem::NameNotUsable),
    });
    match now {
        Ok(now) => {
            found.renamed = now != found.community;
            found.community = now;
            Ok(Standing::Ready(Box::new(found)))
        }
        Err(problem) => Ok(Standing::Held(Box::new(found), problem)),
    }
}
