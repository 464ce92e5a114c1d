//! Everything the first generation refuses, with the code and the shape ESIA answers in.

use openssl::pkcs7::Pkcs7Flags;
use serde_json::Value;

use super::stand::{CLIENT, Form, Identity, OTHER_CLIENT, REDIRECT, SCOPE, STATE, Stand, TIMESTAMP, returned};

/// `(error, ESIA code)` of an error redirect, which must carry `state` and no code.
async fn refused_at_ac(stand: &Stand, form: &Form) -> (String, String) {
    let mut back = returned(&stand.authorize("/aas/oauth2/ac", form, "employee").await);
    assert!(!back.contains_key("code"));
    assert_eq!(back.get("state").map(String::as_str), form.0.iter().find(|(n, _)| n == "state").map(|(_, v)| v.as_str()));
    (back.remove("error").expect("error"), esia_code(&back["error_description"]))
}

/// The same at the token endpoint, which answers 400 with JSON.
async fn refused_at_te(stand: &Stand, form: &Form) -> (String, String) {
    let answer = stand.post("/aas/oauth2/te", form).await;
    assert_eq!(answer.status(), 400);
    let body: Value = answer.json().await.expect("JSON");
    assert!(body.get("access_token").is_none());
    assert_eq!(body.get("state").and_then(Value::as_str), form.0.iter().find(|(n, _)| n == "state").map(|(_, v)| v.as_str()));
    (body["error"].as_str().expect("error").to_owned(), esia_code(body["error_description"].as_str().expect("text")))
}

fn esia_code(description: &str) -> String {
    description.strip_prefix("ESIA-").and_then(|rest| rest.split_once(": ")).expect("ESIA-00nnnn: text").0.to_owned()
}

fn is(got: &(String, String), error: &str, code: &str) {
    assert_eq!((got.0.as_str(), got.1.as_str()), (error, code));
}

#[tokio::test]
async fn a_wrong_client_or_address_stays_on_a_page() {
    let stand = Stand::start();
    let wrong = [
        (stand.ask().with("client_id", "NOBODY"), "ESIA-007005"),
        (stand.ask().without("client_id"), "ESIA-007014"),
        (stand.ask().without("redirect_uri"), "ESIA-007014"),
        (stand.ask().with("redirect_uri", "https://evil.example/cb"), "ESIA-007023"),
        (stand.ask().with("redirect_uri", &format!("{REDIRECT}/")), "ESIA-007023"),
        (stand.ask().with("redirect_uri", &format!("{REDIRECT}?x=1")), "ESIA-007023"),
    ];
    for (form, code) in wrong {
        let answer = stand.authorize("/aas/oauth2/ac", &form.signed(&stand.identity), "employee").await;
        assert_eq!(answer.status(), 400);
        assert!(answer.headers().get("location").is_none());
        let page = answer.text().await.expect("text");
        assert!(page.contains(code) && page.contains("Это не Госуслуги"), "{page}");
    }
    let mut twice = stand.ask().signed(&stand.identity);
    twice.0.push(("state".into(), STATE.into()));
    let answer = stand.authorize("/aas/oauth2/ac", &twice, "employee").await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.expect("text").contains("ESIA-007003"));
}

#[tokio::test]
async fn an_authorization_request_is_checked_field_by_field() {
    let stand = Stand::start();
    let ask = || stand.ask();
    let cases = [
        (ask().without("scope"), "invalid_request", "007014"),
        (ask().without("state"), "invalid_request", "007014"),
        (ask().without("timestamp"), "invalid_request", "007014"),
        (ask().without("response_type"), "invalid_request", "007014"),
        (ask().with("scope", ""), "invalid_scope", "007013"),
        (ask().with("scope", " "), "invalid_scope", "007013"),
        (ask().with("scope", "openid nonsense"), "invalid_scope", "007006"),
        (ask().with("scope", "org_inn?org_oid=1000000404"), "invalid_scope", "007006"),
        (ask().with("response_type", "token"), "unsupported_response_type", "007009"),
        (ask().with("state", "not-a-uuid"), "invalid_request", "007003"),
        (ask().with("state", &STATE.replace('-', "")), "invalid_request", "007003"),
        (ask().with("access_type", "sometimes"), "invalid_request", "007003"),
        (ask().with("code_challenge", "short").with("code_challenge_method", "S256"), "invalid_request", "007003"),
        (ask().with("timestamp", "2026-11-20T12:00:00Z"), "invalid_request", "007015"),
        (ask().with("timestamp", "2026.11.20 15:05:01 +0300"), "invalid_request", "007015"),
        (ask().with("timestamp", "2026.11.20 14:54:59 +0300"), "invalid_request", "007015"),
        (ask().with("scope", "http://esia.gosuslugi.ru/org_inn?org_oid=1000000404"), "access_denied", "007194"),
    ];
    for (form, error, code) in cases {
        is(&refused_at_ac(&stand, &form.signed(&stand.identity)).await, error, code);
    }
    is(&refused_at_ac(&stand, &ask()).await, "invalid_request", "007014");
}

