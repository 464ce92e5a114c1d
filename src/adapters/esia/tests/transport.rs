//! A slow, broken, redirecting or complaining host.

use std::time::Instant;

use super::*;
use crate::domain::refusal::RefusalCode::{self, F01, F18};

type Replies = Box<dyn Fn() -> Reply + Send + Sync>;

/// The error of a login where every request gets this reply.
async fn with(reply: impl Fn() -> Reply + Send + Sync + 'static) -> IdpError {
    let (server, _) = host(String::new(), String::new(), move |_| Some(reply()));
    provider(settings(&server.url)).complete(callback(), NOW).await.err().unwrap()
}

/// The error of a login where tokens are fine and reads get this reply.
async fn with_rest(reply: impl Fn() -> Reply + Send + Sync + 'static) -> IdpError {
    let (access, id) = (jwt(&header("access"), &access_claims()), jwt(&header("id"), &id_claims()));
    let (server, _) = host(access, id, move |r| r.path.starts_with("/rs").then(&reply));
    provider(settings(&server.url)).complete(callback(), NOW).await.err().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "measures a real time-out")]
#[actix_web::test]
async fn slow_and_oversized_answers_end_in_time() {
    let big = vec![b' '; 64 * 1024 + 1];
    let announced = format!("content-length: {}\r\n", 1_u64 << 30);
    let cases: [(&str, Replies, &str); 4] = [
        ("late", Box::new(|| Reply { delay: Duration::from_secs(30), ..Reply::new(200, "", "{}") }), "in time"),
        ("drip", Box::new(|| Reply { drip: Duration::from_secs(1), ..Reply::new(200, "", "{\"access_token\":") }), "in time"),
        ("big", Box::new(move || Reply::new(200, "", big.clone())), "larger"),
        ("announced", Box::new(move || Reply::new(200, &announced, "{")), "larger"),
    ];
    for (name, reply, words) in cases {
        let start = Instant::now();
        let e = with(reply).await;
        assert!(e.code == F18 && e.detail.contains(words), "{name}: {e}");
        assert!(start.elapsed() < Duration::from_secs(10), "{name}");
    }
}

#[actix_web::test]
async fn pages_in_place_of_json_mean_away() {
    for status in [500, 502, 503, 504] {
        let e = with(move || Reply::new(status, "content-type: text/html\r\n", "<html>Извините</html>")).await;
        assert_eq!((e.code, e.upstream), (F18, None));
        assert_eq!(with_rest(move || Reply::new(status, "content-type: text/html\r\n", "<html>")).await.code, F18);
    }
    assert_eq!(with(|| Reply::new(200, "content-type: text/html\r\n", "<html>")).await.code, F18);
    assert_eq!(with_rest(|| Reply::new(200, "content-type: text/html\r\n", "<html>")).await.code, F18);
    assert_eq!(with(|| Reply::new(500, "", "")).await.code, F18);
}

#[actix_web::test]
async fn a_closed_port_means_away() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let e = provider(settings(&format!("http://{closed}"))).complete(callback(), NOW).await.err().unwrap();
    assert_eq!(e.code, F18);
    assert!(!e.detail.contains("127.0.0.1"));
}

#[actix_web::test]
async fn redirects_lead_nowhere() {
    let canary = serve(|_| Reply::json(200, &json!({})));
    for status in [301, 302, 307, 308] {
        let location = format!("location: {}/\r\n", canary.url);
        let e = with(move || Reply::new(status, &location, "")).await;
        assert_eq!(e.code, F17);
    }
    assert_eq!(canary.hits.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[actix_web::test]
async fn codes_of_token_errors_arrive() {
    let said = |code: &str| json!({"error": "invalid_request", "error_description": format!("ESIA-{code}: text"), "state": "x"});
    for (status, code, expected) in
        [(400, "007011", F19), (400, "007014", F17), (400, "007053", F17), (400, "007004", F01), (500, "007007", F18), (503, "007008", F18)]
    {
        let body = said(code);
        let e = with(move || Reply::json(status, &body)).await;
        assert_eq!((e.code, e.upstream), (expected, Some(format!("ESIA-{code}"))));
    }
    assert_eq!(with(|| Reply::json(400, &json!({"error": 5}))).await.code, F17);
    assert_eq!(with(|| Reply::json(200, &json!({"access_token": 5, "token_type": "Bearer"}))).await.code, F17);
}

#[actix_web::test]
async fn refused_reads_are_told_apart() {
    let cases: [(u16, Value, RefusalCode, Option<&str>); 5] = [
        (403, json!({"code": "ESIA-005029", "message": "SecurityErrorEnum.scopeNotAllowed"}), F17, Some("ESIA-005029")),
        (401, json!("Unauthorized"), F17, None),
        (404, json!({}), F17, None),
        (429, json!({}), F18, None),
        (503, json!({"code": "ESIA-007008"}), F18, Some("ESIA-007008")),
    ];
    for (status, body, code, upstream) in cases {
        let e = with_rest(move || Reply::json(status, &body)).await;
        assert_eq!((e.code, e.upstream.as_deref()), (code, upstream), "{status}");
        assert!(!e.detail.contains("1000299654"));
    }
}

#[actix_web::test]
async fn request_stamps_follow_the_servers_date_when_told_to() {
    for (follow, ahead, stamp) in [
        (true, 300, "2026.11.23 17:17:57 +0000"),
        (true, 1, "2026.11.23 17:12:57 +0000"),
        (true, 10 * 86_400, "2026.11.23 17:12:57 +0000"),
        (false, 300, "2026.11.23 17:12:57 +0000"),
    ] {
        let there = NOW.plus(Duration::from_secs(ahead)).to_utc();
        let date = format!(
            "date: {}, {:02} {} {} {:02}:{:02}:{:02} GMT\r\n",
            &there.weekday().to_string()[..3],
            there.day(),
            &there.month().to_string()[..3],
            there.year(),
            there.hour(),
            there.minute(),
            there.second()
        );
        let (server, _) = host(String::new(), String::new(), move |_| Some(Reply::new(500, &date, "")));
        let esia = provider(EsiaSettings { follow_server_date: follow, ..settings(&server.url) });
        esia.complete(callback(), NOW).await.err().unwrap();
        let url = Url::parse(&esia.begin(&secrets(), NOW).await.unwrap()).unwrap();
        assert!(url.query_pairs().any(|(k, v)| k == "timestamp" && v == stamp), "{follow} {ahead}: {url}");
    }
}
