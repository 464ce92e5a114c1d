//! What an attestation must say, and when.

use std::time::Duration;

use super::super::LIFETIME_MAX_SECS;
use super::*;

#[test]
fn a_good_one_passes() {
    let attested = verifier().attestation(&attestation(|_| ()), NOW).unwrap();
    assert_eq!(attested.kid, BADGE.kid());
    assert_eq!(serde_json::to_value(attested.claims).unwrap(), claims());
}

#[test]
fn unknown_claims_are_ignored() {
    let token = attestation(|c| c["organization_name#en"] = json!("Kindergarten No. 12"));
    assert!(verifier().attestation(&token, NOW).is_ok());
}

/// One claim changed, one refusal.
#[test]
fn claims_out_of_form_are_refused() {
    let cases: &[(&str, Value, &str)] = &[
        ("/iss", json!([ISS]), "claims"),
        ("/iss", json!(null), "claims"),
        ("/sub", json!(7), "claims"),
        ("/sub", json!(format!("{ISS}/c/not-a-ulid")), "sub"),
        ("/sub", json!(format!("{ISS}/c/01kar4t7q2m9xvb3h5ndw8yjze")), "sub"),
        ("/sub", json!("https://badge.example.ru.evil.example/c/01KAR4T7Q2M9XVB3H5NDW8YJZE"), "sub"),
        ("/trust_mark_type", json!(format!("{ISS}/tm/official-community/v2")), "trust-mark-type"),
        ("/jti", json!("01KAR4TB3K6S0P7F2QG8RNV4XW"), "claims"),
        ("/iat", json!("1795453977"), "claims"),
        ("/iat", json!(1_795_453_977.5), "claims"),
        ("/iat", json!(-1), "lifetime"),
        ("/iat", json!(null), "claims"),
        ("/exp", json!("1803229977"), "claims"),
        ("/exp", json!(null), "claims"),
        ("/exp", json!(1e300), "claims"),
        ("/exp", json!([1_803_229_977]), "claims"),
        ("/exp", json!({"$numberLong":"1803229977"}), "claims"),
        ("/exp", json!(NOW.secs()), "lifetime"),
        ("/exp", json!(i64::MAX), "lifetime"),
        ("/exp", json!(NOW.secs() + LIFETIME_MAX_SECS + 1), "lifetime"),
        ("/sub_id/format", json!("opaque"), "sub-id"),
        ("/sub_id/identifiers/0/sub", json!("218000002"), "sub-id"),
        ("/sub_id/identifiers/1/uri", json!("https://vk.com/club218000002"), "sub-id"),
        ("/sub_id/identifiers", json!([]), "sub-id"),
        ("/community/id", json!(218_000_001), "claims"),
        ("/community/id", json!("club218000001"), "claims"),
        ("/community/platform", json!("VK"), "claims"),
        ("/legal_entity/identifier/ogrn", json!("1029900000020"), "legal-person-id"),
        ("/legal_entity/authority_kind", json!("shop"), "claims"),
        ("/status", json!("active"), "claims"),
        ("/status/status_list/idx", json!(-1), "claims"),
        ("/status/status_list/idx", json!("7"), "claims"),
        ("/status/status_list/idx", json!(4_294_967_296_u64), "claims"),
        ("/status/status_list/uri", json!("https://evil.example/status/1"), "status-uri"),
        ("/status/status_list/uri", json!(format!("{ISS}/status/../evil")), "status-uri"),
        ("/status/status_list/uri", json!(format!("{ISS}/status/")), "status-uri"),
    ];
    for (pointer, value, code) in cases {
        let token = attestation(|c| *c.pointer_mut(pointer).unwrap() = value.clone());
        assert_eq!(refusal(&token), (VerifyStatus::Malformed, *code), "{pointer} = {value}");
    }
    let token = attestation(|c| c["nbf"] = json!("soon"));
    assert_eq!(refusal(&token), (VerifyStatus::Malformed, "claims"));
}