#[tokio::test]
async fn only_a_registered_certificate_over_the_right_string_signs() {
    let stand = Stand::start();
    let text = stand.ask().concat(&["scope", "timestamp", "client_id", "state"]);
    let second_generation_order = stand.ask().concat(&["client_id", "scope", "timestamp", "state", "redirect_uri"]);
    let stranger = Identity::rsa();
    let secrets = [
        stranger.pkcs7(&text, Pkcs7Flags::DETACHED),
        stand.identity.pkcs7(&second_generation_order, Pkcs7Flags::DETACHED),
        // Content of its own does not replace ours.
        stand.identity.pkcs7("something else", Pkcs7Flags::empty()),
        stand.identity.pkcs7(&text, Pkcs7Flags::DETACHED | Pkcs7Flags::NOCERTS),
        "AAAA".to_owned(),
        "!".to_owned(),
    ];
    for secret in secrets {
        let got = refused_at_ac(&stand, &stand.ask().with("client_secret", &secret)).await;
        is(&got, "access_denied", "007053");
    }
    let form = stand.redeem(&stand.code_for(stand.ask(), "employee").await).signed(&stranger);
    is(&refused_at_te(&stand, &form).await, "access_denied", "007053");
}

#[tokio::test]
async fn a_code_works_once_soon_for_its_client_and_address() {
    let stand = Stand::start();
    let code = stand.code_for(stand.ask(), "employee").await;
    // Another client's try does not spoil it.
    let foreign = stand.redeem(&code).with("client_id", OTHER_CLIENT).signed(&stand.identity);
    is(&refused_at_te(&stand, &foreign).await, "invalid_grant", "007011");
    let good = stand.redeem(&code).signed(&stand.identity);
    assert_eq!(stand.post("/aas/oauth2/te", &good).await.status(), 200);
    is(&refused_at_te(&stand, &good).await, "invalid_grant", "007011");

    let code = stand.code_for(stand.ask(), "employee").await;
    let elsewhere = stand.redeem(&code).with("redirect_uri", "http://127.0.0.1:9/other").signed(&stand.identity);
    is(&refused_at_te(&stand, &elsewhere).await, "invalid_grant", "007011");

    let code = stand.code_for(stand.ask(), "employee").await;
    let wider = stand.redeem(&code).with("scope", "openid fullname usr_org snils").signed(&stand.identity);
    is(&refused_at_te(&stand, &wider).await, "invalid_scope", "007006");

    let code = stand.code_for(stand.ask(), "employee").await;
    stand.clock.advance(240);
    is(&refused_at_te(&stand, &stand.redeem(&code).signed(&stand.identity)).await, "invalid_grant", "007011");
}

#[tokio::test]
async fn pkce_is_all_or_nothing() {
    let stand = Stand::start();
    let code = stand.code_for(stand.ask(), "employee").await;
    let form = stand.redeem(&code).with("code_verifier", "x").signed(&stand.identity);
    is(&refused_at_te(&stand, &form).await, "invalid_grant", "007039");

    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    for verifier in [None, Some("wrong")] {
        let ask = stand.ask().with("code_challenge", challenge).with("code_challenge_method", "S256");
        let mut form = stand.redeem(&stand.code_for(ask, "employee").await);
        if let Some(verifier) = verifier {
            form = form.with("code_verifier", verifier);
        }
        is(&refused_at_te(&stand, &form.signed(&stand.identity)).await, "invalid_grant", "007040");
    }
}

#[tokio::test]
async fn a_token_request_is_checked_field_by_field() {
    let stand = Stand::start();
    let form = || stand.redeem("no such code");
    let cases = [
        (form(), "invalid_grant", "007011"),
        (form().without("code"), "invalid_request", "007014"),
        (form().without("redirect_uri"), "invalid_request", "007014"),
        (form().without("grant_type"), "invalid_request", "007014"),
        (form().with("grant_type", "password"), "unsupported_grant_type", "007012"),
        (form().with("client_id", "NOBODY"), "unauthorized_client", "007005"),
        (form().with("state", "1"), "invalid_request", "007003"),
        (form().with("timestamp", "2026.11.20 10:00:00 +0300"), "invalid_request", "007015"),
    ];
    for (form, error, code) in cases {
        is(&refused_at_te(&stand, &form.signed(&stand.identity)).await, error, code);
    }
    // A client in the field whose OAuth layer empties the secret and drops the scope.
    is(&refused_at_te(&stand, &form().with("client_secret", "").without("scope")).await, "invalid_request", "007014");
}

#[tokio::test]
async fn a_json_body_has_no_parameters() {
    let stand = Stand::start();
    let form = stand.redeem("x").signed(&stand.identity);
    let body: std::collections::HashMap<_, _> = form.0.into_iter().collect();
    let answer = stand.http.post(format!("{}/aas/oauth2/te", stand.base)).json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), 400);
    let body: Value = answer.json().await.expect("JSON");
    let text = body["error_description"].as_str().expect("text");
    assert!(text.starts_with("ESIA-007014: The request doesn`t contain the mandatory parameter [state, client_id"), "{text}");
}

#[tokio::test]
async fn a_systems_token_is_for_organisations_that_exist() {
    let stand = Stand::start();
    let form = |scope: &str| {
        let pairs =
            [("client_id", CLIENT), ("grant_type", "client_credentials"), ("scope", scope), ("state", STATE), ("timestamp", TIMESTAMP)];
        Form::of(&pairs).signed(&stand.identity)
    };
    for scope in [SCOPE, "http://esia.gosuslugi.ru/org_inn?org_oid=1", "http://esia.gosuslugi.ru/org_inn"] {
        is(&refused_at_te(&stand, &form(scope)).await, "invalid_scope", "007006");
    }
}
