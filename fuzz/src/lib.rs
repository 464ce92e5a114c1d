//! An issuer for the fuzz targets. Its keys are the published examples of RFC 7515 A.3 and RFC 7517 A.2: nobody can mistake them
//! for secrets, and with them a target can sign what the fuzzer made up, so that it gets past the signature.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use gosbadge::domain::community::CommunityRef;
use gosbadge::domain::time::Timestamp;
use gosbadge::verifier::Verifier;
use jsonwebtoken::jwk::ThumbprintHash;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

/// Name of the issuer; that of tests/vectors as well.
pub const ISS: &str = "https://badge.example.ru";
/// The instant at which everything is judged, that of tests/vectors as well.
pub const NOW: i64 = 1_795_453_977;

/// A P-256 key that signs.
pub struct Key {
    /// RFC 7638 thumbprint.
    pub kid: String,
    jwk: Value,
    private: EncodingKey,
}

impl Key {
    fn new(d: &str, x: &str, y: &str, purpose: &str) -> Self {
        let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let digest = crypto::aws_lc::DEFAULT_PROVIDER.key_utils.compute_digest;
        let kid = B64.encode(digest(text.as_bytes(), ThumbprintHash::SHA256).unwrap());
        let jwk = json!({"kty":"EC","crv":"P-256","x":x,"y":y,"kid":kid,"alg":"ES256","use":"sig","purpose":purpose});
        // PKCS#8 (RFC 5915, RFC 5208): everything but the numbers is fixed for P-256.
        let head = hex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420");
        let point = [vec![4], B64.decode(x).unwrap(), B64.decode(y).unwrap()].concat();
        let private = EncodingKey::from_ec_der(&[head, B64.decode(d).unwrap(), hex("a144034200"), point].concat());
        Self { kid, jwk, private }
    }

    /// A token of type `typ` over any bytes.
    pub fn sign(&self, typ: &str, payload: &[u8]) -> String {
        let header = json!({"typ":typ,"alg":"ES256","kid":self.kid}).to_string();
        let message = format!("{}.{}", B64.encode(header), B64.encode(payload));
        let signature = crypto::sign(message.as_bytes(), &self.private, Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// Signs attestations.
pub static BADGE: LazyLock<Key> = LazyLock::new(|| {
    Key::new(
        "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "badge",
    )
});

/// Signs status lists.
pub static STATUS: LazyLock<Key> = LazyLock::new(|| {
    Key::new(
        "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
        "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "status",
    )
});

/// Knows both keys.
pub static VERIFIER: LazyLock<Verifier> =
    LazyLock::new(|| Verifier::new(ISS, json!({"keys":[BADGE.jwk, STATUS.jwk]}).to_string().as_bytes()).unwrap());

/// [`NOW`] as the verifier takes it.
pub fn now() -> Timestamp {
    Timestamp::from_secs(NOW)
}

/// Where the one status list stands.
pub fn list_uri() -> String {
    format!("{ISS}/status/1")
}

/// The community asked about.
pub fn community() -> CommunityRef {
    CommunityRef { platform: "vk".parse().unwrap(), id: "218000001".parse().unwrap() }
}
