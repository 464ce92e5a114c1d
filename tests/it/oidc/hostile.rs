//! R7: a hostile identity provider, and hostile people in front of an honest one. Each case is refused, leaves neither badge
//! nor code, and the same application goes on with an honest sign-in.

use std::sync::atomic::Ordering;
use std::time::Duration;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use serde_json::json;

use super::{COMMUNITY, NOBODY, again, assert_refused, service};
use crate::flow::with_parameter;
use crate::harness::{Person, VERIFIER, parameter};
use crate::oidc_provider::{Behaviour, Key, Minting, OTHER_CLIENT, Provider};

const OTHER: &str = "218000002";

/// What the provider does, and how it ends: page status and code.
type Case = (&'static str, fn(&mut Behaviour), u16, &'static str);

/// A token made otherwise.
macro_rules! mint {
    ($m:ident => $token:expr) => {
        |b| b.mint = |#[allow(unused_mut, reason = "not every case changes it")] mut $m| $token
    };
}

/// A token with one thing changed in its header.
macro_rules! header {
    ($name:literal = $value:expr) => {
        |b| b.mint = |m| m.headed(|h, _| h[$name] = json!($value))
    };
}

/// A token whose claims are changed.
macro_rules! claims {
    ($c:ident => $change:expr) => {
        |b| b.mint = |m| m.claiming(|$c| $change)
    };
}

fn hmac(mut m: Minting, secret: fn(&Key) -> Vec<u8>) -> String {
    m.header["alg"] = json!("HS256");
    let key = PKey::hmac(&secret(&m.key)).unwrap();
    m.with_signature(|input| Signer::new(MessageDigest::sha256(), &key).unwrap().sign_oneshot_to_vec(input.as_bytes()).unwrap())
}

fn without(object: &mut serde_json::Value, name: &str) {
    object.as_object_mut().unwrap().remove(name).unwrap();
}

fn with_rsa(b: &mut Behaviour, mint: fn(Minting) -> String) {
    let kid = format!("rsa of {}", b.keys[0].kid);
    (b.keys, b.published, b.mint) = (vec![Key::rs256(&kid)], vec![Key::rs256(&kid)], mint);
}

fn algorithm_cases() -> Vec<Case> {
    vec![
        ("alg none", mint!(m => { m.header["alg"] = json!("none"); m.with_signature(|_| Vec::new()) }), 503, "F17"),
        ("alg nOnE", header!("alg" = "nOnE"), 503, "F17"),
        ("HS256 with the public PEM", mint!(m => hmac(m, |k| k.pkey.public_key_to_pem().unwrap())), 503, "F17"),
        ("HS256 with the public JWK", mint!(m => hmac(m, |k| k.jwk().to_string().into_bytes())), 503, "F17"),
        ("RS256 renamed ES256", |b| with_rsa(b, |m| m.headed(|h, _| h["alg"] = json!("ES256"))), 503, "F17"),
        ("ES256 renamed RS256", header!("alg" = "RS256"), 503, "F17"),
        ("PS256, which is not configured", |b| with_rsa(b, |m| m.headed(|h, _| h["alg"] = json!("PS256"))), 503, "F17"),
        ("another kind of token", header!("typ" = "at+jwt"), 503, "F17"),
        ("a changed signature", mint!(m => m.with_signature(|i| { let mut s = m.key.signature(i); s[9] ^= 1; s })), 503, "F17"),
        ("r and s of zero", mint!(m => m.with_signature(|_| vec![0; 64])), 503, "F17"),
        ("half a megabyte of dots", mint!(m => { drop(m); ".".repeat(1 << 19) }), 503, "F17"),
    ]
}

fn key_cases() -> Vec<Case> {
    vec![
        ("unknown kid", header!("kid" = "../../etc/passwd"), 503, "F17"),
        ("kid as a number", header!("kid" = 1), 503, "F17"),
        (
            "no kid and two keys",
            |b| {
                b.published.push(Key::es256("second"));
                b.mint = |m| m.headed(|h, _| without(h, "kid"));
            },
            503,
            "F17",
        ),
        ("two keys of one name", |b| b.published.push(Key::es256(&b.keys[0].kid)), 503, "F17"),
        ("embedded jwk", mint!(m => { m.key = Key::es256("mine"); m.header["jwk"] = m.key.jwk(); m.signed() }), 503, "F17"),
        ("jku", mint!(m => m.headed(|h, canary| h["jku"] = json!(canary))), 503, "F17"),
        ("x5u", mint!(m => m.headed(|h, canary| h["x5u"] = json!(canary))), 503, "F17"),
        ("x5c", header!("x5c" = ["MIIB"]), 503, "F17"),
        ("crit", header!("crit" = ["b64"]), 503, "F17"),
        ("the key was withdrawn between code and token", |b| b.published = vec![Key::es256("next")], 503, "F17"),
    ]
}

