//! Streams over HTTP: set, verified, looked at; events fetched instead of pushed; lists and redelivery. Background work is
//! off in most tests: each makes the steps itself, so that "not yet" can be told from "not at all".

mod damaged;
mod endpoints;
mod fairness;
mod guard;
mod letters;
mod polling;
mod setting;

use gosbadge::service::deliver::deliver_due;
use gosbadge::service::verify_stream::verify_streams;
use serde_json::{Value, json};

use crate::harness::Harness;

pub const BY_HAND: (&str, &str) = ("GOSBADGE__JOBS__IN_PROCESS", "false");

/// A request with the platform's credentials; status and body.
async fn call(h: &Harness, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let platform = &h.ready().platform;
    let method = method.parse().unwrap();
    let mut request = h.http.request(method, h.url(path)).basic_auth(&platform.client_id, Some(&platform.client_secret));
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// `PUT /v1/stream`, which must succeed.
pub async fn put(h: &Harness, stream: Value) -> Value {
    let (status, body) = call(h, "PUT", "/v1/stream", Some(stream)).await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn stream(h: &Harness) -> Value {
    let (status, body) = call(h, "GET", "/v1/stream", None).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// A push stream at `url`, verified.
pub async fn live(h: &Harness, method: &str, url: &str) {
    put(h, json!({ "method": method, "endpoint_url": url })).await;
    assert_eq!(verify_streams(h.app()).await.unwrap(), 1);
    let stream = stream(h).await;
    assert_eq!((&stream["state"], &stream["method"], &stream["pending"]), (&json!("enabled"), &json!(method), &Value::Null), "{stream}");
}

async fn attempts(h: &Harness) -> usize {
    deliver_due(h.app()).await.unwrap()
}

async fn change(h: &Harness, badge: &str, action: &str) {
    let (status, answer) = h.admin(badge, action, json!({ "reason": "operator_decision" })).await;
    assert_eq!((status, answer["changed"].as_bool()), (200, Some(true)), "{answer}");
}
