//! The endpoint that misbehaves: one message in ten gets an error, a redirect, a 429 or no answer at all; two get 410; once it is
//! away and comes back. It keeps what it got and what it took, and believes no message whose signature does not hold.

use std::collections::{BTreeMap, HashMap};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use gosbadge::cli::wire::Parts;
use gosbadge::domain::webhook_signature::WebhookSecret;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::harness::plain_client;
use crate::kill_load::Process;
use crate::place::four_free_ports;

#[derive(Default)]
struct Inner {
    trusted: OnceLock<(WebhookSecret, JwkSet)>,
    bad: AtomicBool,
    /// Events that wait in the beginning.
    backlog: AtomicU64,
    /// Messages that came.
    came: AtomicU64,
    /// Distinct events that were taken.
    taken: AtomicUsize,
    /// Badge, or attestation where a SET names nothing else → versions in the order they came, with whether they were taken.
    got: Mutex<HashMap<String, Vec<(i64, bool)>>>,
    answers: Mutex<BTreeMap<u16, u32>>,
}

pub struct Receiver {
    address: SocketAddr,
    inner: Arc<Inner>,
    handle: tokio::sync::Mutex<actix_web::dev::ServerHandle>,
    restarted: AtomicBool,
}

/// What to answer the n-th of so many messages; 0 stands for silence. Spread by multiplication, so that every run is the same.
fn answer(n: u64, backlog: u64) -> u16 {
    // While the first and the third process deliver.
    if n == backlog / 14 || n == backlog * 13 / 20 {
        return 410;
    }
    match n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56 {
        0..8 => 500,
        8..14 => 302,
        14..18 => 429,
        18..24 => 404,
        24..26 => 0,
        _ => 204,
    }
}

/// What a message says of which badge; the text to give back where it is a verification event.
enum Message {
    Event { badge: String, version: i64 },
    Verification { state: String },
}

/// Reads a webhook or a SET; panics, and so answers nothing, where its signature does not hold.
fn read(inner: &Inner, request: &HttpRequest, body: &str) -> Message {
    let (secret, keys) = inner.trusted.get().expect("the endpoint knows whom to trust");
    let header = |name: &str| request.headers().get(name).unwrap().to_str().unwrap();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    if header("content-type") == "application/secevent+jwt" {
        let kid = jsonwebtoken::decode_header(body).unwrap().kid.unwrap();
        let mut rules = Validation::new(Algorithm::ES256);
        rules.required_spec_claims.clear();
        (rules.validate_aud, rules.validate_exp) = (false, false);
        let key = DecodingKey::from_jwk(keys.find(&kid).expect("a published key")).unwrap();
        let set = jsonwebtoken::decode::<Value>(body, &key, &rules).expect("the SET is signed").claims;
        let verification = &set["events"]["https://schemas.openid.net/secevent/ssf/event-type/verification"];
        if verification.is_object() {
            return Message::Verification { state: text(&verification["state"]) };
        }
        let event = &set["events"]["https://schemas.openid.net/secevent/caep/event-type/credential-change"];
        return Message::Event { badge: text(&set["sub_id"]["jti"]), version: event["version"].as_i64().unwrap() };
    }
    let (id, at, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    secret.verify(id, at, body.as_bytes(), signature, Parts::system().clock.now()).expect("the webhook is signed");
    let body: Value = serde_json::from_str(body).unwrap();
    if body["type"] == "stream.verification" {
        return Message::Verification { state: text(&body["data"]["state"]) };
    }
    Message::Event { badge: text(&body["data"]["badge"]), version: body["data"]["version"].as_i64().unwrap() }
}

async fn hook(inner: web::Data<Inner>, request: HttpRequest, body: String) -> HttpResponse {
    let (badge, version) = match read(&inner, &request, &body) {
        Message::Verification { state } => return HttpResponse::Ok().json(serde_json::json!({ "state": state })),
        Message::Event { badge, version } => (badge, version),
    };
    let n = inner.came.fetch_add(1, Ordering::SeqCst);
    let status = if inner.bad.load(Ordering::SeqCst) { answer(n, inner.backlog.load(Ordering::SeqCst)) } else { 204 };
    {
        let mut got = inner.got.lock().unwrap();
        let of = got.entry(badge).or_default();
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
        // A port that nobody is given while this is away for a moment.
        let (address, handle) = serve(SocketAddr::from(([127, 0, 0, 1], four_free_ports())), &inner);
        Self { address, inner, handle: tokio::sync::Mutex::new(handle), restarted: AtomicBool::new(false) }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Whom to believe: the platform's secret for webhooks, the service's published keys for SETs.
    pub async fn trust(&self, platform: &Value, process: &Process) {
        let secret = WebhookSecret::parse(platform["outgoing_webhook_secret"].as_str().unwrap()).unwrap();
        let url = format!("{}/.well-known/jwks.json", process.ready["public_url"].as_str().unwrap());
        let keys = plain_client().get(url).send().await.unwrap().json().await.unwrap();
        assert!(self.inner.trusted.set((secret, keys)).is_ok());
    }

    /// From now on, with so many events to come.
    pub fn misbehave(&self, backlog: usize) {
        // What came until now was only the issues.
        self.inner.came.store(0, Ordering::SeqCst);
        self.inner.answers.lock().unwrap().clear();
        self.inner.backlog.store(u64::try_from(backlog).unwrap(), Ordering::SeqCst);
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

    /// Every version of every badge was taken, and none came before the one before it had been taken; of so many more badges the first.
    /// The endpoint did all that it was meant to do.
    pub fn check(&self, badges: usize, versions: i64, more: usize) {
        let got = self.inner.got.lock().unwrap();
        let mut whole = 0;
        for (badge, messages) in got.iter() {
            let mut newest = 0;
            for (version, taken) in messages {
                assert!(*version <= newest + 1, "{badge}: version {version} came while {newest} was the newest taken");
                if *taken {
                    newest = newest.max(*version);
                }
            }
            assert!(newest == versions || newest == 1, "{badge}: something is missing after {newest}");
            whole += usize::from(newest == versions);
        }
        assert_eq!((whole, got.len()), (badges, badges + more));
        let answers = self.inner.answers.lock().unwrap();
        assert!([204, 0, 302, 404, 410, 429, 500].iter().all(|status| answers.contains_key(status)), "{answers:?}");
        assert!(self.restarted.load(Ordering::SeqCst));
    }

    pub fn report(&self) -> String {
        let (came, answers) = (self.inner.came.load(Ordering::SeqCst), self.inner.answers.lock().unwrap());
        format!("{came} messages for {} events; answers {answers:?}", self.taken())
    }
}
