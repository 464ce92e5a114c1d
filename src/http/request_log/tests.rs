//! The line, the ids and the caller's address.

use std::io;
use std::sync::{Arc, Mutex};

use actix_web::http::header::HeaderMap;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, test, web};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use super::*;

struct Fives;

impl Entropy for Fives {
    fn fill(&self, out: &mut [u8]) {
        out.fill(0x55);
    }
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Captured {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Sends one request and gives the answer's `X-Request-Id` and all log lines.
async fn answer(uri: &str, headers: &[(&str, &str)]) -> (String, Vec<Value>) {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(captured.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let settings =
        RequestLog { entropy: Arc::new(Fives), trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], client_certificates: false };
    let app = App::new()
        .app_data(web::Data::new(settings))
        .route("/v1/badges/{id}", web::get().to(HttpResponse::NoContent))
        .route("/broken", web::get().to(|| async { Err::<&str, _>(actix_web::error::ErrorBadGateway("detail")) }))
        .wrap(from_fn(record));
    let app = test::init_service(app).await;
    let mut request = test::TestRequest::get().uri(uri).peer_addr("203.0.113.77:4000".parse().unwrap());
    for (name, value) in headers {
        request = request.append_header((*name, *value));
    }
    let response = test::call_service(&app, request.to_request()).await;
    let id = response.headers().get("x-request-id").unwrap().to_str().unwrap().to_owned();
    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    (id, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[actix_web::test]
async fn one_line_with_the_pattern_and_no_query() {
    let (id, lines) = answer("/v1/badges/bdg_1?token=secret", &[("x-request-id", "abc-1.2_3")]).await;
    assert_eq!((id.as_str(), lines.len()), ("abc-1.2_3", 1));
    let line = &lines[0];
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["method"], "GET");
    assert_eq!(line["route"], "/v1/badges/{id}");
    assert_eq!(line["status"], 204);
    assert_eq!(line["request_id"], "abc-1.2_3");
    assert_eq!(line["client"], "203.0.113.0/24");
    assert!(line["duration_ms"].is_u64());
    let text = line.to_string();
    assert!(!text.contains("secret") && !text.contains("bdg_1") && !text.contains("113.77"), "{text}");
}

#[actix_web::test]
async fn unknown_addresses_and_failures_have_their_line_too() {
    let (_, lines) = answer("/nowhere/secret", &[]).await;
    assert_eq!((lines.len(), &lines[0]["route"], &lines[0]["status"]), (1, &Value::from("none"), &Value::from(404)));
    let (_, lines) = answer("/broken", &[]).await;
    assert_eq!(lines.iter().filter(|l| l["message"] == "request").count(), 1);
    assert!(lines.iter().any(|l| l["status"] == 502));
}

#[actix_web::test]
async fn ill_formed_ids_are_replaced() {
    let made = "55555555-5555-4555-9555-555555555555";
    for bad in ["", "a b", "a\"b", "ы", &"x".repeat(65)] {
        assert_eq!(answer("/", &[("x-request-id", bad)]).await.0, made, "{bad}");
    }
    assert_eq!(answer("/", &[("x-request-id", &"x".repeat(64))]).await.0.len(), 64);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let good = format!("00-{trace}-00f067aa0ba902b7-01");
    assert_eq!(answer("/", &[("traceparent", &good)]).await.1[0]["trace_id"], trace);
    for bad in [
        format!("{good}-x"),
        format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
        good.to_uppercase(),
        good.replace("00-", "ff-"),
        String::new(),
    ] {
        assert_eq!(answer("/", &[("traceparent", &bad)]).await.1[0]["trace_id"], made.replace('-', ""), "{bad}");
    }
}

#[::core::prelude::v1::test]
fn the_callers_address_is_believed_only_from_trusted_proxies() {
    let trusted: Vec<Network> = vec!["10.0.0.0/8".parse().unwrap()];
    let client = |peer: &str, forwarded: &[&str]| {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(line).unwrap());
        }
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    };
    assert_eq!(client("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
    assert_eq!(client("10.0.0.1", &["1.1.1.1, 198.51.100.1"]), "198.51.100.1");
    assert_eq!(client("10.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.2"]), "198.51.100.1");
    assert_eq!(client("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    assert_eq!(client("10.0.0.1", &["198.51.100.1, nonsense"]), "10.0.0.1");
    assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    assert_eq!(shortened("2001:db8:1:2::3".parse().unwrap()), "2001:db8:1::/48");
}
