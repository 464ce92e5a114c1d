//! Batches, body limits, and questions out of form.

use serde_json::{Value, json};

use super::issue;
use crate::harness::Harness;

async fn post(h: &Harness, body: String) -> (u16, Value) {
    let answer = h.http.post(h.url("/v1/verify")).body(body).send().await.unwrap();
    let status = answer.status().as_u16();
    let form = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(form, if status == 200 { "application/json" } else { "application/problem+json" });
    assert_eq!(answer.headers()["access-control-allow-origin"], "*", "errors are for scripts of other origins too");
    (status, answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn batches() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    let stranger = json!({ "community": { "platform": "demo", "id": "5" } });
    let mut items = vec![json!({ "attestation": issued.attestation }), stranger.clone(), json!({ "attestation": "x" })];
    let (status, answer) = post(&h, json!({ "items": items }).to_string()).await;
    let words: Vec<_> = answer["results"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
    assert_eq!((status, words), (200, vec!["active", "unknown", "malformed"]), "in the order of the questions");

    items.resize(1000, stranger.clone());
    let (status, answer) = post(&h, json!({ "items": items }).to_string()).await;
    assert_eq!((status, answer["results"].as_array().unwrap().len()), (200, 1000));
    items.push(stranger);
    for bad in [items, vec![]] {
        let (status, answer) = post(&h, json!({ "items": bad }).to_string()).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("invalid-request")));
        assert!(answer["detail"].as_str().unwrap().contains("1000"), "{answer}");
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes() {
    let h = Harness::start().await;
    let single = |size: usize| json!({ "attestation": "x".repeat(size) }).to_string();
    assert_eq!(post(&h, single(60 * 1024)).await.1["status"], "malformed");
    for size in [65 * 1024, 900 * 1024, 1100 * 1024] {
        let (status, answer) = post(&h, single(size)).await;
        assert_eq!((status, answer["code"].as_str()), (413, Some("too-large")), "{size}");
    }
    let batch = |size: usize| json!({ "items": [{ "attestation": "x".repeat(size) }] }).to_string();
    assert_eq!(post(&h, batch(1000 * 1024)).await.0, 200);
    assert_eq!(post(&h, batch(1025 * 1024)).await.0, 413);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_out_of_form() {
    let h = Harness::start().await;
    let bad = [
        "",
        "{}",
        "null",
        "[]",
        "5",
        "{",
        "attestation=x",
        "{\"attestation\":5}",
        "{\"community\":{}}",
        "{\"items\":5}",
        "{\"items\":[{}]}",
        "{\"community\":{\"platform\":\"demo\",\"id\":\"x\"}}",
        "{\"community\":{\"platform\":\"DEMO\",\"id\":\"1\"}}",
        "{\"community\":{\"platform\":\"demo\",\"id\":1}}",
        "{\"items\":[[]]}",
    ];
    for body in bad {
        let (status, answer) = post(&h, body.to_owned()).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("invalid-request")), "{body} {answer}");
        assert_eq!(answer["type"], h.url("/problems/invalid-request"));
        assert_eq!(answer["status"], 400);
    }
    let (_, answer) = post(&h, "{}".to_owned()).await;
    assert_eq!(answer["detail"], "send attestation, community, or both");
    h.stop().await;
}
