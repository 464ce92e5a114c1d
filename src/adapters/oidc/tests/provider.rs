//! The provider over HTTP: discovery, userinfo, logout, and what an examination finds.

use super::*;
use crate::adapters::test_server::{Received, Reply, TestServer, serve};
use crate::domain::refusal::RefusalCode::F19;

/// Answers discovery and keys well, and everything else as told.
fn server(change: fn(&mut Value), rest: fn(&Received) -> Reply) -> TestServer {
    let key = jwk(TokenAlg::Es256, &key_for(TokenAlg::Es256));
    serve(move |r| {
        let host = r.head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("host:").map(|h| h.trim().to_owned())).unwrap();
        let url = format!("http://{host}");
        match r.path.as_str() {
            "/.well-known/openid-configuration" => {
                let mut document = json!({
                    "issuer": url, "authorization_endpoint": format!("{url}/auth?tenant=1"), "token_endpoint": format!("{url}/token"),
                    "jwks_uri": format!("{url}/jwks"), "userinfo_endpoint": format!("{url}/me"),
                    "end_session_endpoint": format!("{url}/end?x=1"), "response_types_supported": ["code"],
                });
                change(&mut document);
                Reply::json(200, &document)
            }
            "/jwks" => Reply::json(200, &json!({ "keys": [key] })),
            _ => rest(r),
        }
    })
}

fn provider(server: &TestServer) -> OidcProvider {
    let s = OidcSettings { issuer: server.url.clone(), allow_loopback_http: true, ..settings() };
    OidcProvider::new(s, Arc::new(OsEntropy)).unwrap()
}

fn secrets() -> LoginSecrets {
    LoginSecrets {
        state: "state".into(),
        nonce: NONCE.into(),
        pkce_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
        redirect_uri: "http://127.0.0.1:8080/oauth/callback/oidc".into(),
    }
}

fn nothing(_: &Received) -> Reply {
    Reply::new(404, "", "")
}

#[tokio::test]
async fn the_authorization_request_has_everything_and_keeps_the_endpoint_s_query() {
    let s = server(|_| {}, nothing);
    let p = provider(&s);
    let url = Url::parse(&p.begin(&secrets(), now()).await.unwrap()).unwrap();
    let q: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    for (name, value) in [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "us"),
        ("redirect_uri", "http://127.0.0.1:8080/oauth/callback/oidc"),
        ("scope", "openid"),
        ("state", "state"),
        ("nonce", NONCE),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(q.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(p.name(), "127.0.0.1");
    let out = Url::parse(&p.logout_url("https://badge.example/").unwrap()).unwrap();
    assert_eq!(out.query(), Some("x=1&client_id=us&post_logout_redirect_uri=https%3A%2F%2Fbadge.example%2F"));
}

#[tokio::test]
async fn logins_that_meet_a_new_key_together_read_the_set_once() {
    let (old, new) = (key_for(TokenAlg::Es256), key_for(TokenAlg::Es256));
    let sets = [&old, &new].map(|k| json!({ "keys": [jwk(TokenAlg::Es256, k)] }));
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let s = serve(move |_| Reply::json(200, &sets[asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst).min(1)]));
    let transport = Arc::new(Transport::new(&OidcSettings { allow_loopback_http: true, ..settings() }).unwrap());
    let keys = Keys::new(Duration::from_secs(900), transport);
    let uri = format!("{}/jwks", s.url);
    keys.read(&uri, now()).await.unwrap();
    let text = token(TokenAlg::Es256, &new, &claims());
    let one = async || {
        let parsed = UnverifiedIdToken::parse(&text, &[TokenAlg::Es256]).unwrap();
        keys.with_key(&uri, (TokenAlg::Es256, Some("k")), now(), |key| parsed.verify(key).map(drop)).await
    };
    assert_eq!(tokio::join!(one(), one(), one()), (Ok(()), Ok(()), Ok(())));
    assert_eq!(s.hits.load(std::sync::atomic::Ordering::SeqCst), 2);
}

#[tokio::test]
async fn people_of_two_issuers_are_two_people() {
    let s = server(|_| {}, nothing);
    let p = provider(&s);
    assert_eq!((p.id(), p.realm()), ("oidc", s.url.as_str()));
}

#[tokio::test]
async fn discovery_documents_of_others_or_with_unsafe_addresses_are_refused() {
    for (change, code) in [
        ((|d: &mut Value| d["issuer"] = json!(format!("{}/", d["issuer"].as_str().unwrap()))) as fn(&mut Value), F17),
        (|d| d["issuer"] = json!("https://evil.example"), F17),
        (|d| d["issuer"] = json!(null), F17),
        (|d| d["token_endpoint"] = json!("http://evil.example/token"), F17),
        (|d| d["jwks_uri"] = json!("file:///etc/passwd"), F17),
        (|d| d["userinfo_endpoint"] = json!("https://u:p@idp.example/me"), F17),
        (|d| d["authorization_endpoint"] = json!("/auth"), F17),
        (|d| d["response_types_supported"] = json!(["id_token"]), F17),
        (|d| d["authorization_response_iss_parameter_supported"] = json!("true"), F17),
        (|d| *d = json!("text"), F17),
    ] {
        let s = server(change, nothing);
        assert_eq!(provider(&s).begin(&secrets(), now()).await.unwrap_err().code, code);
    }
    let away = OidcSettings { issuer: "http://127.0.0.1:9".into(), allow_loopback_http: true, ..settings() };
    let p = OidcProvider::new(away, Arc::new(OsEntropy)).unwrap();
    assert_eq!(p.begin(&secrets(), now()).await.unwrap_err().code, F18);
    assert!(p.logout_url("https://badge.example/").is_none());
}

