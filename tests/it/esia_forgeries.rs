//! Forged tokens, answers and redirects: the stand-in signs wrongly, lies and mixes people up. No badge may come of it, whatever it
//! offers to check its lies with is not fetched, and the application stays open for an honest sign-in.

use serde_json::{Value, json};

use gosbadge::sandbox::esia::gost_available;

use crate::esia_faults::Trial;
use crate::flow::Page;

/// Every way to sign that is not ESIA's.
const SIGNS: [&str; 13] = [
    "none",
    "hs256_pem",
    "hs256_der",
    "hs256_jwk",
    "hs256_certificate",
    "other_key",
    "embedded_jwk",
    "embedded_x5c",
    "jku",
    "x5u",
    "kid_path",
    "rs_with_gost",
    "garbage",
];
const MINISTRY_HEAD: u64 = 2_000_000_002;
const MINISTRY: u64 = 1_000_000_202;

/// Headers no token may have, under a good signature.
fn headers() -> Vec<Value> {
    // Which certificate a token names can be told only where its Streebog digest can be computed.
    let certificate = gost_available().then(|| json!({"x5t#St256": "00"}));
    let others = vec![
        json!({"alg": "RS512"}),
        json!({"alg": "rs256"}),
        json!({"alg": ["RS256"]}),
        json!({"alg": null}),
        json!({"crit": ["exp"]}),
        json!({"typ": "at+jwt"}),
        json!({"sbt": "authorization_code"}),
        json!({"sbt": null}),
        json!({"jku": "https://evil.example/jwks.json"}),
    ];
    others.into_iter().chain(certificate).collect()
}

/// Claims that both kinds of token share and that are wrong under a good signature.
fn claims() -> Vec<Value> {
    vec![
        json!({"iss": "https://esia.gosuslugi.ru/"}),
        json!({"iss": "http://esia.gosuslugi.ru"}),
        json!({"iss": ["http://esia.gosuslugi.ru/"]}),
        json!({"iss": null}),
        json!({"exp": 1}),
        // Well-formed, and long over.
        json!({"iat": 1, "nbf": 1, "exp": 2}),
        json!({"exp": "99999999999"}),
        json!({"exp": null}),
        json!({"nbf": 99_999_999_999i64}),
        json!({"nbf": "1"}),
        json!({"iat": null}),
        json!({"iat": 99_999_999_999i64}),
    ]
}

async fn refused(trial: &mut Trial, place: &str, mut forgery: Value) {
    forgery["where"] = json!(place);
    forgery["kind"] = json!("forge");
    trial.expect("F17", forgery).await;
}

async fn nobody_followed_a_header(trial: &Trial) {
    let answer = trial.h.http.get(format!("{}/sandbox/faults", trial.h.ready().esia_url)).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["strangers_visited"], 0);
}

/// What is wrong with any token, wherever it comes from.
async fn forged(place: &str, token: &str) {
    let mut trial = Trial::start().await;
    for sign in SIGNS {
        refused(&mut trial, place, json!({"token": token, "sign": sign})).await;
    }
    for alg in ["None", "NONE", "nOnE", ""] {
        refused(&mut trial, place, json!({"token": token, "sign": "none", "header": {"alg": alg}})).await;
    }
    // A signature that fits nothing, under the right name and under a longer one of the same family.
    refused(&mut trial, place, json!({"token": token, "sign": "hs256_pem", "header": {"alg": "HS512"}})).await;
    refused(&mut trial, place, json!({"token": token, "sign": "gost_with_rsa"})).await;
    refused(&mut trial, place, json!({"token": token, "sign": "keep_signature", "claims": {"iat": 1}})).await;
    refused(&mut trial, place, json!({"token": token, "instead": "other_client"})).await;
    for header in headers() {
        refused(&mut trial, place, json!({"token": token, "header": header})).await;
    }
    nobody_followed_a_header(&trial).await;
    trial.end_well().await;
}

