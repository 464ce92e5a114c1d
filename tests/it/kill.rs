//! `kill -9` of the real process under load: whatever it had acknowledged holds after the restart, nothing was given twice,
//! and every acknowledged event reaches the platform.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use futures_util::future::join_all;
use gosbadge::cli::wire::Parts;
use gosbadge::service::audit_log::audit_log;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::Database;
use crate::kill_load::{Client, Fate, Issue, Process, platform_add};
use crate::place::Place;

const ROUNDS: usize = 3;
const CALLERS: usize = 6;

/// One message as the platform received it.
#[derive(Clone)]
struct Message {
    id: String,
    kind: String,
    badge: String,
}

type Messages = Arc<Mutex<Vec<Message>>>;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost() {
    let dir = TempDir::new().unwrap();
    let place = Place::new(&dir);
    let received = Messages::default();
    let receiver = receive(Arc::clone(&received));
    let platform = platform_add(&place, &receiver);
    let (number, issues) = (AtomicU32::new(1), Mutex::new(Vec::<Issue>::new()));

    for round in 1..=ROUNDS {
        let process = Process::start(&place).await;
        let client = Client::new(&process, &platform, &receiver);
        let before = issues.lock().unwrap().len();
        let callers = join_all((0..CALLERS).map(|n| client.call_until_it_dies(n, &number, &issues)));
        let killer = async {
            // Not before something was acknowledged, then at any moment.
            for _ in 0..6000 {
                if issues.lock().unwrap().len() > before + 2 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let [jitter] = Parts::system().entropy.bytes::<1>();
            tokio::time::sleep(Duration::from_millis(u64::from(jitter) * 3)).await;
            process.kill();
        };
        tokio::join!(callers, killer);
        assert!(issues.lock().unwrap().len() > before, "round {round} acknowledged nothing");
    }

    let issues = issues.into_inner().unwrap();
    check_after_restart(&place, &issues, &received).await;
}

async fn check_after_restart(place: &Place, issues: &[Issue], received: &Messages) {
    let h = place.open().await;
    let mut db = Database::open(&place.database);
    db.assert_consistent();
    let (mut jtis, mut places) = (HashSet::new(), HashSet::new());
    for issue in issues {
        let (status, answer) = h.verify(json!({ "attestation": issue.token })).await;
        assert_eq!(status, 200, "{answer}");
        let found = answer["status"].as_str().unwrap();
        match issue.fate {
            Fate::Issued => assert_eq!(found, "active", "an acknowledged issue was lost: {answer}"),
            Fate::Revoked => assert_eq!(found, "revoked", "an acknowledged revocation was lost: {answer}"),
            Fate::Unanswered => assert!(["active", "revoked"].contains(&found), "{answer}"),
        }
        let claims = h.app().keys.known().verifier.attestation(&issue.token, h.app().clock.now()).unwrap().claims;
        assert!(jtis.insert(claims.jti.to_string()), "{} was given twice", claims.jti);
        let place = claims.status.status_list;
        assert!(places.insert((place.uri.clone(), place.idx)), "{} {} was given twice", place.uri, place.idx);
    }

    let mut wanted: HashSet<(String, &str)> = HashSet::new();
    for issue in issues {
        wanted.insert((issue.badge.clone(), "badge.issued"));
        if issue.fate == Fate::Revoked {
            wanted.insert((issue.badge.clone(), "badge.revoked"));
        }
    }
    let arrived = async || {
        // The dead process's leases run out, and pauses between attempts pass.
        h.clock.advance(Duration::from_secs(10));
        let got = received.lock().unwrap();
        wanted.retain(|(badge, kind)| !got.iter().any(|m| m.badge == *badge && m.kind == *kind));
        wanted.is_empty().then_some(())
    };
    h.until("every acknowledged event reaches the platform", arrived).await;
    assert_in_order(&received.lock().unwrap());
    let logged = async || Some(audit_log(h.app(), Vec::new()).await.unwrap()).filter(|r| r.waiting == 0);
    let report = h.until("everything is in the transparency log", logged).await;
    assert_eq!(report.findings, Vec::new(), "the transparency log lost or doubled nothing");
    h.stop().await;
}

/// At least once, but one message has one id; in order per badge.
fn assert_in_order(messages: &[Message]) {
    let mut ids = std::collections::HashMap::new();
    for m in messages {
        let first = ids.entry((m.badge.clone(), m.kind.clone())).or_insert_with(|| m.id.clone());
        assert_eq!(*first, m.id, "a repetition carries the same id");
    }
    for (n, m) in messages.iter().enumerate().filter(|(_, m)| m.kind == "badge.revoked") {
        let issued = messages[..n].iter().any(|e| e.badge == m.badge && e.kind == "badge.issued");
        assert!(issued, "{} was told revoked before issued", m.badge);
    }
}

/// A platform's endpoint that takes everything; its base address.
fn receive(received: Messages) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    async fn hook(all: web::Data<Messages>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
        let body: Value = serde_json::from_slice(&body).unwrap();
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        if body["type"] == "stream.verification" {
            return HttpResponse::Ok().body(text(&body["data"]["state"]));
        }
        let id = req.headers().get("webhook-id").unwrap().to_str().unwrap().to_owned();
        all.lock().unwrap().push(Message { id, kind: text(&body["type"]), badge: text(&body["data"]["badge"]) });
        HttpResponse::Ok().finish()
    }
    let data = web::Data::new(received);
    let make = move || App::new().app_data(data.clone()).route("/hook", web::post().to(hook));
    tokio::spawn(HttpServer::new(make).workers(1).disable_signals().listen(listener).unwrap().run());
    base
}
