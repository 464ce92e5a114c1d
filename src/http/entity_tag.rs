//! Strong entity tags: made from the body, and compared with what the caller has (RFC 9110 §8.8.3, §13.1.2).

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::domain::digest;

/// The tag of a body, quoted.
pub(super) fn of(body: &[u8]) -> String {
    format!("\"{}\"", &digest::sha256_hex(body)[..32])
}

/// Whether the caller has this already.
pub(super) fn unchanged(req: &HttpRequest, etag: &str) -> bool {
    let sent = req.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).unwrap_or("");
    sent.split(',').map(str::trim).any(|t| t == "*" || t.trim_start_matches("W/") == etag)
}