async fn misstated(place: &str, token: &str, more: Vec<Value>) {
    let mut trial = Trial::start().await;
    for claims in claims().into_iter().chain(more) {
        refused(&mut trial, place, json!({"token": token, "claims": claims})).await;
    }
    trial.end_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_access_token_is_refused() {
    forged("te", "access").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_id_token_is_refused() {
    forged("te", "id").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_token_of_the_system_is_refused() {
    forged("system_token", "access").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_that_says_something_else_is_refused() {
    let more = vec![
        json!({"client_id": "OTHER"}),
        json!({"client_id": null}),
        json!({"client_id": ["GOSBADGE"]}),
        json!({"scope": null}),
        json!({"scope": "openid"}),
        json!({"scope": format!("openid usr_org?oid={MINISTRY_HEAD}")}),
        json!({"urn:esia:sbj_id": null}),
        json!({"urn:esia:sbj_id": "2000000001"}),
        json!({"urn:esia:sbj_id": -1}),
        json!({"urn:esia:sbj_id": MINISTRY_HEAD}),
    ];
    misstated("te", "access", more).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_that_says_something_else_is_refused() {
    let more = vec![
        json!({"aud": "OTHER"}),
        json!({"aud": ["OTHER", "GOSBADGE"]}),
        json!({"aud": 1}),
        json!({"aud": null}),
        json!({"sub": null}),
        json!({"sub": "2000000001"}),
        json!({"sub": MINISTRY_HEAD}),
        json!({"nonce": null}),
        json!({"urn:esia:sbj": {"urn:esia:sbj:oid": MINISTRY_HEAD, "urn:esia:sbj:is_tru": true}}),
    ];
    misstated("te", "id", more).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_system_that_says_something_else_is_refused() {
    let more = vec![
        json!({"client_id": "OTHER"}),
        json!({"scope": null}),
        json!({"scope": format!("http://esia.gosuslugi.ru/org_inn?org_oid={MINISTRY}")}),
    ];
    misstated("system_token", "access", more).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn genuine_tokens_in_the_wrong_place_are_refused() {
    let mut trial = Trial::start().await;
    for forgery in [
        json!({"token": "access", "instead": "id"}),
        json!({"token": "id", "instead": "access"}),
        json!({"token": "access", "instead": "other_persona", "of": "ministry-head"}),
        json!({"token": "id", "instead": "other_persona", "of": "ministry-head"}),
        json!({"answer": {"id_token": null}}),
        json!({"answer": {"id_token": ""}}),
        json!({"answer": {"access_token": null}}),
        json!({"answer": {"access_token": 1}}),
        json!({"answer": {"state": null}}),
        json!({"answer": {"state": "7497a6ec-6085-4722-9b35-367ab2139b6a"}}),
    ] {
        refused(&mut trial, "te", forgery).await;
    }
    refused(&mut trial, "system_token", json!({"answer": {"state": "7497a6ec-6085-4722-9b35-367ab2139b6a"}})).await;
    // A good token of another sign-in of the same person: the code was somebody else's.
    trial.expect("F19", json!({"where": "te", "kind": "forge", "token": "id", "claims": {"nonce": "another"}})).await;
    trial.end_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_about_somebody_else_are_refused() {
    let mut trial = Trial::start().await;
    for (place, forgery) in [
        ("roles", json!({"of": "ministry-head"})),
        ("roles", json!({"answer": {"elements": [{"oid": "1; DROP TABLE badges", "type": "AGENCY", "chief": true}]}})),
        ("roles", json!({"answer": {"elements": "none"}})),
        ("person", json!({"answer": {"trusted": "true"}})),
        ("organisation", json!({"organisation": MINISTRY})),
        ("organisation", json!({"answer": {"oid": MINISTRY}})),
        ("organisation", json!({"answer": {"ogrn": ["1029900001010"]}})),
    ] {
        refused(&mut trial, place, forgery).await;
    }
    trial.end_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_way_back_leads_nowhere() {
    let mut trial = Trial::start().await;
    // RFC 9207 §2.4.
    refused(&mut trial, "ac", json!({"answer": {"iss": "https://evil.example"}})).await;
    trial.expect("F19", json!({"where": "ac", "kind": "forge", "token": "code", "instead": "other_client"})).await;
    for state in [json!(null), json!("7497a6ec-6085-4722-9b35-367ab2139b6a")] {
        let end = trial.walk_with(&json!({"where": "ac", "kind": "forge", "answer": {"state": state}})).await;
        assert_eq!((end.status, end.location.as_deref(), Page::of(&end).text(".code").as_str()), (400, None, "F19"));
    }
    trial.end_well().await;
}
