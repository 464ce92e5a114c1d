//! The envelope: any text as a token of any kind, to a verifier that knows the keys of tests/vectors. Nobody but their holder can
//! make a token that passes: whatever passes must be what the vectors' issuer signed, character for character.
#![no_main]

use std::collections::HashSet;
use std::sync::LazyLock;

use gosbadge::verifier::{KeyUse, Verifier};
use gosbadge_fuzz::{ISS, community, list_uri, now};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// The verifier, and `header.claims` of every token in the vectors. The signature is not compared: another one of the same key
/// over the same text (n - s in the place of s) is as good.
static VECTORS: LazyLock<(Verifier, HashSet<String>)> = LazyLock::new(|| {
    let vectors: Value = serde_json::from_str(include_str!("../../tests/vectors/vectors.json")).unwrap();
    let keys = vectors["key_sets"]["issuer"].as_str().unwrap();
    let tokens = vectors["vectors"].as_array().unwrap().iter().chain(vectors["status_lists"].as_object().unwrap().values());
    let signed = tokens.filter_map(|v| v["token"].as_str()?.rsplit_once('.')).map(|(message, _)| message.to_owned()).collect();
    (Verifier::new(ISS, keys.as_bytes()).unwrap(), signed)
});

fuzz_target!(|token: &str| {
    let (verifier, signed) = &*VECTORS;
    let known = || token.rsplit_once('.').is_some_and(|(message, _)| signed.contains(message));
    assert!(verifier.attestation(token, now()).is_err() || known());
    assert!(verifier.status_list(token, &list_uri(), now()).is_err() || known());
    for purpose in [KeyUse::Badge, KeyUse::Status] {
        assert!(verifier.jwt::<Value>(token, "trust-mark-status-response+jwt", purpose).is_err() || known());
    }
    let mut asked = false;
    let verdict = verifier.verify_with(token, Some(&community()), now(), |_| {
        asked = true;
        Ok(gosbadge::domain::status::ListValue::Valid)
    });
    assert_eq!(verdict.status.is_valid(), verdict.code.is_none());
    assert!(!asked || known());
    assert!(!verdict.status.is_valid() || asked);
});
