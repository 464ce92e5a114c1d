//! The same request again, one after the other, at once, or after the answer was lost: one application, one answer.

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use gosbadge::service::sweep;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::problem;
use crate::harness::{Harness, Person};
use crate::place::Place;

const COMMUNITY: &str = "218000001";
const APPLICATIONS: &str = "SELECT COUNT(*) AS n FROM applications";

async fn start(h: &Harness, key: Option<&str>, body: &str) -> (u16, String) {
    h.post_json("/v1/applications", h.basic(), key, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_gets_the_same_answer() {
    let h = Harness::start().await;
    let body = h.start_body(COMMUNITY).to_string();
    let first = start(&h, Some("k-1"), &body).await;
    assert_eq!(first.0, 201, "{}", first.1);
    assert_eq!(start(&h, Some("k-1"), &body).await, first);
    // A structured string (RFC 8941), as the draft has it, is the same key.
    assert_eq!(start(&h, Some("\"k-1\""), &body).await, first);
    assert_eq!(h.count(APPLICATIONS), 1);
    // The answer does not hang on the application: it has moved on meanwhile.
    let link: Value = serde_json::from_str(&first.1).unwrap();
    Person::new().walk(link["url"].as_str().unwrap(), "kindergarten-head").await;
    assert_eq!(start(&h, Some("k-1"), &body).await, first);

    for other in [h.start_body("218000002").to_string(), format!("{body} "), String::new(), "[".to_owned()] {
        let (status, answer) = start(&h, Some("k-1"), &other).await;
        assert_eq!((status, problem(&answer).as_str()), (422, "idempotency-key-reused"), "{other}: {answer}");
    }
    let id = link["id"].as_str().unwrap();
    let (status, answer) = h.rest_redeem(id, Some("k-1"), "x").await;
    assert_eq!((status, problem(&answer).as_str()), (422, "idempotency-key-reused"), "for another purpose");
    let (status, answer) = start(&h, None, &body).await;
    assert_eq!((status, problem(&answer).as_str()), (400, "idempotency-key-missing"), "{answer}");
    for bad in ["", "\"\"", "\"open", "a\tb", &"k".repeat(256)] {
        let (status, answer) = start(&h, Some(bad), &body).await;
        assert_eq!((status, problem(&answer).as_str()), (400, "invalid-request"), "{bad:?}: {answer}");
        assert!(answer.contains("Idempotency-Key"), "{answer}");
    }
    let (id, secret) = h.basic().unwrap();
    let twice = h.http.post(h.url("/v1/applications")).basic_auth(id, Some(secret)).body(body.clone());
    let twice = twice.header("idempotency-key", "a").header("idempotency-key", "b").send().await.unwrap();
    assert_eq!(twice.status(), 400);
    assert_eq!(h.count(APPLICATIONS), 1);
    // Another key is another request.
    assert_ne!(start(&h, Some(&"k".repeat(255)), &body).await.1, first.1);
    assert_eq!(h.count(APPLICATIONS), 2);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_forgotten_after_a_day() {
    let h = Harness::start().await;
    let body = h.start_body(COMMUNITY).to_string();
    let first = start(&h, Some("k"), &body).await;
    h.clock.advance(Duration::from_secs(24 * 3600) - Duration::from_millis(1));
    assert_eq!(start(&h, Some("k"), &body).await, first);
    h.clock.advance(Duration::from_millis(1));
    // Whether the sweeper came by or not.
    let second = start(&h, Some("k"), &body).await;
    assert!(second.0 == 201 && second.1 != first.1);
    assert_eq!(h.count(APPLICATIONS), 2);
    h.clock.advance(Duration::from_secs(24 * 3600));
    sweep::sweep(h.app()).await.unwrap();
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM idempotent_answers"), 0);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_its_platform() {
    let h = Harness::start().await;
    let other = h.second_platform(None).await;
    let body = h.start_body(COMMUNITY).to_string();
    let first = start(&h, Some("k"), &body).await;
    let stranger = Some((other.client_id.as_str(), other.client_secret.as_deref().unwrap()));
    let theirs = h.post_json("/v1/applications", stranger, Some("k"), &body).await;
    assert!(theirs.0 == 201 && theirs.1 != first.1, "{theirs:?}");
    // Nor does it tell that the other used it with something else.
    let different = h.post_json("/v1/applications", stranger, Some("k2"), &h.start_body("218000002").to_string()).await;
    assert_eq!(different.0, 201);
    assert_eq!(start(&h, Some("k2"), &body).await.0, 201);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_at_once_start_one_application() {
    let h = Harness::start().await;
    let body = h.start_body(COMMUNITY).to_string();
    let answers = join_all((0..64).map(|_| start(&h, Some("k"), &body))).await;
    assert_eq!(answers[0].0, 201, "{}", answers[0].1);
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    assert_eq!(h.count(APPLICATIONS), 1);
    h.stop().await;
}

/// What the answer holds, the secret link, is nowhere in the database.
#[tokio::test(flavor = "multi_thread")]
async fn the_kept_answer_is_sealed() {
    let h = Harness::start().await;
    let (_, link) = h.rest_start(COMMUNITY).await;
    let secret = crate::harness::parameter(&link, "link").unwrap();
    let hex = if crate::harness::on_postgres() { "encode(sealed, 'escape')" } else { "CAST(sealed AS TEXT)" };
    let leaks = h.count(&format!("SELECT COUNT(*) AS n FROM idempotent_answers WHERE {hex} LIKE '%{secret}%' OR digest LIKE '%{secret}%'"));
    assert_eq!((leaks, h.count("SELECT COUNT(*) AS n FROM idempotent_answers")), (0, 1));
    assert_eq!(h.count(&format!("SELECT COUNT(*) AS n FROM applications WHERE link_digest LIKE '%{secret}%'")), 0);
    h.stop().await;
}

/// The caller is gone when the work is committed, and so is, a moment later, the process.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_nobody_got_is_given_after_a_restart() {
    let dir = TempDir::new().unwrap();
    let place = Place::new(&dir);
    let h = place.open().await;
    let body = h.start_body(COMMUNITY).to_string();
    let (id, secret) = h.basic().unwrap();
    let authority = h.ready().public_url.strip_prefix("http://").unwrap().to_owned();
    let request = format!(
        "POST /v1/applications HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Basic {}\r\nIdempotency-Key: lost\r\nContent-Length: {}\r\n\r\n{body}",
        STANDARD.encode(format!("{id}:{secret}")),
        body.len()
    );
    let mut wire = std::net::TcpStream::connect(&authority).unwrap();
    wire.write_all(request.as_bytes()).unwrap();
    h.until("the application", async || (h.count(APPLICATIONS) == 1).then_some(())).await;
    drop(wire);
    h.stop().await;

    let h = place.open().await;
    let (status, answer) = start(&h, Some("lost"), &body).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(h.count(APPLICATIONS), 1);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(h.application(answer["id"].as_str().unwrap()).await["state"], "started");
    assert_eq!(Person::new().get(answer["url"].as_str().unwrap(), None).await.status, 302);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redemption_may_be_repeated_while_the_code_would_live() {
    let h = Harness::start().await;
    let (id, code) = h.rest_code(COMMUNITY).await;
    let first = h.rest_redeem(&id, Some("r"), &code).await;
    assert_eq!(first.0, 200, "{}", first.1);
    assert_eq!(h.rest_redeem(&id, Some("r"), &code).await, first);
    // Without the key, or with another one, the code is spent.
    for key in [None, Some("r2")] {
        let (status, answer) = h.rest_redeem(&id, key, &code).await;
        assert_eq!((status, problem(&answer).as_str()), (400, "invalid-grant"), "{key:?} {answer}");
    }
    let (status, answer) = h.rest_redeem(&id, Some("r"), "another").await;
    assert_eq!((status, problem(&answer).as_str()), (422, "idempotency-key-reused"), "{answer}");
    h.clock.advance(h.dev.config.oauth.code_lifetime - Duration::from_millis(1));
    assert_eq!(h.rest_redeem(&id, Some("r"), &code).await, first);
    h.clock.advance(Duration::from_millis(1));
    let (status, answer) = h.rest_redeem(&id, Some("r"), &code).await;
    assert_eq!((status, problem(&answer).as_str()), (400, "invalid-grant"), "{answer}");
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM attestations"), 1);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_redemptions_at_once_give_one_attestation() {
    let h = Harness::start().await;
    let (id, code) = h.rest_code(COMMUNITY).await;
    let redeem = async || loop {
        let answer = h.rest_redeem(&id, Some("r"), &code).await;
        // Who waits too long for the database is told to come again.
        if answer.0 != 503 {
            return answer;
        }
    };
    let answers = join_all((0..64).map(|_| redeem())).await;
    assert_eq!(answers[0].0, 200, "{}", answers[0].1);
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM attestations"), 1);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM events"), 1);
    let attestation: Value = serde_json::from_str(&answers[0].1).unwrap();
    let (_, verdict) =
        h.verify(json!({ "attestation": attestation["attestation"], "community": { "platform": "demo", "id": COMMUNITY } })).await;
    assert_eq!(verdict["verdict"], "valid");
    h.stop().await;
}