fn claim_cases() -> Vec<Case> {
    vec![
        ("wrong iss", claims!(c => c["iss"] = json!("https://evil.example")), 503, "F17"),
        ("iss with a slash more", claims!(c => c["iss"] = json!(format!("{}/", c["iss"].as_str().unwrap()))), 503, "F17"),
        ("iss as an array", claims!(c => c["iss"] = json!([c["iss"].clone()])), 503, "F17"),
        ("missing iss", claims!(c => without(c, "iss")), 503, "F17"),
        ("wrong aud", claims!(c => c["aud"] = json!(OTHER_CLIENT)), 503, "F17"),
        ("missing aud", claims!(c => without(c, "aud")), 503, "F17"),
        ("numeric aud", claims!(c => c["aud"] = json!(7)), 503, "F17"),
        ("several aud without azp", claims!(c => c["aud"] = json!([c["aud"].clone(), OTHER_CLIENT])), 503, "F17"),
        ("azp of another", claims!(c => c["azp"] = json!(OTHER_CLIENT)), 503, "F17"),
        (
            "expired",
            claims!(c => (c["iat"], c["exp"]) = (json!(c["iat"].as_i64().unwrap() - 90), json!(c["iat"].as_i64().unwrap() - 60))),
            503,
            "F17",
        ),
        ("nbf in the future", claims!(c => c["nbf"] = json!(c["iat"].as_i64().unwrap() + 120)), 503, "F17"),
        ("exp as text", claims!(c => c["exp"] = json!(c["exp"].to_string())), 503, "F17"),
        ("missing exp", claims!(c => without(c, "exp")), 503, "F17"),
        ("nbf as text", claims!(c => c["nbf"] = json!(c["iat"].to_string())), 503, "F17"),
        ("nbf null", claims!(c => c["nbf"] = json!(null)), 503, "F17"),
        ("missing iat", claims!(c => without(c, "iat")), 503, "F17"),
        ("old iat", claims!(c => c["iat"] = json!(c["iat"].as_i64().unwrap() - 3600)), 503, "F17"),
        ("missing sub", claims!(c => without(c, "sub")), 503, "F17"),
        ("wrong nonce", claims!(c => c["nonce"] = json!("n".repeat(43))), 400, "F19"),
        ("missing nonce", claims!(c => without(c, "nonce")), 503, "F17"),
        ("at_hash of another token", claims!(c => c["at_hash"] = json!("x".repeat(22))), 503, "F17"),
        ("userinfo about another person", |b| b.userinfo = |u| u["sub"] = json!("1000299655"), 503, "F17"),
        ("userinfo about nobody", |b| b.userinfo = |u| without(u, "sub"), 503, "F17"),
        ("userinfo contradicts the token", mint!(m => m.claiming(|c| c["identity_confirmed"] = json!(false))), 403, "F22"),
        ("the callback names another issuer", |b| b.iss = |_| Some("https://evil.example".to_owned()), 503, "F17"),
        ("the callback names no issuer", |b| b.iss = |_| None, 503, "F17"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_forged_answer_is_refused() {
    const CODES: &str = "SELECT COUNT(*) AS n FROM authorization_codes";
    let provider = Provider::start();
    let h = service(&provider, &[]).await;
    let cases = [algorithm_cases(), key_cases(), claim_cases()].concat();
    // The first case meets an empty cache, all others a set that was read before.
    for (n, (case, hostility, status, code)) in cases.into_iter().enumerate() {
        // Keys of its own for each case, and past the pause between two readings of the key set: no case lives on another's.
        let key = Key::es256(&format!("key of case {n}"));
        provider.behave(|b| *b = Behaviour { keys: vec![key.clone()], published: vec![key], ..Behaviour::honest() });
        h.clock.advance(Duration::from_secs(11));
        let mut a = h.at_callback(COMMUNITY, NOBODY).await;
        provider.behave(hostility);
        // The callback is the honest provider's; the hostile one would write its own `iss` there.
        let iss = (provider.behaviour.lock().unwrap().iss)(&provider.issuer);
        let before = h.count(CODES);
        let end = a.person.get(&with_parameter(&a.callback, "iss", iss.as_deref()), None).await;
        assert_refused(&end, status, code, case);
        assert_eq!(h.count(CODES), before, "{case}");
        // Not asked over HTTP: the clock has just jumped, and a view that is behind rightly answers nothing.
        assert_eq!(h.count("SELECT COUNT(*) AS n FROM badges"), 0, "{case}");
        if code == "F22" {
            continue; // what the organisation has to put right ends the application
        }
        provider.be_honest();
        h.clock.advance(Duration::from_secs(11));
        again(&h, &mut a.person, &a.application, case).await;
    }
    assert_eq!(provider.canary_calls.load(Ordering::SeqCst), 0, "nothing a token names is ever fetched");
    h.issue(COMMUNITY, NOBODY).await;
    h.stop().await;
}

/// Every algorithm name a library might have a bug in, over one forged token.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_never_chooses_how_it_is_checked() {
    let provider = Provider::start();
    let h = service(&provider, &[("GOSBADGE__IDP__OIDC__ALGORITHMS", "ES256")]).await;
    let rsa = Key::rs256("rsa");
    provider.behave(|b| (b.keys, b.published) = (vec![rsa.clone()], vec![rsa]));
    assert_refused(&h.walk(COMMUNITY, NOBODY).await.end, 503, "F17", "an honest RS256 token where ES256 is configured");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn states_are_of_use_once_and_only_if_whole() {
    let provider = Provider::start();
    let h = service(&provider, &[]).await;
    let a = h.at_callback(COMMUNITY, NOBODY).await;
    for (case, state) in [("missing", None), ("wrong", Some("00000000-0000-4000-8000-000000000000"))] {
        assert_refused(&a.person.get(&with_parameter(&a.callback, "state", state), None).await, 400, "F19", case);
    }
    assert_refused(&Person::new().get(&a.callback, None).await, 400, "F19", "another browser");
    let end = a.person.get(&a.callback, None).await;
    let code = parameter(end.location.as_deref().unwrap(), "code").unwrap();
    assert_refused(&a.person.get(&a.callback, None).await, 400, "F19", "replayed");
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 200);
    h.stop().await;
}

/// Codes in others' hands: replayed, of another client, in another person's login, with PKCE and without.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_of_use_in_its_own_login_only() {
    let provider = Provider::start();
    let h = service(&provider, &[]).await;
    let head = h.at_callback(COMMUNITY, NOBODY).await;
    let code = parameter(&head.callback, "code");
    assert!(head.person.get(&head.callback, None).await.location.is_some());

    let mut attacker = h.at_callback(OTHER, NOBODY).await;
    let with_code = |callback: &str, code: Option<&str>| with_parameter(callback, "code", code);
    let end = attacker.person.get(&with_code(&attacker.callback, code.as_deref()), None).await;
    assert_refused(&end, 400, "F19", "a replayed code");
    again(&h, &mut attacker.person, &attacker.application, "after a replayed code").await;

    // Issued to another client of the same provider; the provider tells, and if it did not, `aud` would.
    let authorize = |challenge: &str| {
        let q = [
            ("client_id", OTHER_CLIENT),
            ("redirect_uri", "https://evil.example/cb"),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "s"),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ];
        url::Url::parse_with_params(&format!("{}/authorize", provider.issuer), q).unwrap().to_string()
    };
    let foreign = Person::new().get(&authorize("x"), None).await.location.unwrap();
    let a = h.at_callback(OTHER, NOBODY).await;
    let end = a.person.get(&with_code(&a.callback, parameter(&foreign, "code").as_deref()), None).await;
    assert_refused(&end, 400, "F19", "a code of another client");

    // Injected: PKCE tells; where the provider does not look at it, the nonce does.
    for check_pkce in [true, false] {
        provider.behave(|b| b.check_pkce = check_pkce);
        let (head, attacker) = (h.at_callback(COMMUNITY, NOBODY).await, h.at_callback(OTHER, NOBODY).await);
        let end = attacker.person.get(&with_code(&attacker.callback, parameter(&head.callback, "code").as_deref()), None).await;
        assert_refused(&end, 400, "F19", &format!("an injected code, PKCE checked: {check_pkce}"));
    }
    h.assert_no_badge(OTHER).await;
    h.stop().await;
}
