//! An OpenID Connect provider for tests: honest unless told otherwise. Everything is signed by `openssl` here, with no line
//! of the adapter's, so that a shared misreading cannot cancel out.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use gosbadge::ports::Clock as _;
use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::{Signer, Verifier};
use serde_json::{Value, json};

use crate::harness::HeldClock;

/// Our registration there.
pub const CLIENT_ID: &str = "gosbadge";
/// A second client of the same provider, the attacker's.
pub const OTHER_CLIENT: &str = "someone-else";
pub const CLIENT_SECRET: &str = "s3cret with + and %";

/// A signing key and its name.
#[derive(Clone)]
pub struct Key {
    pub kid: String,
    pub alg: &'static str,
    pub pkey: PKey<Private>,
}

impl Key {
    pub fn es256(kid: &str) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        Self { kid: kid.to_owned(), alg: "ES256", pkey: PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap() }
    }

    /// One RSA key for the whole run: making one takes long.
    pub fn rs256(kid: &str) -> Self {
        static RSA: OnceLock<PKey<Private>> = OnceLock::new();
        let pkey = RSA.get_or_init(|| PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()).clone();
        Self { kid: kid.to_owned(), alg: "RS256", pkey }
    }

    pub fn jwk(&self) -> Value {
        let mut jwk = if let Ok(rsa) = self.pkey.rsa() {
            json!({ "kty": "RSA", "n": B64.encode(rsa.n().to_vec()), "e": B64.encode(rsa.e().to_vec()) })
        } else {
            let key = self.pkey.ec_key().unwrap();
            let mut ctx = BigNumContext::new().unwrap();
            let form = openssl::ec::PointConversionForm::UNCOMPRESSED;
            let point = key.public_key().to_bytes(key.group(), form, &mut ctx).unwrap();
            json!({ "kty": "EC", "crv": "P-256", "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..]) })
        };
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.alg);
        jwk["use"] = json!("sig");
        jwk
    }

    pub fn signature(&self, input: &str) -> Vec<u8> {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.pkey).unwrap();
        let made = signer.sign_oneshot_to_vec(input.as_bytes()).unwrap();
        if self.pkey.rsa().is_ok() {
            return made;
        }
        let pair = EcdsaSig::from_der(&made).unwrap();
        [pair.r().to_vec_padded(32).unwrap(), pair.s().to_vec_padded(32).unwrap()].concat()
    }
}

/// An id token about to be made; a hostile provider changes it.
pub struct Minting {
    pub header: Value,
    pub claims: Value,
    pub key: Key,
    /// An address nobody may ever call.
    pub canary: String,
}

impl Minting {
    pub fn signed(&self) -> String {
        self.with_signature(|input| self.key.signature(input))
    }

    pub fn with_signature(&self, make: impl Fn(&str) -> Vec<u8>) -> String {
        let input = format!("{}.{}", B64.encode(self.header.to_string()), B64.encode(self.claims.to_string()));
        format!("{input}.{}", B64.encode(make(&input)))
    }

    /// The honest token with other claims.
    pub fn claiming(mut self, change: impl Fn(&mut Value)) -> String {
        change(&mut self.claims);
        self.signed()
    }

    /// The honest token with another header.
    pub fn headed(mut self, change: impl Fn(&mut Value, &str)) -> String {
        change(&mut self.header, &self.canary);
        self.signed()
    }
}

/// What goes wrong at an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    Slow,
    Huge,
    Redirect,
    NotJson,
    EmptyKeySet,
    ThousandsOfKeys,
    Status(u16),
}

