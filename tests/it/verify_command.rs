//! `gosbadge verify`, from files and over HTTP.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use clap::Parser;
use gosbadge::cli::verify::{VerifyArgs, run_with};
use gosbadge::domain::status::ListValue;
use gosbadge::domain::time::Timestamp;
use gosbadge::ports::Clock;
use serde_json::Value;
use tempfile::TempDir;

use crate::test_issuer::{TestIssuer, tampered};

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    verify: VerifyArgs,
}

struct At(i64);

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0)
    }
}

struct Answer {
    exit: u8,
    out: String,
    err: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }
}

async fn gosbadge_verify(now: i64, input: &str, args: &[&str]) -> Answer {
    let command = Command::try_parse_from([&["verify"], args].concat()).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run_with(command.verify, &At(now), &mut input.as_bytes(), &mut out, &mut err).await.unwrap();
    Answer { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

/// Key set and status list as files.
struct Files {
    _dir: TempDir,
    jwks: String,
    list: String,
}

fn files(issuer: &TestIssuer, list: &str) -> Files {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> String {
        let path: PathBuf = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let (jwks, list) = (write("jwks.json", &issuer.key_set()), write("list.jwt", &format!("{list}\n")));
    Files { _dir: dir, jwks, list }
}

#[actix_web::test]
async fn from_files() {
    let issuer = TestIssuer::new("https://badge.example.ru");
    let token = issuer.attestation(issuer.now + 3600);
    for (value, exit, status) in [
        (ListValue::Valid, 0, "active"),
        (ListValue::Invalid, 1, "revoked"),
        (ListValue::Suspended, 1, "suspended"),
        (ListValue::Other, 2, "unknown"),
    ] {
        let files = files(&issuer, &issuer.status_list(value));
        let answer = gosbadge_verify(issuer.now, "", &["--jwks", &files.jwks, "--status-list", &files.list, "--json", &token]).await;
        assert_eq!((answer.exit, answer.json()["status"].as_str()), (exit, Some(status)), "{}", answer.out);
        assert_eq!(answer.json()["authority"]["ogrn"], "1029900000019");
    }
    let files = files(&issuer, &issuer.status_list(ListValue::Valid));
    let offline = ["--jwks", &files.jwks, "--status-list", &files.list];
    let text = gosbadge_verify(issuer.now, &format!("{token}\n"), &[&offline[..], &["-"]].concat()).await;
    assert_eq!(text.exit, 0);
    assert!(text.out.starts_with("VALID") && text.out.contains("«Детский сад № 12»") && text.out.contains("--community"), "{}", text.out);

    let with =
        |more: &[&'static str]| [&offline[..], more, &["--json", &token]].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
    for (more, exit, status) in [
        (&["--platform", "vk", "--community", "218000001"][..], 0, "active"),
        (&["--platform", "vk", "--community", "218000002"], 1, "wrong_community"),
        (&["--issuer", "https://badge.example.ru"], 0, "active"),
        (&["--issuer", "https://other.example.ru"], 1, "wrong_issuer"),
        (&["--issuer", "https://badge.example.ru/"], 2, "unknown"),
    ] {
        let args = with(more);
        let answer = gosbadge_verify(issuer.now, "", &args.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!((answer.exit, answer.json()["status"].as_str()), (exit, Some(status)), "{more:?} {}", answer.out);
    }
    let nobody = TestIssuer::new("https://evil.example/path").attestation(issuer.now + 3600);
    for (bad, code) in [("rubbish", "not-a-jwt"), ("a.b.c", "not-base64url"), ("", "not-a-jwt"), (&nobody, "issuer")] {
        let answer = gosbadge_verify(issuer.now, "", &[&offline[..], &["--json", bad]].concat()).await;
        assert_eq!((answer.exit, answer.json()["code"].as_str()), (1, Some(code)), "{}", answer.out);
        assert_eq!(answer.json().get("issuer"), None);
    }
    let forged = tampered(&token);
    let answer = gosbadge_verify(issuer.now, "", &[&offline[..], &[&forged]].concat()).await;
    assert!(answer.exit == 1 && answer.out.starts_with("NOT VALID") && answer.out.contains("(signature)"), "{}", answer.out);
    let stale =
        gosbadge_verify(issuer.now + 3600 - 5, "", &[&offline[..], &["--json", &issuer.attestation(issuer.now + 9999)]].concat()).await;
    assert_eq!(stale.exit, 0);
    let stale = gosbadge_verify(issuer.now + 3600, "", &[&offline[..], &["--json", &issuer.attestation(issuer.now + 9999)]].concat()).await;
    assert_eq!((stale.exit, stale.json()["code"].as_str()), (2, Some("status-stale")));
    let late = gosbadge_verify(issuer.now + 3600, "", &[&offline[..], &["--json", &token]].concat()).await;
    assert_eq!((late.exit, late.json()["status"].as_str()), (1, Some("expired")));
}

#[actix_web::test]
async fn what_cannot_be_read_is_no_verdict() {
    let issuer = TestIssuer::new("https://badge.example.ru");
    let files = files(&issuer, &issuer.status_list(ListValue::Valid));
    let token = issuer.attestation(issuer.now + 3600);
    for (args, hint) in [
        (vec!["--jwks", "/nonexistent", "--status-list", &files.list, &token], "/nonexistent"),
        (vec!["--jwks", &files.list, "--status-list", &files.list, &token], "not a JWK set"),
        (vec!["--jwks", &files.jwks, "--status-list", "/nonexistent", &token], "/nonexistent"),
        (vec!["--jwks", &files.jwks, "--status-list", &files.jwks, &token], "three segments"),
        (vec!["--issuer", "http://127.0.0.1:1", &token], "127.0.0.1:1/.well-known/jwks.json"),
    ] {
        let answer = gosbadge_verify(issuer.now, "", &args).await;
        assert_eq!((answer.exit, answer.out.as_str()), (2, ""), "{args:?}");
        assert!(answer.err.starts_with("cannot tell: ") && answer.err.contains(hint), "{}", answer.err);
    }
    for bad in [&["x"][..], &["--jwks", "a", "x"], &["--issuer", "https://a", "--platform", "vk", "x"], &["--issuer", "https://a"]] {
        assert!(Command::try_parse_from([&["verify"], bad].concat()).is_err(), "{bad:?}");
    }
}

#[actix_web::test]
async fn over_http() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let iss = format!("http://{}", listener.local_addr().unwrap());
    let issuer = TestIssuer::new(&iss);
    let status = Arc::new(AtomicU16::new(200));
    let served = web::Data::new((issuer.key_set(), issuer.status_list(ListValue::Valid), status.clone()));
    type Served = web::Data<(String, String, Arc<AtomicU16>)>;
    let server = HttpServer::new(move || {
        let list = |served: Served| async move {
            let status = StatusCode::from_u16(served.2.load(Ordering::Relaxed)).unwrap();
            HttpResponse::build(status).insert_header(("Location", "/.well-known/jwks.json")).body(served.1.clone())
        };
        App::new()
            .app_data(served.clone())
            .route("/.well-known/jwks.json", web::get().to(|served: Served| async move { served.0.clone() }))
            .route("/status/1", web::get().to(list))
    });
    let server = server.workers(1).listen(listener).unwrap().run();
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);

    let token = issuer.attestation(issuer.now + 3600);
    let answer =
        gosbadge_verify(issuer.now, "", &["--issuer", &iss, "--platform", "vk", "--community", "218000001", "--json", &token]).await;
    assert_eq!((answer.exit, answer.json()["verdict"].as_str()), (0, Some("valid")), "{}", answer.out);
    for other in [404, 500, 302, 206] {
        status.store(other, Ordering::Relaxed);
        let answer = gosbadge_verify(issuer.now, "", &["--issuer", &iss, "--json", &token]).await;
        assert_eq!((answer.exit, answer.json()["code"].as_str()), (2, Some("fetch-failed")), "{}", answer.out);
    }
    handle.stop(true).await;
    running.await.unwrap().unwrap();
}
