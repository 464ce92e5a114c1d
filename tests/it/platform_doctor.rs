//! `gosbadge platform doctor` against real endpoints, each wrong in one way: it names exactly that and nothing else, with the exit status
//! to go by, and sends nothing that is an event of a badge.

mod endpoint;

use gosbadge::domain::webhook_signature::WebhookSecret;
use gosbadge::service::Actor;
use gosbadge::service::add_platform::{SecretPurpose, rotate_secret};
use serde_json::{Value, json};
use std::time::Duration;

use self::endpoint::{Endpoint, Way};
use crate::harness::Harness;
use crate::streams::{BY_HAND, live, put};

/// What one run came to.
struct Report {
    code: Option<i32>,
    findings: Vec<Value>,
    printed: String,
}

impl Report {
    /// Whatever is not good: level, what, detail.
    fn faults(&self) -> Vec<(&str, &str, &str)> {
        let faults = self.findings.iter().filter(|f| f["level"] != "good");
        let faults: Vec<_> =
            faults.map(|f| (f["level"].as_str().unwrap(), f["what"].as_str().unwrap(), f["detail"].as_str().unwrap())).collect();
        assert!(self.findings.iter().all(|f| (f["level"] == "good") == f["advice"].is_null()), "whatever is not good has advice");
        assert_eq!(self.code, Some(i32::from(faults.iter().any(|f| f.0 == "bad"))), "{}", self.printed);
        faults
    }

    /// The one fault must be this.
    fn only(&self, level: &str, what: &str, detail: &str) {
        let faults = self.faults();
        assert!(faults.len() == 1 && (faults[0].0, faults[0].1) == (level, what) && faults[0].2.contains(detail), "{faults:?}");
    }

    fn says(&self, what: &str, detail: &str) -> bool {
        self.findings.iter().any(|f| f["what"] == what && f["detail"].as_str().unwrap().contains(detail))
    }
}

async fn doctor(h: &Harness) -> Report {
    doctor_with(h, "15s").await
}

/// With this much patience for an answer.
async fn doctor_with(h: &Harness, timeout: &str) -> Report {
    let mut command = h.command(&["platform", "doctor", "demo", "--json"]);
    command.env("GOSBADGE__WEBHOOKS__TIMEOUT", timeout);
    let out = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let printed = format!("{}{}", String::from_utf8(out.stdout.clone()).unwrap(), String::from_utf8(out.stderr).unwrap());
    let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{printed}"));
    assert_eq!(report["healthy"], out.status.success(), "{printed}");
    Report { code: out.status.code(), findings: report["findings"].as_array().unwrap().clone(), printed }
}

