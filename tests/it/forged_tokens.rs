//! A forger between the service and the identity provider alters the token answer. No badge may come of it, and the
//! application stays open for an honest sign-in.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::flow::Page;
use crate::harness::{Harness, Person, VERIFIER, parameter, plain_client};
use crate::test_issuer::tampered;

const COMMUNITY: &str = "218000001";

type Forge = Box<dyn FnMut(Value) -> Value + Send>;

/// Relays everything; a person's token answer goes through `forge`.
struct Front {
    upstream: OnceLock<String>,
    forge: Mutex<Forge>,
    http: reqwest::Client,
}

async fn relay(front: web::Data<Front>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let url = format!("{}{}", front.upstream.get().unwrap(), request.uri());
    if request.path().ends_with("/ac") {
        return HttpResponse::Found().insert_header(("location", url)).finish();
    }
    let mut onward = front.http.request(request.method().as_str().parse().unwrap(), url).body(body.to_vec());
    for name in ["authorization", "content-type", "accept"] {
        if let Some(value) = request.headers().get(name) {
            onward = onward.header(name, value.to_str().unwrap());
        }
    }
    let answer = onward.send().await.unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    let mut bytes = answer.bytes().await.unwrap().to_vec();
    if request.path().ends_with("/te") && status.is_success() {
        let tokens: Value = serde_json::from_slice(&bytes).unwrap();
        if tokens.get("id_token").is_some() {
            bytes = (front.forge.lock().unwrap())(tokens).to_string().into_bytes();
        }
    }
    HttpResponse::build(status).content_type("application/json").body(bytes)
}

struct Forger {
    h: Harness,
    front: Arc<Front>,
    server: actix_web::dev::ServerHandle,
}

impl Forger {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let front = Arc::new(Front { upstream: OnceLock::new(), forge: Mutex::new(Box::new(|t| t)), http: plain_client() });
        let data = web::Data::from(Arc::clone(&front));
        let app = move || App::new().app_data(data.clone()).default_service(web::to(relay));
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        let h = Harness::start_behind(&[], Some(url)).await;
        front.upstream.set(h.ready().esia_url.clone()).unwrap();
        Self { h, front, server: handle }
    }

    fn forge(&self, how: impl FnMut(Value) -> Value + Send + 'static) {
        *self.front.forge.lock().unwrap() = Box::new(how);
    }

    async fn stop(self) {
        self.h.stop().await;
        self.server.stop(false).await;
    }

    /// A sign-in through the forger is refused as a fault that is not the person's.
    async fn assert_refused(&self, person: &mut Person, address: &str, case: &str) {
        let end = person.walk(address, "kindergarten-head").await;
        assert_eq!(end.location, None, "{case}");
        assert!(matches!(Page::of(&end).text(".code").as_str(), "F17" | "F19"), "{case}: {}", end.body);
        self.h.assert_no_badge(COMMUNITY).await;
        assert_eq!(self.h.count("SELECT COUNT(*) AS n FROM authorization_codes"), 0, "{case}");
    }
}

/// The token with one claim changed and its old signature.
fn reworded(token: &str, claim: &str, value: Value) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims[claim] = value;
    format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2])
}

/// The token with `alg: none` and no signature.
fn unsigned(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#))
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_forged_token_is_believed_and_an_honest_one_still_is() {
    let f = Forger::start().await;
    let (application, authorize) = f.h.begin(COMMUNITY).await;
    let retry = f.h.url(&format!("/applications/{application}/login"));
    let mut person = Person::new();
    let mut address = authorize;
    type Change = fn(&Value) -> Value;
    let changes: [(&str, &str, Change); 10] = [
        ("altered signature of the access token", "access_token", |t| json!(tampered(text(t, "access_token")))),
        ("altered signature of the id token", "id_token", |t| json!(tampered(text(t, "id_token")))),
        ("another subject", "access_token", |t| json!(reworded(text(t, "access_token"), "urn:esia:sbj_id", json!(2_000_000_002u64)))),
        ("another person", "id_token", |t| json!(reworded(text(t, "id_token"), "sub", json!(2_000_000_002u64)))),
        ("another audience", "id_token", |t| json!(reworded(text(t, "id_token"), "aud", json!("OTHER")))),
        ("unsigned access token", "access_token", |t| json!(unsigned(text(t, "access_token")))),
        ("unsigned id token", "id_token", |t| json!(unsigned(text(t, "id_token")))),
        ("id token as access token", "access_token", |t| t["id_token"].clone()),
        ("access token as id token", "id_token", |t| t["access_token"].clone()),
        ("no id token", "id_token", |_| Value::Null),
    ];
    for (case, name, change) in changes {
        f.forge(move |mut t| {
            t[name] = change(&t);
            t
        });
        f.assert_refused(&mut person, &address, case).await;
        address = retry.clone();
    }
    f.forge(|t| t);
    let end = person.walk(&retry, "kindergarten-head").await;
    let code = parameter(end.location.as_deref().unwrap_or_else(|| panic!("{}", end.body)), "code").unwrap();
    assert_eq!(f.h.redeem(&code, VERIFIER).await.0, 200);
    f.stop().await;
}

/// Tokens that are genuine but of another sign-in: somebody else's of this minute, and the person's own of two hours ago.
#[tokio::test(flavor = "multi_thread")]
async fn genuine_tokens_of_another_sign_in_are_refused() {
    let f = Forger::start().await;
    let kept: Arc<Mutex<Option<Value>>> = Arc::default();
    let keep = Arc::clone(&kept);
    f.forge(move |t| {
        *keep.lock().unwrap() = Some(t.clone());
        t
    });
    // Their own application stays at the choice of an organisation.
    let (_, authorize) = f.h.begin("218000002").await;
    assert_eq!(Person::new().walk(&authorize, "two-organisations").await.status, 200);
    let stolen = kept.lock().unwrap().clone().unwrap();

    let (application, authorize) = f.h.begin(COMMUNITY).await;
    let mut person = Person::new();
    let whole = stolen.clone();
    f.forge(move |_| whole.clone());
    f.assert_refused(&mut person, &authorize, "somebody else's answer").await;
    for name in ["access_token", "id_token"] {
        let token = stolen[name].clone();
        f.forge(move |mut t| {
            t[name] = token.clone();
            t
        });
        f.assert_refused(&mut person, &f.h.url(&format!("/applications/{application}/login")), name).await;
    }
    f.h.clock.advance(Duration::from_secs(4 * 3600));
    f.forge(move |_| stolen.clone());
    f.assert_refused(&mut person, &f.h.url(&format!("/applications/{application}/login")), "expired").await;
    f.stop().await;
}
