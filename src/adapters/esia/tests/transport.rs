//! A slow, broken, redirecting or complaining host.

use std::time::Instant;

use super::*;
use crate::domain::refusal::RefusalCode::{self, F01, F18};

type Replies = Box<dyn Fn() -> Reply + Send + Sync>;

/// Settings with a limit short enough to wait for.
fn short(base_url: &str) -> EsiaSettings {
    EsiaSettings { timeout: Duration::from_secs(2), ..settings(base_url) }
}

/// The error of a login where every request gets this reply.
async fn with(reply: impl Fn() -> Reply + Send + Sync + 'static) -> IdpError {
    with_settings(settings, reply).await
}

async fn with_settings(settings: fn(&str) -> EsiaSettings, reply: impl Fn() -> Reply + Send + Sync + 'static) -> IdpError {
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
        ("late", Box::new(|| Reply { delay: Duration::from_secs(30), ..Reply::new(200, "", "{}") }), "idp.esia.timeout"),
        ("drip", Box::new(|| Reply { drip: Duration::from_secs(1), ..Reply::new(200, "", "{\"access_token\":") }), "idp.esia.timeout"),
        ("big", Box::new(move || Reply::new(200, "", big.clone())), "larger"),
        ("announced", Box::new(move || Reply::new(200, &announced, "{")), "larger"),
    ];
    for (name, reply, words) in cases {
        let start = Instant::now();
        let e = with_settings(short, reply).await;
        assert!(e.code == F18 && e.detail.contains(words), "{name}: {e}");
        assert!(start.elapsed() < Duration::from_secs(20), "{name}");
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

/// A login against a host that answers requests to `path` by `reply`, told how often it was asked already; and the tries it took.
async fn tries(path: &'static str, reply: impl Fn(usize) -> Option<Reply> + Send + Sync + 'static) -> (Result<(), IdpError>, usize) {
    let (access, id) = (jwt(&header("access"), &access_claims()), jwt(&header("id"), &id_claims()));
    let seen = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&seen);
    let (server, _) = host(access, id, move |r| {
        if !r.path.starts_with(path) || r.body.contains("authorization_code") != (path == "/aas/oauth2/te?") {
            return None;
        }
        let mut n = counter.lock().unwrap();
        *n += 1;
        reply(*n - 1)
    });
    let esia = provider(settings(&server.url));
    let result = match esia.complete(callback(), NOW).await {
        Ok(login) => esia.organisation(&login.session, "1063000001", NOW).await.map(drop),
        Err(e) => Err(e),
    };
    let seen = *seen.lock().unwrap();
    (result, seen)
}

fn hang_up() -> Reply {
    Reply { hang_up: true, ..Reply::new(200, "", "") }
}

#[actix_web::test]
async fn reads_and_system_tokens_are_tried_three_times() {
    for path in ["/rs/prns/1000299654", "/rs/orgs/", "/aas/oauth2/te"] {
        let once_more = |n| (n == 0).then(hang_up);
        let twice_more = |n| (n < 2).then(|| Reply::new(503, "content-type: text/html\r\n", "<html>"));
        let (result, seen) = tries(path, once_more).await;
        assert!(result.is_ok() && seen >= 2, "{path}: {result:?} {seen}");
        let (result, seen) = tries(path, twice_more).await;
        assert!(result.is_ok() && seen >= 3, "{path}: {result:?} {seen}");
        for reply in
            [hang_up, || Reply::new(502, "", ""), || Reply::json(429, &json!({})), || Reply::json(500, &json!({"code": "ESIA-007007"}))]
        {
            let (result, seen) = tries(path, move |_| Some(reply())).await;
            let e = result.err().unwrap();
            assert_eq!((e.code, seen), (F18, 3), "{path}: {e}");
        }
        let (result, seen) = tries(path, |_| Some(Reply::json(403, &json!({"code": "ESIA-005029"})))).await;
        assert!(result.is_err() && seen == 1, "{path}: what is refused stays refused");
    }
}

#[actix_web::test]
async fn a_code_is_sent_once() {
    let answers: [fn() -> Reply; 4] = [
        hang_up,
        || Reply::new(503, "", "<html>"),
        || Reply::json(429, &json!({"error": "server_error"})),
        || Reply::new(200, "content-length: 9\r\n", "{"),
    ];
    for reply in answers {
        let (server, forms) = host(String::new(), String::new(), move |_| Some(reply()));
        let e = provider(settings(&server.url)).complete(callback(), NOW).await.err().unwrap();
        assert_eq!((e.code, forms.lock().unwrap().len()), (F18, 1), "{e}");
    }
}

