//! Applications as operators see them: which wait for a decision, and one with all that is needed to take it. Lists hold no personal
//! data; what a person wrote is opened for one application at a time, and leaves an audit entry.

use std::sync::Arc;

use super::add_operator::entry;
use super::{Actor, App, Error};
use crate::domain::application::ApplicationState;
use crate::domain::control::{ProofKind, ProofStatus};
use crate::ports::vault::SealFor;
use crate::store::applications::{self, ApplicationRow};
use crate::store::authorities::{self, AuthorityRow};
use crate::store::decisions::{self, ApplicationFilter, DecisionRow};
use crate::store::proofs::{self, ProofRow};
use crate::store::{StoreError, Tx, audit};

/// What to list.
#[derive(Default)]
pub struct Wanted {
    /// In this state.
    pub state: Option<String>,
    /// With a proof of this kind.
    pub proof: Option<String>,
    /// With a proof that stands so.
    pub status: Option<String>,
    /// The last id of the page before.
    pub cursor: Option<String>,
    /// Rows.
    pub limit: i64,
}

/// An application with what is public about it, its proofs and what operators decided.
pub struct Listed {
    /// The application.
    pub application: ApplicationRow,
    /// The organisation, where one is chosen.
    pub authority: Option<AuthorityRow>,
    /// Its proofs, each with the decisions about it.
    pub proofs: Vec<(ProofRow, Vec<DecisionRow>)>,
}

fn listed(tx: &mut Tx<'_>, application: ApplicationRow) -> Result<Listed, StoreError> {
    let authority = application.authority_id.as_deref().map(|id| authorities::by_id(tx, id)).transpose()?;
    let rows = proofs::of_application(tx, &application.id)?;
    let proofs = rows.into_iter().map(|p| decisions::of_proof(tx, &p.id).map(|d| (p, d))).collect::<Result<_, _>>()?;
    Ok(Listed { application, authority, proofs })
}

/// A page of applications, newest first, and the cursor of the next one.
///
/// # Errors
/// [`Error::InvalidRequest`] for a word that is none.
pub async fn list_applications(app: &Arc<App>, wanted: Wanted) -> Result<(Vec<Listed>, Option<String>), Error> {
    check(wanted.state.as_deref(), "state", &ApplicationState::ALL.map(ApplicationState::as_str))?;
    check(wanted.proof.as_deref(), "proof", &ProofKind::ALL.map(ProofKind::as_str))?;
    check(wanted.status.as_deref(), "status", &ProofStatus::ALL.map(ProofStatus::as_str))?;
    let limit = wanted.limit;
    let filter = ApplicationFilter { state: wanted.state, proof: wanted.proof, status: wanted.status };
    let read = app.db.read("list_applications", move |tx| -> Result<_, StoreError> {
        let rows = decisions::page(tx, &filter, wanted.cursor.as_deref(), limit + 1)?;
        rows.into_iter().map(|row| listed(tx, row)).collect::<Result<Vec<_>, _>>()
    });
    let mut rows = read.await.map_err(Error::from)?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        rows.pop();
    }
    let next = rows.last().filter(|_| more).map(|r| r.application.id.clone());
    Ok((rows, next))
}

fn check(word: Option<&str>, name: &str, all: &[&str]) -> Result<(), Error> {
    match word {
        Some(w) if !all.contains(&w) => Err(Error::InvalidRequest(format!("{name} must be one of: {}", all.join(", ")))),
        _ => Ok(()),
    }
}

/// One application.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find_application(app: &Arc<App>, id: String) -> Result<Listed, Error> {
    let read = app.db.read("application", move |tx| -> Result<_, Error> {
        let row = applications::by_id(tx, &id)?.ok_or(Error::NotFound("application"))?;
        Ok(listed(tx, row)?)
    });
    read.await
}

/// One application, with what its person wrote to operators, where it is still kept.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn open_application(app: &Arc<App>, id: String, actor: &Actor) -> Result<(Listed, Option<String>), Error> {
    let mut entry = entry(app, "application.read", &id, actor);
    let found = app.db.write("open_application", move |tx| -> Result<_, Error> {
        let Some(row) = applications::by_id(tx, &id)? else {
            entry.outcome = "not_found".to_owned();
            audit::insert(tx, &entry)?;
            return Ok(None);
        };
        let listed = listed(tx, row)?;
        if listed.proofs.iter().any(|(p, _)| p.sealed.is_some()) {
            entry.reason = Some("explanation opened".to_owned());
        }
        audit::insert(tx, &entry)?;
        Ok(Some(listed))
    });
    let listed = found.await?.ok_or(Error::NotFound("application"))?;
    let sealed = listed.proofs.iter().rev().find_map(|(p, _)| p.sealed.as_ref().map(|s| (&p.id, s)));
    let Some((proof, sealed)) = sealed else { return Ok((listed, None)) };
    let plain = app.vault.open(SealFor::Explanation, proof, sealed).map_err(|_| super::damaged("explanation"))?;
    let text = String::from_utf8(plain).map_err(|_| super::damaged("explanation"))?;
    Ok((listed, Some(text)))
}
