//! Looks whether what a person was asked to do is done. The question goes to somebody else's server outside any transaction; what it
//! finds counts only if the application, its organisation and the attempt are still the same afterwards.

use std::sync::Arc;
use std::time::Duration;

use super::{LOOK_EVERY, mine_to_prove, prove, site_link, still_open, text};
use crate::domain::community::CommunityNumber;
use crate::domain::community_link::Locator;
use crate::domain::control::{ProofKind, ProofStatus};
use crate::domain::control_problem::ControlProblem;
use crate::domain::digest::{self, SecretKind};
use crate::ports::platform_api::{ApiFault, UnverifiedCommunity, Visibility};
use crate::service::look_at_community::ask;
use crate::service::{App, Error};
use crate::store::applications::ApplicationRow;
use crate::store::proofs::{self, ProofRow};
use crate::store::{StoreError, platforms};

/// What a look found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Looked {
    /// It holds: the application goes on.
    Proven,
    /// It does not hold yet.
    NotYet(ControlProblem),
    /// Nobody looked: the last look was a moment ago.
    TooSoon(Duration),
}

/// Looks at the open attempt of a kind now.
///
/// # Errors
/// [`Error::NotFound`] where none is open; [`Error::Conflict`] where something changed meanwhile; as [`super::control_of`].
pub async fn look(app: &Arc<App>, application: String, browser: &str, kind: ProofKind) -> Result<Looked, Error> {
    let browser = digest::of_secret(SecretKind::Browser, browser);
    let (now, who, id) = (app.clock.now(), browser.clone(), application.clone());
    let begun = app.db.write("begin_look", move |tx| -> Result<_, Error> {
        let mine = mine_to_prove(tx, &id, &who, now)?;
        let proof = still_open(tx, &mine.row.id, kind, now)?.ok_or(Error::NotFound("proof"))?;
        let waited = proofs::last_look(tx, &mine.row.id)?.map(|last| now.since(last));
        if let Some(wait) = waited.and_then(|w| LOOK_EVERY.checked_sub(w)).filter(|w| !w.is_zero()) {
            return Ok(Err(wait));
        }
        proofs::note_look(tx, &proof.id, now)?;
        if proof.status()? == ProofStatus::Pending {
            proofs::advance(tx, &proof.id, ProofStatus::Processing, None, now)?;
        }
        let platform = platforms::by_id(tx, &mine.row.platform_id)?.ok_or(StoreError::Stale("platform"))?;
        Ok(Ok(Question { row: mine.row, proof, prefixes: platform.prefixes()? }))
    });
    let question = match begun.await? {
        Ok(question) => question,
        Err(wait) => return Ok(Looked::TooSoon(wait)),
    };
    let found = match kind {
        ProofKind::PlatformToken => text::find(app, &question).await,
        ProofKind::SiteLink => site_link::find(app, &question).await,
        ProofKind::PlatformPush | ProofKind::PlatformOauth | ProofKind::Operator => return Err(Error::NotFound("proof")),
    };
    conclude(app, application, browser, question.proof, found).await
}

/// What is asked about.
pub(super) struct Question {
    pub row: ApplicationRow,
    pub proof: ProofRow,
    /// What addresses of communities begin with.
    pub prefixes: Vec<String>,
}

pub(super) async fn conclude(
    app: &Arc<App>,
    application: String,
    browser: String,
    proof: ProofRow,
    found: Result<(), ControlProblem>,
) -> Result<Looked, Error> {
    let now = app.clock.now();
    app.db
        .write("conclude_look", move |tx| {
            let mine = mine_to_prove(tx, &application, &browser, now)?;
            // Ended, or begun anew for another organisation or with another page, while the answer was on its way.
            let open = still_open(tx, &mine.row.id, proof.kind()?, now)?;
            let open = open.filter(|o| o.id == proof.id && o.page == proof.page).ok_or(StoreError::Stale("proof"))?;
            match found {
                Ok(()) => {
                    prove(tx, &mine.row, &open, now)?;
                    Ok(Looked::Proven)
                }
                Err(problem) => {
                    proofs::advance(tx, &open.id, ProofStatus::Pending, Some(problem.as_str()), now)?;
                    Ok(Looked::NotYet(problem))
                }
            }
        })
        .await
}

/// The community itself as its platform shows it to everybody now. By its number: names change hands.
pub(super) async fn community(app: &Arc<App>, platform: &str, number: &str) -> Result<UnverifiedCommunity, ControlProblem> {
    let api = app.platform_apis.get(platform).ok_or(ControlProblem::PlatformUnavailable)?;
    let number: CommunityNumber = number.parse().map_err(|_| ControlProblem::CommunityGone)?;
    let seen = ask(app, api, &Locator::Number(number)).await.map_err(|e| match e.fault {
        ApiFault::Theirs => ControlProblem::CommunityClosed,
        ApiFault::TryAgain(_) | ApiFault::Ours => {
            tracing::warn!(platform, upstream = e.upstream, detail = %e, "a community could not be read for a proof");
            ControlProblem::PlatformUnavailable
        }
    })?;
    let seen = seen.ok_or(ControlProblem::CommunityGone)?;
    match seen.visibility {
        Visibility::Open => Ok(seen),
        Visibility::Closed => Err(ControlProblem::CommunityClosed),
        Visibility::Deleted | Visibility::Blocked => Err(ControlProblem::CommunityGone),
    }
}
