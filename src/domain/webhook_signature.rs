//! Standard Webhooks v1 signatures: HMAC-SHA-256 over `id.timestamp.body`, written `v1,<base64>`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::time::Timestamp;

/// How far a signature's timestamp may lie from our clock, either way.
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// A symmetric signing secret, written `whsec_<base64>`; 24 to 64 bytes.
#[derive(Clone)]
pub struct WebhookSecret(Vec<u8>);

/// Why a signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// The secret is out of form.
    #[error("a webhook secret is whsec_ followed by the base64 of 24 to 64 bytes")]
    Secret,
    /// No `v1` signature of the message among those sent.
    #[error("no v1 signature in webhook-signature matches this message")]
    Mismatch,
    /// The timestamp is not a number of seconds.
    #[error("webhook-timestamp must be whole seconds since 1970")]
    Timestamp,
    /// Too old or too new.
    #[error("webhook-timestamp is more than 5 minutes away from this server's clock")]
    OutOfTime,
}

impl WebhookSecret {
    /// From 24 to 64 bytes.
    ///
    /// # Errors
    /// [`BadSignature::Secret`] for another length; an empty secret would make every signature easy.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, BadSignature> {
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(BadSignature::Secret) }
    }

    /// From `whsec_…`.
    ///
    /// # Errors
    /// [`BadSignature::Secret`] when the prefix, base64 or length is wrong.
    pub fn parse(text: &str) -> Result<Self, BadSignature> {
        let body = text.strip_prefix("whsec_").ok_or(BadSignature::Secret)?;
        Self::from_bytes(STANDARD.decode(body).map_err(|_| BadSignature::Secret)?)
    }

    /// The text form. Show it once, to the person who needs it.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        // HMAC takes keys of any length, so this cannot fail.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).unwrap_or_else(|_| unreachable!("HMAC accepts any key length"));
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }

    /// The `webhook-signature` value for a message.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        format!("v1,{}", STANDARD.encode(self.mac(id, &at.secs().to_string(), body).finalize().into_bytes()))
    }

    /// Checks a received message: time within [`TOLERANCE`], and one of the space-separated signatures ours.
    ///
    /// # Errors
    /// The first rule that fails.
    pub fn verify(&self, id: &str, timestamp: &str, body: &[u8], signatures: &str, now: Timestamp) -> Result<(), BadSignature> {
        let at: i64 = timestamp.parse().map_err(|_| BadSignature::Timestamp)?;
        if (now.secs().saturating_sub(at)).unsigned_abs() > TOLERANCE.as_secs() {
            return Err(BadSignature::OutOfTime);
        }
        let good = signatures
            .split(' ')
            .filter_map(|s| s.strip_prefix("v1,"))
            .filter_map(|s| STANDARD.decode(s).ok())
            // verify_slice compares in constant time.
            .any(|sent| self.mac(id, timestamp, body).verify_slice(&sent).is_ok());
        if good { Ok(()) } else { Err(BadSignature::Mismatch) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the Standard Webhooks libraries' own test suites.
    #[test]
    fn agrees_with_the_published_example() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_secs(1_614_265_330);
        let sig = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(sig, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let check = |sigs: &str, now| secret.verify("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#, sigs, now);
        assert_eq!(check(&format!("v1,AAAA v1a,x {sig}"), at), Ok(()));
        assert_eq!(check("v1,AAAA", at), Err(BadSignature::Mismatch));
        assert_eq!(check(&sig, at.plus(Duration::from_secs(301))), Err(BadSignature::OutOfTime));
        assert_eq!(check(&sig, at.minus(Duration::from_secs(301))), Err(BadSignature::OutOfTime));
    }

    #[test]
    fn weak_secrets_are_refused() {
        for bad in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(WebhookSecret::parse(bad).is_err(), "{bad}");
        }
    }
}
