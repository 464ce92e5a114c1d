//! Issues an attestation as certificate authorities do: record the intent, sign outside any transaction, check the own
//! signature, record the result. A crash at any point leaves nothing, or a prepared row that the same application finishes
//! or the sweeper closes. A token leaves the process only after its record is committed.

use std::sync::Arc;

use super::attestation_claims::first_claims;
use super::confirm_authority::obstacle;
use super::federation::delegation::attestation_end;
use super::record_event::{self, Happening};
use super::{Actor, App, Error, attest, reprove, watch_sites};
use crate::domain::application::ApplicationState;
use crate::domain::badge::{BadgeState, EventKind};
use crate::domain::ids::{AttestationId, BadgeId, CommunityId};
use crate::domain::status::ListValue;
use crate::domain::time::Timestamp;
use crate::ports::signer::SignedJwt;
use crate::store::applications::{self, ApplicationRow};
use crate::store::attestations::{self, AttestationRow};
use crate::store::authorities::AuthorityRow;
use crate::store::badges::{self, BadgeRow};
use crate::store::codes::{self, CodeRow, NewToken};
use crate::store::communities::{self, CommunityRow};
use crate::store::idempotent_answers::{self, AnswerRow};
use crate::store::platforms::PlatformRow;
use crate::store::{StoreError, Tx, authorities, proofs};

/// What was issued.
pub struct Issued {
    /// The badge.
    pub badge: String,
    /// The signed attestation.
    pub token: String,
}

/// What is spent by issuing, in the recording transaction.
pub(super) struct Redemption {
    /// The code a platform redeems; none where the person confirms here. Either way the application is spent.
    pub code: Option<CodeRow>,
    /// The access token it gives, where it gives one.
    pub token: Option<NewToken>,
    /// Makes of what was issued the answer that is kept with it, for a request that may be repeated.
    pub keep: Option<KeepAnswer>,
}

pub(super) type KeepAnswer = Box<dyn FnOnce(&Issued) -> AnswerRow + Send>;

/// Issues (or, for a badge already in force, adds) an attestation for an application whose control is proven.
pub(super) async fn issue(
    app: &Arc<App>,
    application: &ApplicationRow,
    platform: &PlatformRow,
    mut redemption: Redemption,
) -> Result<Issued, Error> {
    let now = app.clock.now();
    let plan = Plan {
        app: Arc::clone(app),
        application: application.id.clone(),
        platform: platform.clone(),
        attestation: AttestationId::new(now, app.entropy.bytes()),
        badge: BadgeId::new(now, app.entropy.bytes()),
        community: CommunityId::new(now, app.entropy.bytes()),
        now,
    };
    let prepared = app.db.write("prepare_attestation", move |tx| plan.prepare(tx)).await?;
    let prepared = match prepared {
        Ok(row) => row,
        Err(code) => return Err(super::confirm_authority::end_with(app, application, None, code).await?),
    };

    let signed = attest::sign(app, &prepared, now)?;
    let issued = Issued { badge: prepared.badge_id.clone(), token: signed.token.clone() };
    let answer = redemption.keep.take().map(|keep| keep(&issued));
    let app2 = Arc::clone(app);
    let platform_id = platform.id.clone();
    app.db
        .write("activate_attestation", move |tx| {
            // The badge first, as everybody who changes one takes it.
            badges::lock(tx, &prepared.badge_id)?;
            if let Some(answer) = &answer {
                idempotent_answers::keep(tx, answer, now)?;
            }
            record(&app2, tx, &prepared, &signed, &platform_id, &redemption, now)
        })
        .await?;
    // The badge is on record and the code is spent: nothing after this may turn success into failure.
    app.after_commit().await;
    Ok(issued)
}

