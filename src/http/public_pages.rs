//! Pages anybody may open: the front page, the check of a link, and a community's badge.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::context::{Shared, here, query, wants_json};
use super::pages::{
    self, AuthorityView, BadgeView, CheckVerdict, CheckView, CommunityView, ConfirmationView, FrontView, GuideView, HistoryEntry,
    KnownBadge, PublicState,
};
use super::problem;
use crate::domain::attestation::AttestationClaims;
use crate::domain::badge::BadgeState;
use crate::domain::time::Timestamp;
use crate::service::look_up::{self, BadgeRecord, Found};
use crate::service::{Error, damaged};

pub(super) fn html(status: StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CONTENT_SECURITY_POLICY, pages::CONTENT_SECURITY_POLICY))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::VARY, "Accept, Accept-Language"))
        .content_type("text/html; charset=utf-8")
        .body(body)
}

/// `GET /`
pub(super) async fn front(req: HttpRequest) -> HttpResponse {
    html(StatusCode::OK, pages::front(&FrontView { here: here(&req), apply: Some("/apply".to_owned()), docs: Some("/docs".to_owned()) }))
}

/// `GET /docs/guide`
pub(super) async fn guide(http: Shared, req: HttpRequest) -> HttpResponse {
    html(StatusCode::OK, pages::guide(&GuideView { here: here(&req), issuer: http.app.settings.issuer.clone() }))
}

/// `GET /docs/integration.…`: a program of the guide.
pub(super) async fn guide_program(req: HttpRequest) -> HttpResponse {
    let found = pages::PROGRAMS.into_iter().find(|(path, ..)| *path == req.path());
    let Some((_, media_type, text)) = found else { return HttpResponse::NotFound().finish() };
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=3600")).content_type(media_type).body(text)
}

/// The state people are shown: time counts even before the nightly work has noted it.
fn state_of(record: &BadgeRecord, now: Timestamp) -> Result<PublicState, Error> {
    let badge = &record.facts.0;
    let state = match badge.state()? {
        BadgeState::Active | BadgeState::Suspended if badge.expires_at <= now.millis() => BadgeState::Expired,
        state => state,
    };
    PublicState::of(state).ok_or(Error::NotFound("page"))
}

fn community_of(record: &BadgeRecord) -> Result<CommunityView, Error> {
    let c = &record.facts.1;
    Ok(CommunityView {
        platform: record.platform.name.clone(),
        id: c.number.parse().map_err(|_| damaged("community number"))?,
        uri: c.uri.clone(),
        name: c.name.clone(),
    })
}

/// When the badge took on the state people are shown: the end of its time, a decision, or the last event.
fn since_of_state(record: &BadgeRecord, state: PublicState) -> Option<Timestamp> {
    let badge = &record.facts.0;
    let at = match state {
        PublicState::Active => None,
        PublicState::Expired => Some(badge.expires_at),
        PublicState::Suspended | PublicState::Revoked => {
            let streak = record.events.iter().rev().take_while(|e| e.state == badge.state);
            badge.ended_at.or_else(|| streak.last().map(|e| e.at))
        }
    };
    at.map(Timestamp::from_millis)
}

fn known(record: &BadgeRecord, by_number: bool, now: Timestamp) -> Result<KnownBadge, Error> {
    let (badge, community, authority) = &record.facts;
    let state = state_of(record, now)?;
    Ok(KnownBadge {
        state,
        community: community_of(record)?,
        authority_name: authority.full_name.clone(),
        ogrn: authority.ogrn.clone(),
        since: Timestamp::from_millis(badge.issued_at.unwrap_or(badge.created_at)),
        ended: since_of_state(record, state),
        reason: badge.reason.as_deref().and_then(|r| r.parse().ok()),
        page: format!("/c/{}", community.id),
        by_address: !by_number,
    })
}

/// `GET /check?link=…`
pub(super) async fn check(http: Shared, req: HttpRequest) -> HttpResponse {
    let link: String = query(&req).remove("link").unwrap_or_default().chars().take(500).collect();
    if link.trim().is_empty() && !wants_json(&req) {
        return HttpResponse::SeeOther().insert_header((header::LOCATION, "/")).finish();
    }
    let now = http.app.clock.now();
    let found = look_up::by_link(&http.app, &link).await;
    if wants_json(&req) {
        return check_json(&http, &req, &link, found, now);
    }
    let verdict = match found {
        Ok(Found::Record { record, by_number }) => match known(&record, by_number, now) {
            Ok(badge) => CheckVerdict::Known(badge),
            Err(e) => return problem::page(&req, &e),
        },
        Ok(Found::Nothing { .. }) => CheckVerdict::NotConfirmed,
        Ok(Found::NotAPlatform) => CheckVerdict::NotUnderstood { examples: look_up::link_examples(&http.app).await.unwrap_or_default() },
        // An outage must not read as "not official".
        Err(Error::Unavailable(_)) => CheckVerdict::Unavailable,
        Err(e) => return problem::page(&req, &e),
    };
    let view = CheckView { here: here(&req), link, verdict };
    let status = StatusCode::from_u16(view.verdict.http_status()).unwrap_or(StatusCode::OK);
    html(status, pages::check(&view))
}

