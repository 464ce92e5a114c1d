//! OpenID Federation: the documents as other people's software reads them, over HTTP.

mod chain;
mod configurations;
mod delegation;
mod endpoints;
mod lists;

use openid_federation::EntityId;
use serde_json::Value;

use crate::harness::{Harness, Issued};

const COMMUNITY: &str = "218000001";

async fn issue(h: &Harness) -> Issued {
    h.issue(COMMUNITY, "kindergarten-head").await
}

/// What an attestation is about: `{iss}/c/{ulid}`.
fn subject(attestation: &str) -> String {
    claims(attestation)["sub"].as_str().unwrap().to_owned()
}

fn claims(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims
}

fn entity(id: &str) -> EntityId {
    EntityId::parse(id).unwrap()
}

fn kind(h: &Harness) -> String {
    h.url("/tm/official-community/v1")
}

/// The address of an endpoint with parameters.
fn asking(h: &Harness, path: &str, parameters: &[(&str, &str)]) -> String {
    url::Url::parse_with_params(&h.url(path), parameters).unwrap().into()
}

async fn get(h: &Harness, url: &str) -> reqwest::Response {
    h.http.get(url).send().await.unwrap()
}

/// The signed statement at an address.
async fn statement(h: &Harness, url: &str) -> String {
    let answer = get(h, url).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &"application/entity-statement+jwt".parse().unwrap()));
    answer.text().await.unwrap()
}

async fn own(h: &Harness) -> String {
    statement(h, &h.url("/.well-known/openid-federation")).await
}

async fn configuration(h: &Harness, sub: &str) -> String {
    statement(h, &format!("{sub}/.well-known/openid-federation")).await
}

async fn subordinate(h: &Harness, sub: &str) -> String {
    statement(h, &asking(h, "/federation/fetch", &[("sub", sub)])).await
}

/// The error of a refused question, in the form of the federation.
async fn refused(h: &Harness, url: &str) -> (u16, String) {
    let answer = get(h, url).await;
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "application/json", "{url}");
    assert_eq!(answer.headers()["access-control-allow-origin"], "*", "{url}");
    assert_eq!(answer.headers()["cache-control"], "no-store", "{url}");
    let body: Value = answer.json().await.unwrap();
    assert!(body["error_description"].as_str().is_some_and(|d| !d.is_empty()), "{body}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    (status, body["error"].as_str().unwrap().to_owned())
}
