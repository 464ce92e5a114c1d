//! The real binary: `gosbadge badge …` beside a running service, and what `serve` writes to its log.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Harness, Person, fresh_database, plain_client};

const BINARY: &str = env!("CARGO_BIN_EXE_gosbadge");

/// Polls until `/v1/verify` says `status`; how long it took.
async fn noticed(h: &Harness, attestation: &str, status: &str) -> Duration {
    let begun = Instant::now();
    h.until(status, async || (h.verify(json!({ "attestation": attestation })).await.1["status"] == status).then_some(())).await;
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_service_follows_the_shell() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    for (command, state) in [("suspend", "suspended"), ("reinstate", "active"), ("revoke", "revoked")] {
        let out = h.gosbadge(&["badge", command, &issued.badge, "--reason", "court_decision", "--note", "дело 5", "--json"]).await;
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let shown: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(shown["state"], state, "{shown}");
        let took = noticed(&h, &issued.attestation, state).await;
        assert!(took < Duration::from_secs(1), "{state} noticed after {took:?}");
    }
    let again = h.gosbadge(&["badge", "revoke", &issued.badge, "--reason", "court_decision"]).await;
    assert!(again.status.success() && String::from_utf8_lossy(&again.stdout).contains("already"), "{again:?}");
    let refused = h.gosbadge(&["badge", "reinstate", &issued.badge, "--reason", "court_decision"]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("revoked"), "{refused:?}");
    let usage = h.gosbadge(&["badge", "revoke", &issued.badge, "--reason", "whim"]).await;
    assert_eq!(usage.status.code(), Some(2));

    let shown = h.gosbadge(&["badge", "show", &issued.badge, "--json"]).await;
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let history: Vec<_> = shown["history"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(history, ["issued", "suspended", "reinstated", "revoked"]);
    let entries = super::audited(&h, &issued.badge).await;
    assert!(entries.iter().all(|e| e["actor_kind"] == "cli"), "{entries:?}");
    assert_eq!(entries.len(), 5);
    h.stop().await;
}

/// `serve --dev` as a process of its own.
struct Served {
    child: std::process::Child,
    ready: Value,
    out: BufReader<std::process::ChildStdout>,
}

fn serve(dir: &std::path::Path, database: &str) -> Served {
    let mut child = Command::new(BINARY)
        .args(["serve", "--dev", "--json", "--port", "0", "--data-dir"])
        .arg(dir)
        .env("GOSBADGE__DATABASE__URL", database)
        .env("GOSBADGE__LOG__LEVEL", "debug")
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(dir.join("log")).unwrap())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    // The answer is pretty-printed or on one line; it ends where the JSON object does.
    let mut text = String::new();
    let ready = loop {
        assert!(out.read_line(&mut text).unwrap() > 0, "ended: {text}");
        if let Ok(ready) = serde_json::from_str(&text) {
            break ready;
        }
    };
    Served { child, ready, out }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_notes_nor_tokens_reach_the_log() {
    const NOTE: &str = "SECRET-NOTE-7391";
    let dir = tempfile::TempDir::new().unwrap();
    let mut served = serve(dir.path(), &fresh_database(&dir));
    let at = |name: &str| served.ready[name].as_str().unwrap().to_owned();
    let (http, platform) = (plain_client(), at("platform_url"));

    let start = http.post(format!("{platform}/api/communities/218000001/start")).send().await.unwrap();
    let start: Value = start.json().await.unwrap();
    let back = Person::new().walk(start["authorize_url"].as_str().unwrap(), "kindergarten-head").await.location.unwrap();
    http.get(back).header("cookie", start["cookie"].as_str().unwrap()).send().await.unwrap();
    let community: Value = http.get(format!("{platform}/api/communities/218000001")).send().await.unwrap().json().await.unwrap();
    let badge = community["badge"]["badge"].as_str().unwrap_or_else(|| panic!("{community}"));
    let url = format!("{}/admin/v1/badges/{badge}/revoke", at("admin_url"));
    let answer = http.post(url).bearer_auth(at("operator_token")).body(json!({ "reason": "court_decision", "note": NOTE }).to_string());
    assert_eq!(answer.send().await.unwrap().status(), 200);

    let pid = served.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(served.child.wait().unwrap().success(), "SIGTERM drains and ends well");
    let mut rest = String::new();
    served.out.read_to_string(&mut rest).unwrap();
    let log = std::fs::read_to_string(dir.path().join("log")).unwrap() + &rest;
    assert!(log.contains("/admin/v1/badges/{badge}/revoke"), "the request is in the log:\n{log}");
    let attestation = community["badge"]["attestation"].as_str().unwrap();
    for secret in [NOTE, &at("operator_token"), attestation, served.ready["platform"]["client_secret"].as_str().unwrap()] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
}
