//! How a platform proves who it is: `client_secret_basic` and `private_key_jwt` (RFC 7523), and what does not pass for it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use serde_json::{Value, json};

use crate::harness::{Harness, VERIFIER, plain_client};

const COMMUNITY: &str = "218000001";
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

struct Key {
    private: EncodingKey,
    jwk: Value,
    public_pem: Vec<u8>,
}

fn key() -> Key {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let pair = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let private = EncodingKey::from_ec_pem(&pair.private_key_to_pem_pkcs8().unwrap()).unwrap();
    let jwk = serde_json::to_value(Jwk::from_encoding_key(&private, Algorithm::ES256).unwrap()).unwrap();
    Key { private, jwk, public_pem: pair.public_key_to_pem().unwrap() }
}

/// A set-up with a second platform that signs.
struct Signing {
    h: Harness,
    key: Key,
}

impl Signing {
    async fn start() -> Self {
        let h = Harness::start().await;
        let key = key();
        let secrets = h.second_platform(Some(json!({ "keys": [key.jwk] }).to_string())).await;
        assert_eq!((secrets.client_id.as_str(), secrets.client_secret.is_none()), ("other", true));
        Self { h, key }
    }

    fn now(&self) -> i64 {
        use gosbadge::ports::Clock as _;
        self.h.clock.now().secs()
    }

    fn claims(&self, jti: &str) -> Value {
        json!({ "iss": "other", "sub": "other", "aud": self.h.ready().public_url, "exp": self.now() + 60, "iat": self.now(), "jti": jti })
    }

