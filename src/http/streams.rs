//! A platform's stream: looking at it, setting it, answering a verification event; and what this service says of itself as a
//! transmitter of events (SSF 1.0).

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::context::{Body, Http, Shared, remote, request_id};
use super::oauth::platform_of;
use super::problem;
use crate::domain::stream::event_types;
use crate::domain::time::Timestamp;
use crate::service::configure_stream::{UnverifiedStream, configure_stream};
use crate::service::show_stream::{StreamView, stream_of};
use crate::service::verify_stream::confirm_stream;
use crate::service::{Actor, Error, PlatformRow};

/// What `PUT /v1/stream` takes. It is the whole stream: what is left out is not kept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamRequest {
    method: String,
    endpoint_url: Option<String>,
    authorization_header: Option<String>,
    events: Option<Vec<String>>,
    state: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    state: String,
}

/// The platform, as the one who asks.
pub(super) fn actor_of(req: &HttpRequest, platform: &PlatformRow) -> Actor {
    Actor { kind: "platform", id: Some(platform.id.clone()), role: None, remote: remote(req), request_id: Some(request_id(req)) }
}

/// A body of JSON.
pub(super) fn read<T: for<'de> Deserialize<'de>>(body: Body, form: &str) -> Result<T, Error> {
    serde_json::from_slice(&body.bytes()?).map_err(|e| Error::InvalidRequest(format!("body: {e}; send {form}")))
}

/// `GET /v1/stream`
pub(super) async fn show(http: Shared, req: HttpRequest) -> HttpResponse {
    let outcome = async {
        let platform = platform_of(&http, &req).await?;
        shown(&http, &platform).await
    };
    answer(&http, &req, outcome.await)
}

/// `PUT /v1/stream`
pub(super) async fn set(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let platform = platform_of(&http, &req).await?;
        let asked: StreamRequest = read(body, "{\"method\":…,\"endpoint_url\":…,\"events\":[…]}")?;
        let asked = UnverifiedStream {
            method: asked.method,
            endpoint_url: asked.endpoint_url,
            authorization_header: asked.authorization_header,
            events: asked.events,
            state: asked.state,
        };
        configure_stream(&http.app, &platform, asked, &actor_of(&req, &platform)).await?;
        shown(&http, &platform).await
    };
    answer(&http, &req, outcome.await)
}

/// `POST /v1/stream/verify`
pub(super) async fn verify(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let platform = platform_of(&http, &req).await?;
        let proof: Proof = read(body, "{\"state\":…}")?;
        confirm_stream(&http.app, &platform, &proof.state).await?;
        shown(&http, &platform).await
    };
    answer(&http, &req, outcome.await)
}

pub(super) fn answer(http: &Http, req: &HttpRequest, outcome: Result<Value, Error>) -> HttpResponse {
    match outcome {
        Ok(body) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body),
        Err(e) => problem::api(http, req, &e),
    }
}

async fn shown(http: &Http, platform: &PlatformRow) -> Result<Value, Error> {
    let StreamView { stream: s, waiting, oldest } = stream_of(&http.app, &platform.id).await?;
    let at = |millis: Option<i64>| millis.map(Timestamp::from_millis);
    let events = s.types()?.unwrap_or_else(|| event_types().into_iter().map(str::to_owned).collect());
    let pending = s.next_method.as_ref().map(|method| {
        json!({
            "method": method,
            "endpoint_url": s.next_url,
            "has_authorization_header": s.next_authorization.is_some(),
            "state": if s.challenge_at.is_some() { "waiting" } else { "refused" },
            "attempts": s.challenge_attempts,
            "next_attempt_at": at(s.challenge_at),
            "note": s.challenge_note,
        })
    });
    Ok(json!({
        "stream_id": s.platform_id,
        "iss": http.app.settings.issuer,
        "aud": platform.base_url,
        "state": s.state,
        "method": s.method,
        "endpoint_url": s.endpoint_url,
        "has_authorization_header": s.authorization_sealed.is_some(),
        "events": events,
        "pending": pending,
        "live_since": at(s.live_since),
        "last_success_at": at(s.last_success_at),
        "last_failure_at": at(s.last_failure_at),
        "failures": s.failures,
        "last_note": s.last_note,
        "probe": {
            "sent_at": at(s.probed_at),
            "answered_at": at(s.probe_answered_at),
            "next_at": at(s.probe_at),
            "failures": s.probe_failures,
            "note": s.probe_note,
        },
        "backlog": { "events": waiting, "oldest": at(oldest) },
    }))
}

/// `GET /.well-known/ssf-configuration` (SSF 1.0 §7.1). Streams are set at an address of our own form, so the members that name
/// SSF's own management endpoints are left out.
pub(super) async fn ssf_configuration(http: Shared) -> HttpResponse {
    let iss = &http.app.settings.issuer;
    let body = json!({
        "spec_version": "1_0",
        "issuer": iss,
        "jwks_uri": format!("{iss}/.well-known/jwks.json"),
        "delivery_methods_supported": ["urn:ietf:rfc:8935", "urn:ietf:rfc:8936"],
        "default_subjects": "ALL",
        "authorization_schemes": [{ "spec_urn": "urn:ietf:rfc:7617" }],
    });
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=3600")).json(body)
}
