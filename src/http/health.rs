//! Whether the process lives, and whether it can do its work.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::context::Shared;
use crate::service::readiness;

/// `GET /health/live`
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /health/ready`
pub(super) async fn ready(http: Shared, _req: HttpRequest) -> HttpResponse {
    let report = readiness::readiness(&http.app).await;
    let mut response = if report.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header(("Cache-Control", "no-store")).json(report)
}