/// How the provider behaves now.
pub struct Behaviour {
    pub keys: Vec<Key>,
    /// Which of the keys are in the key set; all signing is done with the first.
    pub published: Vec<Key>,
    pub mint: fn(Minting) -> String,
    pub userinfo: fn(&mut Value),
    pub check_pkce: bool,
    /// `iss` on the callback.
    pub iss: fn(&str) -> Option<String>,
    pub announce_iss: bool,
    pub discovery: fn(&mut Value),
    pub trouble: Option<(&'static str, Trouble)>,
    /// The claims of the person who signs in.
    pub person: Value,
}

impl Behaviour {
    pub fn honest() -> Self {
        let keys = vec![Key::es256("first")];
        Self {
            published: keys.clone(),
            keys,
            mint: |m| m.signed(),
            userinfo: |_| {},
            check_pkce: true,
            iss: |issuer| Some(issuer.to_owned()),
            announce_iss: true,
            discovery: |_| {},
            trouble: None,
            person: person(),
        }
    }
}

/// The sample of the README.
pub fn person() -> Value {
    json!({
        "sub": "1000299654",
        "identity_confirmed": true,
        "organizations": [{
            "id": "1000298922", "type": "LEGAL", "ogrn": "1047702026701", "inn": "7710474375", "kpp": "771001001",
            "full_name": "Детский сад № 12 «Ромашка»", "short_name": "ДС № 12", "okopf": "75403",
            "chief": true, "admin": false, "active": true, "liquidated": false,
        }],
    })
}

struct Grant {
    client: String,
    redirect_uri: String,
    nonce: Option<String>,
    challenge: Option<String>,
}

#[derive(Default)]
struct Memory {
    codes: HashMap<String, Grant>,
    assertions: Vec<String>,
    methods: Vec<&'static str>,
}

/// The running provider.
pub struct Provider {
    pub issuer: String,
    pub behaviour: Mutex<Behaviour>,
    pub canary: String,
    /// Calls of the canary.
    pub canary_calls: AtomicUsize,
    /// Calls of the key set.
    pub key_set_calls: AtomicUsize,
    /// Public half of the service's key for private_key_jwt, PEM.
    pub client_key: Mutex<Option<Vec<u8>>>,
    memory: Mutex<Memory>,
    serial: AtomicUsize,
    /// The service's clock, which the test holds.
    clock: Mutex<Option<Arc<HeldClock>>>,
}

impl Provider {
    /// Serves until the test process ends.
    pub fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider = Arc::new(Self {
            canary: format!("{issuer}/canary"),
            issuer,
            behaviour: Mutex::new(Behaviour::honest()),
            canary_calls: AtomicUsize::new(0),
            key_set_calls: AtomicUsize::new(0),
            client_key: Mutex::new(None),
            memory: Mutex::default(),
            serial: AtomicUsize::new(0),
            clock: Mutex::new(None),
        });
        let data = web::Data::from(Arc::clone(&provider));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .route("/.well-known/openid-configuration", web::get().to(discovery))
                .route("/authorize", web::get().to(authorize))
                .route("/token", web::post().to(token))
                .route("/jwks", web::get().to(jwks))
                .route("/userinfo", web::get().to(userinfo))
                .default_service(web::to(|p: web::Data<Provider>| async move {
                    p.canary_calls.fetch_add(1, Ordering::SeqCst);
                    HttpResponse::NotFound().finish()
                }))
        });
        tokio::spawn(server.workers(1).disable_signals().listen(listener).unwrap().run());
        provider
    }

    /// From now on the provider's clock is this one.
    pub fn follow(&self, clock: &Arc<HeldClock>) {
        *self.clock.lock().unwrap() = Some(Arc::clone(clock));
    }

    fn now(&self) -> i64 {
        self.clock.lock().unwrap().as_ref().unwrap().now().secs()
    }

    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.behaviour.lock().unwrap());
    }

    /// Forgets all hostility but keeps the keys, and publishes them.
    pub fn be_honest(&self) {
        self.behave(|b| {
            let keys = b.keys.clone();
            *b = Behaviour { published: keys.clone(), keys, ..Behaviour::honest() };
        });
    }

    /// How clients authenticated so far.
    pub fn methods(&self) -> Vec<&'static str> {
        self.memory.lock().unwrap().methods.clone()
    }

    async fn trouble(&self, endpoint: &str) -> Option<HttpResponse> {
        let trouble = self.behaviour.lock().unwrap().trouble.filter(|(at, _)| *at == endpoint)?.1;
        let many = |n: usize| HttpResponse::Ok().json(json!({ "keys": vec![Key::es256("x").jwk(); n] }));
        Some(match trouble {
            Trouble::Slow => {
                tokio::time::sleep(Duration::from_secs(30)).await;
                HttpResponse::Ok().finish()
            }
            Trouble::Huge => {
                let chunks = std::iter::repeat_with(|| Ok::<_, std::io::Error>(web::Bytes::from(vec![b' '; 65_536])));
                HttpResponse::Ok().content_type("application/json").streaming(futures_util::stream::iter(chunks.take(16_384)))
            }
            Trouble::Redirect => HttpResponse::Found().insert_header(("location", self.canary.as_str())).finish(),
            Trouble::NotJson => HttpResponse::Ok().content_type("text/html").body("<h1>Профилактика</h1>"),
            Trouble::EmptyKeySet => many(0),
            Trouble::ThousandsOfKeys => many(10_000),
            Trouble::Status(status) => HttpResponse::build(status.try_into().unwrap()).body("no"),
        })
    }

    fn id_token(&self, grant: &Grant, now: i64) -> String {
        let b = self.behaviour.lock().unwrap();
        let key = b.keys[0].clone();
        let mut claims = json!({ "iss": self.issuer, "aud": grant.client, "sub": b.person["sub"], "iat": now, "exp": now + 300 });
        if let Some(nonce) = &grant.nonce {
            claims["nonce"] = json!(nonce);
        }
        let header = json!({ "alg": key.alg, "kid": key.kid, "typ": "JWT" });
        (b.mint)(Minting { header, claims, key, canary: self.canary.clone() })
    }

    /// Whose request this is, if the proof is good.
    fn client(&self, req: &HttpRequest, form: &HashMap<String, String>, now: i64) -> Option<String> {
        if let Some(basic) = req.headers().get("authorization").and_then(|v| v.to_str().ok()?.strip_prefix("Basic ")) {
            let text = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
            let (id, secret) = text.split_once(':')?;
            // RFC 6749 §2.3.1: both are form-encoded.
            let read = |t: &str| url::form_urlencoded::parse(format!("x={t}").as_bytes()).next().map(|(_, v)| v.into_owned());
            self.memory.lock().unwrap().methods.push("client_secret_basic");
            return Some(read(id)?).filter(|_| read(secret).as_deref() == Some(CLIENT_SECRET) && !form.contains_key("client_secret"));
        }
        let id = form.get("client_id")?.clone();
        let mut memory = self.memory.lock().unwrap();
        if let Some(secret) = form.get("client_secret") {
            memory.methods.push("client_secret_post");
            return Some(id).filter(|_| secret == CLIENT_SECRET);
        }
        memory.methods.push("private_key_jwt");
        let jwt = form.get("client_assertion")?;
        let (input, signature) = jwt.rsplit_once('.')?;
        let claims: Value = serde_json::from_slice(&B64.decode(input.split_once('.')?.1).ok()?).ok()?;
        let raw = B64.decode(signature).ok()?;
        let n = |part: &[u8]| openssl::bn::BigNum::from_slice(part).unwrap();
        let der = EcdsaSig::from_private_components(n(&raw[..32]), n(&raw[32..])).ok()?.to_der().ok()?;
        let key = PKey::public_key_from_pem(self.client_key.lock().unwrap().as_ref()?).ok()?;
        let good = Verifier::new(MessageDigest::sha256(), &key).ok()?.verify_oneshot(&der, input.as_bytes()).ok()?;
        let jti = claims["jti"].as_str()?.to_owned();
        let fresh = !memory.assertions.contains(&jti) && (now..=now + 120).contains(&claims["exp"].as_i64()?);
        memory.assertions.push(jti);
        let kind = form.get("client_assertion_type")? == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let about = claims["iss"] == json!(id) && claims["sub"] == json!(id) && claims["aud"] == json!(self.issuer);
        (good && fresh && kind && about).then_some(id)
    }
}

