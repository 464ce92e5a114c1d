//! The admin surface: who may do what, what is refused and how, and that every call is on record.

mod audit;
mod command;
mod refusals;
mod revocations;
mod roles;

use gosbadge::service::Actor;
use gosbadge::service::add_operator::{Role, add_operator};
use serde_json::{Value, json};

use crate::harness::Harness;

/// The three things that can be done to a badge.
const ACTIONS: [&str; 3] = ["suspend", "reinstate", "revoke"];

pub async fn token_of(h: &Harness, role: Role) -> String {
    add_operator(h.app(), &format!("a {role}"), role, &Actor::system()).await.unwrap().token
}

/// One call to the admin surface, as raw as needed.
async fn call(h: &Harness, token: Option<&str>, badge: &str, action: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let url = format!("{}/admin/v1/badges/{badge}/{action}", h.ready().admin_url);
    let mut request = h.http.post(url).body(body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    if status >= 400 {
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.headers().contains_key("www-authenticate"), status == 401);
    }
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (status, answer.json().await.unwrap())
}

fn because(reason: &str) -> String {
    json!({ "reason": reason }).to_string()
}

/// One page of the audit trail.
async fn audit_page(h: &Harness, query: &str) -> (u16, Value) {
    let url = format!("{}/admin/v1/audit?{query}", h.ready().admin_url);
    let answer = h.http.get(url).bearer_auth(&h.ready().operator_token).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Entries about a badge, newest first.
async fn audited(h: &Harness, target: &str) -> Vec<Value> {
    let (status, page) = audit_page(h, "limit=1000").await;
    assert_eq!(status, 200, "{page}");
    page["entries"].as_array().unwrap().iter().filter(|e| e["target"] == target).cloned().collect()
}