fn record(
    app: &App,
    tx: &mut Tx<'_>,
    row: &AttestationRow,
    signed: &SignedJwt,
    platform: &str,
    redemption: &Redemption,
    now: Timestamp,
) -> Result<(), Error> {
    let mut badge = badges::by_id(tx, &row.badge_id)?.ok_or(StoreError::Stale("badge"))?;
    let application = applications::by_id(tx, &row.application_id)?.ok_or(StoreError::Stale("application"))?;
    let reason = badge.reason.clone();
    let (kind, lifted) = match badge.state()? {
        BadgeState::Prepared => (EventKind::Issued, None),
        BadgeState::Active => (EventKind::Renewed, None),
        BadgeState::Suspended if reprove::lifts(tx, &badge, &application)? => (EventKind::Renewed, Some(lift(app, tx, &mut badge, now)?)),
        _ => return Err(StoreError::Stale("badge").into()),
    };
    let former = if kind == EventKind::Issued { end_former(app, tx, &badge, now)? } else { None };
    if let Some(code) = &redemption.code {
        codes::consume(tx, code, redemption.token.as_ref(), now)?;
    }
    applications::advance(tx, &row.application_id, ApplicationState::Issued, now)?;
    applications::set_badge(tx, &row.application_id, &badge.id)?;
    communities::confirm(tx, &badge.community_id, &application.community()?, now)?;
    reprove::meet(tx, &badge.id, &application)?;
    watch_sites::plan(app, tx, &badge.id, &application.id, now)?;
    let version = attest::put_in_force(app, tx, &badge, row, signed, now)?;
    // The ledger's lock comes after all others.
    let actor = Actor { kind: "representative", id: None, role: None, remote: None, request_id: None };
    if let Some((badge, version, attestation)) = &former {
        let (kind, state) = (EventKind::Superseded, BadgeState::Superseded.as_str());
        let what = Happening { badge, version: *version, kind, state, reason: None, attestation: attestation.clone(), platform };
        record_event::record(app, tx, &what, &actor, now)?;
    }
    if let Some((version, attestation)) = lifted {
        let (kind, reason) = (EventKind::Reinstated, reason.as_deref());
        let what = Happening { badge: &badge, version, kind, state: "active", reason, attestation, platform };
        record_event::record(app, tx, &what, &actor, now)?;
    }
    let what = Happening { badge: &badge, version, kind, state: "active", reason: None, attestation: Some(row.id.clone()), platform };
    record_event::record(app, tx, &what, &actor, now)
}

/// Puts a suspended badge back in force because its holder confirmed it anew; its new version and newest attestation.
fn lift(app: &App, tx: &mut Tx<'_>, badge: &mut BadgeRow, now: Timestamp) -> Result<(i64, Option<String>), Error> {
    let version = badges::advance(tx, badge, BadgeState::Active, None, now)?;
    // What this confirmation is too old to meet must not take the badge away again within the minute.
    reprove::give_time(app, tx, &badge.id, now)?;
    attestations::set_status(tx, &badge.id, ListValue::of(BadgeState::Active))?;
    *badge = badges::by_id(tx, &badge.id)?.ok_or(StoreError::Stale("badge"))?;
    Ok((version, attestations::newest_active(tx, &badge.id)?.map(|a| a.id)))
}

/// Ends the badge that somebody else has of the same community; the badge, its new version and newest attestation.
fn end_former(app: &App, tx: &mut Tx<'_>, new: &BadgeRow, now: Timestamp) -> Result<Option<(BadgeRow, i64, Option<String>)>, Error> {
    let Some(current) = badges::current_of(tx, &new.community_id)? else { return Ok(None) };
    badges::lock(tx, &current.id)?;
    let current = badges::by_id(tx, &current.id)?.ok_or(StoreError::Stale("badge"))?;
    // Suspended since the issue was prepared, say: no sign-in gets past that.
    if !app.settings.handover || current.state()? != BadgeState::Active {
        return Err(StoreError::Stale("badge").into());
    }
    let version = badges::advance(tx, &current, BadgeState::Superseded, None, now)?;
    attestations::set_status(tx, &current.id, ListValue::of(BadgeState::Superseded))?;
    let attestation = attestations::newest_active(tx, &current.id)?.map(|a| a.id);
    Ok(Some((current, version, attestation)))
}

struct Plan {
    app: Arc<App>,
    application: String,
    platform: PlatformRow,
    attestation: AttestationId,
    badge: BadgeId,
    community: CommunityId,
    now: Timestamp,
}

