//! Each rule of the adapter by itself: tokens and keys here; claims and the whole provider in the files below. Everything is
//! signed by `openssl`. The whole way, with a browser and attacks, is in `tests/it/oidc.rs`.

mod mapping;
mod provider;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcKey, PointConversionForm};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};
use serde_json::{Value, json};

use super::client_auth::ClientProof;
use super::id_token::{Expected, TokenFault, UnverifiedIdToken};
use super::key_set::{KeySet, KeySetFault, NoKey};
use super::settings::check;
use super::*;
use crate::adapters::entropy::OsEntropy;

const ISSUER: &str = "https://idp.example";
const NONCE: &str = "nonce-of-this-login";
const ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
const NOW: i64 = 1_800_000_000;

fn now() -> Timestamp {
    Timestamp::from_secs(NOW)
}

fn flag(pointer: &str, accepted: &[&str]) -> Flag {
    Flag { pointer: pointer.to_owned(), accepted: accepted.iter().map(|a| (*a).to_owned()).collect() }
}

fn claim_map() -> ClaimMap {
    let p = |s: &str| Some(s.to_owned());
    ClaimMap {
        subject: "/sub".into(),
        confirmed: flag("/identity_confirmed", &["true"]),
        organisations: "/organizations".into(),
        id: "/id".into(),
        ogrn: "/ogrn".into(),
        full_name: "/full_name".into(),
        short_name: p("/short_name"),
        inn: p("/inn"),
        kpp: p("/kpp"),
        okopf: p("/okopf"),
        oktmo: p("/oktmo"),
        agency_type: p("/agency_type"),
        agency_territory: p("/agency_territory"),
        org_type: p("/type"),
        agency_words: vec!["AGENCY".into()],
        legal_words: vec!["LEGAL".into()],
        business_words: vec!["BUSINESS".into()],
        chief: Some(flag("/chief", &["true", "HEAD"])),
        admin: Some(flag("/admin", &["true"])),
        active: flag("/active", &["true"]),
        liquidated: Some(flag("/liquidated", &["true"])),
        branch_id: p("/branch/id"),
        branch_name: p("/branch/name"),
    }
}

fn settings() -> OidcSettings {
    OidcSettings {
        issuer: ISSUER.into(),
        name: None,
        client_id: "us".into(),
        authentication: ClientAuthentication::SecretBasic("secret".into()),
        scopes: vec!["openid".into()],
        authorize_parameters: Vec::new(),
        algorithms: TokenAlg::ALL.to_vec(),
        required_acr: Vec::new(),
        userinfo: true,
        claims: claim_map(),
        leeway: Duration::from_secs(30),
        max_token_age: Duration::from_secs(600),
        metadata_lifetime: Duration::from_secs(3600),
        keys_lifetime: Duration::from_secs(900),
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(5),
        max_response_bytes: 65_536,
        allow_loopback_http: false,
    }
}

fn key_for(alg: TokenAlg) -> PKey<Private> {
    static RSA: std::sync::OnceLock<PKey<Private>> = std::sync::OnceLock::new();
    let on = |curve| PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(curve).unwrap()).unwrap()).unwrap();
    match alg {
        TokenAlg::Rs256 | TokenAlg::Ps256 => RSA.get_or_init(|| PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()).clone(),
        TokenAlg::Es256 => on(Nid::X9_62_PRIME256V1),
        TokenAlg::Es384 => on(Nid::SECP384R1),
        TokenAlg::EdDsa => PKey::generate_ed25519().unwrap(),
    }
}

fn jwk(alg: TokenAlg, key: &PKey<Private>) -> Value {
    let curve = |name: &str, size: usize| {
        let ec = key.ec_key().unwrap();
        let mut ctx = BigNumContext::new().unwrap();
        let point = ec.public_key().to_bytes(ec.group(), PointConversionForm::UNCOMPRESSED, &mut ctx).unwrap();
        json!({ "kty": "EC", "crv": name, "x": B64.encode(&point[1..=size]), "y": B64.encode(&point[1 + size..]) })
    };
    let mut jwk = match alg {
        TokenAlg::Rs256 | TokenAlg::Ps256 => {
            let rsa = key.rsa().unwrap();
            json!({ "kty": "RSA", "n": B64.encode(rsa.n().to_vec()), "e": B64.encode(rsa.e().to_vec()) })
        }
        TokenAlg::Es256 => curve("P-256", 32),
        TokenAlg::Es384 => curve("P-384", 48),
        TokenAlg::EdDsa => json!({ "kty": "OKP", "crv": "Ed25519", "x": B64.encode(key.raw_public_key().unwrap()) }),
    };
    jwk["kid"] = json!("k");
    jwk
}

fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn sign(alg: TokenAlg, key: &PKey<Private>, input: &str) -> Vec<u8> {
    let digest = match alg {
        TokenAlg::EdDsa => return Signer::new_without_digest(key).unwrap().sign_oneshot_to_vec(input.as_bytes()).unwrap(),
        TokenAlg::Es384 => MessageDigest::sha384(),
        _ => MessageDigest::sha256(),
    };
    let mut signer = Signer::new(digest, key).unwrap();
    if alg == TokenAlg::Ps256 {
        signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
    }
    let made = signer.sign_oneshot_to_vec(input.as_bytes()).unwrap();
    let size = match alg {
        TokenAlg::Es256 => 32,
        TokenAlg::Es384 => 48,
        _ => return made,
    };
    let pair = EcdsaSig::from_der(&made).unwrap();
    [pair.r().to_vec_padded(size).unwrap(), pair.s().to_vec_padded(size).unwrap()].concat()
}

fn token(alg: TokenAlg, key: &PKey<Private>, claims: &Value) -> String {
    let header = json!({ "alg": alg.as_str(), "kid": "k" });
    let input = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    format!("{input}.{}", B64.encode(sign(alg, key, &input)))
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": "us", "sub": "1", "iat": NOW, "exp": NOW + 300, "nonce": NONCE })
}

/// The verdict on a good ES256 signature over claims.
fn judge(s: &OidcSettings, claims: &Value) -> Result<(), TokenFault> {
    judge_as(s, TokenAlg::Es256, claims)
}

fn judge_as(s: &OidcSettings, alg: TokenAlg, claims: &Value) -> Result<(), TokenFault> {
    let key = key_for(alg);
    let text = token(alg, &key, claims);
    let keys = set(&[jwk(alg, &key)]);
    let parsed = UnverifiedIdToken::parse(&text, &s.algorithms)?;
    let (id, _) = parsed.verify(keys.choose(parsed.alg, parsed.kid.as_deref())?)?;
    id.check(&Expected { settings: s, nonce: NONCE, access_token: ACCESS_TOKEN, alg, now: now() })
}

fn with(name: &str, value: Value) -> Value {
    let mut c = claims();
    c[name] = value;
    c
}

#[test]
fn each_algorithm_verifies_with_its_at_hash_and_with_no_other_key_s_kind() {
    for alg in TokenAlg::ALL {
        let hash = match alg {
            TokenAlg::Es384 => openssl::sha::sha384(ACCESS_TOKEN.as_bytes())[..24].to_vec(),
            TokenAlg::EdDsa => openssl::sha::sha512(ACCESS_TOKEN.as_bytes())[..32].to_vec(),
            _ => openssl::sha::sha256(ACCESS_TOKEN.as_bytes())[..16].to_vec(),
        };
        assert_eq!(judge_as(&settings(), alg, &with("at_hash", json!(B64.encode(hash)))), Ok(()), "{alg:?}");
        let alone = OidcSettings { algorithms: TokenAlg::ALL.into_iter().filter(|a| *a != alg).collect(), ..settings() };
        assert_eq!(judge_as(&alone, alg, &claims()), Err(TokenFault::Algorithm), "{alg:?}");
    }
}

#[test]
fn what_the_rules_permit_is_accepted() {
    let s = settings();
    for good in [
        with("aud", json!(["us"])),
        with("azp", json!("us")),
        with("exp", json!(NOW as f64 + 300.5)),
        with("iat", json!(NOW + 29)),
        with("nbf", json!(NOW)),
        with("amr", json!(["pwd", "otp"])),
        with("anything", json!({ "else": null })),
    ] {
        assert_eq!(judge(&s, &good), Ok(()), "{good}");
    }
    let mut several = with("aud", json!(["us", "them"]));
    several["azp"] = json!("us");
    assert_eq!(judge(&s, &several), Ok(()));
}

