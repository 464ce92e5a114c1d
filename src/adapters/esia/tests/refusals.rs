//! Hostile and broken tokens: each is refused with F17 after the token request and before any read.

use openssl::pkey::Id;

use super::*;

type Change = (&'static str, fn(&mut Value));

async fn expect_refused(name: &str, access: String, id: String) {
    let (error, requests) = refused(access, id).await;
    let error = error.unwrap_or_else(|| panic!("{name}: accepted"));
    assert_eq!((error.code, requests), (F17, 1), "{name}: {error}");
    assert!(!error.detail.contains("1000299654") && !error.detail.contains("TESTIS"), "{name}: {error}");
}

fn changed(mut value: Value, change: fn(&mut Value)) -> Value {
    change(&mut value);
    value
}

fn access() -> String {
    jwt(&header("access"), &access_claims())
}

fn id() -> String {
    jwt(&header("id"), &id_claims())
}

fn remove(v: &mut Value, member: &str) {
    v.as_object_mut().unwrap().remove(member);
}

#[actix_web::test]
async fn unchanged_tokens_pass() {
    assert_eq!(refused(access(), id()).await, (None, 3));
}

/// In order, and over since so many seconds.
fn over(claims: &mut Value, seconds: i64) {
    let exp = NOW.secs() - seconds;
    claims["exp"] = json!(exp);
    (claims["iat"], claims["nbf"]) = (json!(exp - 3600), json!(exp - 3600));
}

const TIMES: [Change; 14] = [
    ("expired", |c| over(c, 61)),
    ("expired at the end of the leeway", |c| over(c, 60)),
    ("exp as a string", |c| c["exp"] = json!((NOW.secs() + 3600).to_string())),
    ("exp as a fraction", |c| c["exp"] = json!(1.5e10)),
    ("exp null", |c| c["exp"] = Value::Null),
    ("exp missing", |c| remove(c, "exp")),
    ("exp negative", |c| c["exp"] = json!(i64::MIN)),
    ("exp before iat", |c| c["exp"] = json!(NOW.secs() - 1)),
    ("nbf in the future", |c| c["nbf"] = json!(NOW.secs() + 61)),
    ("nbf as a string", |c| c["nbf"] = json!("0")),
    ("nbf missing", |c| remove(c, "nbf")),
    ("iat in the future", |c| c["iat"] = json!(NOW.secs() + 61)),
    ("iat as an array", |c| c["iat"] = json!([0])),
    ("iat missing", |c| remove(c, "iat")),
];

const ISSUERS: [Change; 6] = [
    ("wrong issuer", |c| c["iss"] = json!("http://esia-portal1.test.gosuslugi.ru/")),
    ("issuer without its slash", |c| c["iss"] = json!("http://esia.gosuslugi.ru")),
    ("issuer with https", |c| c["iss"] = json!("https://esia.gosuslugi.ru/")),
    ("issuer in an array", |c| c["iss"] = json!(["http://esia.gosuslugi.ru/"])),
    ("issuer null", |c| c["iss"] = Value::Null),
    ("issuer missing", |c| remove(c, "iss")),
];

#[actix_web::test]
async fn access_tokens_with_wrong_claims_are_refused() {
    let own: [Change; 11] = [
        ("another client", |c| c["client_id"] = json!("OTHER")),
        ("client in other letters", |c| c["client_id"] = json!("testis")),
        ("client in an array", |c| c["client_id"] = json!(["TESTIS"])),
        ("client missing", |c| remove(c, "client_id")),
        ("aud in place of client_id", |c| {
            c["aud"] = json!("TESTIS");
            remove(c, "client_id");
        }),
        ("no subject", |c| remove(c, "urn:esia:sbj_id")),
        ("subject as a string", |c| c["urn:esia:sbj_id"] = json!("1000299654")),
        ("scope missing", |c| remove(c, "scope")),
        ("scope lacks usr_org", |c| c["scope"] = json!("openid fullname?oid=1000299654")),
        ("scope has usr_org of another", |c| c["scope"] = json!("openid usr_org?oid=1")),
        ("scope has a longer word", |c| c["scope"] = json!("openid usr_orgs usr_org2?oid=1000299654")),
    ];
    for (name, change) in own.into_iter().chain(TIMES).chain(ISSUERS) {
        expect_refused(name, jwt(&header("access"), &changed(access_claims(), change)), id()).await;
    }
}

#[actix_web::test]
async fn id_tokens_with_wrong_claims_are_refused() {
    let own: [Change; 9] = [
        ("another audience", |c| c["aud"] = json!("OTHER")),
        ("audience in an array", |c| c["aud"] = json!(["TESTIS"])),
        ("audience as a number", |c| c["aud"] = json!(1)),
        ("audience missing", |c| remove(c, "aud")),
        ("another subject", |c| c["sub"] = json!(1)),
        ("subject as a string", |c| c["sub"] = json!("1000299654")),
        ("subject missing", |c| remove(c, "sub")),
        ("another oid inside", |c| c["urn:esia:sbj"]["urn:esia:sbj:oid"] = json!(1)),
        ("confirmation as a string", |c| c["urn:esia:sbj"]["urn:esia:sbj:is_tru"] = json!("true")),
    ];
    for (name, change) in own.into_iter().chain(TIMES).chain(ISSUERS) {
        expect_refused(name, access(), jwt(&header("id"), &changed(id_claims(), change))).await;
    }
}

#[actix_web::test]
async fn headers_choose_neither_algorithm_nor_key_nor_place() {
    let changes: [Change; 15] = [
        ("alg none", |h| h["alg"] = json!("none")),
        ("alg None", |h| h["alg"] = json!("None")),
        ("alg nOnE", |h| h["alg"] = json!("nOnE")),
        ("alg empty", |h| h["alg"] = json!("")),
        ("alg GOST", |h| h["alg"] = json!("GOST3410_2012_256")),
        ("alg RS512", |h| h["alg"] = json!("RS512")),
        ("alg in an array", |h| h["alg"] = json!(["RS256"])),
        ("no alg", |h| remove(h, "alg")),
        ("ver as a string", |h| h["ver"] = json!("1")),
        ("typ of a badge", |h| h["typ"] = json!("trust-mark+jwt")),
        ("crit", |h| h["crit"] = json!(["exp"])),
        ("jku", |h| h["jku"] = json!("http://127.0.0.1/keys")),
        ("jwk", |h| h["jwk"] = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"})),
        ("x5u", |h| h["x5u"] = json!("http://127.0.0.1/cert")),
        ("x5c", |h| h["x5c"] = json!(["MIIB"])),
    ];
    for (name, change) in changes {
        expect_refused(name, jwt(&changed(header("access"), change), &access_claims()), id()).await;
    }
    expect_refused("id token in place of access", jwt(&header("id"), &id_claims()), id()).await;
    expect_refused("id claims with sbt access", jwt(&header("access"), &id_claims()), id()).await;
    expect_refused("access claims with sbt id", jwt(&header("id"), &access_claims()), id()).await;
    expect_refused("access token in place of id", access(), access()).await;
    expect_refused("code in place of access", jwt(&header("authorization_code"), &access_claims()), id()).await;
}

#[actix_web::test]
async fn the_public_key_is_not_a_shared_secret() {
    let public = ESIA.cert.public_key().unwrap();
    let pem = public.public_key_to_pem().unwrap();
    let forms = [
        pem.clone(),
        [b" ", &pem[..]].concat(),
        public.public_key_to_der().unwrap(),
        ESIA.cert.to_pem().unwrap(),
        ESIA.cert.to_der().unwrap(),
    ];
    for (alg, digest) in [("HS256", MessageDigest::sha256()), ("HS384", MessageDigest::sha384()), ("HS512", MessageDigest::sha512())] {
        for secret in &forms {
            let key = PKey::hmac(secret).unwrap();
            for claimed in [alg, "RS256"] {
                let mut h = header("access");
                h["alg"] = json!(claimed);
                expect_refused(alg, jwt_with(digest, &key, &h, &access_claims()), id()).await;
            }
        }
    }
}

#[actix_web::test]
async fn broken_signatures_and_shapes_are_refused() {
    let good = access();
    let (input, signature) = good.rsplit_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let flipped = [&raw[..255], &[raw[255] ^ 1]].concat();
    let other = rsa_key(2048);
    let doubled = format!(r#"{{"client_id":"TESTIS",{}"#, &access_claims().to_string()[1..]);
    let doubled_input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header("access").to_string()), URL_SAFE_NO_PAD.encode(doubled));
    let doubled_signature = Signer::new(MessageDigest::sha256(), &ESIA.key).unwrap().sign_oneshot_to_vec(doubled_input.as_bytes()).unwrap();
    let cases = [
        ("flipped", with_signature(input, &flipped)),
        ("cut", with_signature(input, &raw[..255])),
        ("zero", with_signature(input, &[0; 256])),
        ("empty signature", format!("{input}.")),
        ("unknown signer", jwt_with(MessageDigest::sha256(), &other.key, &header("access"), &access_claims())),
        ("wrong digest", jwt_with(MessageDigest::sha384(), &ESIA.key, &header("access"), &access_claims())),
        ("padded", format!("{good}==")),
        ("four parts", format!("{good}.x")),
        ("two parts", input.to_owned()),
        ("one part", "x".to_owned()),
        ("a claim twice", with_signature(&doubled_input, &doubled_signature)),
        ("dots", ".".repeat(50_000)),
    ];
    for (name, token) in cases {
        expect_refused(name, token, id()).await;
    }
}

#[actix_web::test]
async fn a_missing_id_token_is_refused() {
    let token = access();
    let (server, _) = host(String::new(), String::new(), move |r| {
        Some(Reply::json(200, &json!({"access_token": token, "token_type": "Bearer", "state": form(&r.body)["state"]})))
    });
    assert_eq!(provider(settings(&server.url)).complete(callback(), NOW).await.err().unwrap().code, F17);
}

#[test]
fn the_fixtures_are_what_they_claim() {
    assert_eq!(ESIA.key.id(), Id::RSA);
    assert!(!ESIA.key.public_eq(&STRANGER.key));
}
