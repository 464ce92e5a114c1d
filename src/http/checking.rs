//! Checking: keys, verification, trust mark status. Public and open to other origins. Status lists are in `status_lists.rs`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::context::{Body, Shared};
use super::{entity_tag, problem};
use crate::domain::community::CommunityRef;
use crate::service::verify::{self, Question};
use crate::service::{Error, historical_keys, look_up};

/// Most questions in one batch.
const BATCH_MAX: usize = 1000;

/// `GET /.well-known/jwks.json`
pub(super) async fn jwks(http: Shared, req: HttpRequest) -> HttpResponse {
    let keys = http.app.keys.known();
    if entity_tag::unchanged(&req, &keys.etag) {
        return HttpResponse::NotModified().insert_header((header::ETAG, keys.etag.clone())).finish();
    }
    HttpResponse::Ok()
        .insert_header((header::ETAG, keys.etag.clone()))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .content_type("application/jwk-set+json")
        .body(keys.key_set.clone())
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    attestation: Option<String>,
    #[serde(default)]
    community: Option<CommunityRef>,
}

impl From<Asked> for Question {
    fn from(a: Asked) -> Self {
        Self { attestation: a.attestation, community: a.community }
    }
}

/// `POST /v1/verify`
pub(super) async fn verify(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let body = body.bytes()?;
        let invalid = |e: serde_json::Error| Error::InvalidRequest(format!("body: {e}"));
        let asked: Value = serde_json::from_slice(&body).map_err(invalid)?;
        let Some(items) = asked.get("items").cloned() else {
            if body.len() > super::routes::BODY_MAX {
                return Err(Error::TooLarge);
            }
            let question: Asked = serde_json::from_value(asked).map_err(invalid)?;
            let answer = verify::verify(&http.app, question.into()).await?;
            return serde_json::to_value(answer).map_err(|e| Error::Internal(e.to_string()));
        };
        let questions: Vec<Asked> = serde_json::from_value(items).map_err(invalid)?;
        if questions.is_empty() || questions.len() > BATCH_MAX {
            return Err(Error::InvalidRequest(format!("items must hold 1 to {BATCH_MAX} questions")));
        }
        let results = verify::verify_all(&http.app, questions.into_iter().map(Into::into).collect()).await?;
        Ok(json!({ "results": results }))
    };
    match outcome.await {
        Ok(answer) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(answer),
        Err(e) => problem::api(&http, &req, &e),
    }
}

/// `POST /federation/trust-mark-status`
pub(super) async fn trust_mark_status(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let mark = body.form(&req)?.remove("trust_mark").ok_or_else(|| Error::InvalidRequest("trust_mark is missing".to_owned()))?;
        verify::trust_mark_status(&http.app, &mark)?.ok_or(Error::NotFound("trust mark"))
    };
    match outcome.await {
        Ok(jwt) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .content_type("application/trust-mark-status-response+jwt")
            .body(jwt),
        Err(e) => problem::oauth(&req, &e),
    }
}

/// `GET /federation/historical-keys`
pub(super) async fn historical_keys(http: Shared, req: HttpRequest) -> HttpResponse {
    match historical_keys::historical_keys(&http.app).await {
        Ok(jwt) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
            .content_type(format!("application/{}", historical_keys::TYP))
            .body(jwt),
        Err(e) => problem::oauth(&req, &e),
    }
}

/// `GET /c/{community}/attestation.jwt`: the newest attestation, as anybody may check it.
pub(super) async fn attestation(http: Shared, req: HttpRequest, community: web::Path<String>) -> HttpResponse {
    let record = look_up::community_record(&http.app, community.into_inner()).await;
    match record.map(|r| r.attestation.and_then(|a| a.token)) {
        Ok(Some(token)) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
            .content_type("application/trust-mark+jwt")
            .body(token),
        Ok(None) => problem::api(&http, &req, &Error::NotFound("attestation")),
        Err(e) => problem::api(&http, &req, &e),
    }
}
