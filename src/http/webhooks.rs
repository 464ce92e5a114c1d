//! The platform verification webhook.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::context::{Body, Shared, remote, request_id};
use super::problem;
use crate::service::receive_webhook::{Received, receive_webhook};
use crate::service::{Actor, Error};

/// `POST /v1/webhooks/{platform}`
pub(super) async fn receive(http: Shared, req: HttpRequest, platform: web::Path<String>, body: Body) -> HttpResponse {
    let outcome = async {
        let body = body.bytes()?;
        let header = |name: &str| {
            let value = req.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
            value.ok_or_else(|| Error::BadWebhook(format!("header {name} is missing")))
        };
        let platform = platform.into_inner();
        let actor =
            Actor { kind: "platform", id: Some(platform.clone()), role: None, remote: remote(&req), request_id: Some(request_id(&req)) };
        let received = Received {
            platform,
            id: header("webhook-id")?,
            timestamp: header("webhook-timestamp")?,
            signature: header("webhook-signature")?,
            body: body.to_vec(),
            actor,
        };
        receive_webhook(&http.app, received).await
    };
    match outcome.await {
        Ok(answer) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(answer),
        Err(e) => problem::api(&http, &req, &e),
    }
}
