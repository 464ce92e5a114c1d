//! Shared by the two ways an organisation gets chosen (the only one; by the person): reads its record, applies the written
//! policy, and makes the application ready for the platform to collect the badge.

use std::sync::Arc;

use super::metrics::Step;
use super::return_to_platform;
use super::{App, Error, WayOn, reprove};
use crate::domain::application::{ApplicationState, StartKind};
use crate::domain::badge::BadgeState;
use crate::domain::confirmation::{self, ConfirmedAuthority, OrganisationFacts};
use crate::domain::digest::{self, SecretKind};
use crate::domain::eligibility::{BranchFacts, Candidate, OrgType, PersonFacts, RoleFacts};
use crate::domain::ids::AuthorityId;
use crate::domain::refusal::RefusalCode;
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::{Login, RoleOrgType, UnverifiedOrganisation};
use crate::ports::vault::SealFor;
use crate::store::applications::{self, ApplicationRow, IdentityChange};
use crate::store::authorities::{self, AuthorityRow};
use crate::store::badges::BadgeRow;
use crate::store::codes::{self, CodeRow};
use crate::store::{Tx, badges, communities, evidence, logins, proofs};

/// The provider's answer in the words of the policy.
pub(super) fn facts_of(login: &Login) -> (PersonFacts, Vec<RoleFacts>) {
    let roles = login.roles.iter().map(|r| RoleFacts {
        oid: r.oid.clone(),
        full_name: r.full_name.clone(),
        short_name: r.short_name.clone(),
        ogrn: r.ogrn.clone(),
        org_type: match r.org_type {
            RoleOrgType::Agency => OrgType::Agency,
            RoleOrgType::Legal => OrgType::Legal,
            RoleOrgType::Business => OrgType::Business,
            RoleOrgType::Other => OrgType::Other,
        },
        chief: r.chief,
        admin: r.admin,
        active: r.active,
        liquidated: r.liquidated,
        branch: r.branch.as_ref().map(|b| BranchFacts { oid: b.oid.clone(), name: b.name.clone() }),
    });
    (PersonFacts { confirmed: login.person.confirmed }, roles.collect())
}

fn organisation_facts(o: UnverifiedOrganisation) -> OrganisationFacts {
    OrganisationFacts {
        full_name: o.full_name,
        short_name: o.short_name,
        ogrn: o.ogrn,
        inn: o.inn,
        kpp: o.kpp,
        okopf: o.okopf,
        oktmo: o.oktmo,
        agency_type: o.agency_type,
        agency_territory: o.agency_territory,
        liquidated: o.liquidated,
    }
}

/// The login as it is sealed into the evidence record. The provider's session goes in only while it is still needed.
pub(super) fn evidence_of(login: &Login, keep_session: bool) -> Result<Vec<u8>, Error> {
    let mut kept = login.clone();
    if !keep_session {
        kept.session.0.clear();
    }
    serde_json::to_vec(&kept).map_err(|e| Error::Internal(e.to_string()))
}

/// An evidence record and what is to replace its content.
type Resealed = (String, Vec<u8>);

/// Ends the application with `code`, or, where the same application can still succeed, only notes the obstacle. Returns the
/// error to show.
pub(super) async fn end_with(app: &Arc<App>, application: &ApplicationRow, login: Option<&str>, code: RefusalCode) -> Result<Error, Error> {
    end(app, application, login, None, code).await
}

/// The same; an application that ends needs the provider's session no more, and `resealed` is the evidence without it.
async fn end(
    app: &Arc<App>,
    application: &ApplicationRow,
    login: Option<&str>,
    resealed: Option<Resealed>,
    code: RefusalCode,
) -> Result<Error, Error> {
    let (id, login, now) = (application.id.clone(), login.map(str::to_owned), app.clock.now());
    app.db
        .write("refuse_application", move |tx| {
            if let Some(login) = login {
                logins::set_outcome(tx, &login, code.as_str())?;
            }
            if code.can_retry() {
                return applications::note_obstacle(tx, &id, Some(code));
            }
            if let Some((evidence, sealed)) = resealed {
                evidence::keep_only(tx, &id, &evidence, &sealed)?;
            }
            applications::refuse(tx, &id, code, now)
        })
        .await
        .map_err(Error::from)?;
    let way_on = if code.can_retry() { WayOn::after(code, application.state()?) } else { WayOn::Over };
    Ok(Error::Refused { application: application.id()?, code, way_on })
}

