//! Errors on the wire: one exhaustive match from the service's error to status and code, shown in the form each family of
//! endpoints speaks: problem+json (RFC 9457), OAuth JSON (RFC 6749 §5.2), or a page.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::json;

use super::context::{Http, here, request_id};
use super::pages::{self, ErrorPage, ErrorView};
use crate::service::Error;

/// `Retry-After` of what is away for the moment, in seconds.
pub(super) const AWAY: &str = "5";

/// How one kind of error looks from outside.
pub(super) struct Fault {
    pub status: StatusCode,
    /// Stable code; also the slug of the problem type.
    pub code: &'static str,
    /// `error` on OAuth endpoints.
    pub oauth: &'static str,
}

/// The catalogue.
pub(super) const fn fault(e: &Error) -> Fault {
    let (status, code, oauth) = match e {
        Error::InvalidRequest(_) => (StatusCode::BAD_REQUEST, "invalid-request", "invalid_request"),
        Error::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "invalid_request"),
        Error::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too-slow", "invalid_request"),
        Error::InvalidAuthorizationDetails(_) => {
            (StatusCode::BAD_REQUEST, "invalid-authorization-details", "invalid_authorization_details")
        }
        Error::IdempotencyKeyMissing => (StatusCode::BAD_REQUEST, "idempotency-key-missing", "invalid_request"),
        Error::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", "invalid_request"),
        Error::CommunityNotYours(_) => (StatusCode::FORBIDDEN, "community-not-yours", "invalid_authorization_details"),
        Error::InvalidClient(_) => (StatusCode::UNAUTHORIZED, "invalid-client", "invalid_client"),
        Error::InvalidToken => (StatusCode::UNAUTHORIZED, "invalid-token", "invalid_token"),
        Error::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported-grant-type", "unsupported_grant_type"),
        Error::InvalidGrant(_) => (StatusCode::BAD_REQUEST, "invalid-grant", "invalid_grant"),
        Error::InvalidRequestUri => (StatusCode::BAD_REQUEST, "invalid-request-uri", "invalid_request_uri"),
        Error::LoginLost => (StatusCode::BAD_REQUEST, "login-lost", "invalid_request"),
        Error::Refused { .. } => (StatusCode::FORBIDDEN, "refused", "access_denied"),
        Error::ApplicationEnded => (StatusCode::GONE, "application-ended", "invalid_grant"),
        Error::NotFound(_) => (StatusCode::NOT_FOUND, "not-found", "not_found"),
        Error::ListRetired => (StatusCode::GONE, "status-list-retired", "not_found"),
        Error::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "unauthenticated", "invalid_client"),
        Error::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden", "access_denied"),
        Error::Conflict(_) => (StatusCode::CONFLICT, "conflict", "invalid_request"),
        Error::SecondOperatorNeeded => (StatusCode::CONFLICT, "second-operator-needed", "invalid_request"),
        Error::BadWebhook(_) => (StatusCode::UNAUTHORIZED, "bad-signature", "invalid_request"),
        Error::StatusStale => (StatusCode::SERVICE_UNAVAILABLE, "status-stale", "temporarily_unavailable"),
        Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "temporarily_unavailable"),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "server_error"),
    };
    Fault { status, code, oauth }
}

/// Logs what operators need and the public does not get.
fn note(req: &HttpRequest, e: &Error) {
    if let Some(detail) = e.operator_detail() {
        let id = request_id(req);
        match e {
            Error::Internal(_) => tracing::error!(request_id = id, detail, "internal error"),
            _ => tracing::warn!(request_id = id, detail, "temporarily unavailable"),
        }
    }
}

fn builder(f: &Fault) -> HttpResponseBuilder {
    let mut b = HttpResponse::build(f.status);
    b.insert_header((header::CACHE_CONTROL, "no-store"));
    if f.status == StatusCode::SERVICE_UNAVAILABLE {
        b.insert_header((header::RETRY_AFTER, AWAY));
    }
    b
}

/// problem+json, for our own API.
pub(super) fn api(http: &Http, req: &HttpRequest, e: &Error) -> HttpResponse {
    note(req, e);
    let f = fault(e);
    let mut b = builder(&f);
    match e {
        Error::Unauthenticated(_) => {
            b.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"gosbadge\""));
        }
        Error::InvalidClient(_) => {
            b.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"gosbadge\""));
        }
        Error::InvalidToken => {
            b.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"gosbadge\", error=\"invalid_token\""));
        }
        _ => {}
    }
    let mut body = json!({
        "type": format!("{}/problems/{}", http.app.settings.issuer, f.code),
        "title": f.status.canonical_reason(),
        "status": f.status.as_u16(),
        "code": f.code,
        "detail": e.to_string(),
        "request_id": request_id(req),
    });
    if let Error::Refused { code, .. } = e {
        body["gosbadge_code"] = code.as_str().into();
    }
    b.content_type("application/problem+json").body(body.to_string())
}

/// OAuth error JSON, for OAuth and federation endpoints.
pub(super) fn oauth(req: &HttpRequest, e: &Error) -> HttpResponse {
    note(req, e);
    let mut f = fault(e);
    // RFC 6749 §5.2: whatever is wrong with a grant is 400.
    if matches!(e, Error::Refused { .. } | Error::CommunityNotYours(_)) {
        f.status = StatusCode::BAD_REQUEST;
    }
    let mut b = builder(&f);
    if matches!(e, Error::InvalidClient(_)) {
        b.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"gosbadge\""));
    }
    let mut body = json!({ "error": f.oauth, "error_description": ascii(&e.to_string()) });
    if let Error::Refused { code, .. } = e {
        body["error_description"] = format!("{code}: {}", code.ascii_summary()).into();
        body["gosbadge_code"] = code.as_str().into();
    }
    if matches!(e, Error::CommunityNotYours(_)) {
        body["gosbadge_code"] = f.code.into();
    }
    b.content_type("application/json").body(body.to_string())
}

/// RFC 6749 §5.2 allows only printable ASCII without quotes and backslashes in `error_description`.
fn ascii(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { '\'' }).collect()
}

/// A page for people. Refusals and lost logins have pages of their own in `login.rs`.
pub(super) fn page(req: &HttpRequest, e: &Error) -> HttpResponse {
    note(req, e);
    let f = fault(e);
    let kind = match f.status.as_u16() {
        400 | 401 | 409 | 410 | 413 => ErrorPage::BadRequest,
        403 => ErrorPage::Forbidden,
        404 => ErrorPage::NotFound,
        429 => ErrorPage::TooManyRequests,
        503 => ErrorPage::Unavailable,
        _ => ErrorPage::Internal,
    };
    let view = ErrorView { here: here(req), error: kind, detail: Some(f.oauth.to_owned()), request_id: request_id(req) };
    builder(&f)
        .insert_header((header::CONTENT_SECURITY_POLICY, pages::CONTENT_SECURITY_POLICY))
        .content_type("text/html; charset=utf-8")
        .body(pages::error(&view))
}
