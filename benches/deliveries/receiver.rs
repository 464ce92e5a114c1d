//! A platform's endpoint that takes everything at once and remembers when, or hangs.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::Value;

#[derive(Default)]
struct Inner {
    hangs: AtomicBool,
    count: AtomicUsize,
    /// Badge and type → the first receipt.
    receipts: Mutex<HashMap<(String, String), Instant>>,
}

pub struct Receiver {
    pub url: String,
    inner: Arc<Inner>,
    handle: actix_web::dev::ServerHandle,
}

async fn hook(inner: web::Data<Inner>, body: web::Bytes) -> HttpResponse {
    let at = Instant::now();
    let body: Value = serde_json::from_slice(&body).unwrap();
    if body["type"] == "stream.verification" {
        return HttpResponse::Ok().body(body["data"]["state"].as_str().unwrap().to_owned());
    }
    if inner.hangs.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    inner.receipts.lock().unwrap().entry((text(&body["data"]["badge"]), text(&body["type"]))).or_insert(at);
    inner.count.fetch_add(1, Ordering::SeqCst);
    HttpResponse::NoContent().finish()
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let inner = Arc::<Inner>::default();
        let data = web::Data::from(Arc::clone(&inner));
        let make = move || App::new().app_data(data.clone()).route("/hook", web::post().to(hook));
        let server = HttpServer::new(make).workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, inner, handle }
    }

    pub fn hang(&self) {
        self.inner.hangs.store(true, Ordering::SeqCst);
    }

    /// Messages taken.
    pub fn count(&self) -> usize {
        self.inner.count.load(Ordering::SeqCst)
    }

    pub async fn until(&self, count: usize) {
        let begun = Instant::now();
        while self.count() < count {
            assert!(begun.elapsed() < Duration::from_secs(300), "{} of {count} arrived", self.count());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// When this was first received; waits for it.
    pub async fn receipt(&self, badge: &str, kind: &str) -> Instant {
        let key = (badge.to_owned(), kind.to_owned());
        for _ in 0..30_000 {
            if let Some(at) = self.inner.receipts.lock().unwrap().get(&key) {
                return *at;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("{badge} {kind} never arrived");
    }

    pub fn forget(&self, badge: &str, kind: &str) {
        self.inner.receipts.lock().unwrap().remove(&(badge.to_owned(), kind.to_owned()));
    }

    pub async fn stop(&self) {
        self.handle.stop(false).await;
    }
}
