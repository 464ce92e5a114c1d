//! Messages from platforms: the verification webhook, and the door in the form of VK's Callback API.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::context::{Body, Shared, remote, request_id};
use super::problem;
use crate::service::receive_callback::{Called, receive_callback};
use crate::service::receive_webhook::{Received, receive_webhook};
use crate::service::{Actor, Error};

fn actor(platform: &str, req: &HttpRequest) -> Actor {
    Actor { kind: "platform", id: Some(platform.to_owned()), role: None, remote: remote(req), request_id: Some(request_id(req)) }
}

/// `POST /v1/webhooks/{platform}/callback`
pub(super) async fn callback(http: Shared, req: HttpRequest, platform: web::Path<String>, body: Body) -> HttpResponse {
    let outcome = async {
        let platform = platform.into_inner();
        let called = Called { actor: actor(&platform, &req), platform, body: body.bytes()?.to_vec() };
        receive_callback(&http.app, called).await
    };
    match outcome.await {
        Ok(text) => {
            HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).content_type("text/plain; charset=utf-8").body(text)
        }
        Err(e) => problem::api(&http, &req, &e),
    }
}

/// `POST /v1/webhooks/{platform}`
pub(super) async fn receive(http: Shared, req: HttpRequest, platform: web::Path<String>, body: Body) -> HttpResponse {
    let outcome = async {
        let body = body.bytes()?;
        let header = |name: &str| {
            let value = req.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
            value.ok_or_else(|| Error::BadWebhook(format!("header {name} is missing")))
        };
        let platform = platform.into_inner();
        let actor = actor(&platform, &req);
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
