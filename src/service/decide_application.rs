//! Operators decide where a person asked them to look: two of them have to agree that the organisation runs the community, one is enough
//! to refuse. Every call leaves an audit entry.

use std::sync::Arc;

use super::add_operator::entry;
use super::change_badge::NOTE_MAX;
use super::{Actor, App, Error, prove_control};
use crate::domain::application::ApplicationState;
use crate::domain::control::{ProofKind, ProofStatus};
use crate::domain::control_problem::ControlProblem;
use crate::domain::ids::AuditId;
use crate::domain::time::Timestamp;
use crate::ports::vault::SealFor;
use crate::store::applications::{self, ApplicationRow};
use crate::store::decisions::{self, DecisionRow};
use crate::store::proofs::{self, ProofRow};
use crate::store::{Tx, audit, operators};

/// What an operator decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// The organisation runs the community.
    Approve,
    /// It does not, or nothing shows that it does.
    Refuse,
}

impl Decision {
    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Refuse => "refuse",
        }
    }
}

/// Decides about the open question of an application; whether this call changed anything.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::SecondOperatorNeeded`] for whoever approved already; [`Error::Conflict`] where nothing is to be decided,
/// the decision is another already, or the question is no more the one the operator looked at (`about`).
pub async fn decide_application(
    app: &Arc<App>,
    application: String,
    decision: Decision,
    note: Option<String>,
    about: Option<String>,
    actor: Actor,
) -> Result<bool, Error> {
    let note = note.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
    if note.as_ref().is_some_and(|n| n.chars().count() > NOTE_MAX) {
        return Err(Error::InvalidRequest(format!("note must not be longer than {NOTE_MAX} characters")));
    }
    let now = app.clock.now();
    let mut entry = entry(app, action(decision), &application, &actor);
    let id = AuditId::new(now, app.entropy.bytes()).to_string();
    entry.note = note.as_ref().map(|n| app.vault.seal(SealFor::Note, &entry.id, n.as_bytes()));
    let row = DecisionRow {
        note: note.map(|n| app.vault.seal(SealFor::Note, &id, n.as_bytes())),
        id,
        proof_id: String::new(),
        operator_id: actor.id.unwrap_or_else(|| actor.kind.to_owned()),
        decision: decision.as_str().to_owned(),
        decided_at: now.millis(),
    };
    let decided = app.db.write("decide_application", move |tx| -> Result<_, Error> {
        // The audit entry of a refused call is committed with it, so the refusal is inside.
        let decided = decide(tx, &application, decision, about.as_deref(), row, now)?;
        entry.outcome = match &decided {
            Ok(true) => "ok",
            Ok(false) => "already",
            Err(_) => "refused",
        }
        .to_owned();
        audit::insert(tx, &entry)?;
        Ok(decided)
    });
    decided.await?
}

/// The word for the audit trail.
pub const fn action(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "application.approve",
        Decision::Refuse => "application.refuse",
    }
}

/// The outer result is the transaction's.
fn decide(
    tx: &mut Tx<'_>,
    application: &str,
    decision: Decision,
    about: Option<&str>,
    row: DecisionRow,
    now: Timestamp,
) -> Result<Result<bool, Error>, Error> {
    if applications::by_id(tx, application)?.is_none() {
        return Ok(Err(Error::NotFound("application")));
    }
    applications::lock(tx, application)?;
    let a = applications::by_id(tx, application)?.ok_or(Error::NotFound("application"))?;
    let asked = proofs::of_application(tx, application)?.into_iter().rev().find(|p| p.kind == ProofKind::Operator.as_str());
    let Some(proof) = asked else { return Ok(Err(Error::Conflict("nobody asked operators to look at this application".to_owned()))) };
    if about.is_some_and(|about| about != proof.id) {
        return Ok(Err(Error::Conflict("the person has asked anew since, for another organisation perhaps: look at it again".to_owned())));
    }
    let before = decisions::of_proof(tx, &proof.id)?;
    let by_caller = before.iter().find(|d| d.operator_id == row.operator_id);
    let status = proof.status_at(now)?;
    let stands = match (status, proof.error.as_deref()) {
        (ProofStatus::Valid, _) => Some(Decision::Approve),
        (ProofStatus::Invalid, Some(why)) if why == ControlProblem::Declined.as_str() => Some(Decision::Refuse),
        _ => None,
    };
    if by_caller.is_some_and(|d| d.decision == decision.as_str()) && decision == Decision::Approve {
        return Ok(Err(Error::SecondOperatorNeeded));
    }
    match stands {
        Some(stands) if stands == decision => return Ok(Ok(false)),
        Some(_) => return Ok(Err(Error::Conflict("this was decided otherwise already; a badge is ended by revoking it".to_owned()))),
        None => {}
    }
    if status == ProofStatus::Invalid || a.state()?.is_final() || a.expires_at <= now.millis() {
        return Ok(Err(Error::Conflict("the application, or the question, has ended: nothing is to be decided".to_owned())));
    }
    settle(tx, &a, &proof, decision, &before, row, now)
}

fn settle(
    tx: &mut Tx<'_>,
    a: &ApplicationRow,
    proof: &ProofRow,
    decision: Decision,
    before: &[DecisionRow],
    row: DecisionRow,
    now: Timestamp,
) -> Result<Result<bool, Error>, Error> {
    // Whoever approved and refuses now has thought again: their refusal counts, and needs no record beside the audit trail's.
    if !before.iter().any(|d| d.operator_id == row.operator_id) {
        decisions::insert(tx, &DecisionRow { proof_id: proof.id.clone(), ..row })?;
    }
    if decision == Decision::Refuse {
        proofs::advance(tx, &proof.id, ProofStatus::Invalid, Some(ControlProblem::Declined.as_str()), now)?;
        return Ok(Ok(true));
    }
    // An approval by somebody who was shut out since is not one.
    let mut standing = 0;
    for earlier in before.iter().filter(|d| d.decision == Decision::Approve.as_str()) {
        standing += usize::from(operators::is_active(tx, &earlier.operator_id)?);
    }
    if standing == 0 {
        if proof.status()? == ProofStatus::Pending {
            proofs::advance(tx, &proof.id, ProofStatus::Processing, None, now)?;
        }
        return Ok(Ok(true));
    }
    if a.state()? == ApplicationState::OrganisationChosen {
        prove_control::prove(tx, a, proof, now)?;
    } else {
        // The person is signing in anew: where they choose the same organisation, the proof holds for it.
        proofs::advance(tx, &proof.id, ProofStatus::Valid, None, now)?;
    }
    Ok(Ok(true))
}
