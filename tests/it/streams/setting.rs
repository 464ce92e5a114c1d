//! Setting a stream: an endpoint goes live only when it has given back what it was sent, and the old one serves until then.

use std::time::Duration;

use futures_util::future::join_all;
use gosbadge::service::verify_stream::verify_streams;
use serde_json::{Value, json};

use super::endpoints::{Endpoint, Reaction};
use super::{BY_HAND, attempts, call, change, live, put, stream};
use crate::harness::Harness;

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_does_not_give_the_state_back_is_not_live() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let old = Endpoint::start(Reaction::Takes);
    live(&h, "push_webhook", &old.url).await;
    for (method, reaction) in [
        ("push_webhook", Reaction::Nods),
        ("push_set", Reaction::Nods),
        ("push_set", Reaction::Says(500, "no")),
        ("push_webhook", Reaction::Says(200, "ok")),
    ] {
        let new = Endpoint::start(reaction);
        put(&h, json!({ "method": method, "endpoint_url": new.url })).await;
        assert_eq!((verify_streams(h.app()).await.unwrap(), verify_streams(h.app()).await.unwrap()), (1, 0));
        let now = stream(&h).await;
        assert_eq!((&now["state"], &now["endpoint_url"]), (&json!("enabled"), &json!(old.url)), "{now}");
        assert_eq!((&now["pending"]["state"], &now["pending"]["attempts"]), (&json!("waiting"), &json!(1)), "{now}");
        assert!(now["pending"]["note"].is_string() && now["pending"]["next_attempt_at"].is_string(), "{now}");
        assert_eq!(new.got().len(), 1);
        new.stop().await;
    }
    // The old one serves meanwhile.
    h.issue("218000001", "kindergarten-head").await;
    assert_eq!((attempts(&h).await, old.events().len()), (1, 1));
    old.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_may_come_back_by_itself_and_only_the_right_one_counts() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let endpoint = Endpoint::start(Reaction::Nods);
    put(&h, json!({ "method": "push_set", "endpoint_url": endpoint.url, "authorization_header": "Bearer abc" })).await;
    assert_eq!(verify_streams(h.app()).await.unwrap(), 1);
    let got = endpoint.got().remove(0);
    assert_eq!((got.content_type.as_str(), got.authorization.as_deref()), ("application/secevent+jwt", Some("Bearer abc")));
    let set = got.json();
    assert_eq!((&set["aud"], &set["sub_id"]), (&json!(h.ready().platform_url), &json!({ "format": "opaque", "id": "demo" })), "{set}");
    let (status, answer) = call(&h, "POST", "/v1/stream/verify", Some(json!({ "state": "guess" }))).await;
    assert_eq!((status, &answer["code"]), (400, &json!("invalid-request")), "{answer}");
    let (status, answer) = call(&h, "POST", "/v1/stream/verify", Some(json!({ "state": got.state() }))).await;
    assert_eq!((status, &answer["state"], &answer["method"]), (200, &json!("enabled"), &json!("push_set")), "{answer}");
    assert!(answer["has_authorization_header"] == true && !answer.to_string().contains("Bearer"), "never shown: {answer}");
    // Once more is the same.
    assert_eq!(call(&h, "POST", "/v1/stream/verify", Some(json!({ "state": got.state() }))).await.0, 200);

    // Delivered as RFC 8935 says, and a refusal's own word is noted.
    endpoint.react(Reaction::Says(400, r#"{"err":"invalid_key","description":"?"}"#));
    h.issue("218000001", "kindergarten-head").await;
    assert_eq!(attempts(&h).await, 1);
    let now = stream(&h).await;
    assert_eq!((&now["failures"], &now["last_note"]), (&json!(1), &json!("status 400: invalid_key")), "{now}");
    assert_eq!(now["backlog"]["events"], 1);
    endpoint.react(Reaction::Nods);
    h.clock.advance(Duration::from_secs(7));
    assert_eq!(attempts(&h).await, 1);
    let set = endpoint.events().pop().unwrap();
    assert_eq!((set.content_type.as_str(), set.authorization.as_deref()), ("application/secevent+jwt", Some("Bearer abc")));
    let now = stream(&h).await;
    assert_eq!(
        (&now["failures"], &now["last_success_at"], &now["backlog"]["events"]),
        (&json!(0), &json!(h.clock.now()), &json!(0)),
        "{now}"
    );
    endpoint.stop().await;
    h.stop().await;
}

use gosbadge::ports::Clock as _;

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_set_is_refused_and_changes_nothing() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let endpoint = Endpoint::start(Reaction::Takes);
    live(&h, "push_webhook", &endpoint.url).await;
    let before = stream(&h).await;
    let url = &endpoint.url;
    for bad in [
        json!({}),
        json!({ "method": "carrier_pigeon", "endpoint_url": url }),
        json!({ "method": "push_set" }),
        json!({ "method": "poll", "endpoint_url": url }),
        json!({ "method": "push_webhook", "endpoint_url": "https://10.0.0.1/" }),
        json!({ "method": "push_webhook", "endpoint_url": url, "authorization_header": "Bearer x" }),
        json!({ "method": "push_set", "endpoint_url": url, "authorization_header": "" }),
        json!({ "method": "push_set", "endpoint_url": url, "authorization_header": "a\r\nb: c" }),
        json!({ "method": "push_webhook", "endpoint_url": url, "events": [] }),
        json!({ "method": "push_webhook", "endpoint_url": url, "events": ["badge.eaten"] }),
        json!({ "method": "push_webhook", "endpoint_url": url, "state": "disabled" }),
        json!({ "method": "push_webhook", "endpoint_url": url, "more": 1 }),
        json!([]),
    ] {
        let (status, answer) = call(&h, "PUT", "/v1/stream", Some(bad.clone())).await;
        assert_eq!((status, &answer["code"]), (400, &json!("invalid-request")), "{bad} {answer}");
    }
    let stranger = h.http.put(h.url("/v1/stream")).body(json!({ "method": "poll" }).to_string()).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    assert_eq!(stream(&h).await, before);
    endpoint.stop().await;
    h.stop().await;
}

