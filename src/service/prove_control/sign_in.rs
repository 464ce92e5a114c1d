//! The person signs in at the platform, which says whether they administer the community. The pass is bound to the attempt and the
//! browser and used once; what the platform gives for the question is handed back and never kept.

use std::sync::Arc;
use std::time::Duration;

use super::look::conclude;
use super::{mine_to_prove, still_open};
use crate::domain::community::CommunityNumber;
use crate::domain::control::{ProofKind, ProofStatus};
use crate::domain::control_problem::ControlProblem;
use crate::domain::digest::{self, SecretKind};
use crate::domain::ids::ProofId;
use crate::ports::platform_sign_in::{PassSecrets, SignInError, UnverifiedReturn};
use crate::ports::vault::SealFor;
use crate::service::platform_sign_ins::callback_path;
use crate::service::{App, Error, damaged};
use crate::store::passes::{self, PassRow};
use crate::store::proofs::{self, ProofRow};

/// Time to sign in at the platform and come back.
const PASS_LIFETIME: Duration = Duration::from_secs(600);

/// Passes of one application in that time: each costs the platform two questions.
const MOST_PASSES: i64 = 10;

/// Begins; the address at the platform.
///
/// # Errors
/// [`Error::NotFound`] where the platform has no such way; as [`super::control_of`].
pub async fn begin_sign_in(app: &Arc<App>, application: String, browser: &str) -> Result<String, Error> {
    let (now, browser_digest) = (app.clock.now(), digest::of_secret(SecretKind::Browser, browser));
    let id = ProofId::new(now, app.entropy.bytes()).to_string();
    let (state, verifier) = (app.entropy.token(), app.entropy.token());
    let inner = Arc::clone(app);
    app.db
        .write("begin_platform_sign_in", move |tx| {
            let mine = mine_to_prove(tx, &application, &browser_digest, now)?;
            if passes::recent_of(tx, &mine.row.id, now)? >= MOST_PASSES {
                return Err(Error::Conflict("too many sign-ins were begun; finish one of them or wait ten minutes".to_owned()));
            }
            let platform = mine.row.platform_id.clone();
            let way = inner.platform_sign_ins.get(&platform).ok_or(Error::NotFound("way"))?;
            let secrets = PassSecrets { state, verifier, redirect_uri: format!("{}{}", inner.settings.issuer, callback_path(&platform)) };
            let proof = match still_open(tx, &mine.row.id, ProofKind::PlatformOauth, now)? {
                Some(open) => open.id,
                None => {
                    let begun = proofs::begun(id, &mine.row, ProofKind::PlatformOauth, now, tx.name);
                    proofs::insert(tx, &ProofRow { login_id: Some(mine.login.clone()), ..begun.clone() })?;
                    begun.id
                }
            };
            let state_digest = digest::of_secret(SecretKind::PlatformState, &secrets.state);
            let plain = serde_json::to_vec(&secrets).map_err(|e| Error::Internal(e.to_string()))?;
            let pass = PassRow {
                sealed: inner.vault.seal(SealFor::PlatformPass, &state_digest, &plain),
                state_digest,
                proof_id: proof,
                application_id: mine.row.id,
                platform_id: platform,
                browser_digest,
                expires_at: now.plus(PASS_LIFETIME).millis(),
                used_at: None,
            };
            passes::insert(tx, &pass)?;
            Ok(way.address(&secrets))
        })
        .await
}

/// What the person came back with, untrusted.
pub struct PlatformReturn {
    /// Short name of the platform the address names.
    pub platform: String,
    /// `state`
    pub state: String,
    /// `code`
    pub code: Option<String>,
    /// `device_id`
    pub device_id: Option<String>,
    /// The secret of this browser's cookie.
    pub browser: String,
}

/// Completes; the application it was for.
///
/// # Errors
/// [`Error::LoginLost`] when no open pass of this browser fits; as [`super::look()`].
pub async fn complete_sign_in(app: &Arc<App>, back: PlatformReturn) -> Result<String, Error> {
    let (now, browser) = (app.clock.now(), digest::of_secret(SecretKind::Browser, &back.browser));
    let state_digest = digest::of_secret(SecretKind::PlatformState, &back.state);
    // Guesses cost a read and never the one writer.
    let guessed = state_digest.clone();
    if !app.db.read("pass_exists", move |tx| passes::exists(tx, &guessed)).await.map_err(Error::from)? {
        return Err(Error::LoginLost);
    }
    let way = app.platform_sign_ins.get(&back.platform).ok_or(Error::LoginLost)?;
    let (who, platform) = (browser.clone(), back.platform.clone());
    let consumed = app.db.write("consume_pass", move |tx| -> Result<_, Error> {
        let pass = passes::consume(tx, &state_digest, &who, &platform, now)?.ok_or(Error::LoginLost)?;
        let mine = mine_to_prove(tx, &pass.application_id, &who, now)?;
        let open = still_open(tx, &mine.row.id, ProofKind::PlatformOauth, now)?;
        let proof = open.filter(|p| p.id == pass.proof_id).ok_or(Error::LoginLost)?;
        proofs::note_look(tx, &proof.id, now)?;
        if proof.status()? == ProofStatus::Pending {
            proofs::advance(tx, &proof.id, ProofStatus::Processing, None, now)?;
        }
        Ok((pass, mine.row, proof))
    });
    let (pass, row, proof) = consumed.await?;
    let plain = app.vault.open(SealFor::PlatformPass, &pass.state_digest, &pass.sealed).map_err(|_| damaged("pass"))?;
    let secrets: PassSecrets = serde_json::from_slice(&plain).map_err(|_| damaged("pass"))?;
    let number: CommunityNumber = row.community_number.parse().map_err(|_| damaged("application"))?;
    let found = match back.code {
        None => Err(ControlProblem::SignInCancelled),
        Some(code) => match way.administers(&secrets, &UnverifiedReturn { code, device_id: back.device_id }, &number).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(ControlProblem::NotAnAdministrator),
            Err(SignInError::BadReturn(detail)) => {
                tracing::warn!(platform = back.platform, detail, application = %row.id, "a sign-in at a platform came back wrong");
                Err(ControlProblem::SignInCancelled)
            }
            Err(SignInError::NoAnswer(e)) => {
                tracing::warn!(platform = back.platform, upstream = e.upstream, detail = %e, "a platform did not say who administers");
                Err(ControlProblem::PlatformUnavailable)
            }
        },
    };
    // What was found is on record, for the page that comes next.
    conclude(app, row.id.clone(), browser, proof, found).await?;
    Ok(row.id)
}
