//! The endpoint that misbehaves: one message in ten gets an error, a redirect, a 429 or no answer at all; two get 410; once it is
//! away and comes back. It keeps what it got and what it took.

use std::collections::{BTreeMap, HashMap};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::Value;

#[derive(Default)]
struct Inner {
    bad: AtomicBool,
    /// Messages that came.
    came: AtomicU64,
    /// Distinct events that were taken.
    taken: AtomicUsize,
    /// Badge → versions in the order they came, with whether they were taken.
    got: Mutex<HashMap<String, Vec<(i64, bool)>>>,
    answers: Mutex<BTreeMap<u16, u32>>,
}

pub struct Receiver {
    address: SocketAddr,
    inner: Arc<Inner>,
    handle: tokio::sync::Mutex<actix_web::dev::ServerHandle>,
    restarted: AtomicBool,
}

/// What to answer the n-th message; 0 stands for silence. Spread by multiplication, so that every run is the same.
fn answer(n: u64) -> u16 {
    match n {
        // While the first and the third process deliver.
        700 | 6500 => 410,
        _ => match n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56 {
            0..8 => 500,
            8..14 => 302,
            14..18 => 429,
            18..24 => 404,
            24..26 => 0,
            _ => 204,
        },
    }
}

async fn hook(inner: web::Data<Inner>, body: web::Bytes) -> HttpResponse {
    let body: Value = serde_json::from_slice(&body).unwrap();
    if body["type"] == "stream.verification" {
        return HttpResponse::Ok().body(body["data"]["state"].as_str().unwrap().to_owned());
    }
    let (badge, version) = (body["data"]["badge"].as_str().unwrap(), body["data"]["version"].as_i64().unwrap());
    let n = inner.came.fetch_add(1, Ordering::SeqCst);
    let status = if inner.bad.load(Ordering::SeqCst) { answer(n) } else { 204 };
    {
        let mut got = inner.got.lock().unwrap();
        let of = got.entry(badge.to_owned()).or_default();
        let takes = status == 204;
        if takes && !of.contains(&(version, true)) {
            inner.taken.fetch_add(1, Ordering::SeqCst);
        }
        of.push((version, takes));
    }
    *inner.answers.lock().unwrap().entry(status).or_default() += 1;
    let mut response = match status {
        0 => {
            tokio::time::sleep(Duration::from_secs(5)).await;
            return HttpResponse::Ok().finish();
        }
        s => HttpResponse::build(StatusCode::from_u16(s).unwrap()),
    };
    match status {
        302 => response.insert_header(("location", "/elsewhere")).finish(),
        429 => response.insert_header(("retry-after", "1")).finish(),
        _ => response.finish(),
    }
}

fn serve(address: SocketAddr, inner: &Arc<Inner>) -> (SocketAddr, actix_web::dev::ServerHandle) {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    let data = web::Data::from(Arc::clone(inner));
    let make = move || App::new().app_data(data.clone()).route("/hook", web::post().to(hook));
    let server = HttpServer::new(make).workers(1).disable_signals().listen(listener).unwrap().run();
    let handle = server.handle();
    tokio::spawn(server);
    (address, handle)
}

impl Receiver {
    pub async fn start() -> Self {
        let inner = Arc::<Inner>::default();
        let (address, handle) = serve(SocketAddr::from(([127, 0, 0, 1], 0)), &inner);
        Self { address, inner, handle: tokio::sync::Mutex::new(handle), restarted: AtomicBool::new(false) }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn misbehave(&self) {
        self.inner.bad.store(true, Ordering::SeqCst);
    }

    /// Distinct events that were taken.
    pub fn taken(&self) -> usize {
        self.inner.taken.load(Ordering::SeqCst)
    }

    /// Away for a moment.
    pub async fn restart_once(&self) {
        if self.restarted.swap(true, Ordering::SeqCst) {
            return;
        }
        let mut handle = self.handle.lock().await;
        handle.stop(false).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        *handle = serve(self.address, &self.inner).1;
    }

    /// Every version of every badge was taken, and none came before the one before it had been taken.
    pub fn check(&self, badges: usize, versions: i64) {
        let got = self.inner.got.lock().unwrap();
        assert_eq!(got.len(), badges);
        for (badge, messages) in got.iter() {
            let mut newest = 0;
            for (version, taken) in messages {
                assert!(*version <= newest + 1, "{badge}: version {version} came while {newest} was the newest taken");
                if *taken {
                    newest = newest.max(*version);
                }
            }
            assert_eq!(newest, versions, "{badge}: something is missing");
        }
    }

    pub fn report(&self) -> String {
        let (came, answers) = (self.inner.came.load(Ordering::SeqCst), self.inner.answers.lock().unwrap());
        format!("{came} messages for {} events; answers {answers:?}", self.taken())
    }
}
