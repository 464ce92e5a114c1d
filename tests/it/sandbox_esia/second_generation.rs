//! `/aas/oauth2/v2/ac` and `/v3/te`: raw GOST signatures, the certificate's hash, GOST tokens.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use gosbadge::sandbox::esia::{TokenAlg, gost_available};
use openssl::pkcs7::Pkcs7Flags;
use openssl::x509::X509;
use serde_json::Value;

use super::stand::{CLIENT, Form, Identity, REDIRECT, SCOPE, STATE, Stand, TIMESTAMP, hex, open, returned, streebog};

const AC: [&str; 6] = ["client_id", "scope", "scope_org", "timestamp", "state", "redirect_uri"];
const TE: [&str; 7] = ["client_id", "scope", "scope_org", "timestamp", "state", "redirect_uri", "code"];

fn gost_stand() -> Option<Stand> {
    gost_available().then(|| Stand::with(Identity::gost(), TokenAlg::Gost3410_2012_256, |_| {}))
}

fn raw(form: Form, identity: &Identity, order: &[&str]) -> Form {
    let secret = URL_SAFE_NO_PAD.encode(identity.raw(&form.concat(order)));
    form.with("client_secret", &secret)
}

impl Stand {
    fn ask_v2(&self) -> Form {
        self.ask().with("client_certificate_hash", &self.identity.certificate_hash())
    }

    async fn back_from_v2(&self, form: &Form) -> std::collections::HashMap<String, String> {
        returned(&self.authorize("/aas/oauth2/v2/ac", form, "two-organisations").await)
    }

    async fn refusal_at_v2(&self, form: &Form) -> String {
        let back = self.back_from_v2(form).await;
        assert_eq!(back["state"], STATE);
        back["error_description"][..11].to_owned()
    }
}

#[test]
fn the_engine_is_there_where_it_must_be() {
    let required = std::env::var("GOSBADGE_REQUIRE_GOST").is_ok_and(|value| value == "1");
    assert!(gost_available() || !required, "OPENSSL_CONF must load the GOST engine: certs/openssl-gost.cnf");
}

#[tokio::test]
async fn without_the_engine_the_stand_in_says_so() {
    if gost_available() {
        return;
    }
    let stand = Stand::start();
    let form = stand.ask().with("client_certificate_hash", "00").with("client_secret", "x");
    let back = stand.back_from_v2(&form).await;
    assert_eq!(back["error"], "server_error");
    assert!(back["error_description"].starts_with("ESIA-007007: ") && back["error_description"].contains("OPENSSL_CONF"));
    let answer = stand.post("/aas/oauth2/v3/te", &form).await;
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.json::<Value>().await.expect("JSON")["error"], "server_error");
}

#[tokio::test]
async fn a_whole_login_with_russian_signatures() {
    let Some(stand) = gost_stand() else { return };
    let form = raw(stand.ask_v2().with("scope_org", "org_ogrn org_inn").with("access_type", "offline"), &stand.identity, &AC);
    let code = stand.back_from_v2(&form).await.remove("code").expect("a code");
    let form =
        stand.redeem(&code).with("client_certificate_hash", &stand.identity.certificate_hash()).with("scope_org", "org_ogrn org_inn");
    let answer = stand.post("/aas/oauth2/v3/te", &raw(form, &stand.identity, &TE)).await;
    assert_eq!(answer.status(), 200);
    let tokens: Value = answer.json().await.expect("JSON");
    let token = tokens["access_token"].as_str().expect("a token");
    let (header, claims) = open(token, &stand.certificates_pem[1], streebog());
    assert_eq!(header["alg"], "GOST3410_2012_256");
    let signing = X509::from_pem(stand.certificates_pem[1].as_bytes()).and_then(|c| c.to_der()).expect("a certificate");
    assert_eq!(header["x5t#St256"], hex(&openssl::hash::hash(streebog(), &signing).expect("a digest")));
    assert!(claims["scope"].as_str().expect("text").contains("org_inn?org_oid=1000000404"));
    assert_eq!(stand.rest("/rs/prns/2000000005/roles", token).await.json::<Value>().await.expect("JSON")["size"], 2);
    let school: Value = stand.rest("/rs/orgs/1000000404", token).await.json().await.expect("JSON");
    assert_eq!(school["inn"], "9901004046");

    // Known clients disagree about what a refresh signs; both are taken.
    let refresh = |token: &Value| {
        let token = token["refresh_token"].as_str().expect("a token");
        let pairs = [("client_id", CLIENT), ("grant_type", "refresh_token"), ("scope", SCOPE), ("state", STATE), ("timestamp", TIMESTAMP)];
        Form::of(&pairs).with("refresh_token", token)
    };
    let form = raw(refresh(&tokens), &stand.identity, &["client_id", "scope", "timestamp", "state", "refresh_token"]);
    let tokens: Value = stand.post("/aas/oauth2/v3/te", &form).await.json().await.expect("JSON");
    let form = refresh(&tokens).with("redirect_uri", REDIRECT).with("client_certificate_hash", &stand.identity.certificate_hash());
    assert_eq!(stand.post("/aas/oauth2/v3/te", &raw(form, &stand.identity, &AC)).await.status(), 200);
}