/// A platform that mends its endpoint pauses and goes on: it does not wait hours for the next attempt then.
#[tokio::test(flavor = "multi_thread")]
async fn going_on_after_a_pause_hurries_what_waits() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let endpoint = Endpoint::start(Reaction::Takes);
    live(&h, "push_webhook", &endpoint.url).await;
    endpoint.react(Reaction::Says(500, ""));
    h.issue("218000001", "kindergarten-head").await;
    assert_eq!((attempts(&h).await, attempts(&h).await), (1, 0), "the next attempt has its time");
    let asked = |state: &str| json!({ "method": "push_webhook", "endpoint_url": endpoint.url, "state": state });
    put(&h, asked("enabled")).await;
    assert_eq!(attempts(&h).await, 0, "nothing changed by that");
    put(&h, asked("paused")).await;
    endpoint.react(Reaction::Takes);
    put(&h, asked("enabled")).await;
    assert_eq!(attempts(&h).await, 1);
    assert_eq!(stream(&h).await["backlog"]["events"], 0);
    endpoint.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_it_again_and_again_while_endpoints_are_verified_is_no_conflict() {
    let h = Harness::start().await;
    let endpoints = [Endpoint::start(Reaction::Takes), Endpoint::start(Reaction::Takes)];
    let asked: Vec<_> = (0..40).map(|n| json!({ "method": "push_webhook", "endpoint_url": endpoints[n % 2].url })).collect();
    let answers = join_all(asked.into_iter().map(|body| call(&h, "PUT", "/v1/stream", Some(body)))).await;
    for (status, answer) in answers {
        assert_eq!(status, 200, "{answer}");
    }
    h.until("one of them is live", async || (stream(&h).await["pending"] == Value::Null).then_some(())).await;
    for endpoint in endpoints {
        endpoint.stop().await;
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn types_pause_and_going_on() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let endpoint = Endpoint::start(Reaction::Takes);
    let asked = |more: Value| {
        let mut stream = json!({ "method": "push_webhook", "endpoint_url": endpoint.url, "events": ["badge.revoked", "badge.issued"] });
        stream.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stream
    };
    let (status, answer) = call(&h, "PUT", "/v1/stream", Some(asked(json!({ "state": "paused" })))).await;
    assert_eq!((status, &answer["code"]), (409, &json!("conflict")), "nothing is live yet: {answer}");
    put(&h, asked(json!({}))).await;
    assert_eq!(verify_streams(h.app()).await.unwrap(), 1);
    let paused = put(&h, asked(json!({ "state": "paused" }))).await;
    assert_eq!(
        (&paused["state"], &paused["events"], &paused["pending"]),
        (&json!("paused"), &json!(["badge.issued", "badge.revoked"]), &Value::Null)
    );
    let issued = h.issue("218000001", "kindergarten-head").await;
    change(&h, &issued.badge, "suspend").await;
    change(&h, &issued.badge, "revoke").await;
    assert_eq!((attempts(&h).await, stream(&h).await["backlog"]["events"].as_u64()), (0, Some(2)), "kept, without the suspension");
    assert_eq!(put(&h, asked(json!({ "state": "enabled" }))).await["state"], "enabled");
    assert_eq!((attempts(&h).await, attempts(&h).await), (1, 1));
    let types: Vec<_> = endpoint.events().iter().map(|g| g.json()["type"].clone()).collect();
    assert_eq!(types, ["badge.issued", "badge.revoked"]);
    endpoint.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_endpoint_is_looked_at_every_hour() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let endpoint = Endpoint::start(Reaction::Takes);
    live(&h, "push_set", &endpoint.url).await;
    let look = async |minutes: u64| {
        h.clock.advance(Duration::from_secs(60 * minutes));
        verify_streams(h.app()).await.unwrap()
    };
    assert_eq!((look(59).await, look(2).await, look(45).await), (0, 1, 0));
    let probe = stream(&h).await["probe"].clone();
    assert_eq!((&probe["failures"], &probe["note"]), (&json!(0), &Value::Null), "{probe}");
    assert!(probe["answered_at"].is_string() && probe["next_at"].is_string(), "{probe}");
    endpoint.react(Reaction::Says(503, ""));
    assert_eq!(look(30).await, 1);
    let probe = stream(&h).await["probe"].clone();
    assert_eq!((&probe["failures"], &probe["note"]), (&json!(1), &json!("status 503")), "{probe}");
    let metrics = h.http.get(format!("{}/metrics", h.ready().admin_url)).send().await.unwrap().text().await.unwrap();
    for line in [
        r#"gosbadge_stream_probes_total{platform="demo",outcome="answered"} 1"#,
        r#"gosbadge_stream_probes_total{platform="demo",outcome="silent"} 1"#,
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line}\n{metrics}");
    }
    // 410 to a look shuts the stream as 410 to an event does.
    endpoint.react(Reaction::Says(410, ""));
    assert_eq!(look(80).await, 1);
    assert_eq!(stream(&h).await["state"], "disabled");
    assert_eq!(look(600).await, 0);
    endpoint.stop().await;
    h.stop().await;
}
