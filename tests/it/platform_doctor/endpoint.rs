//! An endpoint that checks what it gets as platforms should, or is wrong in one way.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::http::StatusCode;
use actix_web::http::header::DATE;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use gosbadge::domain::time::Timestamp;
use gosbadge::domain::webhook_signature::WebhookSecret;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::harness::Harness;

/// What is wrong with it.
#[derive(Clone, Copy)]
pub enum Way {
    /// Nothing.
    Right,
    TakesEverything,
    RefusesRepetition,
    IgnoresTimestamps,
    Redirects,
    Hangs,
    /// Seconds; its `Date` says so.
    ClockBehind(u64),
    Fails,
    Gone,
}

struct Inner {
    way: Mutex<Way>,
    secret: Mutex<WebhookSecret>,
    keys: JwkSet,
    got: Mutex<Vec<String>>,
    seen: Mutex<HashSet<String>>,
}

pub struct Endpoint {
    pub url: String,
    inner: Arc<Inner>,
    handle: actix_web::dev::ServerHandle,
}

fn now() -> Timestamp {
    Timestamp::from_secs(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap())
}

impl Inner {
    /// Whether the message is ours: by the SET, or by its headers.
    fn holds(&self, way: Way, request: &HttpRequest, body: &str) -> Result<(), u16> {
        let header = |name: &str| request.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        if header("content-type") == "application/secevent+jwt" {
            return self.set(body).map(drop).ok_or(400);
        }
        let (id, stamp) = (header("webhook-id"), header("webhook-timestamp"));
        let at = if matches!(way, Way::IgnoresTimestamps) { stamp.parse().map_or_else(|_| now(), Timestamp::from_secs) } else { now() };
        self.secret.lock().unwrap().verify(&id, &stamp, body.as_bytes(), &header("webhook-signature"), at).map_err(|_| 401_u16)?;
        let new = self.seen.lock().unwrap().insert(id);
        if new || !matches!(way, Way::RefusesRepetition) { Ok(()) } else { Err(409) }
    }

    fn set(&self, token: &str) -> Option<Value> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let key = self.keys.find(&header.kid?)?;
        let mut rules = Validation::new(Algorithm::ES256);
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        Some(jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(key).ok()?, &rules).ok()?.claims)
    }
}

/// What a verification event wants back.
fn state(body: &str) -> Value {
    let json: Value = serde_json::from_str(body)
        .unwrap_or_else(|_| jsonwebtoken::dangerous::insecure_decode::<Value>(body).map_or(Value::Null, |set| set.claims));
    let of_set = &json["events"]["https://schemas.openid.net/secevent/ssf/event-type/verification"]["state"];
    if of_set.is_null() { json["data"]["state"].clone() } else { of_set.clone() }
}

async fn receive(inner: web::Data<Inner>, request: HttpRequest, body: String) -> HttpResponse {
    let way = *inner.way.lock().unwrap();
    inner.got.lock().unwrap().push(body.clone());
    let status = |s: u16| HttpResponse::build(StatusCode::from_u16(s).unwrap());
    match way {
        Way::Redirects => return status(307).insert_header(("location", "/elsewhere")).finish(),
        Way::Fails => return status(500).finish(),
        Way::Gone => return status(410).finish(),
        Way::Hangs => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
        _ => {}
    }
    let mut answer = match inner.holds(way, &request, &body) {
        Err(refused) if !matches!(way, Way::TakesEverything) => return status(refused).finish(),
        _ => HttpResponse::Ok(),
    };
    if let Way::ClockBehind(secs) = way {
        let date = SystemTime::now() - Duration::from_secs(secs);
        answer.insert_header((DATE, actix_web::http::header::HttpDate::from(date)));
    }
    answer.json(json!({ "state": state(&body) }))
}

impl Endpoint {
    /// Does everything right until told otherwise.
    pub async fn start(h: &Harness) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            way: Mutex::new(Way::Right),
            secret: Mutex::new(WebhookSecret::parse(&h.ready().platform.outgoing_webhook_secret).unwrap()),
            keys: h.http.get(h.url("/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap(),
            got: Mutex::default(),
            seen: Mutex::default(),
        });
        let data = web::Data::from(Arc::clone(&inner));
        let elsewhere = || async { HttpResponse::Ok().finish() };
        let make = move || {
            App::new().app_data(data.clone()).route("/hook", web::post().to(receive)).route("/elsewhere", web::post().to(elsewhere))
        };
        let server = HttpServer::new(make).workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, inner, handle }
    }

    pub fn behave(&self, way: Way) {
        *self.inner.way.lock().unwrap() = way;
    }

    /// From now on it knows this secret and no other.
    pub fn know(&self, secret: WebhookSecret) {
        *self.inner.secret.lock().unwrap() = secret;
    }

    /// Bodies as they came.
    pub fn got(&self) -> Vec<String> {
        self.inner.got.lock().unwrap().clone()
    }

    pub fn forget(&self) {
        self.inner.got.lock().unwrap().clear();
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}