#[test]
fn a_delegation_is_for_this_issuer_and_this_kind_and_outlives_the_attestation() {
    let delegated = |change: &dyn Fn(&mut Value)| {
        let mut owners = json!({"iss":"https://owner.example.ru","sub":ISS,"trust_mark_type":claims()["trust_mark_type"],
            "iat":NOW.secs() - 86400,"exp":claims()["exp"]});
        change(&mut owners);
        attestation(|c| c["delegation"] = json!(STRANGER.sign("trust-mark-delegation+jwt", &owners)))
    };
    let good = verifier().attestation(&delegated(&|_| ()), NOW).unwrap();
    assert!(good.claims.delegation.is_some_and(|d| d.split('.').count() == 3));
    assert!(verifier().attestation(&delegated(&|c| drop(c.as_object_mut().unwrap().remove("exp"))), NOW).is_ok());
    let cases: [(&str, Value); 5] = [
        ("sub", json!("https://evil.example")),
        ("trust_mark_type", json!("https://owner.example.ru/tm/other")),
        ("exp", json!(claims()["exp"].as_i64().unwrap() - 1)),
        ("exp", json!(null)),
        ("iat", json!("yesterday")),
    ];
    for (name, value) in cases {
        let token = delegated(&|c| c[name] = value.clone());
        assert_eq!(refusal(&token), (VerifyStatus::Malformed, "delegation"), "{name} = {value}");
    }
    for value in [json!(""), json!("a.b.c"), json!(attestation(|_| ()))] {
        let token = attestation(|c| c["delegation"] = value.clone());
        assert_eq!(refusal(&token), (VerifyStatus::Malformed, "delegation"), "{value}");
    }
    assert_eq!(refusal(&attestation(|c| c["delegation"] = json!(null))), (VerifyStatus::Malformed, "delegation"));
    for value in [json!(7), json!({}), json!(["a.b.c"])] {
        assert_eq!(refusal(&attestation(|c| c["delegation"] = value.clone())), (VerifyStatus::Malformed, "claims"), "{value}");
    }
}

#[test]
fn every_claim_is_needed() {
    for (name, _) in claims().as_object().unwrap() {
        let token = attestation(|c| drop(c.as_object_mut().unwrap().remove(name)));
        assert_eq!(refusal(&token), (VerifyStatus::Malformed, "claims"), "without {name}");
    }
}

#[test]
fn a_member_twice_is_refused_even_when_signed() {
    let header = json!({"typ":attestation::TYP,"alg":"ES256","kid":BADGE.kid()}).to_string();
    let text = claims().to_string();
    for twice in [
        text.replacen('{', r#"{"unknown":1,"unknown":1,"#, 1),
        text.replacen('{', r#"{"\u0069ss":"https://evil.example","#, 1),
        text.replacen(r#""idx":7"#, r#""idx":8,"idx":7"#, 1),
    ] {
        assert_eq!(refusal(&BADGE.sign_text(&header, &twice)), (VerifyStatus::Malformed, "claims"), "{twice}");
    }
    let header = format!(r#"{{"typ":"trust-mark+jwt","alg":"none","alg":"ES256","kid":"{}"}}"#, BADGE.kid());
    assert_eq!(refusal(&BADGE.sign_text(&header, &text)), (VerifyStatus::Malformed, "header"));
}

#[test]
fn somebody_elses_is_named_so() {
    let foreign = |c: &mut Value| c["iss"] = json!("https://evil.example");
    assert_eq!(refusal(&attestation(foreign)), (VerifyStatus::WrongIssuer, "issuer"));
    let mut claims = claims();
    assert_eq!(refusal(&STRANGER.sign(attestation::TYP, &claims)), (VerifyStatus::WrongSignature, "key-unknown"));
    foreign(&mut claims);
    assert_eq!(refusal(&STRANGER.sign(attestation::TYP, &claims)), (VerifyStatus::WrongIssuer, "issuer"));
    for near in ["https://badge.example.ru/", "https://BADGE.example.ru", "http://badge.example.ru", "https://badge.example.ru:443"] {
        assert_eq!(refusal(&attestation(|c| c["iss"] = json!(near))).0, VerifyStatus::WrongIssuer, "{near}");
    }
}

#[test]
fn time_is_kept_to_the_second() {
    let token = attestation(|_| ());
    let status_at = |now: Timestamp| verifier().attestation(&token, now).map_err(|r| r.status).map(drop);
    let (sixty, life) = (Duration::from_secs(60), Duration::from_secs(90 * 86400));
    assert_eq!(status_at(NOW.minus(sixty)), Ok(()));
    assert_eq!(status_at(NOW.minus(sixty + Duration::from_secs(1))), Err(VerifyStatus::NotYetValid));
    assert_eq!(status_at(NOW.plus(life - Duration::from_millis(1))), Ok(()));
    assert_eq!(status_at(NOW.plus(life)), Err(VerifyStatus::Expired));
    assert_eq!(status_at(Timestamp::from_millis(i64::MAX)), Err(VerifyStatus::Expired));
    assert_eq!(status_at(Timestamp::from_millis(i64::MIN)), Err(VerifyStatus::NotYetValid));
    assert_eq!(refusal(&attestation(|c| c["nbf"] = json!(NOW.secs() + 61))), (VerifyStatus::NotYetValid, "not-yet-valid"));
    let longest = attestation(|c| c["exp"] = json!(NOW.secs() + LIFETIME_MAX_SECS));
    assert!(verifier().attestation(&longest, NOW).is_ok());
}
