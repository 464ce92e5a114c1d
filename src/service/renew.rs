//! Gives badges in force a further attestation before the present one ends, after the checks that need nobody's presence passed
//! again. The new one has a name and a place of its own; the old one simply runs out. The same steps as in `issue`: intent,
//! signature, record. They are taken for many badges at once, because each commit costs more than a signature.
//!
//! A badge whose attestation was signed by a key since called compromised gets a new one at once, and the old one's place says
//! INVALID: nobody has to sign in again for a key that we lost.

use std::sync::Arc;
use std::time::Duration;

use super::attestation_claims::renewed_claims;
use super::federation::delegation::attestation_end;
use super::record_event::{self, Happening};
use super::{Actor, App, Error, attest};
use crate::domain::badge::{BadgeState, EventKind};
use crate::domain::ids::AttestationId;
use crate::domain::reason::ReasonCode;
use crate::domain::time::Timestamp;
use crate::ports::signer::SignedJwt;
use crate::store::attestations::{self, AttestationRow};
use crate::store::badges::{self, BadgeRow};
use crate::store::{StoreError, Tx, applications, platforms, renewals};

/// Badges handled in one pair of transactions.
const BATCH: i64 = 100;

/// A badge that could not be renewed is looked at again after this long, or sooner where renewal begins later.
const LOOK_AGAIN: Duration = Duration::from_secs(24 * 3600);

/// Why a badge is not renewed, as kept beside it and told to operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Obstacle {
    /// The confirmation is older than a renewal may rest on: somebody of the authority has to sign in again.
    ConfirmationTooOld,
    /// The platform is shut out.
    PlatformDisabled,
    /// `public_url` is another one now: what was issued under the old one is foreign.
    IssuerChanged,
    /// Something on record cannot be read; the log says what.
    DamagedRecord,
}

impl Obstacle {
    const fn as_str(self) -> &'static str {
        match self {
            Self::ConfirmationTooOld => "confirmation_too_old",
            Self::PlatformDisabled => "platform_disabled",
            Self::IssuerChanged => "issuer_changed",
            Self::DamagedRecord => "damaged_record",
        }
    }
}

/// What one run did.
#[derive(Default, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// Badges with a new attestation.
    pub renewed: usize,
    /// Badges that could not be renewed now.
    pub held_up: usize,
}

/// Renews everything that is due: first what a compromised key signed, then what ends soon. Each badge is looked at once in a
/// run, so that one that cannot be renewed holds up no other.
///
/// # Errors
/// [`Error`] when the database is away; the next run continues.
pub async fn renew(app: &Arc<App>) -> Result<Renewed, Error> {
    let mut all = Renewed::default();
    let mut after = String::new();
    loop {
        let (now, from) = (app.clock.now(), after.clone());
        let read = app.db.read("badges_of_compromised", move |tx| renewals::signed_by_compromised(tx, now, &from, BATCH));
        let due = read.await.map_err(Error::from)?;
        let Some(last) = due.last() else { break };
        after = last.clone();
        all.add(batch(app, due, now).await?);
    }
    let mut after = (0, String::new());
    loop {
        let (now, from) = (app.clock.now(), after.clone());
        let until = now.plus(app.settings.renew_before);
        // Renewal turned off: what ends now has ended.
        let due = app.db.read("due_to_renew", move |tx| renewals::ending(tx, until, now, &from, BATCH)).await.map_err(Error::from)?;
        let Some(last) = due.last() else { break };
        after = last.clone();
        all.add(batch(app, due.into_iter().map(|(_, id)| id).collect(), now).await?);
    }
    if all != Renewed::default() {
        tracing::info!(renewed = all.renewed, held_up = all.held_up, "renewal");
    }
    Ok(all)
}

impl Renewed {
    const fn add(&mut self, more: Self) {
        self.renewed += more.renewed;
        self.held_up += more.held_up;
    }
}

/// How long a badge that could not be renewed is left alone.
fn rest(app: &App) -> Duration {
    match app.settings.renew_before / 4 {
        Duration::ZERO => LOOK_AGAIN,
        quarter => quarter.min(LOOK_AGAIN),
    }
}