/// The record could not be read for a reason that lies between us and the provider: the sign-in still holds, so the person
/// goes on from the choice of an organisation and need not sign in again.
async fn pause_at_choice(app: &Arc<App>, application: &ApplicationRow, code: RefusalCode) -> Result<Error, Error> {
    let (id, state, now) = (application.id.clone(), application.state()?, app.clock.now());
    app.db
        .write("pause_at_choice", move |tx| {
            if state == ApplicationState::Started {
                applications::advance(tx, &id, ApplicationState::IdentityConfirmed, now)?;
            }
            applications::note_obstacle(tx, &id, Some(code))
        })
        .await
        .map_err(Error::from)?;
    Ok(Error::Refused { application: application.id()?, code, way_on: WayOn::Choose })
}

/// Confirms the chosen organisation and returns where to send the browser: back to the platform, with a code; or on, where an
/// authority started by itself.
pub(super) async fn confirm(
    app: &Arc<App>,
    application: ApplicationRow,
    login: &Login,
    candidate: &Candidate,
    evidence: String,
    now: Timestamp,
) -> Result<String, Error> {
    let idp = app.idps.get(&login.idp).ok_or_else(|| super::damaged("the provider of a sign-in"))?;
    let sealed = app.vault.seal(SealFor::Evidence, &evidence, &evidence_of(login, false)?);
    let resealed = Some((evidence.clone(), sealed.clone()));
    let record = match idp.organisation(&login.session, &candidate.oid, now).await {
        Ok(record) => organisation_facts(record),
        Err(e) => {
            app.metrics.idp_error(idp.id(), Step::Organisation, &e);
            tracing::warn!(idp = idp.id(), code = %e.code, upstream = e.upstream, detail = %e.detail, try_again = e.try_again.as_str(), application = %application.id, "organisation record not read");
            return Err(if e.code.is_between_us_and_the_provider() {
                pause_at_choice(app, &application, e.code).await?
            } else {
                end(app, &application, None, resealed, e.code).await?
            });
        }
    };
    let authority = match confirmation::confirm(candidate, &record) {
        Ok(authority) => authority,
        Err(code) => return Err(end(app, &application, None, resealed, code).await?),
    };
    let representative = app.vault.pseudonym(idp.realm(), &login.person.subject);
    let code = app.entropy.token();
    let identity = Identity {
        application: application.clone(),
        authority,
        authority_id: AuthorityId::new(now, app.entropy.bytes()),
        representative,
        idp: idp.id(),
        handover: app.settings.handover,
        sealed,
        evidence,
        code_digest: digest::of_secret(SecretKind::AuthorizationCode, &code),
        code_expires: now.plus(app.settings.code_lifetime),
    };
    match app.db.write("confirm_authority", move |tx| identity.record(tx, now)).await? {
        Recorded::Handed => return_to_platform::with_code(app, &application, &code),
        Recorded::Chosen => Ok(format!("/applications/{}", application.id)),
        Recorded::Proven => Ok(format!("/applications/{}/confirm", application.id)),
        Recorded::Held(refusal) => Err(end(app, &application, None, resealed, refusal).await?),
    }
}

/// What became of a chosen organisation.
enum Recorded {
    /// A code was made for the platform.
    Handed,
    /// Control of the community is still to be proven.
    Chosen,
    /// Control was proven before, for the same organisation.
    Proven,
    /// Nothing: the community's present badge stands in the way.
    Held(RefusalCode),
}

struct Identity {
    application: ApplicationRow,
    authority: ConfirmedAuthority,
    authority_id: AuthorityId,
    representative: String,
    idp: &'static str,
    handover: bool,
    evidence: String,
    sealed: Vec<u8>,
    code_digest: String,
    code_expires: Timestamp,
}