async fn discovery(p: web::Data<Provider>) -> HttpResponse {
    if let Some(trouble) = p.trouble("discovery").await {
        return trouble;
    }
    let (b, i) = (p.behaviour.lock().unwrap(), &p.issuer);
    let mut document = json!({
        "issuer": i, "authorization_endpoint": format!("{i}/authorize"), "token_endpoint": format!("{i}/token"),
        "jwks_uri": format!("{i}/jwks"), "userinfo_endpoint": format!("{i}/userinfo"), "end_session_endpoint": format!("{i}/logout"),
        "response_types_supported": ["code"], "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": b.announce_iss,
    });
    (b.discovery)(&mut document);
    HttpResponse::Ok().json(document)
}

async fn authorize(p: web::Data<Provider>, q: web::Query<HashMap<String, String>>) -> HttpResponse {
    let code = format!("code-{}", p.serial.fetch_add(1, Ordering::SeqCst));
    let grant = Grant {
        client: q["client_id"].clone(),
        redirect_uri: q["redirect_uri"].clone(),
        nonce: q.get("nonce").cloned(),
        challenge: q.get("code_challenge").cloned().filter(|_| q["code_challenge_method"] == "S256"),
    };
    assert!(q["response_type"] == "code" && q["scope"].split(' ').any(|s| s == "openid"));
    let mut back = url::Url::parse(&grant.redirect_uri).unwrap();
    back.query_pairs_mut().append_pair("code", &code).append_pair("state", &q["state"]);
    if let Some(iss) = (p.behaviour.lock().unwrap().iss)(&p.issuer) {
        back.query_pairs_mut().append_pair("iss", &iss);
    }
    p.memory.lock().unwrap().codes.insert(code, grant);
    HttpResponse::Found().insert_header(("location", back.as_str())).finish()
}

