//! The key set parser: any bytes as the issuer's published keys.
#![no_main]

use gosbadge::verifier::{KEY_SET_MAX, KEYS_MAX, Verifier};
use gosbadge_fuzz::{BADGE, ISS, now};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|set: &[u8]| {
    let Ok(verifier) = Verifier::new(ISS, set) else { return };
    assert!(set.len() <= KEY_SET_MAX);
    let document: Value = serde_json::from_slice(set).unwrap();
    let keys = document["keys"].as_array().unwrap();
    assert!(keys.len() <= KEYS_MAX && keys.iter().all(|key| key.get("d").is_none() && key.get("k").is_none()));
    assert!(keys.iter().any(|key| key["purpose"] == "badge" || key["purpose"] == "status"));
    // No set makes a claim set out of nothing.
    assert!(verifier.attestation(&BADGE.sign("trust-mark+jwt", b"{}"), now()).is_err());
});