#[tokio::test]
async fn signatures_come_in_three_alphabets_and_extras_are_ignored() {
    let Some(stand) = gost_stand() else { return };
    let form = stand.ask_v2().with("scope_org", "").with("person_filter", "Y29uZl9hY2M").with("permissions", "W10");
    for alphabet in [URL_SAFE_NO_PAD, URL_SAFE, STANDARD] {
        let secret = alphabet.encode(stand.identity.raw(&form.concat(&AC)));
        assert!(stand.back_from_v2(&form.clone().with("client_secret", &secret)).await.contains_key("code"));
    }
}

#[tokio::test]
async fn the_second_generation_refuses_the_first_ones_ways() {
    let Some(stand) = gost_stand() else { return };
    let first_order = ["scope", "timestamp", "client_id", "state"];
    let ask = || stand.ask_v2();
    let mut reversed = stand.identity.raw(&ask().concat(&AC));
    reversed.reverse();
    let pkcs7 = stand.identity.pkcs7(&ask().concat(&AC), Pkcs7Flags::DETACHED);
    let pem = stand.identity.certificate.to_pem().expect("PEM");
    let pem_hash = hex(&openssl::hash::hash(streebog(), &pem).expect("a digest"));
    let wrong = [
        raw(ask(), &stand.identity, &first_order),
        raw(ask(), &Identity::gost(), &AC),
        ask().with("client_secret", &URL_SAFE_NO_PAD.encode(reversed)),
        ask().with("client_secret", &pkcs7),
        raw(ask().with("client_certificate_hash", &pem_hash), &stand.identity, &AC),
        raw(ask().with("client_certificate_hash", &stand.identity.certificate_hash().to_lowercase()), &stand.identity, &AC),
        raw(ask().with("client_certificate_hash", &"A".repeat(40)), &stand.identity, &AC),
    ];
    for form in wrong {
        assert_eq!(stand.refusal_at_v2(&form).await, "ESIA-007053");
    }
    assert_eq!(stand.refusal_at_v2(&raw(ask().without("client_certificate_hash"), &stand.identity, &AC)).await, "ESIA-007014");
    assert_eq!(stand.refusal_at_v2(&raw(ask().with("scope_org", "org_nonsense"), &stand.identity, &AC)).await, "ESIA-007006");
}

#[tokio::test]
async fn the_code_is_part_of_what_is_signed() {
    let Some(stand) = gost_stand() else { return };
    let code = stand.back_from_v2(&raw(stand.ask_v2(), &stand.identity, &AC)).await.remove("code").expect("a code");
    let form = stand.redeem(&code).with("client_certificate_hash", &stand.identity.certificate_hash());
    let answer = stand.post("/aas/oauth2/v3/te", &raw(form.clone(), &stand.identity, &AC)).await;
    let body: Value = answer.json().await.expect("JSON");
    assert!(body["error_description"].as_str().expect("text").starts_with("ESIA-007053"));
    assert_eq!(stand.post("/aas/oauth2/v3/te", &raw(form, &stand.identity, &TE)).await.status(), 200);
}

#[tokio::test]
async fn a_system_gets_a_token_of_its_own() {
    let Some(stand) = gost_stand() else { return };
    let form = Form::of(&[
        ("client_id", CLIENT),
        ("grant_type", "client_credentials"),
        ("scope", "http://esia.gosuslugi.ru/org_inn?org_oid=1000000101"),
        ("state", STATE),
        ("timestamp", TIMESTAMP),
        ("redirect_uri", REDIRECT),
        ("client_certificate_hash", &stand.identity.certificate_hash()),
    ]);
    let answer = stand.post("/aas/oauth2/v3/te", &raw(form.clone(), &stand.identity, &AC)).await;
    assert_eq!(answer.status(), 200);
    let elsewhere = raw(form.with("redirect_uri", "https://evil.example/"), &stand.identity, &AC);
    let body: Value = stand.post("/aas/oauth2/v3/te", &elsewhere).await.json().await.expect("JSON");
    assert!(body["error_description"].as_str().expect("text").starts_with("ESIA-007023"));
}

#[tokio::test]
async fn russian_certificates_sign_pkcs7_too() {
    let Some(stand) = gost_stand() else { return };
    let tokens = stand.tokens_for(SCOPE, "employee").await;
    open(tokens["id_token"].as_str().expect("a token"), &stand.certificates_pem[1], streebog());
}