#[test]
fn wrongly_typed_claims_are_not_taken_for_absent() {
    let s = settings();
    for (name, value) in [
        ("iss", json!([ISSUER])),
        ("aud", json!({ "us": true })),
        ("aud", json!(["us", 1])),
        ("sub", json!(1)),
        ("exp", json!("1800000300")),
        ("exp", json!(1e300)),
        ("exp", json!(true)),
        ("iat", json!(null)),
        ("nbf", json!("0")),
        ("nbf", json!(null)),
        ("nonce", json!(null)),
        ("nonce", json!([NONCE])),
        ("azp", json!(null)),
        ("acr", json!(2)),
        ("at_hash", json!(false)),
    ] {
        assert_eq!(judge(&s, &with(name, value.clone())), Err(TokenFault::Claims), "{name} {value}");
    }
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let s = OidcSettings { required_acr: vec!["high".into()], ..settings() };
    assert_eq!(judge(&s, &claims()), Err(TokenFault::Level));
    assert_eq!(judge(&s, &with("acr", json!("low"))), Err(TokenFault::Level));
    assert_eq!(judge(&s, &with("acr", json!("high"))), Ok(()));
    let s = settings();
    assert_eq!(judge(&s, &with("nonce", json!("other"))), Err(TokenFault::OtherLogin));
    for (name, value) in [
        ("iss", json!("https://idp.example/")),
        ("iss", json!("HTTPS://idp.example")),
        ("aud", json!([])),
        ("aud", json!("US")),
        ("azp", json!("them")),
        ("sub", json!("")),
        ("sub", json!("x".repeat(256))),
        ("iat", json!(NOW + 31)),
        ("iat", json!(NOW - 630)),
        ("nbf", json!(NOW + 31)),
        ("at_hash", json!("x")),
    ] {
        assert!(matches!(judge(&s, &with(name, value.clone())), Err(TokenFault::Value(_))), "{name} {value}");
    }
    // In order, and over: by the leeway of 30 seconds, and one second before.
    for (over, refused) in [(30, true), (29, false)] {
        let mut claims = with("exp", json!(NOW - over));
        claims["iat"] = json!(NOW - 300);
        assert_eq!(judge(&s, &claims).is_err(), refused, "over since {over} s");
    }
}

#[test]
fn keys_that_may_not_check_tokens_are_passed_over() {
    let es256 = key_for(TokenAlg::Es256);
    let good = jwk(TokenAlg::Es256, &es256);
    let but = |name: &str, value: Value| {
        let mut k = good.clone();
        k[name] = value;
        k
    };
    for bad in [
        but("use", json!("enc")),
        but("use", json!(["sig"])),
        but("key_ops", json!(["sign"])),
        but("alg", json!("ES384")),
        but("d", json!("AA")),
        but("crv", json!("P-384")),
        but("kty", json!("RSA")),
        but("x", json!("AA")),
        but("kid", json!(7)),
        json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "k" }),
        json!("text"),
    ] {
        assert_eq!(set(std::slice::from_ref(&bad)).choose(TokenAlg::Es256, Some("k")).err(), Some(NoKey::Unknown), "{bad}");
        assert!(set(&[bad, good.clone()]).choose(TokenAlg::Es256, Some("k")).is_ok());
    }
    let small = PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap();
    assert!(!set(&[jwk(TokenAlg::Rs256, &small)]).serves(TokenAlg::Rs256));
    assert!(set(&[but("alg", json!("ES256")), but("kid", json!("other"))]).choose(TokenAlg::Es256, Some("k")).is_ok());
    assert_eq!(set(&[good.clone(), but("kid", json!("other"))]).choose(TokenAlg::Es256, None).err(), Some(NoKey::Ambiguous));
}

