//! What a platform may do with an access token beside using it: revoke (RFC 7009) and introspect (RFC 7662, RFC 9701).

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::context::{Body, Shared};
use super::oauth::client;
use super::problem;
use crate::service::{Error, introspect_token};

/// Media type of a signed answer.
const SIGNED: &str = "application/token-introspection+jwt";

/// `POST /oauth/revoke`. `token_type_hint` is for servers with several kinds of token.
pub(super) async fn revoke(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let mut p = body.form(&req)?;
        let platform = client(&http, &req, &mut p).await?;
        introspect_token::revoke_token(&http.app, &platform, p.remove("token")).await
    };
    match outcome.await {
        Ok(()) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).finish(),
        Err(e) => problem::oauth(&req, &e),
    }
}

/// `POST /oauth/introspect`
pub(super) async fn introspect(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let accept = req.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("");
    let signed = accept.split(',').any(|one| one.split(';').next().is_some_and(|t| t.trim().eq_ignore_ascii_case(SIGNED)));
    let outcome = async {
        let mut p = body.form(&req)?;
        let platform = client(&http, &req, &mut p).await?;
        let token = p.remove("token");
        Ok::<_, Error>(if signed {
            (SIGNED, introspect_token::introspect_token_signed(&http.app, &platform, token).await?)
        } else {
            ("application/json", introspect_token::introspect_token(&http.app, &platform, token).await?.to_string())
        })
    };
    match outcome.await {
        Ok((kind, text)) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).content_type(kind).body(text),
        Err(e) => problem::oauth(&req, &e),
    }
}
