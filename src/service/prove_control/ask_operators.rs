//! The person asks operators to look, where there is no other way: with a few words, which are sealed and which operators alone read.
//! What they decide is `decide_application.rs`.

use std::sync::Arc;

use super::{mine_to_prove, still_open};
use crate::domain::control::ProofKind;
use crate::domain::digest::{self, SecretKind};
use crate::domain::ids::ProofId;
use crate::ports::vault::SealFor;
use crate::service::{App, Error};
use crate::store::proofs::{self, ProofRow};

/// Longest explanation, in characters.
pub const EXPLANATION_MAX: usize = 1000;

/// Asks; asked before, nothing changes. The inner error: the explanation is empty or too long.
///
/// # Errors
/// As [`super::control_of`].
pub async fn ask_operators(
    app: &Arc<App>,
    application: String,
    browser: &str,
    explanation: &str,
) -> Result<Result<(), BadExplanation>, Error> {
    let explanation = explanation.replace("\r\n", "\n").trim().to_owned();
    match explanation.chars().count() {
        0 => return Ok(Err(BadExplanation::Missing)),
        n if n > EXPLANATION_MAX => return Ok(Err(BadExplanation::TooLong)),
        _ => {}
    }
    let (now, browser) = (app.clock.now(), digest::of_secret(SecretKind::Browser, browser));
    let id = ProofId::new(now, app.entropy.bytes()).to_string();
    let sealed = app.vault.seal(SealFor::Explanation, &id, explanation.as_bytes());
    app.db
        .write("ask_operators", move |tx| {
            let mine = mine_to_prove(tx, &application, &browser, now)?;
            if still_open(tx, &mine.row.id, ProofKind::Operator, now)?.is_none() {
                let begun = proofs::begun(id, &mine.row, ProofKind::Operator, now, tx.name);
                proofs::insert(tx, &ProofRow { sealed: Some(sealed), login_id: Some(mine.login), ..begun })?;
            }
            Ok(Ok(()))
        })
        .await
}

/// What is wrong with an explanation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadExplanation {
    /// There is none.
    Missing,
    /// It is longer than [`EXPLANATION_MAX`].
    TooLong,
}