fn check_json(http: &Shared, req: &HttpRequest, link: &str, found: Result<Found, Error>, now: Timestamp) -> HttpResponse {
    let answer = match found {
        Ok(Found::Record { record, by_number }) => {
            let (badge, community, authority) = &record.facts;
            let state = state_of(&record, now).map_or("unknown", |s| match s {
                PublicState::Active => "active",
                PublicState::Suspended => "suspended",
                PublicState::Revoked => "revoked",
                PublicState::Expired => "expired",
            });
            json!({
                "link": link,
                "official": state == "active",
                "matched_by": if by_number { "number" } else { "address" },
                "status": state,
                "reason": badge.reason,
                "badge": badge.id,
                "page": format!("{}/c/{}", http.app.settings.issuer, community.id),
                "community": { "platform": community.platform_id, "id": community.number, "uri": community.uri, "name": community.name },
                "authority": { "ogrn": authority.ogrn, "name": authority.short_name, "kind": authority.kind },
            })
        }
        Ok(Found::Nothing { platform }) => json!({ "link": link, "official": false, "status": "unknown", "platform": platform }),
        Ok(Found::NotAPlatform) => {
            return problem::api(
                http,
                req,
                &Error::InvalidRequest("link must be the address of a community on a registered platform".to_owned()),
            );
        }
        Err(e) => return problem::api(http, req, &e),
    };
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-cache")).insert_header((header::VARY, "Accept")).json(answer)
}

/// `GET /c/{community}`
pub(super) async fn badge(http: Shared, req: HttpRequest, community: web::Path<String>) -> HttpResponse {
    let now = http.app.clock.now();
    let view = async {
        let record = look_up::community_record(&http.app, community.into_inner()).await?;
        badge_view(&req, &record, now)
    };
    match view.await {
        Ok(view) => html(StatusCode::OK, pages::badge(&view)),
        Err(e) => problem::page(&req, &e),
    }
}

fn badge_view(req: &HttpRequest, record: &BadgeRecord, now: Timestamp) -> Result<BadgeView, Error> {
    let (badge, community, authority) = &record.facts;
    let newest = record.attestation.as_ref().ok_or(Error::NotFound("page"))?;
    let claims: AttestationClaims = serde_json::from_str(&newest.claims).map_err(|_| damaged("claims"))?;
    let state = state_of(record, now)?;
    let history = record.events.iter().map(|e| {
        Ok(HistoryEntry {
            kind: e.kind.parse().map_err(|_| damaged("event kind"))?,
            at: Timestamp::from_millis(e.at),
            reason: e.reason.as_deref().and_then(|r| r.parse().ok()),
        })
    });
    Ok(BadgeView {
        here: here(req),
        badge: badge.id.parse().map_err(|_| damaged("badge id"))?,
        state,
        community: community_of(record)?,
        since: Timestamp::from_millis(badge.issued_at.unwrap_or(badge.created_at)),
        valid_until: (state == PublicState::Active).then(|| Timestamp::from_millis(badge.expires_at)),
        reprove_by: record.reprove_by,
        ended: since_of_state(record, state),
        reason: badge.reason.as_deref().and_then(|r| r.parse().ok()),
        authority: AuthorityView {
            full_name: authority.full_name.clone(),
            short_name: Some(authority.short_name.clone()).filter(|s| !s.is_empty()),
            kind: authority.kind.parse().map_err(|_| damaged("authority kind"))?,
            ogrn: authority.ogrn.clone(),
            inn: authority.inn.clone(),
            branch: badge.branch_name.clone(),
            parent: None,
        },
        confirmation: ConfirmationView {
            idp: claims.assurance.entity.idp,
            entity_day: claims.assurance.entity.at,
            representation_day: claims.assurance.representation.at,
            control_method: claims.assurance.control.method,
            control_day: claims.assurance.control.at,
        },
        history: history.collect::<Result<Vec<_>, Error>>()?,
        attestation: newest.token.as_ref().map(|_| format!("/c/{}/attestation.jwt", community.id)),
    })
}

/// `GET /v1/badges/{id}`
pub(super) async fn badge_json(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let now = http.app.clock.now();
    let outcome = async {
        let record = look_up::badge_record(&http.app, id.into_inner()).await?;
        let (b, c, a) = &record.facts;
        let state = state_of(&record, now)?;
        let history: Vec<_> = record
            .events
            .iter()
            .map(|e| json!({ "type": e.kind, "version": e.version, "state": e.state, "reason": e.reason, "at": Timestamp::from_millis(e.at) }))
            .collect();
        Ok::<_, Error>(json!({
            "badge": b.id,
            "state": if state == PublicState::Expired { "expired" } else { b.state.as_str() },
            "reason": b.reason,
            "version": b.version,
            "community": { "platform": c.platform_id, "id": c.number, "uri": c.uri, "name": c.name, "screen_name": c.screen_name },
            "authority": { "ogrn": a.ogrn, "inn": a.inn, "name": a.full_name, "short_name": a.short_name, "kind": a.kind },
            "issued_at": b.issued_at.map(Timestamp::from_millis),
            "expires_at": Timestamp::from_millis(b.expires_at),
            "reprove_by": record.reprove_by,
            "ended_at": b.ended_at.map(Timestamp::from_millis),
            "page": format!("{}/c/{}", http.app.settings.issuer, c.id),
            "attestation": record.attestation.as_ref().and_then(|t| t.token.clone()),
            "history": history,
        }))
    };
    match outcome.await {
        Ok(body) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-cache")).json(body),
        Err(e) => problem::api(&http, &req, &e),
    }
}

/// Anything else.
pub(super) async fn not_found(http: Shared, req: HttpRequest) -> HttpResponse {
    let e = Error::NotFound("page");
    if wants_json(&req) || req.path().starts_with("/v1/") || req.path().starts_with("/admin/") {
        problem::api(&http, &req, &e)
    } else {
        problem::page(&req, &e)
    }
}
