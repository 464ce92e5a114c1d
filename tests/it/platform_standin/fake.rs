//! A tiny gosbadge for the stand-in platform to talk to: canned metadata, PAR, token, keys and a status list signed on the spot.

use std::net::TcpListener;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gosbadge::domain::time::Timestamp;
use gosbadge::domain::webhook_signature::WebhookSecret;
use gosbadge::ports::{Clock, Entropy};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const CLIENT_ID: &str = "demo-client";
pub const CLIENT_SECRET: &str = "s3cret+with/odd:signs";
pub const INBOUND: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub const OUTGOING: &str = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=";
pub const CLUB: &str = "218000001";
pub const BADGE: &str = "bdg_01KAR4T7Q2M9XVB3H5NDW8YJZE";

/// A clock that stands still until told.
pub struct HandClock(AtomicI64);

impl HandClock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

pub struct OsRandom;

impl Entropy for OsRandom {
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).unwrap();
    }
}

/// A P-256 key and its JWK.
pub struct Key {
    signing: EncodingKey,
    kid: String,
    pub jwk: Value,
}

impl Key {
    pub fn generate(purpose: &str) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = EcKey::generate(&group).unwrap();
        let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
        key.public_key().affine_coordinates(&group, &mut x, &mut y, &mut BigNumContext::new().unwrap()).unwrap();
        let [x, y] = [x, y].map(|n| URL_SAFE_NO_PAD.encode(n.to_vec_padded(32).unwrap()));
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(canonical));
        let jwk = json!({"kty":"EC","crv":"P-256","x":x,"y":y,"kid":kid,"alg":"ES256","use":"sig","purpose":purpose});
        let pem = PKey::from_ec_key(key).unwrap().private_key_to_pem_pkcs8().unwrap();
        Self { signing: EncodingKey::from_ec_pem(&pem).unwrap(), kid, jwk }
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        let header = Header { typ: Some(typ.into()), kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.signing).unwrap()
    }
}

/// What the fake does and what it saw.
pub struct Scene {
    pub badge_key: Key,
    pub status_key: Key,
    /// Two-bit entries of the status list, four per byte.
    pub list_bytes: Vec<u8>,
    /// Keys and list answer 500.
    pub down: bool,
    /// Community number written into attestations.
    pub attested_club: String,
    /// Status of the token answer.
    pub granted: &'static str,
    /// The last pushed form.
    pub pushed: Vec<(String, String)>,
    /// Messages whose signature held.
    pub messages: Vec<Value>,
    pub list_requests: usize,
    pub not_modified: usize,
}

pub struct Fake {
    pub issuer: String,
    pub clock: Arc<HandClock>,
    scene: Mutex<Scene>,
}

impl Fake {
    pub fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fake = Arc::new(Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            clock: Arc::new(HandClock(AtomicI64::new(1_795_453_977_000))),
            scene: Mutex::new(Scene {
                badge_key: Key::generate("badge"),
                status_key: Key::generate("status"),
                list_bytes: vec![0; 16],
                down: false,
                attested_club: CLUB.into(),
                granted: "active",
                pushed: Vec::new(),
                messages: Vec::new(),
                list_requests: 0,
                not_modified: 0,
            }),
        });
        let data = web::Data::from(fake.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .route("/.well-known/oauth-authorization-server", web::get().to(metadata))
                .route("/.well-known/jwks.json", web::get().to(keys))
                .route("/push", web::post().to(push))
                .route("/token", web::post().to(token))
                .route("/status/1", web::get().to(status_list))
                .route("/v1/webhooks/demo", web::post().to(message))
        });
        tokio::spawn(server.workers(1).disable_signals().listen(listener).unwrap().run());
        fake
    }

    pub fn scene(&self) -> MutexGuard<'_, Scene> {
        self.scene.lock().unwrap()
    }

    pub fn now(&self) -> i64 {
        self.clock.now().secs()
    }

    pub fn attestation(&self) -> String {
        let (iss, now, scene) = (&self.issuer, self.now(), self.scene());
        let club = &scene.attested_club;
        let uri = format!("https://platform.example/club{club}");
        let day = json!({ "method": "platform_push", "at": "2026-11-20" });
        let claims = json!({
            "iss": iss, "sub": format!("{iss}/c/01KAR4T7Q2M9XVB3H5NDW8YJZE"),
            "sub_id": { "format": "aliases", "identifiers": [
                { "format": "iss_sub", "iss": "https://platform.example", "sub": club }, { "format": "uri", "uri": uri } ] },
            "trust_mark_type": format!("{iss}/tm/official-community/v1"), "jti": "att_01KAR4TB3K6S0P7F2QG8RNV4XW",
            "iat": now, "exp": now + 90 * 86_400, "logo_uri": format!("{iss}/badge/v1.svg"), "ref": format!("{iss}/c/01KAR4T7Q2M9XVB3H5NDW8YJZE"),
            "organization_name": "МБДОУ «Детский сад № 12»", "organization_type": "public",
            "community": { "platform": "demo", "id": club, "uri": uri, "name": "Детский сад № 12 «Ромашка» | Примерный" },
            "legal_entity": {
                "legal_person_name": "Муниципальное бюджетное дошкольное образовательное учреждение «Детский сад № 12 «Ромашка» города Примерного»",
                "legal_person_short_name": "МБДОУ «Детский сад № 12»", "legal_person_id": "NTRRU-1029900000019",
                "identifier": { "ogrn": "1029900000019" }, "registration_country": "RU", "authority_kind": "kindergarten" },
            "assurance": { "framework": format!("{iss}/assurance/v1"), "level": "high",
                "entity": { "method": "idp_org_login", "idp": "esia", "at": "2026-11-20" }, "representation": day, "control": day },
            "status": { "status_list": { "idx": 5, "uri": format!("{iss}/status/1") } },
        });
        scene.badge_key.sign("trust-mark+jwt", &claims)
    }

    /// A signed event, as headers and body.
    pub fn event(&self, id: &str, kind: &str, version: u64, status: &str, secret: &str) -> (Vec<(&'static str, String)>, String) {
        let attestation = (kind == "badge.issued").then(|| self.attestation());
        let now = self.clock.now();
        let body = json!({ "type": kind, "timestamp": now, "data": {
            "badge": BADGE, "version": version, "status": status, "reason": "operator_decision",
            "community": { "platform": "demo", "id": CLUB }, "authority": { "ogrn": "1029900000019" }, "attestation": attestation,
        }})
        .to_string();
        let signature = WebhookSecret::parse(secret).unwrap().sign(id, now, body.as_bytes());
        let headers = vec![("webhook-id", id.to_owned()), ("webhook-timestamp", now.secs().to_string()), ("webhook-signature", signature)];
        (headers, body)
    }
}

