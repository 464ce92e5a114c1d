//! Tests of webhook delivery: hostile addresses, names that turn inward, answers of every kind.

use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::*;
use crate::adapters::guarded_resolver::tests::{INWARD, Scripted};
use crate::adapters::test_server::{Received, Reply, serve};
use crate::domain::time::Timestamp;

/// 1994-11-06T08:49:37Z, the instant of RFC 9110's example date.
const NOW: Timestamp = Timestamp::from_secs(784_111_777);

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

fn message(url: &str) -> OutgoingMessage {
    OutgoingMessage {
        url: url.into(),
        content_type: "application/json",
        headers: [("webhook-id", "msg_1"), ("webhook-timestamp", "784111777"), ("webhook-signature", "v1,c2ln")]
            .map(|(name, value)| (name, value.to_owned()))
            .into(),
        body: r#"{"type":"badge.issued"}"#.into(),
    }
}

fn check(url: &str, allow_loopback: bool) -> Result<(), String> {
    public_address::parse(url, ENDPOINT, allow_loopback).map(drop)
}

fn sender(allow_loopback: bool) -> WebhookSender {
    impatient_after(Duration::from_secs(20), allow_loopback)
}

fn impatient_after(timeout: Duration, allow_loopback: bool) -> WebhookSender {
    WebhookSender::new(timeout, allow_loopback, Arc::new(StoppedClock)).unwrap()
}

fn failed(note: &str, retry_after: Option<u64>) -> DeliveryOutcome {
    DeliveryOutcome::Failed { note: note.into(), retry_after: retry_after.map(Duration::from_secs) }
}

/// Addresses that must never be called; PORT stands for the canary's port.
const HOSTILE: &str = include_str!("../../../tests/it/streams/refused_endpoints.json");

#[actix_web::test]
async fn no_hostile_address_is_ever_connected_to() {
    let hostile: Vec<String> = serde_json::from_str(HOSTILE).unwrap();
    assert!(hostile.len() >= 60);
    let canary = serve(|_| Reply::new(200, "", ""));
    let port = canary.url.rsplit_once(':').unwrap().1.to_owned();
    let sender = sender(false);
    for hostile in hostile {
        let url = hostile.replace("PORT", &port);
        assert!(sender.check(&url).is_err(), "registered: {url:?}");
        let outcome = sender.deliver(message(&url)).await.outcome;
        assert!(matches!(outcome, DeliveryOutcome::Forbidden { .. }), "{url:?}: {outcome:?}");
    }
    assert_eq!(canary.hits.load(Ordering::SeqCst), 0);
}

#[test]
fn ordinary_endpoints_are_accepted() {
    for url in [
        "https://example.com/hook",
        "https://example.com",
        "https://hooks.example.com:8443/a?b=c",
        "https://93.184.216.34/",
        "https://xn--e1afmkfd.xn--p1ai/x",
        "https://пример.рф/x",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
        "https://example.com:443/",
        "https://172.32.0.1/",
        "https://example.com/a@b",
    ] {
        assert_eq!(check(url, false), Ok(()), "{url}");
    }
    assert!(check(&format!("https://example.com/{}", "a".repeat(2048)), false).is_err());
}

#[test]
fn development_opens_loopback_and_nothing_else() {
    for url in [
        "http://127.0.0.1:8080/",
        "https://127.0.0.1:80/",
        "http://localhost/hook",
        "http://[::1]:9/",
        "http://a.localhost/",
        "https://example.com/",
    ] {
        assert_eq!(check(url, true), Ok(()), "{url}");
    }
    for url in [
        "http://example.com/",
        "http://10.0.0.1/",
        "https://192.168.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://u@127.0.0.1/",
    ] {
        assert!(check(url, true).is_err(), "{url}");
    }
}

#[actix_web::test]
async fn a_name_that_leads_inward_is_not_followed() {
    let canary = serve(|_| Reply::new(200, "", ""));
    let port = canary.url.rsplit_once(':').unwrap().1.to_owned();
    let answers = Scripted::new([INWARD.to_vec(), vec!["127.0.0.1"]]);
    let sender = WebhookSender::with_resolver(Duration::from_secs(20), false, Arc::new(StoppedClock), answers).unwrap();
    for _ in 0..2 {
        let outcome = sender.deliver(message(&format!("https://rebind.example.com:{port}/"))).await.outcome;
        assert!(matches!(outcome, DeliveryOutcome::Forbidden { .. }), "{outcome:?}");
    }
    assert_eq!(canary.hits.load(Ordering::SeqCst), 0);
}

