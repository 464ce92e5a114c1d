//! Which key sets and issuers are taken.

use super::super::KEYS_MAX;
use super::*;

fn read(set: &Value) -> Result<Verifier, KeySetError> {
    Verifier::new(ISS, set.to_string().as_bytes())
}

fn badge_with(name: &str, value: Value) -> Value {
    let mut jwk = BADGE.jwk("badge");
    jwk[name] = value;
    json!({"keys":[jwk]})
}

#[test]
fn the_issuer_is_an_origin() {
    let set = key_set().to_string();
    for good in ["https://badge.example.ru", "http://127.0.0.1:8080", "http://[::1]:8080"] {
        assert_eq!(Verifier::new(good, set.as_bytes()).unwrap().issuer(), good);
    }
    for bad in [
        "",
        "badge.example.ru",
        "https://",
        "https://badge.example.ru/",
        "https://badge.example.ru/x",
        "https://a@b",
        "https://a?b",
        "ftp://a",
    ] {
        assert_eq!(Verifier::new(bad, set.as_bytes()).unwrap_err(), KeySetError::Issuer, "{bad}");
    }
}

#[test]
fn keys_of_other_kinds_are_ignored() {
    let mut set = key_set();
    let others = [
        json!({"kty":"RSA","n":"AQAB","e":"AQAB","kid":"r"}),
        json!({"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"o"}),
        json!({"kty":"EC","crv":"P-384","x":"AAAA","y":"AAAA","kid":"p"}),
        json!({"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA","kid":"m"}),
        json!({"kty":5}),
        json!({}),
    ];
    set["keys"].as_array_mut().unwrap().extend(others);
    assert!(read(&set).unwrap().attestation(&attestation(|_| ()), NOW).is_ok());
}

#[test]
fn a_key_without_a_known_purpose_signs_nothing() {
    for purpose in [json!("log"), json!("community"), json!(""), json!(null), json!(["badge"])] {
        assert_eq!(read(&badge_with("purpose", purpose)).unwrap_err(), KeySetError::Empty);
    }
    for (name, value) in [("use", json!("enc")), ("alg", json!("ES384")), ("alg", json!("HS256")), ("crv", json!("secp256k1"))] {
        assert_eq!(read(&badge_with(name, value)).unwrap_err(), KeySetError::Empty, "{name}");
    }
}

#[test]
fn a_set_that_contradicts_itself_is_refused_whole() {
    let twice = json!({"keys":[BADGE.jwk("badge"), BADGE.jwk("status")]});
    assert_eq!(read(&twice).unwrap_err(), KeySetError::DuplicateKid(BADGE.kid()));
    assert_eq!(read(&badge_with("kid", json!("key-1"))).unwrap_err(), KeySetError::WrongKid("key-1".into()));
    assert_eq!(read(&badge_with("x", json!(STRANGER.1))).unwrap_err(), KeySetError::WrongKid(BADGE.kid()));
    assert_eq!(read(&badge_with("d", json!(BADGE.0))).unwrap_err(), KeySetError::PrivateKey);
    assert_eq!(read(&json!({"keys":[{"kty":"oct","k":"AAAA"}]})).unwrap_err(), KeySetError::PrivateKey);
    for (name, value) in [("x", json!("AAAA")), ("y", json!(format!("{}=", BADGE.2))), ("y", json!(7)), ("kid", json!(null))] {
        assert!(matches!(read(&badge_with(name, value)).unwrap_err(), KeySetError::BadKey(_)), "{name}");
    }
}

#[test]
fn a_point_off_the_curve_verifies_nothing() {
    let (x, y) = (BADGE.1, STRANGER.2);
    let odd = Key(BADGE.0, x, y);
    let verifier = read(&json!({"keys":[odd.jwk("badge")]})).unwrap();
    let header = json!({"typ":attestation::TYP,"alg":"ES256","kid":odd.kid()}).to_string();
    let rejection = verifier.attestation(&BADGE.sign_text(&header, &claims().to_string()), NOW).unwrap_err();
    assert_eq!(rejection.code, "signature");
}

#[test]
fn size_and_form_are_capped() {
    assert_eq!(Verifier::new(ISS, &vec![b' '; KEY_SET_MAX + 1]).unwrap_err(), KeySetError::TooLarge);
    let many = json!({"keys":vec![json!({}); KEYS_MAX + 1]});
    assert_eq!(read(&many).unwrap_err(), KeySetError::TooLarge);
    for bad in
        ["", "null", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":["x"]}"#, r#"{"keys":[],"keys":[]}"#, r#"{"keys":[{"kty":"EC","kty":"EC"}]}"#]
    {
        assert!(matches!(Verifier::new(ISS, bad.as_bytes()).unwrap_err(), KeySetError::NotAKeySet(_)), "{bad}");
    }
    assert_eq!(read(&json!({"keys":[]})).unwrap_err(), KeySetError::Empty);
}

/// The keys of hosted communities are not published here; were they, nothing they sign would pass.
#[test]
fn a_community_key_beside_the_others_signs_nothing() {
    let mut set = key_set();
    set["keys"].as_array_mut().unwrap().push(STRANGER.jwk("community"));
    let verifier = read(&set).unwrap();
    assert!(verifier.attestation(&attestation(|_| ()), NOW).is_ok());
    let rejection = verifier.attestation(&STRANGER.sign(attestation::TYP, &claims()), NOW).unwrap_err();
    assert_eq!((rejection.status, rejection.code), (VerifyStatus::WrongSignature, "key-unknown"));
}

/// The white space around a document is JSON's and no other: whoever reads it must read the same.
#[test]
fn only_json_s_white_space_may_stand_around_a_set() {
    let set = key_set().to_string();
    let reads = |text: String| Verifier::new(ISS, text.as_bytes()).is_ok();
    assert!(reads(format!(" \t\r\n{set}\n")));
    for other in ['\u{c}', '\u{b}', '\u{a0}', '\u{feff}', '\0'] {
        assert!(!reads(format!("{other}{set}")) && !reads(format!("{set}{other}")), "{other:?}");
        assert!(!reads(format!("\n{other}{set}")), "{other:?}");
    }
    assert!(!reads(String::new()) && !reads(" \n".to_owned()));
}
