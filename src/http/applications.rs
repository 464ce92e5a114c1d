//! An application as its platform and its person see it.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::apply::of_portal;
use super::client_certificate::certificate_of;
use super::context::{Body, Shared, here, query};
use super::login::{begun, community_view};
use super::oauth::{bearer, platform_of};
use super::pages::{self, ApplicationView};
use super::problem;
use super::refused::failed;
use crate::domain::application::{ApplicationState, StartKind};
use crate::domain::control::ProofStatus;
use crate::domain::idempotency_key::{BadIdempotencyKey, IdempotencyKey};
use crate::domain::refusal_text;
use crate::domain::time::Timestamp;
use crate::service::look_up::ProofState;
use crate::service::{ApplicationRow, Error, introspect_token, look_up, open_link, redeem_application, start_application};

/// The `Idempotency-Key` of a request.
fn idempotency_key(req: &HttpRequest) -> Result<Option<IdempotencyKey>, Error> {
    let mut all = req.headers().get_all("idempotency-key");
    let Some(value) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(Error::InvalidRequest("Idempotency-Key stands twice".to_owned()));
    }
    let key = value.to_str().map_err(|_| BadIdempotencyKey).and_then(IdempotencyKey::from_header);
    key.map(Some).map_err(|e| Error::InvalidRequest(e.to_string()))
}

/// An answer that was made, or kept, as text.
fn given(http: &Shared, req: &HttpRequest, status: StatusCode, outcome: Result<String, Error>) -> HttpResponse {
    match outcome {
        Ok(body) => {
            HttpResponse::build(status).insert_header((header::CACHE_CONTROL, "no-store")).content_type("application/json").body(body)
        }
        Err(e) => problem::api(http, req, &e),
    }
}

/// `POST /v1/applications`
pub(super) async fn start(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let platform = platform_of(&http, &req).await?;
        let key = idempotency_key(&req)?.ok_or(Error::IdempotencyKeyMissing)?;
        start_application::start_application(&http.app, &platform, &key, &body.bytes()?).await
    };
    given(&http, &req, StatusCode::CREATED, outcome.await)
}

/// `POST /v1/applications/{id}/redeem`
pub(super) async fn redeem(http: Shared, req: HttpRequest, id: web::Path<String>, body: Body) -> HttpResponse {
    let outcome = async {
        let platform = platform_of(&http, &req).await?;
        let key = idempotency_key(&req)?;
        redeem_application::redeem_application(&http.app, &platform, id.into_inner(), key.as_ref(), &body.bytes()?).await
    };
    given(&http, &req, StatusCode::OK, outcome.await)
}

/// `GET /v1/applications/{id}`, for the platform that started it, or with the access token its code gave.
pub(super) async fn of_platform(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let outcome = async {
        if let Some(token) = bearer(&req).filter(|t| !t.contains('.')) {
            let certificate = certificate_of(&http, &req).map(|c| c.thumbprint);
            let row = introspect_token::application_of_token(&http.app, id.into_inner(), token, certificate.as_deref()).await?;
            return look_up::application_of_platform(&http.app, row.id, &row.platform_id).await;
        }
        let platform = platform_of(&http, &req).await?;
        look_up::application_of_platform(&http.app, id.into_inner(), &platform.id).await
    };
    match outcome.await {
        Ok((a, proofs)) => {
            let state = match state_now(&a, http.app.clock.now()) {
                Ok(state) => state,
                Err(e) => return problem::api(&http, &req, &e),
            };
            let proven = a.authority_id.is_some() && proofs.iter().any(|p| p.status == ProofStatus::Valid);
            let done: Vec<&str> = [
                (a.identity_at.is_some(), "identity_confirmed"),
                (a.authority_id.is_some(), "organisation_chosen"),
                (proven, "control_proven"),
                (a.badge_id.is_some(), "issued"),
            ]
            .into_iter()
            .filter_map(|(yes, step)| yes.then_some(step))
            .collect();
            let body = json!({
                "id": a.id,
                "start": a.start,
                "state": state,
                "steps_done": done,
                "gosbadge_code": a.refusal_code,
                "community": { "platform": a.platform_id, "id": a.community_number },
                "proofs": proofs.iter().map(proof).collect::<Vec<_>>(),
                "badge": a.badge_id,
                "created_at": Timestamp::from_millis(a.created_at),
                "expires_at": Timestamp::from_millis(a.expires_at),
            });
            HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
        }
        Err(e) => problem::api(&http, &req, &e),
    }
}

