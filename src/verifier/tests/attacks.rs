//! Forgeries other libraries fell for. Each token here is refused before anybody reads its claims.

use base64::engine::general_purpose::STANDARD;

use super::super::ATTESTATION_MAX;
use super::*;

/// Header and claims of a good token with the header's members replaced, unsigned: `h.p`.
fn message(edit: impl FnOnce(&mut Value)) -> String {
    let mut header = json!({"typ":attestation::TYP,"alg":"ES256","kid":BADGE.kid()});
    edit(&mut header);
    format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims().to_string()))
}

/// A raw signature of the good message.
fn signed() -> (String, Vec<u8>) {
    let token = attestation(|_| ());
    let (message, signature) = token.rsplit_once('.').unwrap();
    (message.to_owned(), B64.decode(signature).unwrap())
}

#[test]
fn no_algorithm_but_ours() {
    let (_, signature) = signed();
    let spellings = ["none", "None", "NONE", "nOnE", "none ", "", "es256", "ES256 ", "ES256K", "ES384", "ES512", "RS256", "PS256", "EdDSA"];
    for alg in spellings {
        for end in [String::new(), B64.encode(&signature)] {
            let token = format!("{}.{end}", message(|h| h["alg"] = json!(alg)));
            assert_eq!(refusal(&token), (VerifyStatus::WrongSignature, "alg"), "{alg}");
        }
    }
    for alg in [json!(null), json!(["ES256"]), json!({"ES256":1}), json!(0)] {
        let token = BADGE.sign_text(&json!({"typ":attestation::TYP,"alg":alg,"kid":BADGE.kid()}).to_string(), &claims().to_string());
        assert_eq!(refusal(&token), (VerifyStatus::WrongSignature, "alg"), "{alg}");
    }
    let bare = format!("{}.{}.", B64.encode(r#"{"alg":"none"}"#), B64.encode(claims().to_string()));
    assert_eq!(refusal(&bare), (VerifyStatus::WrongSignature, "alg"));
}

/// Every text or byte string of ours that the public can see, used as an HMAC secret.
fn public_forms() -> Vec<Vec<u8>> {
    let base64 = STANDARD.encode(BADGE.spki());
    let (one, two) = base64.split_at(64);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{one}\n{two}\n-----END PUBLIC KEY-----\n");
    let jwk = BADGE.jwk("badge");
    let mut forms = vec![BADGE.spki(), BADGE.point(), BADGE.point()[1..].to_vec(), Vec::new()];
    let texts = [
        pem.trim_end().to_owned(),
        format!(" {pem}"),
        format!("\n{pem}"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', ""),
        pem,
        base64,
        jwk.to_string(),
        format!(" {jwk}"),
        serde_json::to_string_pretty(&jwk).unwrap(),
        key_set().to_string(),
        json!({"crv":"P-256","kty":"EC","x":BADGE.1,"y":BADGE.2}).to_string(),
        BADGE.kid(),
        BADGE.1.to_owned(),
        BADGE.2.to_owned(),
        ISS.to_owned(),
    ];
    forms.extend(texts.map(String::into_bytes));
    forms
}

#[test]
fn the_public_key_is_no_secret() {
    for secret in public_forms() {
        for (alg, name) in [(Algorithm::HS256, "HS256"), (Algorithm::HS384, "HS384"), (Algorithm::HS512, "HS512")] {
            let key = EncodingKey::from_secret(&secret);
            let honest = message(|h| h["alg"] = json!(name));
            let token = format!("{honest}.{}", crypto::sign(honest.as_bytes(), &key, alg).unwrap());
            assert_eq!(refusal(&token), (VerifyStatus::WrongSignature, "alg"));
            let disguised = message(|_| ());
            let token = format!("{disguised}.{}", crypto::sign(disguised.as_bytes(), &key, alg).unwrap());
            assert_eq!(refusal(&token), (VerifyStatus::WrongSignature, "signature"));
        }
    }
}

#[test]
fn signatures_out_of_form_are_refused() {
    let (message, good) = signed();
    let (r, s) = good.split_at(32);
    let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let zero = vec![0; 32];
    let one = [vec![0; 31], vec![1]].concat();
    let der_int = |n: &[u8]| [&[2, 33, 0], n].concat();
    let der = [vec![0x30, 70], der_int(r), der_int(s)].concat();
    let mut flipped = good.clone();
    flipped[40] ^= 1;
    let forgeries: Vec<Vec<u8>> = vec![
        vec![],
        [zero.clone(), zero.clone()].concat(),
        [r.to_vec(), zero.clone()].concat(),
        [zero, s.to_vec()].concat(),
        [order.clone(), order.clone()].concat(),
        [r.to_vec(), order.clone()].concat(),
        [order, s.to_vec()].concat(),
        [one.clone(), one].concat(),
        [s, r].concat(),
        vec![0xff; 64],
        der,
        good[..63].to_vec(),
        good[..32].to_vec(),
        [good.as_slice(), &[0]].concat(),
        [&[0], good.as_slice()].concat(),
        [[0; 16].as_slice(), r, [0; 16].as_slice(), s].concat(),
        flipped,
    ];
    for forged in forgeries {
        let token = format!("{message}.{}", B64.encode(&forged));
        assert_eq!(refusal(&token), (VerifyStatus::WrongSignature, "signature"), "{forged:02x?}");
    }
    let (other, _) =
        attestation(|c| c["status"]["status_list"]["idx"] = json!(8)).rsplit_once('.').map(|(m, s)| (m.to_owned(), s.to_owned())).unwrap();
    assert_eq!(refusal(&format!("{other}.{}", B64.encode(&good))), (VerifyStatus::WrongSignature, "signature"));
}

#[test]
fn keys_brought_along_are_not_used() {
    let stranger = STRANGER.jwk("badge");
    let members = [
        ("jwk", stranger.clone()),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("trust_chain", json!([])),
    ];
    for key in [BADGE, STRANGER] {
        for (name, value) in &members {
            let header = json!({"typ":attestation::TYP,"alg":"ES256","kid":BADGE.kid(),*name:value});
            let token = key.sign_text(&header.to_string(), &claims().to_string());
            assert_eq!(refusal(&token), (VerifyStatus::WrongSignature, "header-member"), "{name}");
        }
    }
}

#[test]
fn a_kid_is_a_name_and_nothing_else() {
    let long = "A".repeat(5000);
    let kids = ["", "../../../dev/null", "/dev/null", "' OR 1=1 --", "%00", "https://evil.example/k", "\u{0}", &long, &STRANGER.kid()];
    for kid in kids {
        for key in [BADGE, STRANGER] {
            let header = json!({"typ":attestation::TYP,"alg":"ES256","kid":kid});
            let token = key.sign_text(&header.to_string(), &claims().to_string());
            assert_eq!(refusal(&token), (VerifyStatus::WrongSignature, "key-unknown"), "{kid}");
        }
    }
    for header in [json!({"typ":attestation::TYP,"alg":"ES256"}), json!({"typ":attestation::TYP,"alg":"ES256","kid":[BADGE.kid()]})] {
        assert_eq!(refusal(&BADGE.sign_text(&header.to_string(), &claims().to_string())), (VerifyStatus::WrongSignature, "key-unknown"));
    }
}

#[test]
fn a_token_of_one_kind_does_not_pass_for_another() {
    for typ in [
        "statuslist+jwt",
        "entity-statement+jwt",
        "trust-mark-status-response+jwt",
        "secevent+jwt",
        "JWT",
        "TRUST-MARK+JWT",
        "application/trust-mark+jwt",
        "",
    ] {
        assert_eq!(refusal(&BADGE.sign(typ, &claims())), (VerifyStatus::Malformed, "typ"), "{typ}");
    }
    let untyped = json!({"alg":"ES256","kid":BADGE.kid()}).to_string();
    assert_eq!(refusal(&BADGE.sign_text(&untyped, &claims().to_string())), (VerifyStatus::Malformed, "typ"));
    assert_eq!(refusal(&STATUS.sign(attestation::TYP, &claims())), (VerifyStatus::WrongSignature, "key-purpose"));
    let list = BADGE.sign(list_format::TYP, &list_claims(&[]));
    let rejection = verifier().status_list(&list, &format!("{ISS}/status/1"), NOW).unwrap_err();
    assert_eq!((rejection.status, rejection.code), (VerifyStatus::WrongSignature, "key-purpose"));
}

#[test]
fn what_is_no_token_is_refused_before_it_is_read() {
    let good = attestation(|_| ());
    for (token, code) in [
        (".".repeat(1 << 20), "too-large"),
        ("A".repeat(ATTESTATION_MAX + 1), "too-large"),
        (".".repeat(ATTESTATION_MAX), "not-a-jwt"),
        (String::new(), "not-a-jwt"),
        ("..".to_owned(), "header"),
        (format!("{good}."), "not-a-jwt"),
        (good.replacen('.', "", 1), "not-a-jwt"),
        (format!("{good}="), "not-base64url"),
        (format!("{good}\n"), "not-base64url"),
        (format!(" {good}"), "not-base64url"),
        (good.replacen("eyJ", "ey+", 1), "not-base64url"),
        ("bnVsbA.e30.".to_owned(), "header"),
        ("W10.e30.".to_owned(), "header"),
        ("пароль.жеттон.подпись".to_owned(), "not-base64url"),
        (format!("{}.e30.", B64.encode(r#"["trust-mark+jwt","ES256","kid"]"#)), "header"),
    ] {
        assert_eq!(refusal(&token), (VerifyStatus::Malformed, code), "{}", token.chars().take(80).collect::<String>());
    }
}

proptest::proptest! {
    #[test]
    fn no_single_changed_character_passes(at in 0usize..2000, to in "[A-Za-z0-9_.-]") {
        let good = attestation(|_| ());
        let at = at % good.len();
        let mut bytes = good.clone().into_bytes();
        bytes[at] = to.as_bytes()[0];
        let changed = String::from_utf8(bytes).unwrap();
        proptest::prop_assert_eq!(verifier().attestation(&changed, NOW).is_ok(), changed == good);
    }

    #[test]
    fn any_text_is_refused_without_panic(token in "\\PC{0,300}") {
        proptest::prop_assert!(verifier().attestation(&token, NOW).is_err());
    }
}
