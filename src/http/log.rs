//! The transparency log as C2SP tlog-tiles serves it, and the proof beside each badge. Public and open to other origins.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::context::Shared;
use super::problem;
use crate::domain::tlog::tile::Asset;
use crate::service::{Error, read_log};

/// What never changes once it exists.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// What grows: "prevent caching beyond a few seconds" (tlog-tiles).
const SECONDS: &str = "public, max-age=2";

/// `GET /log/checkpoint`
pub(super) async fn checkpoint(http: Shared, req: HttpRequest) -> HttpResponse {
    text(&http, &req, read_log::checkpoint(&http.app).await, SECONDS)
}

/// `GET /log/key`: what witnesses and auditors are configured with. Whoever audits should have it from elsewhere too.
pub(super) async fn key(http: Shared, req: HttpRequest) -> HttpResponse {
    text(&http, &req, read_log::key_lines(&http.app).await, "public, max-age=300")
}

/// `GET /c/{community}.tlog-proof`
pub(super) async fn proof(http: Shared, req: HttpRequest, community: web::Path<String>) -> HttpResponse {
    text(&http, &req, read_log::proof(&http.app, community.into_inner()).await, SECONDS)
}

/// `GET /log/tile/{path}`
pub(super) async fn tile(http: Shared, req: HttpRequest, path: web::Path<String>) -> HttpResponse {
    let asset = Asset::parse(&format!("tile/{path}")).ok_or(Error::NotFound("tile"));
    let bytes = match asset {
        Ok(asset) => read_log::asset(&http.app, asset).await,
        Err(e) => Err(e),
    };
    match bytes {
        Ok(bytes) => {
            HttpResponse::Ok().insert_header((header::CACHE_CONTROL, FOREVER)).content_type("application/octet-stream").body(bytes)
        }
        Err(e) => problem::api(&http, &req, &e),
    }
}

fn text(http: &Shared, req: &HttpRequest, text: Result<String, Error>, cache: &'static str) -> HttpResponse {
    match text {
        Ok(text) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, cache)).content_type("text/plain; charset=utf-8").body(text),
        Err(e) => problem::api(http, req, &e),
    }
}
