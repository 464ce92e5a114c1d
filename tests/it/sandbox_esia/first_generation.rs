//! `/aas/oauth2/ac` and `/te`: what is accepted, and what comes back.

use openssl::hash::MessageDigest;
use openssl::pkcs7::Pkcs7Flags;
use serde_json::{Value, json};

use super::stand::{CLIENT, Form, REDIRECT, SCOPE, STATE, Stand, TIMESTAMP, open, returned};

const KINDERGARTEN_HEAD: u64 = 2_000_000_001;
const SCHOOL: u64 = 1_000_000_404;
const CULTURE_HOUSE: u64 = 1_000_000_505;

#[tokio::test]
async fn a_whole_login_says_what_esia_says() {
    let stand = Stand::start();
    let answer = stand.authorize("/aas/oauth2/ac", &stand.ask().signed(&stand.identity), "kindergarten-head").await;
    let back = returned(&answer);
    assert_eq!(back["state"], STATE);
    let (header, code) = open(&back["code"], &stand.certificates_pem[0], MessageDigest::sha256());
    assert_eq!((&header["ver"], &header["sbt"], &header["alg"]), (&json!(1), &json!("authorization_code"), &json!("RS256")));
    assert_eq!(code["exp"].as_i64().zip(code["iat"].as_i64()).map(|(e, i)| e - i), Some(240));
    assert_eq!(code["urn:esia:client:state"], STATE);

    let form = stand.redeem(&back["code"]).signed(&stand.identity);
    let answer = stand.post("/aas/oauth2/te", &form).await;
    assert_eq!(answer.status(), 200);
    let tokens: Value = answer.json().await.expect("JSON");
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(tokens["state"], "0333157d-1111-4222-8333-444455556666");
    assert!(tokens.get("refresh_token").is_none());

    let access = tokens["access_token"].as_str().expect("a token");
    let (header, access) = open(access, &stand.certificates_pem[0], MessageDigest::sha256());
    assert_eq!((&header["ver"], &header["sbt"], &header["typ"]), (&json!(1), &json!("access"), &json!("JWT")));
    assert_eq!(access["scope"], format!("fullname?oid={KINDERGARTEN_HEAD} openid usr_org?oid={KINDERGARTEN_HEAD}"));
    assert_eq!((&access["urn:esia:sbj_id"], &access["client_id"]), (&json!(KINDERGARTEN_HEAD), &json!(CLIENT)));
    assert_eq!(access["iss"], "http://esia.gosuslugi.ru/");
    assert!(access.get("aud").is_none() && access.get("sub").is_none());

    let id = tokens["id_token"].as_str().expect("a token");
    let (header, id) = open(id, &stand.certificates_pem[0], MessageDigest::sha256());
    assert_eq!((&header["ver"], &header["sbt"]), (&json!(0), &json!("id")));
    assert_eq!((&id["sub"], &id["aud"], &id["amr"]), (&json!(KINDERGARTEN_HEAD), &json!(CLIENT), &json!("PWD")));
    assert_eq!(id["urn:esia:sbj"]["urn:esia:sbj:is_tru"], true);
    assert_eq!(id["urn:esia:sbj"]["urn:esia:sbj:oid"], KINDERGARTEN_HEAD);
    assert_eq!(id["exp"].as_i64().zip(id["iat"].as_i64()).map(|(e, i)| e - i), Some(10_800));
    assert!(id.get("nonce").is_none());
}

#[tokio::test]
async fn every_form_of_signature_seen_in_the_field_is_taken() {
    let stand = Stand::start();
    let text = stand.ask().concat(&["scope", "timestamp", "client_id", "state"]);
    let attributes_absent = Pkcs7Flags::NOATTR;
    for flags in [Pkcs7Flags::DETACHED, Pkcs7Flags::DETACHED | attributes_absent, Pkcs7Flags::empty(), attributes_absent] {
        let secret = stand.identity.pkcs7(&text, flags);
        let padded = format!("{secret}{}", "=".repeat((4 - secret.len() % 4) % 4));
        let standard = padded.replace('-', "+").replace('_', "/");
        for secret in [secret, padded, standard] {
            let answer = stand.authorize("/aas/oauth2/ac", &stand.ask().with("client_secret", &secret), "employee").await;
            assert!(returned(&answer).contains_key("code"), "{flags:?}");
        }
    }
}