impl Identity {
    /// Records everything, or nothing.
    fn record(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Recorded, Error> {
        let a = &self.application;
        let name = self.authority.branch.as_ref().map(|b| b.name.clone());
        let kpp = self.authority.branch.as_ref().and_then(|b| b.kpp.clone());
        if let Some(code) = obstacle(self.handover, tx, a, self.authority.ogrn.as_str(), (&name, &kpp))? {
            return Ok(Recorded::Held(code));
        }
        let authority = authorities::upsert(tx, self.authority_row(tx.name, now))?;
        let login = evidence::login_of(tx, &self.evidence)?;
        let other_branch = (&a.branch_name, &a.branch_kpp) != (&name, &kpp);
        proofs::bind_all(tx, &a.id, &authority, other_branch, login.as_deref(), now)?;
        let change = IdentityChange {
            idp: Some(self.idp.to_owned()),
            representative: Some(self.representative.clone()),
            mandate: Some(self.authority.mandate.as_str().to_owned()),
            identity_at: Some(now.millis()),
            authority_id: Some(authority),
            branch_name: name,
            branch_kpp: kpp,
        };
        applications::set_identity(tx, &a.id, &change)?;
        // Of several sign-ins only the one that counts is evidence, and the provider's session is not needed any more.
        evidence::keep_only(tx, &a.id, &self.evidence, &self.sealed)?;
        applications::note_obstacle(tx, &a.id, None)?;
        applications::advance(tx, &a.id, ApplicationState::OrganisationChosen, now)?;
        let portal = a.start()? == StartKind::Portal;
        match proofs::strongest_valid(tx, &a.id, now)? {
            Some(_) => applications::advance(tx, &a.id, ApplicationState::ControlProven, now)?,
            None if portal => return Ok(Recorded::Chosen),
            None => return Err(super::damaged("the platform's word for control of the community")),
        }
        if portal {
            return Ok(Recorded::Proven);
        }
        let code = CodeRow {
            digest: self.code_digest.clone(),
            application_id: a.id.clone(),
            platform_id: a.platform_id.clone(),
            expires_at: self.code_expires.millis(),
            used_at: None,
            token_digest: None,
        };
        codes::insert(tx, &code)?;
        Ok(Recorded::Handed)
    }

    fn authority_row(&self, by: &str, now: Timestamp) -> AuthorityRow {
        let a = &self.authority;
        AuthorityRow {
            id: self.authority_id.to_string(),
            ogrn: a.ogrn.to_string(),
            inn: a.inn.as_ref().map(ToString::to_string),
            kpp: a.kpp.as_ref().map(ToString::to_string),
            oktmo: a.oktmo.as_ref().map(ToString::to_string),
            okopf: a.okopf.as_ref().map(ToString::to_string),
            full_name: a.full_name.clone(),
            short_name: a.short_name.clone().unwrap_or_default(),
            kind: a.kind.as_str().to_owned(),
            region: a.region.clone(),
            created_at: now.millis(),
            updated_at: now.millis(),
            updated_by: by.to_owned(),
        }
    }
}

/// Whether the badge the community has now forbids another: one of a different authority or branch where communities do not change
/// hands by themselves or while it is suspended (B01), or a suspended one (B02), which a fresh login lifts only where it was
/// suspended for want of one.
pub(super) fn obstacle(
    handover: bool,
    tx: &mut Tx<'_>,
    application: &ApplicationRow,
    ogrn: &str,
    branch: (&Option<String>, &Option<String>),
) -> Result<Option<RefusalCode>, Error> {
    let Some((current, holder)) = present_badge(tx, application)? else { return Ok(None) };
    let theirs = holder.ogrn == ogrn && (&current.branch_name, &current.branch_kpp) == branch;
    let suspended = current.state()? == BadgeState::Suspended;
    Ok(match (theirs, suspended) {
        (true, true) if reprove::lifts(tx, &current, application)? => None,
        (true, true) => Some(RefusalCode::B02),
        (false, true) => Some(RefusalCode::B01),
        (false, false) if !handover => Some(RefusalCode::B01),
        _ => None,
    })
}

/// The badge that the community of an application has now, and whose it is.
pub(super) fn present_badge(tx: &mut Tx<'_>, application: &ApplicationRow) -> Result<Option<(BadgeRow, AuthorityRow)>, Error> {
    let Some(community) = communities::by_number(tx, &application.platform_id, &application.community_number)? else { return Ok(None) };
    let Some(current) = badges::current_of(tx, &community.id)? else { return Ok(None) };
    let holder = authorities::by_id(tx, &current.authority_id)?;
    Ok(Some((current, holder)))
}