#[tokio::test]
async fn an_examination_lists_what_would_fail() {
    let date = |_: &Received| nothing(&Received { path: String::new(), head: String::new(), body: String::new() });
    let good = server(|_| {}, date);
    let found = provider(&good).examine(now()).await;
    assert_eq!(found.troubles, Vec::new());
    let bad = server(
        |d| {
            d["id_token_signing_alg_values_supported"] = json!(["HS256"]);
            d["token_endpoint_auth_methods_supported"] = json!(["none"]);
            d["code_challenge_methods_supported"] = json!(["plain"]);
            d.as_object_mut().unwrap().remove("userinfo_endpoint");
        },
        nothing,
    );
    assert_eq!(provider(&bad).examine(now()).await.troubles.len(), 4);
    let away = OidcSettings { issuer: "http://127.0.0.1:9".into(), allow_loopback_http: true, ..settings() };
    let found = OidcProvider::new(away, Arc::new(OsEntropy)).unwrap().examine(now()).await;
    assert_eq!(found.troubles.iter().map(|e| e.code).collect::<Vec<_>>(), [F18]);
}

#[tokio::test]
async fn userinfo_is_plain_json_about_the_same_person() {
    for (reply, expected) in [
        ((|_| Reply::json(200, &json!({ "sub": "1", "more": 1 }))) as fn(&Received) -> Reply, None),
        (|_| Reply::new(200, "content-type: application/jwt\r\n", "a.b.c"), Some("signed")),
        (|_| Reply::json(200, &json!({ "sub": "2" })), Some("another person")),
        (|_| Reply::json(200, &json!({ "sub": 1 })), Some("another person")),
        (|_| Reply::json(200, &json!([])), Some("not a JSON object")),
        (|_| Reply::json(401, &json!({ "error": "invalid_token" })), Some("invalid_token")),
        (|_| Reply::json(403, &json!({ "error": "insufficient_scope" })), Some("insufficient_scope")),
        (|_| Reply::new(404, "", "Иванов"), Some("status 404")),
        (|_| Reply::new(503, "", "Иванов"), Some("status 503")),
    ] {
        let s = server(|_| {}, reply);
        let p = provider(&s);
        let metadata = p.directory.metadata(now()).await.unwrap();
        match (p.userinfo(&metadata, "token", "1").await, expected) {
            (Ok(claims), None) => assert_eq!(claims["more"], 1),
            (Err(e), Some(words)) => assert!(e.detail.contains(words) && !e.detail.contains("Иванов"), "{e}"),
            (outcome, _) => panic!("{:?} instead of {expected:?}", outcome.err()),
        }
    }
}

/// Without a word of the provider's the status decides whether waiting helps.
#[tokio::test]
async fn a_busy_userinfo_endpoint_passes_by_itself() {
    for (reply, code) in [
        ((|_| Reply::json(429, &json!({}))) as fn(&Received) -> Reply, F18),
        (|_| Reply::json(503, &json!({})), F18),
        (|_| Reply::json(404, &json!({})), F17),
        (|_| Reply::json(401, &json!({})), F17),
    ] {
        let s = server(|_| {}, reply);
        let p = provider(&s);
        let metadata = p.directory.metadata(now()).await.unwrap();
        assert_eq!(p.userinfo(&metadata, "token", "1").await.err().unwrap().code, code);
    }
}

#[tokio::test]
async fn token_answers_are_mapped_and_their_texts_dropped() {
    for (reply, code, words) in [
        (
            (|_| Reply::json(400, &json!({ "error": "invalid_grant", "error_description": "Иванов" }))) as fn(&Received) -> Reply,
            F19,
            "invalid_grant",
        ),
        (|_| Reply::json(401, &json!({ "error": "invalid_client" })), F17, "invalid_client"),
        (|_| Reply::json(200, &json!({ "access_token": "a", "token_type": "DPoP", "id_token": "x" })), F17, "Bearer"),
        (|_| Reply::json(200, &json!({ "access_token": "a", "token_type": "Bearer" })), F17, "id_token"),
        (|_| Reply::json(200, &json!({ "token_type": "Bearer", "id_token": "x" })), F17, "field"),
        (|_| Reply::new(200, "content-type: text/html\r\n", "<h1>Иванов"), F18, "maintenance"),
        (|_| Reply::new(302, "location: https://evil.example/\r\n", ""), F17, "redirect"),
    ] {
        let s = server(|_| {}, reply);
        let callback = LoginCallback { code: "c".into(), iss: None, secrets: secrets() };
        let e = provider(&s).complete(callback, now()).await.err().unwrap();
        assert!(e.code == code && e.detail.contains(words) && !e.detail.contains("Иванов"), "{e}");
    }
}

#[tokio::test]
async fn an_organisation_s_record_comes_from_the_sign_in_alone() {
    let s = server(|_| {}, nothing);
    let p = provider(&s);
    let session = IdpSession(json!({ "records": [{ "id": "1", "organisation": UnverifiedOrganisation::default() }] }).to_string());
    assert!(p.organisation(&session, "1", now()).await.is_ok());
    assert_eq!(p.organisation(&session, "2", now()).await.unwrap_err().code, F17);
    assert_eq!(p.organisation(&IdpSession(String::new()), "1", now()).await.unwrap_err().code, F17);
    assert_eq!(s.hits.load(std::sync::atomic::Ordering::SeqCst), 0);
}
