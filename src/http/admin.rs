//! The admin surface: its own listener, operator tokens, everything audited.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::context::{Body, Http, Shared, query, remote, request_id};
use super::problem;
use crate::domain::badge::BadgeChange;
use crate::domain::reason::{ReasonCode, UnknownReason};
use crate::domain::time::Timestamp;
use crate::service::add_operator::Role;
use crate::service::authenticate_operator::{Caller, authenticate_operator, note_call};
use crate::service::change_badge::{Changed, change_badge};
use crate::service::{Actor, Error, read_audit};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeRequest {
    reason: String,
    #[serde(default)]
    note: Option<String>,
}

pub(super) async fn operator(http: &Http, req: &HttpRequest, needed: Role, action: &str, target: &str) -> Result<Actor, Error> {
    let bearer = req.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.split_once(' '));
    let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, t)| t.trim().to_owned());
    let caller = Caller { token, remote: remote(req), request_id: Some(request_id(req)) };
    authenticate_operator(&http.app, caller, needed, action, target).await
}

/// `POST /admin/v1/badges/{badge}/revoke`
pub(super) async fn revoke(http: Shared, req: HttpRequest, badge: web::Path<String>, body: Body) -> HttpResponse {
    change(&http, &req, badge.into_inner(), body, Role::Operator, "badge.revoke", BadgeChange::Revoke).await
}

/// `POST /admin/v1/badges/{badge}/suspend`
pub(super) async fn suspend(http: Shared, req: HttpRequest, badge: web::Path<String>, body: Body) -> HttpResponse {
    change(&http, &req, badge.into_inner(), body, Role::Curator, "badge.suspend", BadgeChange::Suspend).await
}

/// `POST /admin/v1/badges/{badge}/reinstate`
pub(super) async fn reinstate(http: Shared, req: HttpRequest, badge: web::Path<String>, body: Body) -> HttpResponse {
    change(&http, &req, badge.into_inner(), body, Role::Operator, "badge.reinstate", BadgeChange::Reinstate).await
}

async fn change(
    http: &Http,
    req: &HttpRequest,
    badge: String,
    body: Body,
    needed: Role,
    action: &str,
    make: fn(ReasonCode) -> BadgeChange,
) -> HttpResponse {
    let outcome = async {
        let actor = operator(http, req, needed, action, &badge).await?;
        let changed = match asked(body) {
            Ok((reason, note)) => change_badge(&http.app, badge.clone(), make(reason), note, actor.clone()).await,
            Err(e) => Err(e),
        };
        if matches!(changed, Err(Error::InvalidRequest(_) | Error::TooLarge)) {
            note_call(&http.app, &actor, action, &badge, "invalid").await?;
        }
        changed
    };
    match outcome.await {
        Ok(changed) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(shown(&changed)),
        Err(e) => problem::api(http, req, &e),
    }
}

fn asked(body: Body) -> Result<(ReasonCode, Option<String>), Error> {
    let asked: ChangeRequest = serde_json::from_slice(&body.bytes()?)
        .map_err(|e| Error::InvalidRequest(format!("body: {e}; send {{\"reason\":…,\"note\":…}}")))?;
    let reason = asked.reason.parse().map_err(|e: UnknownReason| Error::InvalidRequest(e.to_string()))?;
    Ok((reason, asked.note))
}

fn shown(c: &Changed) -> Value {
    let (badge, community, authority) = &c.facts;
    json!({
        "badge": badge.id,
        "state": badge.state,
        "reason": badge.reason,
        "version": badge.version,
        "community": { "platform": community.platform_id, "id": community.number, "uri": community.uri, "name": community.name },
        "authority": { "ogrn": authority.ogrn, "name": authority.short_name, "kind": authority.kind },
        "issued_at": badge.issued_at.map(Timestamp::from_millis),
        "expires_at": Timestamp::from_millis(badge.expires_at),
        "ended_at": badge.ended_at.map(Timestamp::from_millis),
        "changed": c.moved,
    })
}

/// `GET /admin/v1/audit?cursor=&limit=`: newest first; notes stay sealed.
pub(super) async fn audit(http: Shared, req: HttpRequest) -> HttpResponse {
    let outcome = async {
        let actor = operator(&http, &req, Role::Viewer, "audit.read", "audit").await?;
        let mut q = query(&req);
        let limit = match q.remove("limit") {
            Some(l) => l.parse().ok().filter(|l| (1..=1000).contains(l)),
            None => Some(100),
        };
        let (page, outcome) = match limit {
            Some(limit) => (read_audit::page(&http.app, q.remove("cursor"), limit).await, "ok"),
            None => (Err(Error::InvalidRequest("limit must be 1 to 1000".to_owned())), "invalid"),
        };
        note_call(&http.app, &actor, "audit.read", "audit", outcome).await?;
        page
    };
    match outcome.await {
        Ok((entries, next)) => {
            HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({ "entries": entries, "next": next }))
        }
        Err(e) => problem::api(&http, &req, &e),
    }
}
