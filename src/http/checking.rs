//! Checking: keys, status lists, verification, trust mark status. Public and open to other origins.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::context::{Body, Shared};
use super::{entity_tag, problem};
use crate::domain::attestation::status_list_uri;
use crate::domain::community::CommunityRef;
use crate::ports::signer::KeyPurpose;
use crate::service::verify::{self, Question};
use crate::service::{Error, look_up};

/// Most questions in one batch.
const BATCH_MAX: usize = 1000;

/// `GET /.well-known/jwks.json`
pub(super) async fn jwks(http: Shared, req: HttpRequest) -> HttpResponse {
    // Keys of communities sign nothing that is checked against this set; they stand in subordinate statements.
    let keys: Vec<_> = http.app.signer.public_keys().into_iter().filter(|k| k.purpose != KeyPurpose::Community).collect();
    let body = json!({ "keys": keys }).to_string();
    let etag = entity_tag::of(body.as_bytes());
    if entity_tag::unchanged(&req, &etag) {
        return HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish();
    }
    HttpResponse::Ok()
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .content_type("application/jwk-set+json")
        .body(body)
}

/// `GET /status/{n}`
pub(super) async fn status_list(http: Shared, req: HttpRequest, n: web::Path<String>) -> HttpResponse {
    if req.query_string().split('&').any(|p| p == "time" || p.starts_with("time=")) {
        // Token Status List §8.4: a server without historical lists answers 501.
        return HttpResponse::NotImplemented().finish();
    }
    let found = match n.parse() {
        Ok(n) => http.app.view.list(&http.app, n),
        Err(_) => Ok(None),
    };
    let list = match found.and_then(|l| l.ok_or(Error::NotFound("status list"))) {
        Ok(list) => list,
        Err(e) => return problem::api(&http, &req, &e),
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::ETAG, list.etag.clone()))
        .insert_header((header::VARY, "Accept-Encoding"))
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={}", http.app.settings.status_ttl.as_secs())));
    if entity_tag::unchanged(&req, &list.etag) {
        return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    response.content_type("application/statuslist+jwt");
    let accepts = req.headers().get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    let gzip = accepts.split(',').any(|e| {
        let mut parts = e.split(';').map(str::trim);
        parts.next() == Some("gzip") && !parts.any(|p| matches!(p, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    });
    if gzip {
        response.insert_header((header::CONTENT_ENCODING, "gzip")).body(list.gzip.clone())
    } else {
        response.body(list.token.clone())
    }
}

/// `GET /status`
pub(super) async fn aggregation(http: Shared) -> HttpResponse {
    let iss = &http.app.settings.issuer;
    let lists: Vec<String> = http.app.view.list_ids().into_iter().map(|n| status_list_uri(iss, n)).collect();
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=60")).json(json!({ "status_lists": lists }))
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
