//! Keys and status lists as others fetch them.

use std::io::Read as _;
use std::time::{Duration, Instant};

use gosbadge::domain::status::ListValue;
use serde_json::Value;

use super::{change, entry, issue, list};
use crate::harness::Harness;

async fn get(h: &Harness, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let mut request = h.http.get(h.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'a>(answer: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|v| v.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_set() {
    let h = Harness::start().await;
    let answer = get(&h, "/.well-known/jwks.json", &[]).await;
    assert_eq!(header(&answer, "content-type"), Some("application/jwk-set+json"));
    assert!(header(&answer, "cache-control").unwrap().contains("max-age="));
    assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"));
    let etag = header(&answer, "etag").unwrap().to_owned();
    let keys: Value = answer.json().await.unwrap();
    let keys = keys["keys"].as_array().unwrap();
    assert!(keys.len() >= 2);
    for key in keys {
        assert_eq!((key["kty"].as_str(), key["crv"].as_str(), key["alg"].as_str()), (Some("EC"), Some("P-256"), Some("ES256")));
        assert!(key["d"].is_null(), "no private key");
    }
    for sent in [etag.as_str(), "*", &format!("\"x\", W/{etag}")] {
        let answer = get(&h, "/.well-known/jwks.json", &[("if-none-match", sent)]).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "etag")), (304, Some(etag.as_str())), "{sent}");
        assert!(answer.bytes().await.unwrap().is_empty());
    }
    assert_eq!(get(&h, "/.well-known/jwks.json", &[("if-none-match", "\"x\"")]).await.status(), 200);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_over_http() {
    let h = Harness::start().await;
    issue(&h).await;
    let plain = get(&h, "/status/1", &[("accept-encoding", "identity")]).await;
    assert_eq!(header(&plain, "content-type"), Some("application/statuslist+jwt"));
    assert_eq!(header(&plain, "content-encoding"), None);
    assert_eq!(header(&plain, "access-control-allow-origin"), Some("*"));
    assert_eq!(header(&plain, "vary"), Some("Accept-Encoding"));
    let etag = header(&plain, "etag").unwrap().to_owned();
    let token = plain.text().await.unwrap();

    let zipped = get(&h, "/status/1", &[("accept-encoding", "br, gzip;q=0.5")]).await;
    assert_eq!(header(&zipped, "content-encoding"), Some("gzip"));
    let mut unzipped = String::new();
    flate2::read::GzDecoder::new(&zipped.bytes().await.unwrap()[..]).read_to_string(&mut unzipped).unwrap();
    assert_eq!(unzipped, token);
    for refused in ["gzip;q=0", "br", "deflate, gzip; q=0.0", "x-gzip"] {
        assert_eq!(header(&get(&h, "/status/1", &[("accept-encoding", refused)]).await, "content-encoding"), None, "{refused}");
    }
    assert_eq!(header(&get(&h, "/status/1", &[]).await, "content-encoding"), None);

    assert_eq!(get(&h, "/status/1", &[("if-none-match", &etag)]).await.status(), 304);
    for unknown in ["/status/2", "/status/0", "/status/-1", "/status/x", "/status/99999999999999999999"] {
        let answer = get(&h, unknown, &[]).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "content-type")), (404, Some("application/problem+json")), "{unknown}");
    }
    assert_eq!(get(&h, "/status/1?time=1686925000", &[]).await.status(), 404, "before there was any list");
    assert_eq!(get(&h, "/status/1?timely=1", &[]).await.status(), 200);
    let all: Value = get(&h, "/status", &[]).await.json().await.unwrap();
    assert_eq!(all["status_lists"], serde_json::json!([h.url("/status/1")]));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_may_ask() {
    let h = Harness::start().await;
    for path in ["/status/1", "/v1/verify", "/.well-known/jwks.json", "/v1/badges/x", "/federation/trust-mark-status"] {
        let request = h.http.request(reqwest::Method::OPTIONS, h.url(path)).header("origin", "https://vk.com");
        let answer = request.header("access-control-request-method", "POST").send().await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "access-control-allow-origin")), (204, Some("*")), "{path}");
        assert!(header(&answer, "access-control-allow-methods").unwrap().contains("POST"));
        assert!(header(&answer, "access-control-allow-headers").unwrap().contains("Content-Type"));
    }
    let answer = get(&h, "/oauth/token", &[("origin", "https://vk.com")]).await;
    assert_eq!(header(&answer, "access-control-allow-origin"), None, "only checking is open");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bits_follow_within_a_second() {
    let h = Harness::start().await;
    let (issued, other) = (issue(&h).await, h.issue("218000002", "kindergarten-head").await);
    assert_eq!(entry(&h, &issued.attestation).await, ListValue::Valid);
    for (action, value) in [("suspend", ListValue::Suspended), ("reinstate", ListValue::Valid), ("revoke", ListValue::Invalid)] {
        let before = header(&get(&h, "/status/1", &[]).await, "etag").unwrap().to_owned();
        let begun = Instant::now();
        change(&h, &issued.badge, action).await;
        h.until("the list", async || (entry(&h, &issued.attestation).await == value).then_some(())).await;
        assert!(begun.elapsed() < Duration::from_secs(1), "{action} took {:?}", begun.elapsed());
        let after = get(&h, "/status/1", &[("if-none-match", &before)]).await;
        assert_eq!(after.status(), 200, "a new list has a new tag");
        assert_eq!(entry(&h, &other.attestation).await, ListValue::Valid, "nobody else's entry moves");
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_list_is_signed_anew_when_its_ttl_has_passed() {
    let h = Harness::start().await;
    issue(&h).await;
    let first = list(&h).await;
    let ttl = first.ttl().unwrap();
    assert_eq!((ttl, first.expires_at().since(first.issued_at())), (Duration::from_secs(60), Duration::from_secs(24 * 3600)));
    assert_eq!(first.len(), 131_072);
    h.clock.advance(ttl - Duration::from_secs(2));
    h.app().view.refresh(h.app()).await.unwrap();
    assert_eq!(list(&h).await.issued_at(), first.issued_at(), "not before");
    h.clock.advance(Duration::from_secs(2));
    h.until("a new list", async || (list(&h).await.issued_at().since(first.issued_at()) >= ttl).then_some(())).await;
    h.stop().await;
}