    fn sign(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), claims, &self.key.private).unwrap()
    }

    async fn push(&self, assertion: &str) -> (u16, Value) {
        let mut form = self.h.push_parameters(COMMUNITY, VERIFIER);
        form.retain(|(n, _)| *n != "client_id");
        form.extend([("client_id", "other".to_owned()), ("client_assertion_type", TYPE.to_owned())]);
        form.push(("client_assertion", assertion.to_owned()));
        let answer = self.h.http.post(self.h.url("/oauth/par")).form(&form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn assert_refused(&self, assertion: &str, case: &str) {
        let (status, body) = self.push(assertion).await;
        assert_eq!((status, body["error"].as_str()), (401, Some("invalid_client")), "{case}: {body}");
        assert_eq!(self.h.count("SELECT COUNT(*) AS n FROM applications"), 0, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_assertion_works_once() {
    let s = Signing::start().await;
    let assertion = s.sign(&s.claims("a1"));
    assert_eq!(s.push(&assertion).await.0, 201);
    assert_eq!(s.h.count("SELECT COUNT(*) AS n FROM applications WHERE platform_id = 'other'"), 1);
    let (status, body) = s.push(&assertion).await;
    assert_eq!((status, body["error"].as_str()), (401, Some("invalid_client")), "{body}");
    // The same jti in another assertion is a replay too.
    let mut later = s.claims("a1");
    later["exp"] = json!(s.now() + 61);
    assert_eq!(s.push(&s.sign(&later)).await.0, 401);
    assert_eq!(s.push(&s.sign(&s.claims("a2"))).await.0, 201);
    s.h.stop().await;
}

/// A request without a form carries the assertion as its bearer token.
#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_opens_the_plain_interface_once() {
    let s = Signing::start().await;
    let assertion = s.sign(&s.claims("j1"));
    let body = s.h.start_body(COMMUNITY).to_string();
    let start = |token: String| {
        let request = s.h.http.post(s.h.url("/v1/applications")).bearer_auth(token).header("idempotency-key", "k");
        request.body(body.clone()).send()
    };
    let answer = start(assertion.clone()).await.unwrap();
    assert_eq!(answer.status(), 201);
    let first: Value = answer.json().await.unwrap();
    assert_eq!(start(assertion).await.unwrap().status(), 401, "used");
    assert_eq!(start("a".repeat(43)).await.unwrap().status(), 401);
    let again: Value = start(s.sign(&s.claims("j2"))).await.unwrap().json().await.unwrap();
    assert_eq!(again, first);
    let url = s.h.url(&format!("/v1/applications/{}", first["id"].as_str().unwrap()));
    let shown = s.h.http.get(url).bearer_auth(s.sign(&s.claims("j3"))).send().await.unwrap();
    assert_eq!(shown.status(), 200);
    s.h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_assertion_many_times_at_once_works_once() {
    let s = Signing::start().await;
    let assertion = s.sign(&s.claims("p1"));
    let answers = futures_util::future::join_all((0..8).map(|_| s.push(&assertion))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401, 401, 401, 401, 401, 401, 401], "{answers:?}");
    s.h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_claims_are_refused() {
    let s = Signing::start().await;
    let iss = s.h.ready().public_url.clone();
    let now = s.now();
    let wrong = [
        ("aud", json!(format!("{iss}/oauth/token"))),
        ("aud", json!(format!("{iss}/oauth/par"))),
        ("aud", json!(format!("{iss}/"))),
        ("aud", json!(iss.to_uppercase())),
        ("aud", json!([iss])),
        ("aud", json!([iss, "https://evil.example"])),
        ("aud", json!("https://evil.example")),
        ("aud", json!(null)),
        ("exp", json!(now - 61)),
        ("exp", json!(now + 661)),
        ("exp", json!(now + 86_400)),
        ("exp", json!(i64::MAX)),
        ("exp", json!((now + 60).to_string())),
        ("exp", json!(null)),
        ("nbf", json!(now + 61)),
        ("nbf", json!("soon")),
        ("iat", json!(now + 61)),
        ("jti", json!("")),
        ("jti", json!(7)),
        ("jti", json!(null)),
        ("iss", json!("demo")),
        ("iss", json!("nobody")),
        ("iss", json!("\u{0}")),
        ("sub", json!("demo")),
        ("sub", json!(null)),
    ];
    for (n, (claim, value)) in wrong.into_iter().enumerate() {
        let mut claims = s.claims(&format!("w{n}"));
        let case = format!("{claim} = {value}");
        claims[claim] = value;
        s.assert_refused(&s.sign(&claims), &case).await;
    }
    for claim in ["aud", "exp", "jti", "iss", "sub"] {
        let mut claims = s.claims("missing");
        claims.as_object_mut().unwrap().remove(claim);
        s.assert_refused(&s.sign(&claims), &format!("without {claim}")).await;
    }
    // At the edge of the allowance.
    for (n, (claim, value)) in [("exp", now + 660), ("exp", now - 59), ("nbf", now + 60)].into_iter().enumerate() {
        let mut claims = s.claims(&format!("e{n}"));
        claims[claim] = json!(value);
        assert_eq!(s.push(&s.sign(&claims)).await.0, 201, "{claim}");
    }
    s.h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_signatures_are_refused() {
    let s = Signing::start().await;
    let stranger = key();
    let claims = s.claims("s1");
    s.assert_refused(&jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &stranger.private).unwrap(), "another key").await;

    // The public key as a symmetric secret, in every form an attacker can derive.
    let point = URL_SAFE_NO_PAD.decode(s.key.jwk["x"].as_str().unwrap()).unwrap();
    for secret in [s.key.public_pem.clone(), s.key.jwk.to_string().into_bytes(), point, Vec::from(&b""[..])] {
        let forged = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(&secret)).unwrap();
        s.assert_refused(&forged, "HS256").await;
    }
    let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
    for alg in ["none", "None", "NONE", "", "ES256"] {
        s.assert_refused(&format!("{}.{}.", part(&json!({ "alg": alg, "typ": "JWT" })), part(&claims)), alg).await;
    }
    s.assert_refused(&format!("{}.{}.", part(&json!({ "typ": "JWT" })), part(&claims)), "no alg").await;
    // A key of the attacker's in the header.
    let mut header = Header::new(Algorithm::ES256);
    header.jwk = Some(serde_json::from_value(stranger.jwk.clone()).unwrap());
    s.assert_refused(&jsonwebtoken::encode(&header, &claims, &stranger.private).unwrap(), "jwk header").await;

    let good = s.sign(&claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let zeros = URL_SAFE_NO_PAD.encode([0u8; 64]);
    let long = "A".repeat(20_000);
    for bad in [
        "",
        ".",
        "..",
        "a.b",
        signed,
        &format!("{signed}.{zeros}"),
        &format!("{signed}."),
        &format!("{good}.x"),
        &format!("x{good}"),
        &long,
    ] {
        s.assert_refused(bad, bad.get(..40).unwrap_or(bad)).await;
    }
    let mut altered = s.claims("s2");
    altered["exp"] = json!(s.now() + 120);
    let header = good.split('.').next().unwrap();
    s.assert_refused(&format!("{header}.{}.{signature}", part(&altered)), "altered claims").await;
    // None of it used up the right one.
    assert_eq!(s.push(&good).await.0, 201);
    s.h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_speaks_for_its_own_platform_only() {
    let s = Signing::start().await;
    let assertion = s.sign(&s.claims("o1"));
    let mut form = s.h.push_parameters(COMMUNITY, VERIFIER);
    form.extend([("client_assertion_type", TYPE.to_owned()), ("client_assertion", assertion.clone())]);
    // `client_id` of the stand-in platform beside the other's assertion.
    let answer = s.h.http.post(s.h.url("/oauth/par")).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    // Both ways at once.
    assert_eq!(s.h.push_form(&form).await.status(), 400);
    // Another type of assertion.
    form.retain(|(n, _)| *n != "client_assertion_type" && *n != "client_id");
    form.push(("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer".to_owned()));
    let answer = s.h.http.post(s.h.url("/oauth/par")).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    // A platform with keys has no secret to guess.
    for secret in ["", "other"] {
        let answer = s.h.http.post(s.h.url("/oauth/par")).basic_auth("other", Some(secret)).form(&[("x", "y")]).send().await.unwrap();
        assert_eq!(answer.status(), 401);
    }
    assert_eq!(s.h.count("SELECT COUNT(*) AS n FROM applications"), 0);
    assert_eq!(s.push(&assertion).await.0, 201);
    s.h.stop().await;
}

/// What stands in `Authorization`, for a request that is right otherwise.
async fn with_header(h: &Harness, path: &str, value: &[u8]) -> (u16, Value, Option<String>) {
    let form: Vec<_> = h.push_parameters(COMMUNITY, VERIFIER);
    let answer = plain_client().post(h.url(path)).header("authorization", value).form(&form).send().await.unwrap();
    let challenge = answer.headers().get("www-authenticate").map(|v| v.to_str().unwrap().to_owned());
    (answer.status().as_u16(), answer.json().await.unwrap(), challenge)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_basic_credentials_pass() {
    let h = Harness::start().await;
    let (id, secret) = h.basic().unwrap();
    let pair = |id: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))).into_bytes();
    let wrong = [
        b"".to_vec(),
        b"Basic".to_vec(),
        b"Basic ".to_vec(),
        b"Basic !!!".to_vec(),
        format!("Basic {}", STANDARD.encode("no-colon")).into_bytes(),
        format!("Basic {}", STANDARD.encode(b"\xff\xfe:\xff")).into_bytes(),
        format!("Bearer {secret}").into_bytes(),
        format!("{id}:{secret}").into_bytes(),
        b"Basic \xff\xff".to_vec(),
        pair("", ""),
        pair(id, ""),
        pair("", secret),
        pair(id, &secret[1..]),
        pair(id, &secret.to_uppercase()),
        pair(id, &format!("{secret}:")),
        pair(id, &format!("{secret}&x=y")),
        pair(id, &format!("{secret}%00")),
        pair(id, &format!("{secret}+")),
        pair(&id.to_uppercase(), secret),
        pair(&format!("{id}&x=y"), secret),
        pair(&format!("{id}%00"), secret),
        pair("nobody", secret),
    ];
    for value in wrong {
        for path in ["/oauth/par", "/oauth/token"] {
            let (status, body, challenge) = with_header(&h, path, &value).await;
            let case = String::from_utf8_lossy(&value);
            assert_eq!((status, body["error"].as_str()), (401, Some("invalid_client")), "{path} {case}: {body}");
            assert!(challenge.is_some_and(|c| c.starts_with("Basic ")), "{path} {case}");
        }
    }
    let form: Vec<_> = h.push_parameters(COMMUNITY, VERIFIER);
    let none = h.http.post(h.url("/oauth/par")).form(&form).send().await.unwrap();
    assert_eq!(none.status(), 401);
    let secret_in_body: Vec<_> = form.iter().cloned().chain([("client_secret", secret.to_owned())]).collect();
    assert_eq!(h.http.post(h.url("/oauth/par")).form(&secret_in_body).send().await.unwrap().status(), 401);
    assert_eq!(h.http.get(h.url("/v1/applications/x")).send().await.unwrap().status(), 401);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM applications"), 0);

    // RFC 6749 §2.3.1: each half may come form-encoded; the scheme's name is case-insensitive.
    let encoded: String = secret.bytes().map(|b| format!("%{b:02X}")).collect();
    assert_eq!(with_header(&h, "/oauth/par", &pair(id, &encoded)).await.0, 201);
    let lower = format!("basic {}", STANDARD.encode(format!("{id}:{secret}")));
    assert_eq!(with_header(&h, "/oauth/par", lower.as_bytes()).await.0, 201);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_shown_to_its_own_platform_only() {
    let s = Signing::start().await;
    let issued = s.h.issue(COMMUNITY, "kindergarten-head").await;
    assert_eq!(s.h.application(&issued.application).await["state"], "issued");
    let (id, secret) = s.h.basic().unwrap();
    let mut ids = vec![issued.application.to_lowercase(), "app_x".to_owned(), "..%2f".to_owned(), "%ff".to_owned()];
    // One of the other platform's.
    let pushed = s.push(&s.sign(&s.claims("x1"))).await.1;
    ids.push(pushed["application"].as_str().unwrap().to_owned());
    for other in ids {
        let answer = s.h.http.get(s.h.url(&format!("/v1/applications/{other}"))).basic_auth(id, Some(secret)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{other}");
    }
    s.h.stop().await;
}
