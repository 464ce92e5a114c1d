//! The decoder of a list's bits: any bytes as a ZLIB stream, read with a cap, and entries read against a bit-by-bit reading.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use gosbadge::domain::status::ListValue;
use gosbadge::domain::status_list::{BYTES_MAX, BadStatusList, entries, entry, inflate};
use libfuzzer_sys::fuzz_target;

/// Small, so that the fuzzer finds bombs of its own.
const CAP: usize = 300;

/// Entry `idx`, one bit after the other.
fn slowly(bytes: &[u8], bits: u8, idx: u32) -> Option<ListValue> {
    let mut value = 0u32;
    for bit in 0..u64::from(bits) {
        let at = u64::from(idx) * u64::from(bits) + bit;
        let byte = bytes.get((at / 8) as usize)?;
        value |= u32::from(byte >> (at % 8) & 1) << bit;
    }
    Some([ListValue::Valid, ListValue::Invalid, ListValue::Suspended].get(value as usize).copied().unwrap_or(ListValue::Other))
}

fuzz_target!(|packed: &[u8]| {
    let lst = B64.encode(packed);
    let (small, large) = (inflate(&lst, CAP), inflate(&lst, BYTES_MAX));
    match &large {
        Ok(bytes) if bytes.len() <= CAP => assert_eq!(small.as_ref(), Ok(bytes)),
        Ok(_) => assert_eq!(small, Err(BadStatusList::TooLarge)),
        Err(_) => assert!(small.is_err()),
    }
    // Any text at all, too, and not only what encodes well.
    let _ = std::str::from_utf8(packed).map(|text| inflate(text, CAP));
    let Ok(bytes) = large else { return };
    assert!(bytes.len() <= BYTES_MAX);
    for bits in [1, 2, 4, 8] {
        let len = entries(&bytes, bits);
        for idx in (0..len.min(64)).chain(len.saturating_sub(3)..len + 2).chain([u32::MAX]) {
            assert_eq!(entry(&bytes, bits, idx), slowly(&bytes, bits, idx));
        }
    }
    for bits in [0, 3, 5, 16, 255] {
        assert_eq!(entry(&bytes, bits, 0), None);
    }
});
