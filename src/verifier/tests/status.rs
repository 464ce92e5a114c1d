//! The status list, and the verdict it leads to.

use std::time::Duration;

use super::*;

fn uri() -> String {
    format!("{ISS}/status/1")
}

fn verdict(value: ListValue) -> Verdict {
    verifier().verify(&attestation(|_| ()), &list(&[(7, value)]), None, NOW)
}

#[test]
fn the_list_decides() {
    for (value, status, code) in [
        (ListValue::Valid, VerifyStatus::Active, None),
        (ListValue::Invalid, VerifyStatus::Revoked, Some("revoked")),
        (ListValue::Suspended, VerifyStatus::Suspended, Some("suspended")),
        (ListValue::Other, VerifyStatus::Unknown, Some("status-value")),
    ] {
        let verdict = verdict(value);
        assert_eq!((verdict.status, verdict.code), (status, code));
        assert_eq!(verdict.detail.is_none(), status.is_valid());
        assert_eq!(verdict.claims.unwrap().status.status_list.idx, 7);
    }
}

#[test]
fn neighbours_do_not_matter() {
    let all_but_seven: Vec<_> = (0..16).filter(|i| *i != 7).map(|i| (i, ListValue::Other)).collect();
    assert!(verifier().verify(&attestation(|_| ()), &list(&all_but_seven), None, NOW).status.is_valid());
}

#[test]
fn what_the_list_says_of_itself() {
    let list = list(&[]);
    assert_eq!((list.uri(), list.len(), list.ttl()), (uri().as_str(), 16, Some(Duration::from_secs(60))));
    assert_eq!((list.issued_at(), list.expires_at()), (NOW, NOW.plus(Duration::from_secs(86400))));
    assert_eq!((list.get(15), list.get(16)), (Some(ListValue::Valid), None));
}

#[test]
fn lists_out_of_form_are_refused() {
    let bomb = json!(list_format::StatusBits::new(list_format::ENTRIES_MAX).to_lst());
    let cases: &[(&str, Value, VerifyStatus, &str)] = &[
        ("/sub", json!(format!("{ISS}/status/2")), VerifyStatus::Malformed, "status-sub"),
        ("/sub", json!([uri()]), VerifyStatus::Malformed, "claims"),
        ("/iss", json!("https://evil.example"), VerifyStatus::WrongIssuer, "issuer"),
        ("/iss", json!([ISS]), VerifyStatus::Malformed, "claims"),
        ("/iat", json!(NOW.secs() + 61), VerifyStatus::Unknown, "status-not-yet-valid"),
        ("/iat", json!("now"), VerifyStatus::Malformed, "claims"),
        ("/iat", json!(-5), VerifyStatus::Malformed, "status-lifetime"),
        ("/exp", json!(null), VerifyStatus::Malformed, "claims"),
        ("/exp", json!("1803229977"), VerifyStatus::Malformed, "claims"),
        ("/exp", json!(NOW.secs()), VerifyStatus::Malformed, "status-lifetime"),
        ("/ttl", json!(0), VerifyStatus::Malformed, "status-lifetime"),
        ("/ttl", json!(-1), VerifyStatus::Malformed, "claims"),
        ("/status_list", json!("active"), VerifyStatus::Malformed, "claims"),
        ("/status_list/bits", json!(3), VerifyStatus::Malformed, "status-bits"),
        ("/status_list/bits", json!(0), VerifyStatus::Malformed, "status-bits"),
        ("/status_list/bits", json!(258), VerifyStatus::Malformed, "claims"),
        ("/status_list/lst", json!("%%%"), VerifyStatus::Malformed, "status-lst"),
        ("/status_list/lst", json!("AAAA"), VerifyStatus::Malformed, "status-lst"),
    ];
    for (pointer, value, status, code) in cases {
        let token = list_token(&[], |c| *c.pointer_mut(pointer).unwrap() = value.clone());
        let rejection = verifier().status_list(&token, &uri(), NOW).unwrap_err();
        assert_eq!((rejection.status, rejection.code), (*status, *code), "{pointer} = {value}");
    }
    let largest = list_token(&[], |c| c["status_list"]["lst"] = bomb);
    assert_eq!(verifier().status_list(&largest, &uri(), NOW).unwrap().len(), list_format::ENTRIES_MAX);
    let unending = list_token(&[], |c| drop(c.as_object_mut().unwrap().remove("exp")));
    assert_eq!(verifier().status_list(&unending, &uri(), NOW).unwrap_err().code, "claims");
    let attestation = attestation(|_| ());
    assert_eq!(verifier().status_list(&attestation, &uri(), NOW).unwrap_err().code, "typ");
}