/// By the rules of development, where this machine stands for a public one that a test can have.
#[actix_web::test]
async fn a_name_that_turns_inward_is_not_followed_although_it_took_a_message_before() {
    let server = serve(|_| Reply::new(200, "", ""));
    let port = server.url.rsplit_once(':').unwrap().1.to_owned();
    let answers = Scripted::new([vec!["127.0.0.1"], vec!["10.0.0.1", "169.254.169.254", "fd00::1"], vec!["127.0.0.1"]]);
    let resolver = Arc::clone(&answers);
    let sender = WebhookSender::with_resolver(Duration::from_secs(20), true, Arc::new(StoppedClock), resolver).unwrap();
    let url = format!("http://rebind.localhost:{port}/");
    assert_eq!(sender.deliver(message(&url)).await.outcome, DeliveryOutcome::Accepted);
    let turned = sender.deliver(message(&url)).await.outcome;
    assert!(matches!(turned, DeliveryOutcome::Forbidden { .. }), "{turned:?}");
    assert_eq!((server.hits.load(Ordering::SeqCst), answers.left()), (1, 1), "asked again for the second message");
    assert_eq!(sender.deliver(message(&url)).await.outcome, DeliveryOutcome::Accepted);
}

#[actix_web::test]
async fn delivers_the_message_with_its_headers() {
    let seen = Arc::new(Mutex::new(None));
    let store = Arc::clone(&seen);
    let server = serve(move |r: &Received| {
        *store.lock().unwrap() = Some((r.head.to_ascii_lowercase(), r.body.clone()));
        Reply::new(204, "", "")
    });
    assert_eq!(sender(true).deliver(message(&format!("{}/hook", server.url))).await.outcome, DeliveryOutcome::Accepted);
    let (head, body) = seen.lock().unwrap().take().unwrap();
    assert!(head.starts_with("post /hook "), "{head}");
    for line in [
        "webhook-id: msg_1\r\n",
        "webhook-timestamp: 784111777\r\n",
        "webhook-signature: v1,c2ln\r\n",
        "content-type: application/json\r\n",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert_eq!(body, r#"{"type":"badge.issued"}"#);
}

#[actix_web::test]
async fn the_beginning_of_an_answer_is_kept() {
    let server = serve(|_| Reply::new(400, "", r#"{"err":"invalid_key"}"#));
    let attempted = sender(true).deliver(message(&server.url)).await;
    assert_eq!((attempted.outcome, attempted.answer), (failed("status 400", None), br#"{"err":"invalid_key"}"#.to_vec()));
    let server = serve(|_| Reply::new(200, "", vec![b'x'; 100_000]));
    assert_eq!(sender(true).deliver(message(&server.url)).await.answer, vec![b'x'; 4096]);
}

#[actix_web::test]
async fn every_answer_has_its_outcome() {
    let cases: [(u16, &str, DeliveryOutcome); 9] = [
        (200, "", DeliveryOutcome::Accepted),
        (299, "", DeliveryOutcome::Accepted),
        (410, "", DeliveryOutcome::Gone),
        (404, "", failed("status 404", None)),
        (503, "retry-after: 120\r\n", failed("status 503", Some(120))),
        (429, "retry-after: Sun, 06 Nov 1994 08:50:37 GMT\r\n", failed("status 429", Some(60))),
        (429, "retry-after: Sun, 06 Nov 1994 08:00:00 GMT\r\n", failed("status 429", Some(0))),
        (503, "retry-after: 99999999999999\r\n", failed("status 503", Some(86_400))),
        (503, "retry-after: soon\r\n", failed("status 503", None)),
    ];
    for (status, headers, expected) in cases {
        let server = serve(move |_| Reply::new(status, headers, "body"));
        assert_eq!(sender(true).deliver(message(&server.url)).await.outcome, expected, "{status} {headers}");
    }
}

#[actix_web::test]
async fn redirects_are_failures_and_lead_nowhere() {
    let canary = serve(|_| Reply::new(200, "", ""));
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}/\r\n", canary.url);
        let server = serve(move |_| Reply::new(status, &location, ""));
        assert_eq!(sender(true).deliver(message(&server.url)).await.outcome, failed(&format!("status {status}"), None));
    }
    assert_eq!(canary.hits.load(Ordering::SeqCst), 0);
}

#[actix_web::test]
async fn silence_endless_bodies_and_closed_ports_end_in_time() {
    let slow = serve(|_| Reply { delay: Duration::from_secs(30), ..Reply::new(200, "", "") });
    let impatient = impatient_after(Duration::from_secs(2), true);
    assert_eq!(impatient.deliver(message(&slow.url)).await.outcome, failed("timed out", None));
    let big = serve(|_| Reply::new(200, "", vec![b'x'; 64 * 1024 * 1024]));
    assert_eq!(sender(true).deliver(message(&big.url)).await.outcome, DeliveryOutcome::Accepted);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(
        sender(true).deliver(message(&format!("http://{closed}/"))).await.outcome,
        failed("no connection: nothing answers at the address and port", None)
    );
}

#[actix_web::test]
async fn a_header_that_would_split_is_not_sent() {
    let canary = serve(|_| Reply::new(200, "", ""));
    let split = OutgoingMessage { headers: vec![("webhook-id", "msg\r\nx: y".into())], ..message(&canary.url) };
    assert_eq!(sender(true).deliver(split).await.outcome, failed("the message does not fit into HTTP headers", None));
    assert_eq!(canary.hits.load(Ordering::SeqCst), 0);
}