impl Plan {
    fn prepare(&self, tx: &mut Tx<'_>) -> Result<Result<AttestationRow, crate::domain::refusal::RefusalCode>, Error> {
        // Requests with the same code take turns: the later one finds what the earlier one prepared.
        applications::lock(tx, &self.application)?;
        let a = applications::by_id(tx, &self.application)?.ok_or(Error::ApplicationEnded)?;
        if a.state()? != ApplicationState::ControlProven || a.expires_at <= self.now.millis() {
            return Err(Error::ApplicationEnded);
        }
        let authority = authorities::by_id(tx, a.authority_id.as_deref().ok_or_else(|| super::damaged("application"))?)?;
        if let Some(code) = obstacle(self.app.settings.handover, tx, &a, &authority.ogrn, (&a.branch_name, &a.branch_kpp))? {
            return Ok(Err(code));
        }
        if let Some(unfinished) = self.unfinished(tx, &a, &authority)? {
            return Ok(Ok(unfinished));
        }
        let community = self.community_row(&a, tx.name)?;
        let community_id = communities::ensure(tx, community.clone())?;
        let community = CommunityRow { id: community_id, ..community };
        let expires = attestation_end(&self.app.settings, self.now)?;
        let badge = self.badge_for(tx, &a, &community, &authority, expires)?;
        let place = attest::take_place(&self.app, tx, self.attestation, expires, self.now)?;
        // The same application cannot get here unproven; a proof that ended since is no longer one.
        let control = proofs::strongest_valid(tx, &a.id, self.now)?.ok_or(Error::ApplicationEnded)?;
        let claims = first_claims(&self.app, &self.platform, &a, &community, &authority, &control, &place)?;
        let row = attest::prepare(tx, badge, a.id, &place, &claims)?;
        Ok(Ok(row))
    }

    /// What this application prepared before and did not finish. Somebody may have signed in for another body since: what was
    /// prepared for the first is not for the second.
    fn unfinished(&self, tx: &mut Tx<'_>, a: &ApplicationRow, authority: &AuthorityRow) -> Result<Option<AttestationRow>, Error> {
        let Some(row) = attestations::prepared_by(tx, &a.id)? else { return Ok(None) };
        let badge = badges::by_id(tx, &row.badge_id)?.ok_or(StoreError::Stale("badge"))?;
        Ok((badge.authority_id == authority.id && (&badge.branch_name, &badge.branch_kpp) == (&a.branch_name, &a.branch_kpp))
            .then_some(row))
    }

    fn community_row(&self, a: &ApplicationRow, by: &str) -> Result<CommunityRow, Error> {
        let c = a.community()?;
        Ok(CommunityRow {
            id: self.community.to_string(),
            platform_id: a.platform_id.clone(),
            number: c.id.to_string(),
            uri: c.uri,
            name: c.name,
            screen_name: c.screen_name,
            created_at: self.now.millis(),
            updated_at: self.now.millis(),
            updated_by: by.to_owned(),
        })
    }

    /// The badge the attestation is for: the one the same body has already, or a new prepared one.
    fn badge_for(
        &self,
        tx: &mut Tx<'_>,
        a: &ApplicationRow,
        c: &CommunityRow,
        authority: &AuthorityRow,
        expires: Timestamp,
    ) -> Result<String, Error> {
        if badges::prepared_of(tx, &c.id)?.is_some() {
            return Err(Error::Conflict("another confirmation of this community is being finished; try again in ten minutes".to_owned()));
        }
        // A badge of another authority or branch stays in force until the new one is recorded, which ends it.
        if let Some(current) = badges::current_of(tx, &c.id)?
            && current.authority_id == authority.id
            && (&current.branch_name, &current.branch_kpp) == (&a.branch_name, &a.branch_kpp)
        {
            return Ok(current.id);
        }
        let row = BadgeRow {
            id: self.badge.to_string(),
            community_id: c.id.clone(),
            authority_id: authority.id.clone(),
            branch_name: a.branch_name.clone(),
            branch_kpp: a.branch_kpp.clone(),
            application_id: a.id.clone(),
            state: BadgeState::Prepared.as_str().to_owned(),
            reason: None,
            version: 0,
            issued_at: None,
            expires_at: expires.millis(),
            ended_at: None,
            created_at: self.now.millis(),
            updated_at: self.now.millis(),
            updated_by: tx.name.to_owned(),
        };
        badges::insert(tx, &row)?;
        Ok(row.id)
    }
}