/// A set-up with an endpoint that is live and does everything right.
async fn sound(method: &str) -> (Harness, Endpoint) {
    let h = Harness::start_with(&[BY_HAND]).await;
    let endpoint = Endpoint::start(&h).await;
    live(&h, method, &endpoint.url).await;
    endpoint.forget();
    (h, endpoint)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_endpoint_passes_and_hears_of_no_badge() {
    let (h, endpoint) = sound("push_webhook").await;
    let report = doctor(&h).await;
    assert_eq!(report.faults(), []);
    for (what, detail) in [
        ("endpoint", "without a redirect"),
        ("clock", "the endpoint's clock is"),
        ("signature", "gives its state back"),
        ("repetition", "twice"),
        ("signature", "one bit of its signature wrong (status 401)"),
        ("signature", "without signature headers (status 401)"),
        ("clock", "10 minutes old (status 401)"),
        ("stream", "push_webhook, enabled"),
        ("deliveries", "none waits"),
    ] {
        assert!(report.says(what, detail), "{what}: {detail}: {}", report.printed);
    }
    let got = endpoint.got();
    assert_eq!(got.len(), 5);
    for body in got {
        let body: Value = serde_json::from_str(&body).unwrap();
        let state = body["data"]["state"].as_str().unwrap();
        assert!(body["type"] == "stream.verification" && !report.printed.contains(state));
    }
    assert!(!report.printed.contains("whsec_") && !report.printed.contains(&h.ready().platform.outgoing_webhook_secret[6..]));
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM audit WHERE action = 'platform.doctor' AND target = 'demo' AND outcome = 'ok'"), 1);
    // For people: the same in lines.
    let text = String::from_utf8(h.gosbadge(&["platform", "doctor", "demo"]).await.stdout).unwrap();
    assert!(text.lines().all(|l| l.starts_with("good  ")) && text.contains("good  repetition  takes the same message twice"), "{text}");
    endpoint.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_an_endpoint_is_named() {
    let (h, endpoint) = sound("push_webhook").await;
    endpoint.behave(Way::TakesEverything);
    let report = doctor(&h).await;
    let faults = report.faults();
    let bad = |n: usize, what: &str, detail: &str| faults[n].0 == "bad" && faults[n].1 == what && faults[n].2.contains(detail);
    assert!(
        faults.len() == 3
            && bad(0, "signature", "one bit of its signature wrong: anybody can forge events")
            && bad(1, "signature", "without signature headers: anybody can forge events")
            && bad(2, "clock", "play it again"),
        "{faults:?}"
    );
    for (way, level, what, detail) in [
        (Way::RefusesRepetition, "bad", "repetition", "status 409"),
        (Way::IgnoresTimestamps, "bad", "clock", "10 minutes old: whoever has recorded a message"),
        (Way::Redirects, "bad", "endpoint", "a redirect (status 307)"),
        (Way::ClockBehind(3600), "bad", "clock", "s behind ours"),
        (Way::ClockBehind(120), "warning", "clock", "s behind ours"),
        (Way::Fails, "bad", "signature", "not taken: status 500"),
        (Way::Gone, "bad", "signature", "refused (status 410)"),
    ] {
        endpoint.behave(way);
        doctor(&h).await.only(level, what, detail);
    }
    endpoint.behave(Way::Hangs);
    doctor_with(&h, "2s").await.only("bad", "endpoint", "does not answer within 2 s");
    // None of that changed the stream: 410 to a doctor shuts nothing.
    endpoint.behave(Way::Right);
    endpoint.know(WebhookSecret::from_bytes(vec![7; 32]).unwrap());
    let report = doctor(&h).await;
    report.only("bad", "signature", "a rightly signed message is refused (status 401)");
    assert!(report.says("stream", "enabled") && report.printed.contains("another secret"), "{}", report.printed);
    endpoint.stop().await;
    doctor(&h).await.only("bad", "endpoint", "nothing answers at the address and port");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_sets_has_to_look_at_their_signature() {
    let (h, endpoint) = sound("push_set").await;
    let report = doctor(&h).await;
    assert_eq!(report.faults(), []);
    assert!(report.says("signature", "a SET with one bit of its signature wrong (status 400)"), "{}", report.printed);
    assert_eq!(endpoint.got().len(), 3);
    endpoint.behave(Way::TakesEverything);
    doctor(&h).await.only("bad", "signature", "takes a SET with one bit of its signature wrong: anybody can forge events");
    endpoint.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_tells_whether_the_platform_has_changed() {
    let (h, endpoint) = sound("push_webhook").await;
    let day = Duration::from_secs(24 * 3600);
    let newer = rotate_secret(h.app(), "demo".to_owned(), SecretPurpose::WebhookOut, day, &Actor::system()).await.unwrap();
    let report = doctor(&h).await;
    report.only("warning", "secrets", "does not take what the newer one alone signs");
    assert!(report.says("secrets", "2 sign each message, the older until 20"), "{}", report.printed);
    endpoint.know(WebhookSecret::parse(&newer).unwrap());
    let report = doctor(&h).await;
    assert!(report.faults().is_empty() && report.says("secrets", "knows the newer one"), "{}", report.printed);
    endpoint.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_endpoint_is_examined_before_it_is_live() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let (old, new) = (Endpoint::start(&h).await, Endpoint::start(&h).await);
    put(&h, json!({ "method": "push_webhook", "endpoint_url": new.url })).await;
    // Whether the stand-in's own endpoint is live already is a matter of its start: here it is not.
    let report = doctor(&h).await;
    assert!(report.says("stream", "has not proven itself yet") && !new.got().is_empty(), "{}", report.printed);
    assert!(report.faults().iter().all(|f| f.0 == "warning"));
    live(&h, "push_webhook", &old.url).await;
    let before = new.got().len();
    put(&h, json!({ "method": "push_webhook", "endpoint_url": new.url })).await;
    let report = doctor(&h).await;
    report.only("warning", "stream", "has not proven itself yet");
    assert_eq!(new.got().len(), before, "the live one is examined");
    old.stop().await;
    new.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_fetched_has_no_endpoint_and_a_backlog() {
    let h = Harness::start_with(&[BY_HAND]).await;
    put(&h, json!({ "method": "poll" })).await;
    let report = doctor(&h).await;
    assert!(report.faults().is_empty() && report.says("endpoint", "the platform fetches its events"), "{}", report.printed);
    h.issue("218000001", "kindergarten-head").await;
    assert!(doctor(&h).await.says("deliveries", "1 wait"));
    let unknown = h.gosbadge(&["platform", "doctor", "nowhere"]).await;
    assert_eq!((unknown.status.code(), String::from_utf8(unknown.stderr).unwrap().contains("platform not found")), (Some(1), true));
    assert_eq!(h.gosbadge(&["platform", "doctor"]).await.status.code(), Some(2));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_in_platform_passes() {
    let h = Harness::start().await;
    h.until("the stand-in's endpoint is live", async || {
        (h.count("SELECT COUNT(*) AS n FROM streams WHERE state = 'enabled'") == 1).then_some(())
    })
    .await;
    let report = doctor(&h).await;
    assert!(report.faults().is_empty() && report.says("clock", "refuses a rightly signed message"), "{}", report.printed);
    h.stop().await;
}