#[test]
fn key_sets_have_limits() {
    let key = jwk(TokenAlg::Es256, &key_for(TokenAlg::Es256));
    let many = |n: usize| KeySet::parse(json!({ "keys": vec![key.clone(); n] }).to_string().as_bytes()).err();
    assert_eq!((many(100), many(101), many(10_000)), (None, Some(KeySetFault::TooMany), Some(KeySetFault::TooMany)));
    for bad in ["", "[]", "{}", "{\"keys\":{}}", "{\"keys\":null}", "<html>"] {
        assert_eq!(KeySet::parse(bad.as_bytes()).err(), Some(KeySetFault::Form), "{bad}");
    }
}

#[test]
fn our_assertion_is_short_lived_addressed_and_new_each_time() {
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    for (alg, token_alg) in [(AssertionAlg::Rs256, TokenAlg::Rs256), (AssertionAlg::Ps256, TokenAlg::Ps256)] {
        let key = key_for(token_alg);
        let proof = |audience| {
            let private_key = key.private_key_to_pem_pkcs8().unwrap();
            let a = ClientAuthentication::PrivateKeyJwt { private_key, algorithm: alg, key_id: Some("ours".into()), audience };
            let Ok(ClientProof::Assertion(a)) = ClientProof::new(a, Arc::clone(&entropy)) else { panic!("no assertion") };
            a.sign("us", ISSUER, "https://idp.example/token", now()).unwrap()
        };
        let (first, second) = (proof(AssertionAudience::Issuer), proof(AssertionAudience::TokenEndpoint));
        let read = |t: &str, n: usize| -> Value { serde_json::from_slice(&B64.decode(t.split('.').nth(n).unwrap()).unwrap()).unwrap() };
        assert_eq!(read(&first, 0), json!({ "typ": "JWT", "alg": token_alg.as_str(), "kid": "ours" }));
        let (a, b) = (read(&first, 1), read(&second, 1));
        assert_eq!((&a["iss"], &a["sub"], &a["exp"]), (&json!("us"), &json!("us"), &json!(NOW + 60)));
        assert_eq!((&a["aud"], &b["aud"]), (&json!(ISSUER), &json!("https://idp.example/token")));
        assert_ne!(a["jti"], b["jti"]);
        let (input, signature) = first.rsplit_once('.').unwrap();
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
        if alg == AssertionAlg::Ps256 {
            verifier.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        }
        assert!(verifier.verify_oneshot(&B64.decode(signature).unwrap(), input.as_bytes()).unwrap());
    }
    let wrong = ClientAuthentication::PrivateKeyJwt {
        private_key: key_for(TokenAlg::Es384).private_key_to_pem_pkcs8().unwrap(),
        algorithm: AssertionAlg::Es256,
        key_id: None,
        audience: AssertionAudience::Issuer,
    };
    assert_eq!(ClientProof::new(wrong, entropy).err().unwrap().setting, "private_key_file");
}

#[test]
fn settings_that_would_undo_a_check_are_refused() {
    assert_eq!(check(&settings()), Ok(()));
    let pair = |name: &str| vec![(name.to_owned(), "x".to_owned())];
    for (setting, wrong) in [
        ("issuer", OidcSettings { issuer: "http://idp.example".into(), ..settings() }),
        ("issuer", OidcSettings { issuer: "http://127.0.0.1:1".into(), ..settings() }),
        ("issuer", OidcSettings { issuer: "https://u:p@idp.example".into(), ..settings() }),
        ("issuer", OidcSettings { issuer: "https://idp.example/?x".into(), ..settings() }),
        ("client_id", OidcSettings { client_id: String::new(), ..settings() }),
        ("scopes", OidcSettings { scopes: vec!["profile".into()], ..settings() }),
        ("authorize_parameters", OidcSettings { authorize_parameters: pair("redirect_uri"), ..settings() }),
        ("authorize_parameters", OidcSettings { authorize_parameters: pair("max_age"), ..settings() }),
        ("algorithms", OidcSettings { algorithms: Vec::new(), ..settings() }),
        ("client_secret", OidcSettings { authentication: ClientAuthentication::SecretPost(String::new()), ..settings() }),
        ("timeout", OidcSettings { timeout: Duration::ZERO, ..settings() }),
    ] {
        assert_eq!(check(&wrong).unwrap_err().setting, setting);
    }
    let dev = OidcSettings { issuer: "http://127.0.0.1:1".into(), allow_loopback_http: true, ..settings() };
    assert_eq!(check(&dev), Ok(()));
}
