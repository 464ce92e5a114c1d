//! What can be provoked of every operation alike: nobody known, the wrong role, bodies too large or too slow, nothing found, no
//! database.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use gosbadge::ports::Clock as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::probe::{As, Operation, Probe, UNKNOWN};

pub async fn all(p: &Probe<'_>) {
    for o in &p.operations {
        if o.may_answer(401, &["invalid-client", "invalid_client", "unauthenticated"]) {
            p.ask(o, p.with_body(o, p.request(o, As::Nobody, UNKNOWN), UNKNOWN)).await;
        }
        if o.for_operators() && o.may_answer(403, &["forbidden"]) {
            p.ask(o, p.with_body(o, p.request(o, As::Bearer(&p.viewer), UNKNOWN), UNKNOWN)).await;
        }
        if o.may_answer(413, &[]) {
            let request = p.with_body(o, p.request(o, As::Entitled, UNKNOWN), UNKNOWN);
            p.ask(o, request.body(vec![b'a'; 1024 * 1024 + 1])).await;
        }
        if o.may_answer(404, &[]) {
            p.ask(o, p.with_body(o, p.request(o, As::Entitled, UNKNOWN), UNKNOWN)).await;
        }
    }
    join_all(p.operations.iter().filter(|o| o.may_answer(408, &[])).map(|o| trickle(p, o))).await;
}

/// Announces a body and sends none.
async fn trickle(p: &Probe<'_>, o: &Operation) {
    let request = p.with_body(o, p.request(o, As::Entitled, UNKNOWN), UNKNOWN).build().unwrap();
    let url = request.url();
    let mut head = format!("{} {} HTTP/1.1\r\nhost: {}\r\ncontent-length: 10\r\n", request.method(), url.path(), url.authority());
    for (name, value) in request.headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    let mut to = tokio::net::TcpStream::connect((url.host_str().unwrap(), url.port().unwrap())).await.unwrap();
    to.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    to.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("{}: {answer}", o.name));
    let word = ["\"code\":\"", "\"error\":\""].iter().find_map(|m| answer.split(m).nth(1)?.split('"').next()).unwrap_or_default();
    p.note(o, status, word);
}

/// Every connection to the database is held while each operation is asked that says it may be unavailable.
pub async fn without_a_database(p: &Probe<'_>) {
    let held = Arc::new((Mutex::new(true), Condvar::new()));
    let wait = |held: Arc<(Mutex<bool>, Condvar)>| {
        move |_: &mut gosbadge::store::Tx<'_>| {
            let guard = held.1.wait_while(held.0.lock().unwrap(), |held| *held).unwrap();
            drop(guard);
            Ok::<(), gosbadge::store::StoreError>(())
        }
    };
    let mut holders = Vec::new();
    for _ in 0..64 {
        let (app, wait) = (Arc::clone(p.h.app()), wait(Arc::clone(&held)));
        holders.push(tokio::spawn(async move { app.db.read("held", wait).await }));
    }
    let (app, wait) = (Arc::clone(p.h.app()), wait(Arc::clone(&held)));
    holders.push(tokio::spawn(async move { app.db.write("held", wait).await }));
    // Those that wait for a connection give up after three seconds; the others hold theirs.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let asked = p.operations.iter().filter(|o| o.may_answer(503, &["", "unavailable", "temporarily_unavailable"]));
    let request = |o: &Operation| {
        let id = match o.path.as_str() {
            "/log/tile/{path}" => "0/000",
            "/status/{n}" => "1",
            "/oauth/callback/{idp}" => "esia",
            "/applications/{id}/control/{kind}" => "platform_token",
            _ => UNKNOWN,
        };
        let request = p.with_body(o, p.request(o, As::Entitled, id), id);
        // Without these nothing would be looked up.
        match o.path.as_str() {
            "/status/{n}" => request.query(&[("time", p.h.clock.now().secs().to_string())]),
            "/oauth/authorize" => request.query(&[("client_id", "x"), ("request_uri", "urn:ietf:params:oauth:request_uri:x")]),
            path if path.starts_with("/oauth/callback") || path.starts_with("/oauth/platform") => {
                request.query(&[("state", "x"), ("code", "x")])
            }
            "/login" => request.query(&[("application", UNKNOWN), ("link", "x")]),
            _ => request,
        }
    };
    join_all(asked.map(|o| p.ask(o, request(o)))).await;
    *held.0.lock().unwrap() = false;
    held.1.notify_all();
    for holder in holders {
        let _ = holder.await.unwrap();
    }
}
