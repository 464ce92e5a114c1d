//! `GET /metrics`: what is counted, for Prometheus. On the admin listener only, and without a token: collectors have none, and
//! nothing in it names a person, a page or an authority.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::context::Shared;
use super::problem;

/// `GET /metrics`
pub(super) async fn metrics(http: Shared, req: HttpRequest) -> HttpResponse {
    match http.app.metrics.text() {
        Ok(text) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
            .body(text),
        Err(e) => problem::api(&http, &req, &e),
    }
}
