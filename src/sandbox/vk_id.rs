//! A stand-in of VK ID and of the one method of VK's API that a person's own token is asked with, for anyone's tests. It enforces what
//! VK ID does: registered addresses, PKCE with S256, the device that comes back, codes good once and for ten minutes, tokens that can be
//! handed back. Who administers what is its owner's to say; nothing here knows the service.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::dev::Server;
use actix_web::http::header::LOCATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::domain::time::Timestamp;
use crate::ports::{Clock, Entropy};

/// Life of a code.
const CODE_MS: i64 = 600_000;

/// One stand-in. Holds secrets, therefore no `Debug`.
pub struct VkIdConfig {
    /// The one registered application.
    pub client_id: String,
    /// Its secret, where it is a confidential one.
    pub client_secret: Option<String>,
    /// Its registered address, to the byte.
    pub redirect_uri: String,
    /// `admin_level` by person and community; a person without an entry is none of its administrators.
    pub levels: BTreeMap<(u64, u64), i64>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// The memory of a stand-in, for tests.
pub struct VkId {
    config: VkIdConfig,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    codes: BTreeMap<String, Given>,
    /// Tokens in force, by whose they are.
    tokens: BTreeMap<String, u64>,
    handed_back: BTreeSet<String>,
    /// Answers to give next in place of the truth.
    garbled: Vec<(u16, String)>,
}

struct Given {
    user: u64,
    challenge: String,
    device: String,
    state: String,
    until: i64,
}

type Parameters = BTreeMap<String, String>;

fn parameters(text: &[u8]) -> Parameters {
    url::form_urlencoded::parse(text).map(|(k, v)| (k.into_owned(), v.into_owned())).collect()
}

fn get<'p>(p: &'p Parameters, name: &str) -> &'p str {
    p.get(name).map(String::as_str).unwrap_or_default()
}

impl VkId {
    /// Makes one; [`start`] serves it.
    pub fn new(config: VkIdConfig) -> Arc<Self> {
        Arc::new(Self { config, state: Mutex::default() })
    }

    /// The next request for a token is answered with this status and body.
    pub fn garble(&self, status: u16, body: &str) {
        self.state().garbled.push((status, body.to_owned()));
    }

    /// Tokens given and not handed back.
    pub fn tokens_in_force(&self) -> usize {
        self.state().tokens.len()
    }

    /// Tokens that were handed back.
    pub fn handed_back(&self) -> usize {
        self.state().handed_back.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.config.clock.now()
    }
}

/// Serves a stand-in.
///
/// # Errors
/// When the listener cannot be used.
pub fn start(vk: &Arc<VkId>, listener: TcpListener) -> std::io::Result<Server> {
    let vk = web::Data::from(Arc::clone(vk));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(vk.clone())
            .route("/authorize", web::get().to(authorize))
            .route("/oauth2/auth", web::post().to(token))
            .route("/oauth2/revoke", web::post().to(revoke))
            .route("/method/groups.getById", web::post().to(groups))
    });
    Ok(server.workers(1).disable_signals().listen(listener)?.run())
}

/// `GET /authorize`. Who signs in stands in `x-sandbox-persona`: a person's number, or `deny`.
async fn authorize(vk: web::Data<VkId>, req: HttpRequest) -> HttpResponse {
    let p = parameters(req.query_string().as_bytes());
    // Nobody is sent to an address that is not registered.
    if get(&p, "client_id") != vk.config.client_id || get(&p, "redirect_uri") != vk.config.redirect_uri {
        return HttpResponse::BadRequest().body("client_id or redirect_uri is not registered");
    }
    let state = get(&p, "state").to_owned();
    let back = |pairs: &[(&str, &str)]| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs).append_pair("state", &state);
        HttpResponse::Found().insert_header((LOCATION, format!("{}?{}", vk.config.redirect_uri, query.finish()))).finish()
    };
    let challenge = get(&p, "code_challenge").to_owned();
    if get(&p, "response_type") != "code" || get(&p, "code_challenge_method") != "S256" || challenge.len() != 43 || state.len() < 32 {
        return back(&[
            ("error", "invalid_request"),
            ("error_description", "response_type, code_challenge or state is missing or invalid"),
        ]);
    }
    let Some(user) = req.headers().get("x-sandbox-persona").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok()) else {
        return back(&[("error", "access_denied"), ("error_description", "User denied access")]);
    };
    let (code, device) = (format!("vk2.a.{}", vk.config.entropy.token()), vk.config.entropy.token());
    let given = Given { user, challenge, device: device.clone(), state: state.clone(), until: vk.now().millis() + CODE_MS };
    vk.state().codes.insert(code.clone(), given);
    back(&[("code", &code), ("device_id", &device), ("type", "code_v2"), ("expires_in", "600")])
}

