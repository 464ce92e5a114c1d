//! Access tokens: what they open, introspection (RFC 7662, RFC 9701) and revocation (RFC 7009). Whatever is wrong with a token, the
//! answer is the same.

use gosbadge::service::Actor;
use gosbadge::service::add_platform::set_platform_state;
use serde_json::{Value, json};

use crate::harness::{Harness, Issued};

const COMMUNITY: &str = "218000001";
const SIGNED: &str = "application/token-introspection+jwt";

/// `GET /v1/applications/{id}` with a token.
async fn open(h: &Harness, application: &str, token: &str) -> (u16, Value, Option<String>) {
    let answer = h.http.get(h.url(&format!("/v1/applications/{application}"))).bearer_auth(token).send().await.unwrap();
    let challenge = answer.headers().get("www-authenticate").map(|v| v.to_str().unwrap().to_owned());
    (answer.status().as_u16(), answer.json().await.unwrap(), challenge)
}

/// A form posted by a platform; status, content type and body as they came.
async fn ask(h: &Harness, path: &str, basic: Option<(&str, &str)>, form: &[(&str, &str)], accept: &str) -> (u16, String, String) {
    let mut request = h.http.post(h.url(path)).header("accept", accept).form(form);
    if let Some((id, secret)) = basic {
        request = request.basic_auth(id, Some(secret));
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let kind = answer.headers().get("content-type").map_or("", |v| v.to_str().unwrap()).to_owned();
    (answer.status().as_u16(), kind, answer.text().await.unwrap())
}

async fn introspect(h: &Harness, token: &str) -> String {
    let (status, kind, body) = ask(h, "/oauth/introspect", h.basic(), &[("token", token)], "*/*").await;
    assert_eq!((status, kind.as_str()), (200, "application/json"), "{body}");
    body
}

async fn revoke(h: &Harness, basic: Option<(&str, &str)>, token: &str) -> (u16, String, String) {
    ask(h, "/oauth/revoke", basic, &[("token", token), ("token_type_hint", "refresh_token")], "*/*").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_its_own_application_and_nothing_else() {
    let h = Harness::start().await;
    let Issued { application, access_token, .. } = h.issue(COMMUNITY, "kindergarten-head").await;
    let other = h.issue("218000002", "kindergarten-head").await;
    let (status, body, _) = open(&h, &application, &access_token).await;
    assert_eq!((status, &body["state"]), (200, &json!("issued")), "{body}");
    for wrong in [other.application.as_str(), "app_x"] {
        assert_eq!(open(&h, wrong, &access_token).await.0, 404, "{wrong}");
    }
    for wrong in [&access_token[1..], "x", &access_token.to_uppercase(), &h.ready().platform.client_secret] {
        let (status, body, challenge) = open(&h, &application, wrong).await;
        assert_eq!((status, body["code"].as_str()), (401, Some("invalid-token")), "{wrong}");
        assert_eq!(challenge.as_deref(), Some("Bearer realm=\"gosbadge\", error=\"invalid_token\""));
    }
    // It is no client credential, and counts in the header only (RFC 6750 §2.3 warns of the address).
    let answer = h.http.post(h.url("/v1/applications")).bearer_auth(&access_token).header("idempotency-key", "k").body("{}");
    assert_eq!(answer.send().await.unwrap().status(), 401);
    let in_address = h.url(&format!("/v1/applications/{application}?access_token={access_token}"));
    assert_eq!(h.http.get(in_address).send().await.unwrap().status(), 401);
    set_platform_state(h.app(), "demo".to_owned(), false, &Actor::system()).await.unwrap();
    assert_eq!(open(&h, &application, &access_token).await.0, 401, "its platform is shut out");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_says_what_a_token_is() {
    use gosbadge::ports::Clock as _;
    let h = Harness::start().await;
    let issued = h.issue(COMMUNITY, "kindergarten-head").await;
    let now = h.clock.now().secs();
    let body: Value = serde_json::from_str(&introspect(&h, &issued.access_token).await).unwrap();
    let lifetime = i64::try_from(h.dev.config.oauth.access_token_lifetime.as_secs()).unwrap();
    let expected = json!({
        "active": true,
        "iss": h.ready().public_url,
        "client_id": "demo",
        "token_type": "Bearer",
        "iat": now,
        "exp": now + lifetime,
        "application": issued.application,
        "authorization_details": h.details(COMMUNITY),
    });
    assert_eq!(body, expected);

    let (status, kind, jwt) = ask(&h, "/oauth/introspect", h.basic(), &[("token", &issued.access_token)], SIGNED).await;
    assert_eq!((status, kind.as_str()), (200, SIGNED));
    let (header, claims) = verified(&h, &jwt).await;
    assert_eq!((&header["typ"], &header["alg"]), (&json!("token-introspection+jwt"), &json!("ES256")));
    assert_eq!(claims, json!({ "iss": h.ready().public_url, "aud": "demo", "iat": now, "token_introspection": expected }));
    h.stop().await;
}

/// Header and claims of a JWT signed by a published status key.
async fn verified(h: &Harness, jwt: &str) -> (Value, Value) {
    let jwks: Value = h.http.get(h.url("/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
    let header = jsonwebtoken::decode_header(jwt).unwrap();
    let key = jwks["keys"].as_array().unwrap().iter().find(|k| k["kid"] == header.kid.as_deref().unwrap()).expect("a published key");
    assert_eq!(key["purpose"], "status");
    let key = jsonwebtoken::DecodingKey::from_jwk(&serde_json::from_value(key.clone()).unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    rules.set_audience(&["demo"]);
    rules.set_required_spec_claims(&["aud", "iss"]);
    rules.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(jwt, &key, &rules).unwrap().claims;
    (serde_json::to_value(header).unwrap(), claims)
}

/// CVE-2026-37979 and its kind: an answer that differs tells a stranger what others hold.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_token_the_answer_is_the_same() {
    let h = Harness::start().await;
    let other = h.second_platform(None).await;
    let stranger = Some((other.client_id.as_str(), other.client_secret.as_deref().unwrap()));
    let mine = h.issue(COMMUNITY, "kindergarten-head").await.access_token;
    let revoked = h.issue("218000002", "kindergarten-head").await.access_token;
    assert_eq!(revoke(&h, h.basic(), &revoked).await.0, 200);
    let foreign = ask(&h, "/oauth/introspect", stranger, &[("token", &mine)], "*/*").await;
    assert_eq!(foreign, (200, "application/json".to_owned(), "{\"active\":false}".to_owned()));
    for (case, token) in [("unknown", "x".repeat(43)), ("revoked", revoked.clone()), ("long", "x".repeat(4096))] {
        let answer = ask(&h, "/oauth/introspect", h.basic(), &[("token", &token)], "*/*").await;
        assert_eq!(answer, foreign, "{case}");
    }
    let (_, _, jwt) = ask(&h, "/oauth/introspect", h.basic(), &[("token", &revoked)], SIGNED).await;
    assert_eq!(verified(&h, &jwt).await.1["token_introspection"], json!({ "active": false }));

    // Revocation by a stranger does nothing and sounds like success.
    let success = revoke(&h, h.basic(), &revoked).await;
    assert_eq!((success.0, success.2.as_str()), (200, ""));
    for token in ["unknown", mine.as_str()] {
        assert_eq!(revoke(&h, stranger, token).await, success);
    }
    assert!(introspect(&h, &mine).await.contains("\"active\":true"), "untouched");
    h.clock.advance(h.dev.config.oauth.access_token_lifetime);
    let expired = ask(&h, "/oauth/introspect", h.basic(), &[("token", &mine)], "*/*").await;
    assert_eq!(expired, foreign, "expired");
    assert_eq!(revoke(&h, h.basic(), &mine).await, success);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_of_no_use_and_its_sibling_is() {
    let h = Harness::start().await;
    let first = h.issue(COMMUNITY, "kindergarten-head").await;
    let second = h.issue("218000002", "kindergarten-head").await;
    revoke(&h, h.basic(), &first.access_token).await;
    assert_eq!(open(&h, &first.application, &first.access_token).await.0, 401);
    assert_eq!(open(&h, &second.application, &second.access_token).await.0, 200);
    assert!(introspect(&h, &second.access_token).await.contains("\"active\":true"));
    assert_eq!(h.status_of(COMMUNITY).await, "active", "a token is not the badge");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ask_who_is_there_first() {
    let h = Harness::start().await;
    let token = h.issue(COMMUNITY, "kindergarten-head").await.access_token;
    for path in ["/oauth/introspect", "/oauth/revoke"] {
        for basic in [None, Some(("demo", "wrong")), Some(("nobody", "x"))] {
            let (status, _, body) = ask(&h, path, basic, &[("token", &token)], "*/*").await;
            assert!(status == 401 && body.contains("invalid_client"), "{path} {body}");
        }
        for form in [&[][..], &[("token", "")], &[("token", "a"), ("token", "b")], &[("token", "\u{0}")]] {
            let (status, _, body) = ask(&h, path, h.basic(), form, "*/*").await;
            assert!(status == 400 && body.contains("invalid_request"), "{path} {form:?} {body}");
        }
        // Never by address.
        let (id, secret) = h.basic().unwrap();
        let got = h.http.get(h.url(&format!("{path}?token={token}"))).basic_auth(id, Some(secret)).send().await.unwrap();
        assert_eq!(got.status(), 404, "{path}");
    }
    assert!(introspect(&h, &token).await.contains("\"active\":true"));
    h.stop().await;
}

/// RFC 8414: a client that reads the metadata finds everything there, and nothing that is not.
#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_lists_everything() {
    let h = Harness::start().await;
    let found: Value = h.http.get(h.url("/.well-known/oauth-authorization-server")).send().await.unwrap().json().await.unwrap();
    let iss = &h.ready().public_url;
    let methods = json!(["client_secret_basic", "private_key_jwt"]);
    let algorithms = json!(["ES256", "PS256", "EdDSA", "RS256"]);
    let expected = json!({
        "issuer": iss,
        "authorization_endpoint": format!("{iss}/oauth/authorize"),
        "pushed_authorization_request_endpoint": format!("{iss}/oauth/par"),
        "require_pushed_authorization_requests": true,
        "token_endpoint": format!("{iss}/oauth/token"),
        "revocation_endpoint": format!("{iss}/oauth/revoke"),
        "introspection_endpoint": format!("{iss}/oauth/introspect"),
        "jwks_uri": format!("{iss}/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_signing_alg_values_supported": ["ES256"],
        "authorization_details_types_supported": ["official_community"],
        "authorization_response_iss_parameter_supported": true,
        "status_list_aggregation_endpoint": format!("{iss}/status"),
        "ui_locales_supported": ["ru", "en"],
    });
    assert_eq!(found, expected);
    h.stop().await;
}
