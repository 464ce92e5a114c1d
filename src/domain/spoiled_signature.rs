//! Signatures with one bit wrong, for trying whether a receiver looks at them at all. Everything about the form stays right.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// A `webhook-signature` value in which every signature has one bit wrong.
pub fn webhook(signatures: &str) -> String {
    let spoil = |one: &str| match one.strip_prefix("v1,") {
        Some(mac) => format!("v1,{}", STANDARD.encode(flipped(STANDARD.decode(mac).unwrap_or_default()))),
        None => one.to_owned(),
    };
    signatures.split(' ').map(spoil).collect::<Vec<_>>().join(" ")
}

/// A compact JWS whose signature has one bit wrong.
pub fn jws(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(flipped(URL_SAFE_NO_PAD.decode(signature).unwrap_or_default())))
}

fn flipped(mut bytes: Vec<u8>) -> Vec<u8> {
    match bytes.last_mut() {
        Some(last) => *last ^= 1,
        None => bytes.push(0),
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::domain::webhook_signature::{BadSignature, WebhookSecret};

    #[test]
    fn every_signature_is_spoiled_by_one_bit_and_keeps_its_form() {
        let at = Timestamp::from_secs(1_795_392_000);
        let secrets = [[1; 24], [2; 24]].map(|bytes| WebhookSecret::from_bytes(bytes.to_vec()).unwrap());
        let good = secrets.each_ref().map(|s| s.sign("msg", at, b"{}")).join(" ");
        let bad = webhook(&good);
        assert_eq!((bad.len(), bad.split(' ').count()), (good.len(), 2));
        for secret in secrets {
            let check = |signatures: &str| secret.verify("msg", &at.secs().to_string(), b"{}", signatures, at);
            assert_eq!((check(&good), check(&bad)), (Ok(()), Err(BadSignature::Mismatch)));
        }
        assert_eq!(webhook(&bad), good, "one bit, and the same one");
    }

    #[test]
    fn a_token_keeps_what_is_signed() {
        let bad = jws("aGVhZA.Ym9keQ.AAAA");
        assert_eq!(bad, "aGVhZA.Ym9keQ.AAAB");
        assert_eq!(jws("aGVhZA.Ym9keQ."), "aGVhZA.Ym9keQ.AA");
    }
}
