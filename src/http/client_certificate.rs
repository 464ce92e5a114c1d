//! The certificate a caller showed to the proxy in front of us (RFC 9440). Only a trusted proxy's word counts: from anybody else
//! the headers are the caller's own invention and are not looked at.

use actix_web::http::header::HeaderMap;
use actix_web::{HttpMessage as _, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::context::Http;
use super::request_log::RequestContext;
use crate::domain::client_certificate::ClientCertificate;

/// More certificates in between than any chain has.
const CHAIN_MAX: usize = 8;

/// As it came: DER.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PresentedCertificate {
    /// The caller's own.
    pub certificate: Vec<u8>,
    /// Those between it and an authority.
    pub chain: Vec<Vec<u8>>,
}

/// What `Client-Cert` and `Client-Cert-Chain` carry. A header that stands twice or is out of form is none at all.
pub(super) fn presented(headers: &HeaderMap) -> Option<PresentedCertificate> {
    let mut all = headers.get_all("client-cert");
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let certificate = bytes(value.to_str().ok()?)?;
    let lines = headers.get_all("client-cert-chain").map(|v| v.to_str().ok()).collect::<Option<Vec<&str>>>()?;
    let chain: Vec<Vec<u8>> = lines.iter().flat_map(|l| l.split(',')).map(bytes).collect::<Option<_>>()?;
    (chain.len() <= CHAIN_MAX).then_some(PresentedCertificate { certificate, chain })
}

/// A byte sequence (RFC 8941 §3.3.5): base64 between colons.
fn bytes(value: &str) -> Option<Vec<u8>> {
    let inner = value.trim_matches(' ').strip_prefix(':')?.strip_suffix(':')?;
    STANDARD.decode(inner).ok().filter(|b| !b.is_empty())
}

/// The certificate of this request, read.
pub(super) fn certificate_of(http: &Http, req: &HttpRequest) -> Option<ClientCertificate> {
    let presented = req.extensions().get::<RequestContext>()?.certificate.clone()?;
    http.app.certificates.read(&presented.certificate, &presented.chain, http.app.clock.now())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn a_certificate_is_a_byte_sequence() {
        let found = presented(&headers(&[("client-cert", ":AQI=:"), ("client-cert-chain", ":Aw==:, :BA==:")]));
        assert_eq!(found, Some(PresentedCertificate { certificate: vec![1, 2], chain: vec![vec![3], vec![4]] }));
        for bad in ["", "AQI=", ":AQI=", ":AQI:", "::", ":AQI=:;x", "\":AQI=:\"", ":AQI=:, :AQI=:"] {
            assert_eq!(presented(&headers(&[("client-cert", bad)])), None, "{bad}");
        }
        assert_eq!(presented(&headers(&[("client-cert", ":AQI=:"), ("client-cert", ":AQI=:")])), None);
        assert_eq!(presented(&headers(&[("client-cert", ":AQI=:"), ("client-cert-chain", "x")])), None);
        let many = [":AQI=:"; CHAIN_MAX + 1].join(",");
        assert_eq!(presented(&headers(&[("client-cert", ":AQI=:"), ("client-cert-chain", &many)])), None);
        assert_eq!(presented(&headers(&[])), None);
    }
}