async fn token(p: web::Data<Provider>, req: HttpRequest, form: web::Form<HashMap<String, String>>) -> HttpResponse {
    if let Some(trouble) = p.trouble("token").await {
        return trouble;
    }
    let error = |word: &str| HttpResponse::BadRequest().json(json!({ "error": word, "error_description": "Иванов Иван Иванович" }));
    let Some(client) = p.client(&req, &form, p.now()) else { return error("invalid_client") };
    // A code works once, whoever tries.
    let Some(grant) = p.memory.lock().unwrap().codes.remove(&form["code"]) else { return error("invalid_grant") };
    let verifier = form.get("code_verifier").map(|v| B64.encode(openssl::sha::sha256(v.as_bytes())));
    let pkce = !p.behaviour.lock().unwrap().check_pkce || (grant.challenge.is_some() && grant.challenge == verifier);
    if grant.client != client || grant.redirect_uri != form["redirect_uri"] || !pkce {
        return error("invalid_grant");
    }
    let id_token = p.id_token(&grant, p.now());
    HttpResponse::Ok().json(json!({ "access_token": "at-1", "token_type": "Bearer", "expires_in": 300, "id_token": id_token }))
}

async fn jwks(p: web::Data<Provider>) -> HttpResponse {
    p.key_set_calls.fetch_add(1, Ordering::SeqCst);
    if let Some(trouble) = p.trouble("jwks").await {
        return trouble;
    }
    let keys: Vec<Value> = p.behaviour.lock().unwrap().published.iter().map(Key::jwk).collect();
    HttpResponse::Ok().json(json!({ "keys": keys }))
}

async fn userinfo(p: web::Data<Provider>, req: HttpRequest) -> HttpResponse {
    if let Some(trouble) = p.trouble("userinfo").await {
        return trouble;
    }
    if req.headers().get("authorization").and_then(|v| v.to_str().ok()) != Some("Bearer at-1") {
        return HttpResponse::Unauthorized().json(json!({ "error": "invalid_token" }));
    }
    let b = p.behaviour.lock().unwrap();
    let mut claims = b.person.clone();
    (b.userinfo)(&mut claims);
    HttpResponse::Ok().json(claims)
}
