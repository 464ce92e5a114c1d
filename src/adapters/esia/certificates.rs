//! Reading certificates and keys, PEM or DER, and what a certificate says about itself.

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509Ref};

use crate::domain::time::Timestamp;

/// What every PEM block begins with.
const PEM: &[u8] = b"-----BEGIN ";
/// Hexadecimal digits of a fingerprint in a label: enough to tell a handful of certificates apart.
const LABEL_DIGITS: usize = 8;

/// All certificates of a file, at least one: several in PEM, or one in DER as ESIA publishes them (`.cer`).
pub fn read(bytes: &[u8]) -> Option<Vec<X509>> {
    let found = if is_pem(bytes) { X509::stack_from_pem(bytes).ok()? } else { vec![X509::from_der(bytes).ok()?] };
    (!found.is_empty()).then_some(found)
}

/// An unencrypted private key.
pub(super) fn read_key(bytes: &[u8]) -> Option<PKey<Private>> {
    if is_pem(bytes) {
        // Without a callback OpenSSL would ask the terminal for a pass phrase, and the service would wait for an answer.
        PKey::private_key_from_pem_callback(bytes, |_| Ok(0)).ok()
    } else {
        PKey::private_key_from_der(bytes).ok()
    }
}

fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(PEM.len()).any(|w| w == PEM)
}

/// `notAfter`.
pub fn ends(certificate: &X509Ref) -> Option<Timestamp> {
    let since_epoch = Asn1Time::from_unix(0).and_then(|epoch| epoch.diff(certificate.not_after())).ok()?;
    Some(Timestamp::from_secs(i64::from(since_epoch.days) * 86_400 + i64::from(since_epoch.secs)))
}

/// The first digits of the SHA-256 fingerprint, in capitals.
pub fn fingerprint(certificate: &X509Ref) -> Option<String> {
    let digest = certificate.digest(MessageDigest::sha256()).ok()?;
    Some(digest.iter().take(LABEL_DIGITS / 2).map(|b| format!("{b:02X}")).collect())
}
