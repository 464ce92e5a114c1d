//! Proving control of a community, where its platform did not vouch for the person: which ways there are, where each attempt stands,
//! and who may see and use them: only the browser whose sign-in counts, at an application whose organisation is chosen. Modelled on the
//! challenges of ACME (RFC 8555 §7.1.5). What each kind looks for is in the files below.

mod ask_operators;
mod begin;
mod look;
mod sign_in;
pub(super) mod site_link;
mod text;

use std::sync::Arc;
use std::time::Duration;

pub use ask_operators::{BadExplanation, EXPLANATION_MAX, ask_operators};
pub use begin::{BadSite, begin_text, name_site};
pub use look::{Looked, look};
pub use sign_in::{PlatformReturn, begin_sign_in, complete_sign_in};

use super::{App, Error, WayOn};
use crate::domain::application::ApplicationState;
use crate::domain::control::{ProofKind, ProofStatus};
use crate::domain::control_problem::ControlProblem;
use crate::domain::digest::{self, SecretKind};
use crate::domain::refusal::RefusalCode;
use crate::domain::time::Timestamp;
use crate::store::applications::{self, ApplicationRow};
use crate::store::authorities;
use crate::store::platforms::{self, PlatformRow};
use crate::store::proofs::{self, ProofRow};
use crate::store::{StoreError, Tx, evidence, logins};

/// Pause between two looks for one application: each costs a question to somebody else's server.
pub const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The ways of one application and how far each has come.
pub struct Control {
    /// The application.
    pub application: ApplicationRow,
    /// Its platform.
    pub platform: PlatformRow,
    /// Full name of the organisation that was chosen.
    pub organisation: String,
    /// Whether the community can be read through the platform's own interface; a text and a site need that.
    pub readable: bool,
    /// Where the platform's sign-in is, where there is one.
    pub sign_in: Option<String>,
    /// The newest attempt of each kind.
    pub attempts: Vec<Attempt>,
    /// Whether control is proven: the application goes on.
    pub proven: bool,
}

/// One attempt, for the person who makes it. Holds the one-time text, therefore no `Debug`.
pub struct Attempt {
    /// Which kind.
    pub kind: ProofKind,
    /// Where it stands now.
    pub status: ProofStatus,
    /// The one-time text to be placed.
    pub token: Option<String>,
    /// The page of the site that was named.
    pub page: Option<String>,
    /// What the last look found wanting, or why it ended.
    pub problem: Option<ControlProblem>,
    /// When it was looked at last.
    pub looked_at: Option<Timestamp>,
}

impl Attempt {
    fn of(row: ProofRow, now: Timestamp) -> Result<Self, StoreError> {
        let status = row.status_at(now)?;
        let over = status == ProofStatus::Invalid && row.status()? != ProofStatus::Invalid;
        let problem = row.error.as_deref().and_then(|e| e.parse().ok());
        Ok(Self {
            kind: row.kind()?,
            status,
            token: row.token.filter(|_| status != ProofStatus::Invalid),
            page: row.page,
            problem: if over { Some(ControlProblem::Expired) } else { problem },
            looked_at: row.looked_at.map(Timestamp::from_millis),
        })
    }
}

/// What the page about an application's proofs shows.
///
/// # Errors
/// [`Error::NotFound`] for a browser that never began a sign-in for it; [`Error::Refused`] with the way to sign in, or to choose an
/// organisation, where that is to be done first; [`Error::ApplicationEnded`].
pub async fn control_of(app: &Arc<App>, application: String, browser: &str) -> Result<Control, Error> {
    let (now, who) = (app.clock.now(), digest::of_secret(SecretKind::Browser, browser));
    let (application, platform, organisation, rows) = app
        .db
        .read("control", move |tx| -> Result<_, Error> {
            let Mine { row, .. } = mine(tx, &application, &who, now)?;
            let platform = platforms::by_id(tx, &row.platform_id)?.ok_or(StoreError::Stale("platform"))?;
            let authority = authorities::by_id(tx, row.authority_id.as_deref().ok_or_else(|| super::damaged("application"))?)?;
            let rows = proofs::of_application(tx, &row.id)?;
            Ok((row, platform, authority.full_name, rows))
        })
        .await?;
    let mut attempts: Vec<Attempt> = Vec::new();
    for row in rows {
        let attempt = Attempt::of(row, now)?;
        // Oldest first, so the newest of a kind takes the place of those before.
        attempts.retain(|a| a.kind != attempt.kind);
        attempts.push(attempt);
    }
    Ok(Control {
        readable: app.platform_apis.get(&platform.id).is_some(),
        sign_in: app.platform_sign_ins.get(&platform.id).map(|s| s.pages().to_owned()),
        proven: application.state()? == ApplicationState::ControlProven,
        application,
        platform,
        organisation,
        attempts,
    })
}