/// `POST /oauth2/auth`. Errors are JSON with status 200, as VK ID sends them.
async fn token(vk: web::Data<VkId>, body: web::Bytes) -> HttpResponse {
    if let Some((status, body)) = vk.state().garbled.pop() {
        return HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap_or_default()).body(body);
    }
    HttpResponse::Ok()
        .json(exchange(&vk, &parameters(&body)).unwrap_or_else(|(error, text)| json!({ "error": error, "error_description": text })))
}

fn exchange(vk: &VkId, p: &Parameters) -> Result<Value, (&'static str, &'static str)> {
    if get(p, "client_id") != vk.config.client_id {
        return Err(("invalid_client", "client_id is incorrect"));
    }
    if vk.config.client_secret.as_deref().is_some_and(|s| s != get(p, "client_secret")) {
        return Err(("invalid_client", "client_secret is incorrect"));
    }
    if get(p, "grant_type") != "authorization_code" {
        return Err(("unsupported_grant_type", "grant_type is unsupported"));
    }
    let mut state = vk.state();
    // Good once, whatever comes of it.
    let given = state.codes.remove(get(p, "code")).ok_or(("invalid_grant", "code is invalid or was used"))?;
    if vk.now().millis() >= given.until {
        return Err(("invalid_grant", "code is expired"));
    }
    if URL_SAFE_NO_PAD.encode(Sha256::digest(get(p, "code_verifier"))) != given.challenge {
        return Err(("invalid_grant", "code_verifier is invalid"));
    }
    if get(p, "device_id") != given.device {
        return Err(("invalid_grant", "device_id is invalid"));
    }
    if get(p, "redirect_uri") != vk.config.redirect_uri {
        return Err(("invalid_grant", "redirect_uri is invalid"));
    }
    let token = format!("vk2.t.{}", vk.config.entropy.token());
    state.tokens.insert(token.clone(), given.user);
    // VK ID gives back the state it was asked with now; it is checked against that of the beginning here.
    if get(p, "state") != given.state {
        return Err(("invalid_request", "state is invalid"));
    }
    Ok(json!({
        "access_token": token, "refresh_token": "vk2.r.unused", "token_type": "Bearer", "expires_in": 3600,
        "user_id": given.user, "state": given.state, "scope": "groups",
    }))
}

/// `POST /oauth2/revoke`
async fn revoke(vk: web::Data<VkId>, body: web::Bytes) -> HttpResponse {
    let p = parameters(&body);
    let mut state = vk.state();
    let known = get(&p, "client_id") == vk.config.client_id && state.tokens.remove(get(&p, "access_token")).is_some();
    if !known {
        return HttpResponse::Ok().json(json!({ "error": "invalid_token", "error_description": "access_token is invalid" }));
    }
    state.handed_back.insert(get(&p, "access_token").to_owned());
    HttpResponse::Ok().json(json!({ "response": 1 }))
}

/// `POST /method/groups.getById` with a person's own token: `is_admin` and `admin_level` are theirs.
async fn groups(vk: web::Data<VkId>, body: web::Bytes) -> HttpResponse {
    let p = parameters(&body);
    let user = vk.state().tokens.get(get(&p, "access_token")).copied();
    let Some(user) = user else {
        return HttpResponse::Ok()
            .json(json!({ "error": { "error_code": 5, "error_msg": "User authorization failed: invalid access_token (4)." } }));
    };
    let Ok(group) = get(&p, "group_id").parse::<u64>() else {
        return HttpResponse::Ok().json(json!({ "error": { "error_code": 100, "error_msg": "One of the parameters specified was missing or invalid: group_ids is undefined" } }));
    };
    let mut shown = json!({ "id": group, "name": "Сообщество", "is_closed": 0, "type": "page" });
    let level = vk.config.levels.get(&(user, group));
    if get(&p, "fields").split(',').any(|f| f == "is_admin") {
        shown["is_admin"] = u8::from(level.is_some()).into();
    }
    // Told to those alone who have one.
    if let Some(level) = level.filter(|_| get(&p, "fields").split(',').any(|f| f == "admin_level")) {
        shown["admin_level"] = (*level).into();
    }
    HttpResponse::Ok().json(json!({ "response": { "groups": [shown], "profiles": [] } }))
}