#[tokio::test]
async fn the_request_may_be_posted_and_carry_unknown_fields() {
    let stand = Stand::start();
    let form = stand.ask().with("approval_prompt", "null").signed(&stand.identity);
    let request = stand.http.post(format!("{}/aas/oauth2/ac", stand.base)).form(&form.0).header("X-Sandbox-Persona", "employee");
    assert!(returned(&request.send().await.expect("an answer")).contains_key("code"));
}

#[tokio::test]
async fn an_unconfirmed_person_has_no_is_tru() {
    let stand = Stand::start();
    let tokens = stand.tokens_for(SCOPE, "unconfirmed").await;
    let (_, id) = open(tokens["id_token"].as_str().expect("a token"), &stand.certificates_pem[0], MessageDigest::sha256());
    assert!(id["urn:esia:sbj"].get("urn:esia:sbj:is_tru").is_none());
    assert_eq!(id["urn:esia:sbj"]["urn:esia:sbj:lvl"], "P");
}

#[tokio::test]
async fn no_openid_no_id_token() {
    let stand = Stand::start();
    assert!(stand.tokens_for("fullname", "employee").await.get("id_token").is_none());
}

#[tokio::test]
async fn nonce_comes_back_and_pkce_holds() {
    let stand = Stand::start();
    // RFC 7636 appendix B.
    let (verifier, challenge) = ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let ask = stand.ask().with("nonce", "n-1").with("code_challenge", challenge).with("code_challenge_method", "S256");
    let code = stand.code_for(ask, "employee").await;
    let answer = stand.post("/aas/oauth2/te", &stand.redeem(&code).with("code_verifier", verifier).signed(&stand.identity)).await;
    let tokens: Value = answer.json().await.expect("JSON");
    let (_, id) = open(tokens["id_token"].as_str().expect("a token"), &stand.certificates_pem[0], MessageDigest::sha256());
    assert_eq!(id["nonce"], "n-1");
}

#[tokio::test]
async fn refresh_tokens_rotate() {
    let stand = Stand::start();
    let code = stand.code_for(stand.ask().with("access_type", "offline"), "employee").await;
    let answer = stand.post("/aas/oauth2/te", &stand.redeem(&code).signed(&stand.identity)).await;
    let first: Value = answer.json().await.expect("JSON");
    let form = Form::of(&[
        ("client_id", CLIENT),
        ("grant_type", "refresh_token"),
        ("refresh_token", first["refresh_token"].as_str().expect("a token")),
        ("redirect_uri", REDIRECT),
        ("scope", SCOPE),
        ("state", STATE),
        ("timestamp", TIMESTAMP),
    ]);
    let form = form.signed(&stand.identity);
    let second: Value = stand.post("/aas/oauth2/te", &form).await.json().await.expect("JSON");
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert!(second["access_token"].is_string());
    assert_eq!(stand.post("/aas/oauth2/te", &form).await.status(), 400);
}

#[tokio::test]
async fn a_system_reads_organisations_with_a_token_of_its_own() {
    let stand = Stand::start();
    let scope = |name: &str, oid: u64| format!("http://esia.gosuslugi.ru/{name}?org_oid={oid}");
    let asked = [scope("org_inn", SCHOOL), scope("org_leg", SCHOOL), scope("org_ogrn", CULTURE_HOUSE)].join(" ");
    let answer = stand.system_token(&asked).await;
    assert!(answer.get("id_token").is_none() && answer.get("refresh_token").is_none());
    let token = answer["access_token"].as_str().expect("a token");
    let (_, claims) = open(token, &stand.certificates_pem[0], MessageDigest::sha256());
    assert!(claims.get("urn:esia:sbj_id").is_none());
    assert!(claims["scope"].as_str().expect("text").contains(&scope("org_inn", SCHOOL)));

    let school: Value = stand.rest(&format!("/rs/orgs/{SCHOOL}"), token).await.json().await.expect("JSON");
    assert_eq!((&school["inn"], &school["leg"]), (&json!("9901004046"), &json!("75403")));
    assert!(school.get("ogrn").is_none() && school.get("kpp").is_none());
    let house: Value = stand.rest(&format!("/rs/orgs/{CULTURE_HOUSE}"), token).await.json().await.expect("JSON");
    assert_eq!(house["ogrn"], "1029900005057");
    assert!(house.get("inn").is_none());
}