/// An application in the hands of the browser whose sign-in counts.
struct Mine {
    row: ApplicationRow,
    /// The sign-in.
    login: String,
}

/// The application, for the browser whose sign-in counts, where an organisation is chosen.
///
/// # Errors
/// [`Error::NotFound`] for a browser that never began a sign-in for it; [`Error::Refused`] with the way to sign in where another
/// browser's sign-in counts, where the sign-in is too old, or where no organisation is chosen yet; [`Error::ApplicationEnded`].
fn mine(tx: &mut Tx<'_>, application: &str, browser_digest: &str, now: Timestamp) -> Result<Mine, Error> {
    let row = applications::by_id(tx, application)?.ok_or(Error::NotFound("application"))?;
    if !logins::browser_began(tx, &row.id, browser_digest)? {
        return Err(Error::NotFound("application"));
    }
    let state = row.state()?;
    if state.is_final() || row.expires_at <= now.millis() {
        return Err(Error::ApplicationEnded);
    }
    let sealed = evidence::latest(tx, &row.id)?.filter(|e| e.delete_after > now.millis());
    let mut here = false;
    if let Some(sealed) = &sealed {
        here = logins::is_of_browser(tx, &sealed.login_id, browser_digest)?;
    }
    match (state, sealed) {
        (ApplicationState::OrganisationChosen | ApplicationState::ControlProven, Some(sealed)) if here => {
            Ok(Mine { row, login: sealed.login_id })
        }
        (ApplicationState::IdentityConfirmed, Some(_)) if here => {
            Err(Error::Refused { application: row.id()?, code: RefusalCode::F19, way_on: WayOn::Choose })
        }
        _ => Err(Error::Refused { application: row.id()?, code: RefusalCode::F19, way_on: WayOn::SignIn }),
    }
}

/// The same, where control is still to be proven. Holds the application until the transaction ends, so that of two requests at once
/// the later one finds what the earlier one did.
///
/// # Errors
/// As [`mine`], and [`Error::Conflict`] where it is proven already.
fn mine_to_prove(tx: &mut Tx<'_>, application: &str, browser_digest: &str, now: Timestamp) -> Result<Mine, Error> {
    // Strangers' guesses do not get as far as a lock.
    mine(tx, application, browser_digest, now)?;
    applications::lock(tx, application)?;
    let mine = mine(tx, application, browser_digest, now)?;
    match mine.row.state()? {
        ApplicationState::OrganisationChosen => Ok(mine),
        _ => Err(Error::Conflict("control of the community is proven already".to_owned())),
    }
}

/// Records that a proof holds, and that the application goes on; open attempts of other kinds end. The application is locked and its
/// organisation is the one the proof was begun for.
pub(super) fn prove(tx: &mut Tx<'_>, application: &ApplicationRow, proof: &ProofRow, now: Timestamp) -> Result<(), Error> {
    if proof.authority_id != application.authority_id || application.authority_id.is_none() {
        return Err(StoreError::Stale("proof").into());
    }
    proofs::advance(tx, &proof.id, ProofStatus::Valid, None, now)?;
    proofs::end_others(tx, &application.id, proof.kind()?, ControlProblem::NotNeeded, now)?;
    Ok(applications::advance(tx, &application.id, ApplicationState::ControlProven, now)?)
}

/// The open attempt of a kind; one whose time is up is ended on the way.
fn still_open(tx: &mut Tx<'_>, application: &str, kind: ProofKind, now: Timestamp) -> Result<Option<ProofRow>, Error> {
    let Some(row) = proofs::open_of_kind(tx, application, kind)? else { return Ok(None) };
    if row.status_at(now)? == ProofStatus::Invalid {
        proofs::advance(tx, &row.id, ProofStatus::Invalid, Some(ControlProblem::Expired.as_str()), now)?;
        return Ok(None);
    }
    Ok(Some(row))
}
