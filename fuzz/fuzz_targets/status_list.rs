//! The status list reader: any bytes as the claims of a status list, signed by the issuer.
#![no_main]

use gosbadge::domain::status_list::{BYTES_MAX, TYP};
use gosbadge_fuzz::{ISS, NOW, STATUS, VERIFIER, list_uri, now};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|payload: &[u8]| {
    let Ok(list) = VERIFIER.status_list(&STATUS.sign(TYP, payload), &list_uri(), now()) else { return };
    let says: Value = serde_json::from_slice(payload).unwrap();
    assert!(says.get("iss").is_none_or(|iss| iss.is_null() || iss == ISS));
    assert_eq!(says["sub"], list_uri());
    assert!(says["iat"].as_i64().unwrap() <= NOW + 60 && says["exp"].as_i64().unwrap() > NOW);
    let bits = says["status_list"]["bits"].as_u64().unwrap();
    assert!([1, 2, 4, 8].contains(&bits));
    assert!(u64::from(list.len()) * bits <= BYTES_MAX as u64 * 8);
    assert_eq!(list.get(list.len()), None);
    assert_eq!(list.get(u32::MAX), None);
    assert!(list.is_empty() || list.get(list.len() - 1).is_some());
});
