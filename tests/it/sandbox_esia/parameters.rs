//! The optional parameters of an authorization request: what they ask of the person, PKCE by both digests, consents; and the refusals
//! that tell a wrong certificate or an unreadable request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gosbadge::sandbox::esia::{TokenAlg, gost_available};
use serde_json::{Value, json};

use super::stand::{Form, Identity, OTHER_CLIENT, Stand, returned, streebog};

/// How an authorization request ends: the code, or ESIA's number.
async fn ends(stand: &Stand, form: Form, persona: &str) -> Result<String, String> {
    let mut back = returned(&stand.authorize("/aas/oauth2/ac", &form.signed(&stand.identity), persona).await);
    back.remove("code").ok_or_else(|| back["error_description"][5..11].to_owned())
}

async fn refused(stand: &Stand, name: &str, value: &str, persona: &str) -> String {
    ends(stand, stand.ask().with(name, value), persona).await.expect_err("refused")
}

#[tokio::test]
async fn the_person_must_be_what_the_request_wants() {
    let stand = Stand::start();
    for (name, value, persona, code) in [
        ("person_filter", "Y29uZl9hY2M", "unconfirmed", "007055"),
        ("person_filter", "YWNjX2tpZA==", "employee", "007062"),
        ("person_filter", "conf_acc", "employee", "007003"),
        ("roles", "boss", "employee", "007060"),
        ("roles", "chief", "employee", "007062"),
        ("obj_type", "L", "employee", "007061"),
        ("obj_type", "LEGAL", "ministry-head", "007062"),
    ] {
        assert_eq!(refused(&stand, name, value, persona).await, code, "{name}={value}");
    }
    for (name, value, persona) in
        [("person_filter", "Y29uZl9hY2M", "employee"), ("roles", "chief", "ministry-head"), ("obj_type", "PERSON", "no-organisation")]
    {
        assert!(ends(&stand, stand.ask().with(name, value), persona).await.is_ok(), "{name}={value}");
    }
}

#[tokio::test]
async fn consents_are_checked_against_the_directory() {
    let stand = Stand::start();
    let named = |names: &[&str]| json!(names.iter().map(|name| json!({ "sysname": name })).collect::<Vec<_>>());
    let good = json!({
        "responsibleObject": "x", "sysname": "SANDBOX_DATA", "expire": 60, "scopes": named(&["fullname"]),
        "actions": named(&["SANDBOX_READ"]), "purposes": named(&["SANDBOX_SERVICE"]),
    });
    let permissions = |member: &str, value: Value| {
        let mut one = good.clone();
        one[member] = value;
        URL_SAFE_NO_PAD.encode(json!([one]).to_string())
    };
    for (member, value, code) in [
        ("sysname", json!(null), "036700"),
        ("sysname", json!("X"), "036701"),
        ("scopes", named(&[]), "036702"),
        ("scopes", named(&["fullname", "mobile"]), "036703"),
        ("sysname", json!("SANDBOX_NOTICE"), "036704"),
        ("actions", named(&[]), "036705"),
        ("actions", named(&["X"]), "036706"),
        ("purposes", named(&[]), "036707"),
        ("expire", json!(-1), "036716"),
        ("purposes", named(&["X"]), "036726"),
        ("purposes", named(&["SANDBOX_SERVICE", "SANDBOX_REGISTER"]), "036727"),
    ] {
        assert_eq!(refused(&stand, "permissions", &permissions(member, value), "employee").await, code, "{member}");
    }
    assert_eq!(refused(&stand, "permissions", "%%%", "employee").await, "007038");
    assert!(ends(&stand, stand.ask().with("permissions", &permissions("expire", json!(1))), "employee").await.is_ok());
}

#[tokio::test]
async fn pkce_takes_the_russian_digest_too() {
    if !gost_available() {
        return;
    }
    let stand = Stand::start();
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = URL_SAFE_NO_PAD.encode(openssl::hash::hash(streebog(), verifier.as_bytes()).expect("a digest"));
    let ask = || stand.ask().with("code_challenge", &challenge).with("code_challenge_method", "GOST3411");
    for (sent, status) in [(verifier, 200), ("another-verifier-of-the-right-length-000000000", 400)] {
        let code = ends(&stand, ask(), "employee").await.expect("a code");
        let form = stand.redeem(&code).with("code_verifier", sent).signed(&stand.identity);
        assert_eq!(stand.post("/aas/oauth2/te", &form).await.status(), status);
    }
    let form = stand.ask().with("code_challenge", &challenge).with("code_challenge_method", "plain");
    assert_eq!(ends(&stand, form, "employee").await, Err("007003".to_owned()));
}

#[tokio::test]
async fn a_certificate_of_another_system_is_told_from_an_unknown_one() {
    let other = Identity::rsa();
    let certificate = other.certificate.clone();
    let stand = Stand::with(Identity::rsa(), TokenAlg::Rs256, |config| config.clients[1].certificates = vec![certificate]);
    for (form, code) in [
        (stand.ask().signed(&other), "ESIA-007002"),
        (stand.ask().with("client_id", OTHER_CLIENT).signed(&stand.identity), "ESIA-007002"),
        (stand.ask().signed(&Identity::rsa()), "ESIA-007053"),
    ] {
        let back = returned(&stand.authorize("/aas/oauth2/ac", &form, "employee").await);
        assert!(back["error_description"].starts_with(code), "{back:?}");
    }
}

#[tokio::test]
async fn a_request_that_is_not_utf8_cannot_be_read() {
    let stand = Stand::start();
    let request = stand.http.post(format!("{}/aas/oauth2/te", stand.base));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body("client_id=%ff");
    let body: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert!(body["error_description"].as_str().expect("text").starts_with("ESIA-007038"), "{body}");
}
