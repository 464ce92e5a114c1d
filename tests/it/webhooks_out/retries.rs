//! Failed attempts: what is tried again and when, and what is given up.

use serde_json::Value;

use super::receiver::{Answer, Got};
use super::{BY_HAND, attempts, attempts_after, pending, start};

/// What the message says. An ES256 signature is another one each time, so the SET's claims stand for it.
fn event(got: &Got) -> (Value, Value) {
    let mut body = got.json();
    let set = body["data"].as_object_mut().unwrap().remove("set").unwrap();
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(set.as_str().unwrap()).unwrap().claims;
    (body, claims)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_again_at_its_time() {
    let (h, receiver) = start(&[BY_HAND, ("GOSBADGE__WEBHOOKS__TIMEOUT", "5s")]).await;
    h.issue("218000001", "kindergarten-head").await;
    // (answer, seconds after which it is surely too early, further seconds after which it is surely due): 80 % to 120 % of
    // 5 s, 5 min, 30 min, 90 min, 3 h.
    let failures = [
        (Answer::Status(500), 3, 4),
        (Answer::Silence, 235, 130),
        (Answer::With(302, "location", "/hook"), 1435, 730),
        (Answer::Status(404), 4315, 2170),
        (Answer::With(429, "retry-after", "18000"), 17_990, 10),
    ];
    assert_eq!(pending(&h).await, 1);
    let mut due_at_once = 0;
    for (n, (answer, early, rest)) in failures.into_iter().enumerate() {
        receiver.answer(answer);
        assert_eq!(attempts_after(&h, due_at_once).await, 1, "attempt {}", n + 1);
        assert_eq!(receiver.got().len(), n + 1, "one request, nothing followed");
        assert_eq!(attempts_after(&h, early).await, 0, "too early after attempt {}", n + 1);
        due_at_once = rest;
    }
    receiver.answer(Answer::Status(204));
    assert_eq!((attempts_after(&h, due_at_once).await, attempts(&h).await), (1, 0));
    assert_eq!(pending(&h).await, 0);

    let got = receiver.got();
    assert_eq!(got.len(), 6);
    assert!(got.iter().all(|g| g.id == got[0].id && event(g) == event(&got[0])), "the same id and the same event at every attempt");
    for pair in got.windows(2) {
        assert!(pair[0].timestamp < pair[1].timestamp && pair[0].signature != pair[1].signature, "each attempt has its own time");
    }
    receiver.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_is_gone_until_the_endpoint_proves_itself_again() {
    let (mut h, receiver) = start(&[BY_HAND]).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    receiver.answer(Answer::Status(410));
    assert_eq!(attempts(&h).await, 1);
    super::change(&h, &issued.badge, "suspend").await;
    assert_eq!((pending(&h).await, attempts_after(&h, 100_000).await), (2, 0), "kept, and not sent");
    receiver.answer(Answer::Status(204));
    super::subscribe(&mut h, &receiver.url).await;
    assert_eq!((attempts(&h).await, attempts(&h).await, pending(&h).await), (1, 1, 0), "the backlog follows");
    assert_eq!(receiver.got().iter().map(|g| g.what().1).collect::<Vec<_>>(), [1, 1, 2]);
    receiver.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_up_after_the_last_attempt() {
    let (h, receiver) = start(&[BY_HAND]).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    receiver.answer(Answer::Status(503));
    for n in 1..=10 {
        assert_eq!(attempts_after(&h, 8 * 3600).await, 1, "attempt {n}");
        assert_eq!(pending(&h).await, u64::from(n < 10));
    }
    assert_eq!(attempts_after(&h, 100_000).await, 0);
    // What comes later is not held up by what was given up.
    receiver.answer(Answer::Status(204));
    super::change(&h, &issued.badge, "revoke").await;
    assert_eq!(attempts(&h).await, 1);
    assert_eq!(receiver.got().last().unwrap().what(), (issued.badge.clone(), 2));
    receiver.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_home() {
    let (h, receiver) = start(&[BY_HAND]).await;
    h.issue("218000001", "kindergarten-head").await;
    receiver.stop().await;
    assert_eq!(attempts(&h).await, 1);
    assert_eq!((attempts(&h).await, pending(&h).await), (0, 1), "kept for later");
    h.stop().await;
}
