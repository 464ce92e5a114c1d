//! A status list as it leaves the house: signed, zipped and tagged once, then handed out as often as asked for.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::io::Write as _;

use crate::domain::attestation::status_list_uri;
use crate::domain::digest;
use crate::domain::status_list;
use crate::domain::time::Timestamp;
use crate::ports::signer::KeyPurpose;
use crate::service::{App, Error};

/// One signed status list, ready to be served.
pub struct Published {
    /// The token.
    pub token: Vec<u8>,
    /// The token, gzipped once.
    pub gzip: Vec<u8>,
    /// Strong entity tag, quoted.
    pub etag: String,
    /// Its `iat`; for a list in force the instant it was signed.
    pub issued_at: Timestamp,
    /// Name of the key that signed it.
    pub(in crate::service) kid: String,
}

/// From when until when a token speaks.
pub(in crate::service) struct Validity {
    pub issued_at: Timestamp,
    /// `exp`, seconds.
    pub expires: i64,
    /// Only for a list that somebody may fetch again.
    pub ttl: Option<u64>,
}

/// draft-ietf-oauth-status-list-21 §5.1, in the order of the examples there.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: String,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    status_list: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    bits: u8,
    lst: &'a str,
    aggregation_uri: String,
}

/// Signs a list that says `lst`.
pub(in crate::service) fn sign(app: &App, list: i64, lst: &str, validity: &Validity) -> Result<Published, Error> {
    let iss = &app.settings.issuer;
    let claims = Claims {
        iss,
        sub: status_list_uri(iss, list),
        iat: validity.issued_at.secs(),
        exp: validity.expires,
        ttl: validity.ttl,
        status_list: Body { bits: status_list::BITS, lst, aggregation_uri: format!("{iss}/status") },
    };
    let claims = serde_json::to_string(&claims).map_err(|e| Error::Internal(e.to_string()))?;
    let signed = app.keys.sign_jwt(KeyPurpose::Status, status_list::TYP, &claims)?;
    let token = signed.token.into_bytes();
    // What is left to gain is that base64url spends eight bits on six; the least effort finds nearly all of it.
    let mut gz = GzEncoder::new(Vec::with_capacity(token.len()), Compression::fast());
    let gzip = gz.write_all(&token).and_then(|()| gz.finish()).map_err(|e| Error::Internal(e.to_string()))?;
    Ok(Published {
        etag: format!("\"{}\"", &digest::sha256_hex(&token)[..32]),
        gzip,
        token,
        issued_at: validity.issued_at,
        kid: signed.kid,
    })
}