/// A proof object. `token` is the person's one-time text and never shown to a platform: who places it proves to control the page.
fn proof(p: &ProofState) -> Value {
    json!({
        "type": p.kind.as_str(),
        "status": p.status.as_str(),
        "token": null,
        "expires_at": p.expires_at,
        "validated_at": p.validated_at,
        "error": p.error,
    })
}

/// An application whose time is up has expired, whether the sweeper came by or not.
pub(super) fn state_now(row: &ApplicationRow, now: Timestamp) -> Result<ApplicationState, Error> {
    let state = row.state()?;
    Ok(if !state.is_final() && row.expires_at <= now.millis() { ApplicationState::Expired } else { state })
}

/// `GET /applications/{id}[?link=]`, for the browser that signed in for it, or that comes with the link to begin.
pub(super) async fn of_person(http: Shared, req: HttpRequest, id: web::Path<String>) -> HttpResponse {
    let browser = http.browser(&req).unwrap_or_default();
    let found = look_up::application_of_browser(&http.app, id.clone(), &browser).await;
    let link = query(&req).remove("link");
    let linked = match &link {
        Some(link) => open_link::linked(&http.app, &id, link).await.ok(),
        None => None,
    };
    // Looking at an authority's own application begins nothing: links are opened by previews and scanners too.
    let has_begun = found.is_ok();
    let right = link.as_deref().filter(|_| linked.is_some());
    if let Some(own) = found.as_ref().ok().or(linked.as_ref()).filter(|(row, _)| row.start == StartKind::Portal.as_str()) {
        return of_portal(&http, &req, &browser, own.clone(), right, has_begun).await;
    }
    if let (Err(Error::NotFound(_)), Some(link)) = (&found, link) {
        let browser = if browser.is_empty() { http.app.entropy.token() } else { browser };
        let outcome = open_link::open_link(&http.app, id.into_inner(), &link, &browser).await;
        return begun(&http, &req, browser, outcome).await;
    }
    let outcome = async {
        let (row, platform) = found?;
        let state = state_now(&row, http.app.clock.now())?;
        let here = here(&req);
        let resume = match state {
            ApplicationState::Started | ApplicationState::OrganisationChosen => Some(format!("/applications/{}/login", row.id)),
            ApplicationState::IdentityConfirmed => Some(format!("/applications/{}/organisation", row.id)),
            _ => None,
        };
        let refusal = row.refusal().map(|c| (c.to_string(), refusal_text::text(c, here.lang).title.to_owned()));
        let badge_page = match &row.badge_id {
            Some(badge) => Some(format!("/c/{}", look_up::badge_record(&http.app, badge.clone()).await?.facts.1.id)),
            None => None,
        };
        Ok::<_, Error>(ApplicationView {
            here,
            id: row.id()?,
            state,
            reached: state,
            community: community_view(platform.name, row.community()?),
            expires_at: Timestamp::from_millis(row.expires_at),
            resume,
            refusal,
            badge_page,
        })
    };
    match outcome.await {
        Ok(view) => HttpResponse::Ok()
            .insert_header((header::CONTENT_SECURITY_POLICY, pages::CONTENT_SECURITY_POLICY))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .content_type("text/html; charset=utf-8")
            .body(pages::application(&view)),
        Err(e) => failed(&http, &req, &browser, &e).await,
    }
}
