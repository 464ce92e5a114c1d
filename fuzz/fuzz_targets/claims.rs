//! The claim parser: any bytes as the claims of an attestation, signed by the issuer. What passes must say, to a reader that
//! shares no code with the verifier, what a valid attestation says.
#![no_main]

use std::sync::LazyLock;

use gosbadge::domain::attestation::TYP;
use gosbadge::domain::status::ListValue;
use gosbadge::domain::status_list::{self, StatusBits};
use gosbadge::verifier::{ATTESTATION_MAX, LIFETIME_MAX_SECS, StatusList};
use gosbadge_fuzz::{BADGE, ISS, NOW, STATUS, VERIFIER, community, list_uri, now};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// Sixteen entries; entry `i` is `i % 4`.
static LIST: LazyLock<StatusList> = LazyLock::new(|| {
    let mut bits = StatusBits::new(16);
    for idx in 0..16 {
        bits.set(idx, ListValue::from_bits((idx % 4) as u8)).unwrap();
    }
    let claims = json!({"sub":list_uri(),"iat":NOW,"exp":NOW + 86400,"status_list":{"bits":2,"lst":bits.to_lst()}});
    VERIFIER.status_list(&STATUS.sign(status_list::TYP, claims.to_string().as_bytes()), &list_uri(), now()).unwrap()
});

fuzz_target!(|payload: &[u8]| {
    let token = BADGE.sign(TYP, payload);
    let verdict = VERIFIER.verify(&token, &LIST, Some(&community()), now());
    assert_eq!(verdict.status.is_valid(), verdict.code.is_none());
    if !verdict.status.is_valid() {
        return;
    }
    assert!(token.len() <= ATTESTATION_MAX);
    let says: Value = serde_json::from_slice(payload).unwrap();
    assert_eq!(says["iss"], ISS);
    assert!(says["sub"].as_str().unwrap().starts_with(&format!("{ISS}/c/")));
    assert_eq!(says["trust_mark_type"], format!("{ISS}/tm/official-community/v1"));
    assert_eq!((&says["community"]["platform"], &says["community"]["id"]), (&json!("vk"), &json!("218000001")));
    let (iat, exp) = (says["iat"].as_i64().unwrap(), says["exp"].as_i64().unwrap());
    assert!(iat <= NOW + 60 && exp > NOW && exp - iat <= LIFETIME_MAX_SECS);
    assert!(says.get("nbf").is_none_or(|nbf| nbf.is_null() || nbf.as_i64().unwrap() <= NOW + 60));
    assert_eq!(says["status"]["status_list"]["uri"], list_uri());
    assert_eq!(says["status"]["status_list"]["idx"].as_u64().unwrap() % 4, 0);
    // What is said again must be judged again the same.
    let again = serde_json::to_vec(&verdict.claims.unwrap()).unwrap();
    let token = BADGE.sign(TYP, &again);
    assert!(token.len() > ATTESTATION_MAX || VERIFIER.verify(&token, &LIST, Some(&community()), now()).status.is_valid());
});
