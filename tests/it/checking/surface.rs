//! What surrounds the answers: one badge's record, health, unknown paths, ids and headers.

use serde_json::Value;

use super::{COMMUNITY, change, issue};
use crate::harness::Harness;

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_one_badge() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    change(&h, &issued.badge, "suspend").await;
    let answer = h.http.get(h.url(&format!("/v1/badges/{}", issued.badge))).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["access-control-allow-origin"].to_str().unwrap()), (200, "*"));
    let text = answer.text().await.unwrap();
    assert!(text.contains("Ромашка") && !text.contains("\\u04"), "Cyrillic is not escaped: {text}");
    let b: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((b["badge"].as_str(), b["state"].as_str()), (Some(issued.badge.as_str()), Some("suspended")));
    assert_eq!((b["community"]["id"].as_str(), b["attestation"].as_str()), (Some(COMMUNITY), Some(issued.attestation.as_str())));
    let history: Vec<_> = b["history"].as_array().unwrap().iter().map(|e| (e["type"].as_str().unwrap(), e["version"].as_u64())).collect();
    assert_eq!(history, [("issued", Some(1)), ("suspended", Some(2))]);
    let page = b["page"].as_str().unwrap();
    let token = h.http.get(format!("{page}/attestation.jwt")).send().await.unwrap();
    assert_eq!(token.headers()["content-type"], "application/trust-mark+jwt");
    assert_eq!(token.text().await.unwrap(), issued.attestation);
    for unknown in ["/v1/badges/bdg_01KAR4T7Q2M9XVB3H5NDW8YJZE", "/v1/badges/x", "/c/x/attestation.jwt"] {
        let answer = h.http.get(h.url(unknown)).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.json::<Value>().await.unwrap()["code"].as_str()), (404, Some("not-found")));
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health() {
    let h = Harness::start().await;
    let live: Value = h.http.get(h.url("/health/live")).send().await.unwrap().json().await.unwrap();
    assert_eq!(live["status"], "ok");
    let ready = h.http.get(h.url("/health/ready")).send().await.unwrap();
    assert_eq!((ready.status().as_u16(), ready.headers()["cache-control"].to_str().unwrap()), (200, "no-store"));
    let ready: Value = ready.json().await.unwrap();
    assert_eq!((ready["status"].as_str(), ready["database"].as_bool(), ready["keys"].as_bool()), (Some("ok"), Some(true), Some(true)));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths_answer_in_the_callers_form() {
    let h = Harness::start().await;
    let form = async |path: &str, accept: &str| {
        let answer = h.http.get(h.url(path)).header("accept", accept).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        answer.headers()["content-type"].to_str().unwrap().to_owned()
    };
    assert_eq!(form("/nowhere", "text/html,application/xhtml+xml,*/*;q=0.8").await, "text/html; charset=utf-8");
    assert_eq!(form("/nowhere", "*/*").await, "text/html; charset=utf-8");
    assert_eq!(form("/nowhere", "application/json").await, "application/problem+json");
    assert_eq!(form("/v1/nowhere", "text/html").await, "application/problem+json");
    assert_eq!(form("/c/01KAR4T7Q2M9XVB3H5NDW8YJZE", "text/html").await, "text/html; charset=utf-8");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn request_ids_and_headers() {
    let h = Harness::start().await;
    for path in ["/", "/nowhere", "/v1/badges/x", "/check?link=x"] {
        let answer = h.http.get(h.url(path)).header("x-request-id", "mine-1.2_3").send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|v| v.to_str().unwrap());
        assert_eq!(header("x-request-id"), Some("mine-1.2_3"), "{path}");
        assert_eq!(header("x-content-type-options"), Some("nosniff"));
        assert_eq!(header("referrer-policy"), Some("no-referrer"));
        assert_eq!(header("x-frame-options"), Some("DENY"));
        if header("content-type").unwrap().starts_with("text/html") {
            let policy = header("content-security-policy").unwrap();
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        }
        assert_eq!(header("set-cookie"), None, "nothing to remember here");
    }
    for forged in ["two words", &"x".repeat(65), "a;b", ""] {
        let answer = h.http.get(h.url("/")).header("x-request-id", forged).send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap();
        assert!(id != forged && id.len() == 36, "{forged} {id}");
    }
    let answer: Value = h.http.get(h.url("/v1/badges/x")).header("x-request-id", "r1").send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["request_id"], "r1");
    h.stop().await;
}

/// PostgreSQL keeps no NUL; SQLite looks and finds nothing. Either way it is the caller's mistake, not ours.
#[tokio::test(flavor = "multi_thread")]
async fn nul_characters_are_the_callers_mistake() {
    let h = Harness::start().await;
    let (public, admin) = (&h.ready().public_url, &h.ready().admin_url);
    let token = &h.ready().operator_token;
    let requests = [
        h.http.get(format!("{public}/v1/badges/%00")),
        h.http.get(format!("{public}/c/%00")),
        h.http.get(format!("{public}/check?link=vk.com%2F%00")).header("accept", "application/json"),
        h.http.get(format!("{public}/oauth/authorize?client_id=%00&request_uri=%00")),
        h.http.get(format!("{public}/applications/%00")),
        h.http.post(format!("{public}/oauth/par")).basic_auth("%00", Some("x")).form(&[("client_id", "\0")]),
        h.http.post(format!("{public}/v1/verify")).body("{\"attestation\":\"\\u0000\"}"),
        h.http.post(format!("{admin}/admin/v1/badges/%00/revoke")).bearer_auth(token).body("{\"reason\":\"court_decision\"}"),
        h.http.get(format!("{admin}/admin/v1/audit?cursor=%00")).bearer_auth(token),
    ];
    for request in requests {
        let answer = request.send().await.unwrap();
        let (url, status) = (answer.url().clone(), answer.status().as_u16());
        assert!(status < 500, "{url} {status}");
    }
    let mut push = h.push_parameters(COMMUNITY, crate::harness::VERIFIER);
    push.iter_mut().filter(|(name, _)| *name == "state").for_each(|(_, value)| *value = "\0".to_owned());
    let pushed = h.push_form(&push).await.status().as_u16();
    assert!(pushed < 500, "{pushed}");
    h.stop().await;
}