#[test]
fn other_entry_widths_are_read() {
    let token = list_token(&[], |c| c["status_list"] = json!({"bits":1,"lst":"eNrbuRgAAhcBXQ"}));
    let list = verifier().status_list(&token, &uri(), NOW).unwrap();
    assert_eq!((list.len(), list.get(0), list.get(1)), (16, Some(ListValue::Invalid), Some(ListValue::Valid)));
}

#[test]
fn a_stale_list_says_nothing() {
    let later = NOW.plus(Duration::from_secs(86400));
    let rejection = verifier().status_list(&list_token(&[], |_| ()), &uri(), later).unwrap_err();
    assert_eq!((rejection.status, rejection.code), (VerifyStatus::Unknown, "status-stale"));
    // Fresh when read, stale when used.
    let verdict = verifier().verify(&attestation(|_| ()), &list(&[]), None, later);
    assert_eq!((verdict.status, verdict.code), (VerifyStatus::Unknown, Some("status-stale")));
    // Even a list that says "revoked" says nothing any more.
    let verdict = verifier().verify(&attestation(|_| ()), &list(&[(7, ListValue::Invalid)]), None, later);
    assert_eq!(verdict.code, Some("status-stale"));
}

#[test]
fn another_list_and_another_place_say_nothing() {
    let elsewhere = attestation(|c| c["status"]["status_list"]["uri"] = json!(format!("{ISS}/status/2")));
    let verdict = verifier().verify(&elsewhere, &list(&[]), None, NOW);
    assert_eq!((verdict.status, verdict.code), (VerifyStatus::Unknown, Some("status-other-list")));
    let outside = attestation(|c| c["status"]["status_list"]["idx"] = json!(16));
    let verdict = verifier().verify(&outside, &list(&[]), None, NOW);
    assert_eq!((verdict.status, verdict.code), (VerifyStatus::Unknown, Some("status-index")));
}

#[test]
fn running_out_comes_before_the_list() {
    let end = NOW.plus(Duration::from_secs(10));
    let token = attestation(|c| c["exp"] = json!(end.secs()));
    for value in [ListValue::Valid, ListValue::Invalid, ListValue::Suspended, ListValue::Other] {
        let verdict = verifier().verify(&token, &list(&[(7, value)]), None, end);
        assert_eq!((verdict.status, verdict.claims.is_some()), (VerifyStatus::Expired, true));
    }
    let mut asked = false;
    verifier().verify_with(&token, None, end, |_| {
        asked = true;
        Ok(ListValue::Valid)
    });
    assert!(!asked);
}

#[test]
fn a_badge_copied_to_another_community_fails() {
    let community = |platform: &str, id: &str| CommunityRef { platform: platform.parse().unwrap(), id: id.parse().unwrap() };
    let answer = |c: CommunityRef| verifier().verify(&attestation(|_| ()), &list(&[]), Some(&c), NOW);
    assert!(answer(community("vk", "218000001")).status.is_valid());
    for other in [community("vk", "218000002"), community("ok", "218000001")] {
        let verdict = answer(other);
        assert_eq!((verdict.status, verdict.code), (VerifyStatus::WrongCommunity, Some("community")));
    }
}

#[test]
fn claims_are_shown_only_when_the_signature_held() {
    let forged = STRANGER.sign(attestation::TYP, &claims());
    assert_eq!(verifier().verify(&forged, &list(&[]), None, NOW).claims, None);
}

#[test]
fn other_tokens_of_the_issuer_open_with_the_right_type_and_purpose() {
    let answer = json!({"iss":ISS,"iat":NOW.secs(),"trust_mark":"x","status":"revoked"});
    let token = BADGE.sign("trust-mark-status-response+jwt", &answer);
    let open = |purpose| verifier().jwt::<Value>(&token, "trust-mark-status-response+jwt", purpose);
    assert_eq!(open(KeyUse::Badge), Ok(answer));
    assert_eq!(open(KeyUse::Status).unwrap_err().code, "key-purpose");
}
