//! The callback door itself: handshake, secret, copies, and messages out of form.

use std::time::Duration;

use gosbadge::service::Actor;
use gosbadge::service::add_platform::set_platform_state;
use serde_json::{Value, json};

use super::{CODE, COMMUNITY, Stand, call, register};

fn code(text: &str) -> String {
    let problem: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("expected a problem document: {text}"));
    problem["code"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handshake_is_answered_for_groups_that_are_registered() {
    let s = Stand::start(&[]).await;
    let confirmation = |group: u64| json!({ "type": "confirmation", "group_id": group });
    assert_eq!(s.call(&confirmation(218_000_001)).await, (200, CODE.to_owned()));
    // A community's own server comes before the platform's.
    register(&s.h, Some("218000002"), "ffff0000").await;
    assert_eq!(s.call(&confirmation(218_000_002)).await, (200, "ffff0000".to_owned()));
    assert_eq!(s.call(&confirmation(218_000_003)).await, (200, CODE.to_owned()));
    for platform in ["nobody", "UPPER"] {
        let (status, body) = call(&s.h, platform, &confirmation(218_000_001)).await;
        assert_eq!((status, &*code(&body)), (401, "bad-signature"));
    }
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_secret_of_that_group_is_believed() {
    let s = Stand::start(&[]).await;
    let badge = s.h.issue(COMMUNITY, "kindergarten-head").await.badge;
    let others = register(&s.h, Some("218000002"), "ffff0000").await;
    for secret in [json!(others), json!(""), json!(format!("{} ", s.secret)), json!(s.secret.to_uppercase()), Value::Null] {
        let mut message = s.message("e1", "community.deleted", &json!({}));
        message["secret"] = secret;
        let (status, body) = s.call(&message).await;
        assert_eq!((status, &*code(&body)), (401, "bad-signature"), "{message}");
        assert!(!body.contains(&s.secret));
    }
    // The other community's server speaks for that one only.
    let mut message = s.message("e1", "community.deleted", &json!({}));
    message["secret"] = json!(others);
    message["group_id"] = json!(218_000_002);
    assert_eq!(s.call(&message).await.0, 200);
    assert_eq!(s.badge(&badge).await.0, "active", "nothing was done");

    // A new secret, and the old one for an hour more.
    let new = register(&s.h, None, CODE).await;
    let mut with_new = s.message("e2", "photo_new", &json!({}));
    with_new["secret"] = json!(new);
    let with_old = s.message("e2", "photo_new", &json!({}));
    assert_eq!((s.call(&with_new).await.0, s.call(&with_old).await.0), (200, 200));
    s.h.clock.advance(Duration::from_secs(3600));
    assert_eq!((s.call(&with_new).await.0, s.call(&with_old).await.0), (200, 401));
    set_platform_state(s.h.app(), "demo".to_owned(), false, &Actor::system()).await.unwrap();
    assert_eq!(s.call(&with_new).await.0, 401, "shut out");
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_acts_once_and_other_news_do_nothing() {
    let s = Stand::start(&[]).await;
    let badge = s.h.issue(COMMUNITY, "kindergarten-head").await.badge;
    let captured = s.message("e1", "community.compromised", &json!({}));
    let answers = futures_util::future::join_all((0..8).map(|_| s.call(&captured))).await;
    assert!(answers.iter().all(|a| *a == (200, "ok".to_owned())), "{answers:?}");
    assert_eq!(s.badge(&badge).await.2, 2);
    assert_eq!(s.h.admin(&badge, "reinstate", json!({ "reason": "operator_decision" })).await.0, 200);
    assert_eq!(s.call(&captured).await, (200, "ok".to_owned()), "VK repeats what it believes was not taken");
    let (status, body) = s.call(&s.message("e1", "community.deleted", &json!({}))).await;
    assert_eq!((status, &*code(&body)), (409, "conflict"));

    let news = [
        ("wall_post_new", json!({ "id": 5 })),
        ("group_change_photo", json!({ "user_id": 1 })),
        ("group_change_settings", json!({ "user_id": 1, "changes": { "description": { "old_value": "a", "new_value": "b" } } })),
        ("group_officers_edit", json!({ "admin_id": 1, "user_id": 2, "level_old": 0, "level_new": 2 })),
        ("group_officers_edit", json!({ "admin_id": 1, "user_id": 2, "level_old": 3, "level_new": 3 })),
    ];
    for (n, (kind, object)) in news.into_iter().enumerate() {
        s.tell(&format!("n{n}"), kind, object).await;
    }
    assert_eq!(s.badge(&badge).await, ("active".to_owned(), None, 3, ["issued", "suspended", "reinstated"].map(str::to_owned).to_vec()));
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_form_is_refused_and_not_recorded() {
    let s = Stand::start(&[]).await;
    let good = s.message("e1", "community.compromised", &json!({}));
    let bent = |member: &str, value: Value| {
        let mut message = good.clone();
        message[member] = value;
        message
    };
    let officers = |old: Value, new: Value| s.message("e1", "group_officers_edit", &json!({ "level_old": old, "level_new": new }));
    let title = |new: Value| s.message("e1", "group_change_settings", &json!({ "changes": { "title": { "new_value": new } } }));
    for message in [
        json!([]),
        json!({}),
        bent("group_id", json!("club1")),
        bent("group_id", json!(0)),
        bent("group_id", json!(-5)),
        bent("event_id", Value::Null),
        bent("event_id", json!("")),
        bent("event_id", json!("a b")),
        bent("event_id", json!("e".repeat(129))),
        bent("type", json!(5)),
        officers(json!(0), json!(4)),
        officers(json!("0"), json!(3)),
        officers(Value::Null, json!(3)),
        title(json!(5)),
        title(json!("я".repeat(301))),
        title(json!("a\0b")),
    ] {
        let (status, body) = s.call(&message).await;
        assert_eq!((status, &*code(&body)), (400, "invalid-request"), "{message}");
    }
    assert_eq!(s.call(&good).await, (200, "ok".to_owned()), "the same event_id is free for a message in form");
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_registers_a_server() {
    let s = Stand::start(&[]).await;
    let add = ["platform", "callback", "demo", "--confirmation", "0badcafe", "--community", "218000003", "--json"];
    let out = s.h.gosbadge(&add).await;
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let printed: Value = serde_json::from_slice(&out.stdout).unwrap();
    let secret = printed["secret"].as_str().unwrap();
    // VK's own limit.
    assert!(secret.len() <= 50 && secret.bytes().all(|b| b.is_ascii_alphanumeric()), "{secret}");
    assert_eq!(printed["url"], s.h.url("/v1/webhooks/demo/callback"));
    let message = json!({ "type": "community.deleted", "group_id": 218_000_003, "event_id": "e", "secret": secret, "object": {} });
    assert_eq!(s.call(&message).await, (200, "ok".to_owned()));
    for bad in [
        ["platform", "callback", "demo", "--confirmation", "два слова"],
        ["platform", "callback", "demo", "--confirmation", ""],
        ["platform", "callback", "nobody", "--confirmation", "0badcafe"],
    ] {
        assert_eq!(s.h.gosbadge(&bad).await.status.code(), Some(1), "{bad:?}");
    }
    s.stop().await;
}