async fn batch(app: &Arc<App>, mut due: Vec<String>, now: Timestamp) -> Result<Renewed, Error> {
    // Everybody who holds several badges takes them in the same order, and lists after them.
    due.sort();
    let inner = Arc::clone(app);
    let (prepared, held_up) = app
        .db
        .write("prepare_renewals", move |tx| -> Result<_, Error> {
            for badge in &due {
                badges::lock(tx, badge)?;
            }
            let (mut prepared, mut held_up) = (Vec::new(), 0);
            for badge in due {
                let step = match prepare(&inner, tx, &badge, now) {
                    // Its own records are at fault; the others' are not.
                    Err(Error::Internal(why)) => {
                        tracing::error!(badge, why, "a badge cannot be renewed");
                        Step::HeldUp(Obstacle::DamagedRecord)
                    }
                    other => other?,
                };
                match step {
                    Step::Prepared(p) => prepared.push(*p),
                    Step::HeldUp(obstacle) => {
                        held_up += 1;
                        tracing::info!(badge, obstacle = obstacle.as_str(), "a badge is not renewed");
                        renewals::note(tx, &badge, Some((obstacle.as_str(), now.plus(rest(&inner)))))?;
                    }
                    Step::Nothing => {}
                }
            }
            Ok((prepared, held_up))
        })
        .await?;
    if prepared.is_empty() {
        return Ok(Renewed { renewed: 0, held_up });
    }
    // One whose token does not hold is left to the sweeper; its badge gets another try then.
    let signed: Vec<(SignedJwt, Prepared)> = prepared
        .into_iter()
        .filter_map(|p| match attest::sign(app, &p.row, now) {
            Ok(jwt) => Some((jwt, p)),
            Err(e) => {
                tracing::error!(badge = p.row.badge_id, error = %e, detail = e.operator_detail(), "a renewal could not be signed");
                None
            }
        })
        .collect();
    let inner = Arc::clone(app);
    let renewed = app.db.write("record_renewals", move |tx| record(&inner, tx, &signed, now)).await?;
    app.after_commit().await;
    Ok(Renewed { renewed, held_up })
}

/// A badge with its next attestation, not signed yet.
struct Prepared {
    row: AttestationRow,
    /// The attestation it follows.
    before: String,
    /// A key that signed for the badge is compromised: everything before this one goes.
    replaces: bool,
    platform: String,
}

enum Step {
    Prepared(Box<Prepared>),
    HeldUp(Obstacle),
    Nothing,
}

fn prepare(app: &App, tx: &mut Tx<'_>, badge: &str, now: Timestamp) -> Result<Step, Error> {
    let Some((row, community, authority)) = badges::facts(tx, badge)? else { return Ok(Step::Nothing) };
    let Some(newest) = attestations::newest_active(tx, badge)? else { return Ok(Step::Nothing) };
    let replaces = renewals::has_compromised(tx, badge, now)?;
    let due = replaces || newest.expires_at <= now.plus(app.settings.renew_before).millis();
    // What another process did meanwhile, or is doing.
    if row.state()? != BadgeState::Active || !due || newest.expires_at <= now.millis() || attestations::has_prepared(tx, badge)? {
        return Ok(Step::Nothing);
    }
    let platform = platforms::by_id(tx, &community.platform_id)?.ok_or_else(|| super::damaged("platform"))?;
    let application = applications::by_id(tx, &newest.application_id)?.ok_or_else(|| super::damaged("application"))?;
    let confirmed = Timestamp::from_millis(application.identity_at.unwrap_or(application.created_at));
    if platform.state != "active" {
        return Ok(Step::HeldUp(Obstacle::PlatformDisabled));
    }
    if now.since(confirmed) > app.settings.confirmation_lifetime {
        return Ok(Step::HeldUp(Obstacle::ConfirmationTooOld));
    }
    if !newest.claims.contains(&format!("\"iss\":\"{}\"", app.settings.issuer)) {
        return Ok(Step::HeldUp(Obstacle::IssuerChanged));
    }
    let expires = attestation_end(&app.settings, now)?;
    let place = attest::take_place(app, tx, AttestationId::new(now, app.entropy.bytes()), expires, now)?;
    let claims = renewed_claims(app, &platform, &newest.claims, &community, &authority, &place)?;
    let next = attest::prepare(tx, row.id, newest.application_id, &place, &claims)?;
    Ok(Step::Prepared(Box::new(Prepared { row: next, before: newest.id, replaces, platform: platform.id })))
}

fn record(app: &App, tx: &mut Tx<'_>, signed: &[(SignedJwt, Prepared)], now: Timestamp) -> Result<usize, Error> {
    let mut recorded: Vec<(BadgeRow, i64, &Prepared)> = Vec::with_capacity(signed.len());
    for (jwt, p) in signed {
        let row = &p.row;
        badges::lock(tx, &row.badge_id)?;
        let badge = badges::by_id(tx, &row.badge_id)?.ok_or(StoreError::Stale("badge"))?;
        let newest = attestations::newest_active(tx, &badge.id)?;
        // Suspended, ended or confirmed anew since it was prepared: nobody ever had this one. The sweeper gives it up; until then its
        // place is closed in every process as that of any unfinished issue.
        if badge.state()? != BadgeState::Active || newest.is_none_or(|n| n.id != p.before) {
            continue;
        }
        let version = attest::put_in_force(app, tx, &badge, row, jwt, now)?;
        if p.replaces {
            attestations::withdraw_others(tx, &badge.id, &row.id)?;
        }
        recorded.push((badge, version, p));
    }
    // The ledger's lock comes after all others.
    for (badge, version, p) in &recorded {
        let what = Happening {
            badge,
            version: *version,
            kind: EventKind::Renewed,
            state: BadgeState::Active.as_str(),
            reason: p.replaces.then(|| ReasonCode::KeyCompromise.as_str()),
            attestation: Some(p.row.id.clone()),
            platform: &p.platform,
        };
        record_event::record(app, tx, &what, &Actor::system(), now)?;
    }
    Ok(recorded.len())
}