async fn metadata(fake: web::Data<Fake>) -> HttpResponse {
    let iss = &fake.issuer;
    HttpResponse::Ok().json(json!({ "issuer": iss, "pushed_authorization_request_endpoint": format!("{iss}/push"),
        "authorization_endpoint": format!("{iss}/go"), "token_endpoint": format!("{iss}/token") }))
}

async fn keys(fake: web::Data<Fake>) -> HttpResponse {
    let scene = fake.scene();
    if scene.down {
        return HttpResponse::InternalServerError().finish();
    }
    HttpResponse::Ok().json(json!({ "keys": [scene.badge_key.jwk, scene.status_key.jwk] }))
}

/// RFC 6749 §2.3.1: both parts arrive form-encoded.
fn authenticated(request: &HttpRequest) -> bool {
    let encode = |s: &str| url::form_urlencoded::byte_serialize(s.as_bytes()).collect::<String>();
    let wanted = format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET))));
    request.headers().get("authorization").is_some_and(|v| v.as_bytes() == wanted.as_bytes())
}

async fn push(fake: web::Data<Fake>, request: HttpRequest, form: web::Form<Vec<(String, String)>>) -> HttpResponse {
    if !authenticated(&request) {
        return HttpResponse::Unauthorized().json(json!({ "error": "invalid_client", "error_description": "no such client" }));
    }
    fake.scene().pushed = form.into_inner();
    HttpResponse::Created().json(json!({ "request_uri": "urn:ietf:params:oauth:request_uri:abc", "expires_in": 600 }))
}

async fn token(fake: web::Data<Fake>, request: HttpRequest, form: web::Form<Vec<(String, String)>>) -> HttpResponse {
    let sent = |name: &str| form.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()).unwrap_or_default();
    let pushed = |name: &str| fake.scene().pushed.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()).unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(sent("code_verifier")));
    let good = authenticated(&request)
        && sent("grant_type") == "authorization_code"
        && sent("code") == "good-code"
        && sent("redirect_uri") == pushed("redirect_uri")
        && challenge == pushed("code_challenge");
    if !good {
        return HttpResponse::BadRequest().json(json!({ "error": "invalid_grant", "error_description": "code or verifier is wrong" }));
    }
    let granted = fake.scene().granted;
    let mut detail: Value = serde_json::from_str::<Vec<Value>>(&pushed("authorization_details")).unwrap().remove(0);
    detail["status"] = granted.into();
    if granted == "active" {
        detail["badge"] = BADGE.into();
        detail["attestation"] = fake.attestation().into();
    }
    HttpResponse::Ok().json(json!({ "access_token": "x", "token_type": "Bearer", "expires_in": 600, "authorization_details": [detail] }))
}

async fn status_list(fake: web::Data<Fake>, request: HttpRequest) -> HttpResponse {
    let now = fake.now();
    let mut scene = fake.scene();
    scene.list_requests += 1;
    if scene.down {
        return HttpResponse::InternalServerError().finish();
    }
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&scene.list_bytes));
    if request.headers().get("if-none-match").is_some_and(|v| v.as_bytes() == etag.as_bytes()) {
        scene.not_modified += 1;
        return HttpResponse::NotModified().finish();
    }
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zlib, &scene.list_bytes).unwrap();
    let lst = URL_SAFE_NO_PAD.encode(zlib.finish().unwrap());
    let claims = json!({ "iss": fake.issuer, "sub": format!("{}/status/1", fake.issuer), "iat": now, "exp": now + 3600, "ttl": 60,
        "status_list": { "bits": 2, "lst": lst } });
    let token = scene.status_key.sign("statuslist+jwt", &claims);
    HttpResponse::Ok().insert_header(("ETag", etag)).content_type("application/statuslist+jwt").body(token)
}

async fn message(fake: web::Data<Fake>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let secret = WebhookSecret::parse(INBOUND).unwrap();
    let (id, at, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    if secret.verify(id, at, &body, signature, fake.clock.now()).is_err() {
        return HttpResponse::Unauthorized().json(json!({ "title": "bad signature" }));
    }
    fake.scene().messages.push(serde_json::from_slice(&body).unwrap());
    HttpResponse::Ok().json(json!({ "verdict": "invalid", "status": "suspended", "reason": "community_captured" }))
}
