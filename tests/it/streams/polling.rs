//! Events fetched instead of pushed: RFC 8936, and reading everything again from a cursor.

use std::time::Duration;

use gosbadge::verifier::{KeyUse, Verifier};
use serde_json::{Value, json};

use super::{BY_HAND, call, change, put, stream};
use crate::harness::Harness;

async fn poll(h: &Harness, asked: Value) -> Value {
    let (status, body) = call(h, "POST", "/v1/events/poll", Some(asked)).await;
    assert_eq!(status, 200, "{body}");
    body
}

fn now(asked: Value) -> Value {
    let mut asked = asked;
    asked["returnImmediately"] = json!(true);
    asked
}

/// `jti`s of an answer, in the order of the events' versions, each held to its SET.
async fn checked(h: &Harness, answer: &Value) -> Vec<(String, String, u64)> {
    let keys = h.http.get(h.url("/.well-known/jwks.json")).send().await.unwrap().bytes().await.unwrap();
    let verifier = Verifier::new(&h.ready().public_url, &keys).unwrap();
    let mut found = Vec::new();
    for (jti, token) in answer["sets"].as_object().unwrap() {
        let set: Value = verifier.jwt(token.as_str().unwrap(), "secevent+jwt", KeyUse::Status).unwrap();
        assert_eq!((&set["jti"], &set["aud"]), (&json!(jti), &json!(h.ready().platform_url)));
        let event = &set["events"]["https://schemas.openid.net/secevent/caep/event-type/credential-change"];
        if event["reason"].is_string() {
            assert!(event["reason_admin"]["ru"].is_string() && event["reason_admin"]["en"].is_string(), "{event}");
        }
        let badge = set["sub_id"]["jti"].as_str().unwrap().to_owned();
        found.push((jti.clone(), badge, event["version"].as_u64().unwrap()));
    }
    found.sort_by_key(|(_, badge, version)| (badge.clone(), *version));
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_handed_out_until_acknowledged_and_in_order() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let (status, answer) = call(&h, "POST", "/v1/events/poll", Some(json!({}))).await;
    assert_eq!((status, &answer["code"]), (409, &json!("conflict")), "{answer}");
    let set = put(&h, json!({ "method": "poll" })).await;
    assert_eq!((&set["state"], &set["method"], &set["endpoint_url"]), (&json!("enabled"), &json!("poll"), &Value::Null), "{set}");
    let (first, second) = (h.issue("218000001", "kindergarten-head").await, h.issue("218000002", "kindergarten-head").await);
    for action in ["suspend", "reinstate"] {
        change(&h, &first.badge, action).await;
        change(&h, &second.badge, action).await;
    }
    // Nothing acknowledged: the oldest again and again, never a later one instead.
    let two = poll(&h, now(json!({ "maxEvents": 2 }))).await;
    assert_eq!(two["moreAvailable"], true);
    let versions: Vec<_> = checked(&h, &two).await.iter().map(|(_, _, v)| *v).collect();
    assert_eq!(versions, [1, 1]);
    let again: Vec<_> = checked(&h, &poll(&h, now(json!({ "maxEvents": 2 }))).await).await;
    assert_eq!(again, checked(&h, &two).await, "the same until acknowledged");
    // One acknowledged, one refused: both are settled, and what follows comes.
    let jtis: Vec<String> = again.iter().map(|(jti, ..)| jti.clone()).collect();
    let answer = poll(
        &h,
        now(json!({ "ack": [jtis[0], "evt_unknown"], "setErrs": { &jtis[1]: { "err": "invalid_audience", "description": "x" } } })),
    )
    .await;
    let rest = checked(&h, &answer).await;
    assert_eq!((rest.len(), &answer["moreAvailable"]), (4, &json!(false)), "{answer}");
    let seen = stream(&h).await;
    assert_eq!((&seen["backlog"]["events"], &seen["last_note"]), (&json!(4), &json!("refused: invalid_audience")), "{seen}");
    let ids: Vec<&String> = rest.iter().map(|(jti, ..)| jti).collect();
    let answer = poll(&h, json!({ "maxEvents": 0, "ack": ids })).await;
    assert_eq!(answer, json!({ "sets": {}, "moreAvailable": false }), "acknowledged only, and not waited");
    assert_eq!(stream(&h).await["backlog"]["events"], 0);
    // The refused one is a dead letter and comes again when asked for.
    let (_, dead) = call(&h, "GET", "/v1/deliveries?state=dead", None).await;
    assert_eq!((dead["deliveries"].as_array().unwrap().len(), &dead["deliveries"][0]["event"]), (1, &json!(jtis[1])), "{dead}");
    let id = dead["deliveries"][0]["id"].as_str().unwrap();
    let (status, answer) = call(&h, "POST", &format!("/v1/deliveries/{id}/redeliver"), None).await;
    assert_eq!((status, &answer["state"]), (200, &json!("pending")), "{answer}");
    assert!(poll(&h, now(json!({}))).await["sets"].get(&jtis[1]).is_some());
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_for_an_event_and_no_longer_than_half_a_minute() {
    let h = Harness::start_with(&[BY_HAND]).await;
    put(&h, json!({ "method": "poll" })).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let (jti, ..) = checked(&h, &poll(&h, now(json!({}))).await).await.remove(0);
    let waiting = poll(&h, json!({ "ack": [jti] }));
    let revoked = async {
        // Acknowledged means that the request has come; then it waits.
        h.until("the request waits", async || (stream(&h).await["backlog"]["events"] == 0).then_some(())).await;
        change(&h, &issued.badge, "revoke").await;
    };
    let (answer, ()) = tokio::join!(waiting, revoked);
    let found = checked(&h, &answer).await;
    assert_eq!((found.len(), found[0].2), (1, 2), "{answer}");
    let waiting = poll(&h, json!({ "ack": [found[0].0] }));
    let later = async {
        h.until("the request waits", async || (stream(&h).await["backlog"]["events"] == 0).then_some(())).await;
        h.clock.advance(Duration::from_secs(31));
    };
    let (answer, ()) = tokio::join!(waiting, later);
    assert_eq!(answer, json!({ "sets": {}, "moreAvailable": false }));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_can_be_read_again_from_a_cursor() {
    let h = Harness::start_with(&[BY_HAND]).await;
    // The endpoint never proves itself: the ledger is there all the same.
    let mut told = Vec::new();
    for n in 1..=3 {
        let issued = h.issue(&format!("21800000{n}"), "kindergarten-head").await;
        change(&h, &issued.badge, "suspend").await;
        change(&h, &issued.badge, "revoke").await;
        told.extend([(issued.badge.clone(), "badge.issued"), (issued.badge.clone(), "badge.suspended"), (issued.badge, "badge.revoked")]);
    }
    let (mut after, mut found, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let (status, page) = call(&h, "GET", &format!("/v1/events?after={after}&limit=4"), None).await;
        assert_eq!(status, 200, "{page}");
        for event in page["events"].as_array().unwrap() {
            assert!(event["id"].as_str().unwrap().starts_with("evt_") && event["data"]["set"].is_string(), "{event}");
            found.push((event["data"]["badge"].as_str().unwrap().to_owned(), event["type"].as_str().unwrap().to_owned()));
        }
        pages += 1;
        page["next"].as_str().unwrap().clone_into(&mut after);
        if page["more"] == false {
            break;
        }
    }
    assert_eq!((found.len(), pages), (9, 3));
    assert!(found.iter().zip(&told).all(|((a, b), (c, d))| a == c && b == d), "{found:?}");
    // At the end the cursor stays, and gives what is new later.
    let (_, end) = call(&h, "GET", &format!("/v1/events?after={after}"), None).await;
    assert_eq!((&end["events"], end["next"].as_str()), (&json!([]), Some(&*after)));
    h.issue("218000004", "kindergarten-head").await;
    let (_, page) = call(&h, "GET", &format!("/v1/events?after={after}"), None).await;
    assert_eq!((page["events"].as_array().unwrap().len(), &page["events"][0]["type"]), (1, &json!("badge.issued")), "{page}");
    for bad in ["/v1/events?after=evt_x", "/v1/events?limit=0", "/v1/events?limit=1001", "/v1/events?limit=x"] {
        let (status, answer) = call(&h, "GET", bad, None).await;
        assert_eq!((status, &answer["code"]), (400, &json!("invalid-request")), "{bad} {answer}");
    }
    assert_eq!(h.http.get(h.url("/v1/events")).send().await.unwrap().status(), 401);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transmitter_says_what_it_can() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let said: Value = h.http.get(h.url("/.well-known/ssf-configuration")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&said["issuer"], &said["spec_version"]), (&json!(h.ready().public_url), &json!("1_0")));
    assert_eq!(said["delivery_methods_supported"], json!(["urn:ietf:rfc:8935", "urn:ietf:rfc:8936"]));
    assert_eq!(h.http.get(said["jwks_uri"].as_str().unwrap()).send().await.unwrap().status(), 200);
    h.stop().await;
}
