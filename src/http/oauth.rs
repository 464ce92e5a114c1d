//! The authorization server for platforms: metadata (RFC 8414), pushed requests (RFC 9126) and tokens.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::context::{Body, Http, Shared};
use super::login::begun;
use super::{problem, refused};
use crate::service::PlatformRow;
use crate::service::authenticate_client::{PresentedClient, authenticate_client};
use crate::service::push_request::{PushedRequest, push_request};
use crate::service::redeem_code::{TokenRequest, redeem_code};
use crate::service::{Error, authorization_server, begin_login};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// `GET /.well-known/oauth-authorization-server`
pub(super) async fn metadata(http: Shared) -> HttpResponse {
    let body = authorization_server::metadata(&http.app.settings.issuer);
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=3600")).json(body)
}

/// The client named by the request's credentials. Exactly one way to authenticate may be used (RFC 6749 §2.3).
async fn client(http: &Http, req: &HttpRequest, params: &mut BTreeMap<String, String>) -> Result<PlatformRow, Error> {
    let basic = basic_credentials(req)?;
    let assertion = params.remove("client_assertion");
    let kind = params.remove("client_assertion_type");
    let named = params.remove("client_id");
    let presented = match (basic, assertion) {
        (Some(_), Some(_)) => return Err(Error::InvalidRequest("use one way to authenticate, not two".to_owned())),
        (Some((id, secret)), None) => {
            if named.is_some_and(|n| n != id) {
                return Err(Error::InvalidClient("client_id differs from the credentials"));
            }
            PresentedClient::Basic { id, secret }
        }
        (None, Some(jwt)) => {
            if kind.as_deref() != Some(ASSERTION_TYPE) {
                return Err(Error::InvalidRequest(format!("client_assertion_type must be {ASSERTION_TYPE}")));
            }
            PresentedClient::Assertion { client_id: named, jwt }
        }
        (None, None) => PresentedClient::None,
    };
    authenticate_client(&http.app, presented).await
}

/// `Authorization: Basic`, each half form-encoded before it was joined (RFC 6749 §2.3.1).
fn basic_credentials(req: &HttpRequest) -> Result<Option<(String, String)>, Error> {
    let Some(value) = req.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let bad = || Error::InvalidClient("the Authorization header is not well-formed Basic credentials");
    let encoded = value.to_str().ok().and_then(|v| v.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let (_, encoded) = encoded.ok_or_else(bad)?;
    let plain = STANDARD.decode(encoded.trim()).ok().and_then(|b| String::from_utf8(b).ok()).ok_or_else(bad)?;
    let (id, secret) = plain.split_once(':').ok_or_else(bad)?;
    // One value only: an unencoded `&` would end it, and what follows would go unchecked.
    let decode = |part: &str| {
        let pair = format!("v={part}");
        let mut values = url::form_urlencoded::parse(pair.as_bytes()).map(|(_, v)| v.into_owned());
        values.next().filter(|v| !part.contains('&') && !v.contains('\0'))
    };
    Ok(Some((decode(id).ok_or_else(bad)?, decode(secret).ok_or_else(bad)?)))
}

/// `POST /oauth/par`
pub(super) async fn par(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let mut p = body.form(&req)?;
        let named = p.get("client_id").cloned();
        let platform = client(&http, &req, &mut p).await?;
        if named.is_some_and(|n| n != platform.client_id) {
            return Err(Error::InvalidClient("client_id differs from the credentials"));
        }
        let mut take = |name: &str| p.remove(name);
        let request = PushedRequest {
            response_type: take("response_type"),
            redirect_uri: take("redirect_uri"),
            state: take("state"),
            code_challenge: take("code_challenge"),
            code_challenge_method: take("code_challenge_method"),
            authorization_details: take("authorization_details"),
            request: take("request"),
            request_uri: take("request_uri"),
        };
        push_request(&http.app, &platform, request).await
    };
    match outcome.await {
        Ok(pushed) => HttpResponse::Created()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(json!({ "request_uri": pushed.request_uri, "expires_in": pushed.expires_in, "application": pushed.application })),
        Err(e) => problem::oauth(&req, &e),
    }
}

/// `POST /oauth/token`
pub(super) async fn token(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let mut p = body.form(&req)?;
        let platform = client(&http, &req, &mut p).await?;
        let mut take = |name: &str| p.remove(name);
        let request = TokenRequest {
            grant_type: take("grant_type"),
            code: take("code"),
            redirect_uri: take("redirect_uri"),
            code_verifier: take("code_verifier"),
        };
        redeem_code(&http.app, &platform, request).await
    };
    match outcome.await {
        Ok(r) => {
            HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::PRAGMA, "no-cache")).json(json!({
                "access_token": r.access_token,
                "token_type": "Bearer",
                "expires_in": r.expires_in,
                "authorization_details": [r.details],
            }))
        }
        Err(e) => problem::oauth(&req, &e),
    }
}

/// The platform behind the credentials of a plain API request: Basic, or the client assertion as a bearer token, since a request
/// without a form has no other place for it.
pub(super) async fn platform_of(http: &Http, req: &HttpRequest) -> Result<PlatformRow, Error> {
    match bearer(req) {
        Some(jwt) if jwt.contains('.') => {
            authenticate_client(&http.app, PresentedClient::Assertion { client_id: None, jwt: jwt.to_owned() }).await
        }
        Some(_) => Err(Error::InvalidClient("send HTTP Basic credentials, or a client assertion as a bearer token")),
        None => client(http, req, &mut BTreeMap::new()).await,
    }
}

/// What `Authorization: Bearer` carries.
pub(super) fn bearer(req: &HttpRequest) -> Option<&str> {
    let (scheme, token) = req.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// `GET /oauth/authorize`: binds this browser and sends it to the identity provider.
pub(super) async fn authorize(http: Shared, req: HttpRequest) -> HttpResponse {
    let browser = http.browser(&req).unwrap_or_else(|| http.app.entropy.token());
    let mut asked = None;
    let outcome = async {
        let mut p = super::context::once_each(req.query_string())?;
        let missing = |name: &str| Error::InvalidRequest(format!("{name} is missing: push the request to /oauth/par first"));
        let request = begin_login::Authorization {
            client_id: p.remove("client_id").ok_or_else(|| missing("client_id"))?,
            request_uri: p.remove("request_uri").ok_or_else(|| missing("request_uri"))?,
            browser: browser.clone(),
        };
        asked = Some(request.request_uri.clone());
        begin_login::authorize(&http.app, request).await
    };
    match outcome.await {
        // The redirect address is not known to be the client's here, so the error is shown and goes nowhere.
        Err(e) if super::context::wants_json(&req) => problem::oauth(&req, &e),
        Err(Error::InvalidRequestUri) => match begin_login::begun_before(&http.app, &asked.unwrap_or_default(), &browser).await {
            Ok(Some(application)) => refused::used_link(&req, &application),
            Ok(None) => refused::failed(&http, &req, &browser, &Error::InvalidRequestUri).await,
            Err(e) => refused::failed(&http, &req, &browser, &e).await,
        },
        outcome => begun(&http, &req, browser, outcome).await,
    }
}
