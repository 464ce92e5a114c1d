//! Mass revocations on the admin surface: prepared by one operator, approved by another.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::operator;
use super::context::{Body, Shared};
use super::problem;
use crate::domain::reason::{ReasonCode, UnknownReason};
use crate::domain::revocation::Scope;
use crate::domain::time::Timestamp;
use crate::service::add_operator::Role;
use crate::service::authenticate_operator::note_call;
use crate::service::revoke_many::{self, RevocationRow};
use crate::service::{Error, renew};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    scope: Scope,
    reason: String,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

const SHAPE: &str =
    r#"send {"scope":{"ogrn":"…"} or {"platform":"…"} or {"key":"…"} or {"issued_between":["…","…"]},"reason":…,"note":…,"dry_run":…}"#;

fn asked(body: Body) -> Result<(Asked, ReasonCode), Error> {
    let asked: Asked = serde_json::from_slice(&body.bytes()?).map_err(|e| Error::InvalidRequest(format!("body: {e}; {SHAPE}")))?;
    let reason = asked.reason.parse().map_err(|e: UnknownReason| Error::InvalidRequest(e.to_string()))?;
    Ok((asked, reason))
}

/// `POST /admin/v1/revocations`
pub(super) async fn prepare(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    const ACTION: &str = "revocation.prepare";
    let outcome = async {
        let actor = operator(&http, &req, Role::Operator, ACTION, "revocation").await?;
        let prepared = match asked(body) {
            Ok((a, reason)) => {
                let row = revoke_many::prepare(&http.app, a.scope, reason, a.note, a.dry_run, actor.clone()).await;
                row.map(|row| (row, a.dry_run))
            }
            Err(e) => Err(e),
        };
        if matches!(prepared, Err(Error::InvalidRequest(_) | Error::TooLarge)) {
            note_call(&http.app, &actor, ACTION, "revocation", "invalid").await?;
        }
        prepared
    };
    match outcome.await {
        Ok((row, true)) => answer(StatusCode::OK, &json!({ "dry_run": true, "affected": row.affected })),
        Ok((row, false)) => answer(StatusCode::CREATED, &shown(&row)),
        Err(e) => problem::api(&http, &req, &e),
    }
}

/// `POST /admin/v1/revocations/{id}/approve`
pub(super) async fn approve(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let outcome = async {
        let actor = operator(&http, &req, Role::Operator, "revocation.approve", &id).await?;
        revoke_many::approve(&http.app, id.into_inner(), actor).await
    };
    match outcome.await {
        Ok(row) => {
            // Many badges take a while; should this process end meanwhile, the next round of background work goes on.
            let app = http.app.clone();
            actix_web::rt::spawn(async move {
                // Of a compromised key only what cannot be renewed is ended, so renewal goes first.
                let outcome = async {
                    renew::renew(&app).await?;
                    revoke_many::carry_out(&app).await
                };
                if let Err(e) = outcome.await {
                    tracing::warn!(error = %e, detail = e.operator_detail(), "a mass revocation was interrupted, will go on");
                }
            });
            answer(StatusCode::OK, &shown(&row))
        }
        Err(e) => problem::api(&http, &req, &e),
    }
}

/// `GET /admin/v1/revocations/{id}`
pub(super) async fn show(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let outcome = async {
        let actor = operator(&http, &req, Role::Operator, "revocation.read", &id).await?;
        note_call(&http.app, &actor, "revocation.read", &id, "ok").await?;
        revoke_many::find(&http.app, id.into_inner()).await
    };
    match outcome.await {
        Ok(row) => answer(StatusCode::OK, &shown(&row)),
        Err(e) => problem::api(&http, &req, &e),
    }
}

fn answer(status: StatusCode, body: &Value) -> HttpResponse {
    HttpResponse::build(status).insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

fn shown(row: &RevocationRow) -> Value {
    json!({
        "id": row.id,
        "scope": serde_json::from_str::<Value>(&row.scope).unwrap_or(Value::Null),
        "reason": row.reason,
        "state": row.state,
        "affected": row.affected,
        "revoked": row.revoked,
        "prepared_by": row.prepared_by,
        "approved_by": row.approved_by,
        "created_at": Timestamp::from_millis(row.created_at),
        "approved_at": row.approved_at.map(Timestamp::from_millis),
    })
}