/// Opens a port a moment from now and answers one request there; false where that was not to be.
fn open_soon(address: std::net::SocketAddr) -> std::thread::JoinHandle<bool> {
    std::thread::spawn(move || {
        #[expect(clippy::disallowed_methods, reason = "the host is away for a moment, on a thread of its own")]
        std::thread::sleep(Duration::from_millis(50));
        let Ok(listener) = std::net::TcpListener::bind(address) else { return false };
        let (mut stream, _) = listener.accept().unwrap();
        let read = std::io::Read::read(&mut stream, &mut [0; 16 * 1024]).unwrap_or_default();
        read > 0 && std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 X\r\ncontent-length: 2\r\n\r\n{}").is_ok()
    })
}

#[actix_web::test]
async fn a_code_is_sent_when_the_host_comes_back_in_time() {
    // A few times: on a busy machine the port may open too late, or be somebody else's by then.
    for _ in 0..5 {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let opened = open_soon(address);
        let e = provider(settings(&format!("http://{address}"))).complete(callback(), NOW).await.err().unwrap();
        // Lets it go where it still waits.
        while !opened.is_finished() {
            drop(std::net::TcpStream::connect(address));
            std::thread::yield_now();
        }
        if opened.join().unwrap() {
            assert_ne!(e.code, F18, "it was reached: {e}");
            return;
        }
    }
    panic!("the host never came back in time");
}

#[expect(clippy::disallowed_methods, reason = "measures a real time-out")]
#[actix_web::test]
async fn retry_after_is_honoured_where_there_is_time() {
    let start = Instant::now();
    let busy = |seconds: &'static str| move |n| (n == 0).then(|| Reply::new(503, &format!("retry-after: {seconds}\r\n"), ""));
    assert!(tries("/rs/orgs/", busy("1")).await.0.is_ok());
    assert!(start.elapsed() >= Duration::from_secs(1));
    let start = Instant::now();
    let (result, seen) = tries("/rs/orgs/", busy("60")).await;
    assert_eq!((result.err().unwrap().code, seen), (F18, 1));
    assert!(start.elapsed() < Duration::from_secs(20), "waiting that long is not tried");
    let by_date = "date: Mon, 23 Nov 2026 10:00:00 GMT\r\nretry-after: Mon, 23 Nov 2026 10:01:00 GMT\r\n";
    assert_eq!(tries("/rs/orgs/", move |n| (n == 0).then(|| Reply::new(503, by_date, ""))).await.1, 1);
}

#[expect(clippy::disallowed_methods, reason = "measures a real time-out")]
#[actix_web::test]
async fn the_time_limit_is_for_the_whole_step() {
    let (access, id) = (jwt(&header("access"), &access_claims()), jwt(&header("id"), &id_claims()));
    let late = Duration::from_millis(800);
    let (server, forms) = {
        let (a, i) = (access.clone(), id.clone());
        host(access, id, move |r| Some(Reply { delay: late, ..ordinary(r, &form(&r.body), &a, &i) }))
    };
    let esia = provider(short(&server.url));
    let start = Instant::now();
    let e = esia.complete(callback(), NOW).await.err().unwrap();
    assert!(e.code == F18 && e.detail.contains("idp.esia.timeout"), "{e}");
    // Each answer alone comes in time; a machine under load may not get to the third.
    assert!((1_900..10_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert!(forms.lock().unwrap().len() <= 3);
}

#[actix_web::test]
async fn nothing_is_unpacked() {
    // `{"trusted":true}`, and a megabyte of spaces, as gzip writes them.
    let gzip = |text: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut out, text).unwrap();
        out.finish().unwrap()
    };
    for body in [gzip(b"{\"trusted\":true}"), gzip(&vec![b' '; 1 << 20])] {
        for encoding in ["gzip", "x-gzip", "deflate", "br", "zstd"] {
            let body = body.clone();
            let e = with_rest(move || Reply::new(200, &format!("content-encoding: {encoding}\r\n"), body.clone())).await;
            assert!(e.code == F18 && e.detail.contains("not JSON"), "{encoding}: {e}");
        }
    }
    let (server, _) = host(String::new(), String::new(), |r| {
        assert!(!r.head.to_ascii_lowercase().contains("accept-encoding"), "{}", r.head);
        Some(Reply::json(400, &json!({"error": "server_error"})))
    });
    assert_eq!(provider(settings(&server.url)).complete(callback(), NOW).await.err().unwrap().code, F18);
}
