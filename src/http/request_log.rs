//! One line per request in the log, readable alone, and the ids that tie it to other lines: `X-Request-Id` and W3C trace context.
//!
//! The line names the route's pattern, never the path or the query: both may hold tokens and ids. The caller's address is
//! shortened to its network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, web};
use tracing::Instrument as _;

use super::client_certificate::{self, PresentedCertificate};
use crate::config::Network;
use crate::ports::Entropy;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What [`record`] needs; put into the app as `web::Data<RequestLog>`.
pub struct RequestLog {
    /// Makes ids for requests that bring none.
    pub entropy: Arc<dyn Entropy>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Whether they hand over client certificates.
    pub client_certificates: bool,
}

/// Who is asking and under which ids; a request extension for handlers.
#[derive(Clone)]
pub struct RequestContext {
    /// From the caller if it was well-formed, else made here. At most 64 characters of `[A-Za-z0-9._-]`.
    pub request_id: String,
    /// 32 hexadecimal digits of W3C trace context.
    pub trace_id: String,
    /// The caller's whole address: for rate limits and audit, not for the log.
    pub client: Option<IpAddr>,
    /// The client certificate, by a trusted proxy's word.
    pub certificate: Option<PresentedCertificate>,
}

/// The middleware: `App::new().app_data(web::Data::new(request_log)).wrap(from_fn(record))`, outermost.
///
/// # Errors
/// Those of the inner services, unchanged.
pub async fn record<B: MessageBody + 'static>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let context = context_of(&request);
    let span = tracing::info_span!("request", request_id = context.request_id, trace_id = context.trace_id);
    let mut line = Line::begin(request.method().as_str(), &context);
    request.extensions_mut().insert(context.clone());

    let result = next.call(request).instrument(span).await;
    match result {
        Ok(mut response) => {
            line.route = response.request().match_pattern();
            line.status = Some(response.status().as_u16());
            if let Ok(value) = HeaderValue::from_str(&context.request_id) {
                response.headers_mut().insert(REQUEST_ID, value);
            }
            Ok(response)
        }
        Err(error) => {
            line.status = Some(error.as_response_error().status_code().as_u16());
            Err(error)
        }
    }
}

fn context_of(request: &ServiceRequest) -> RequestContext {
    let settings = request.app_data::<web::Data<RequestLog>>();
    let entropy = settings.map(|s| &s.entropy);
    let trusted = settings.map_or(&[][..], |s| &s.trusted_proxies);
    let headers = request.headers();
    // The very peer: what stands in X-Forwarded-For has shown us no certificate.
    let by_proxy = request.peer_addr().is_some_and(|peer| trusted.iter().any(|network| network.contains(peer.ip())));
    let believed = by_proxy && settings.is_some_and(|s| s.client_certificates);
    RequestContext {
        request_id: given_request_id(headers).unwrap_or_else(|| entropy.map_or_else(String::new, |e| e.uuid())),
        trace_id: given_trace_id(headers).unwrap_or_else(|| entropy.map_or_else(String::new, |e| e.uuid().replace('-', ""))),
        client: request.peer_addr().map(|peer| client_address(peer.ip(), headers, trusted)),
        certificate: believed.then(|| client_certificate::presented(headers)).flatten(),
    }
}

/// A caller's id is taken over only if it cannot forge or break a log line.
fn given_request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    fits.then(|| id.to_owned())
}

/// The trace id of `traceparent` (W3C Trace Context §3.2): `version-traceid-parentid-flags`, lower-case, ids not all zero.
fn given_trace_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, parent, flags] = parts.get(..4)?.try_into().ok()?;
    let hex = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let nonzero = |part: &str| part.bytes().any(|b| b != b'0');
    let sound =
        hex(version, 2) && version != "ff" && hex(trace, 32) && nonzero(trace) && hex(parent, 16) && nonzero(parent) && hex(flags, 2);
    // Version 00 has exactly four parts; later ones may add some (§4.3).
    (sound && (version != "00" || parts.len() == 4)).then(|| trace.to_owned())
}

/// The caller's address: the peer, or behind trusted proxies the last address of `X-Forwarded-For` that is no trusted proxy.
/// What stands further left in that header is the caller's own word and is not believed.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(client) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

/// The network an address is in, /24 or /48: enough to see an attack, not enough to name a person.
fn shortened(address: IpAddr) -> String {
    match address {
        IpAddr::V4(a) => format!("{}/24", Ipv4Addr::from_bits(a.to_bits() & 0xffff_ff00)),
        IpAddr::V6(a) => format!("{}/48", Ipv6Addr::from_bits(a.to_bits() & (u128::MAX << 80))),
    }
}

/// The line, written when it is dropped: also when the caller hangs up and the request is abandoned half-way.
struct Line {
    method: String,
    route: Option<String>,
    status: Option<u16>,
    request_id: String,
    trace_id: String,
    client: String,
    begun: Instant,
}

impl Line {
    #[expect(clippy::disallowed_methods, reason = "measures how long a request took; no decision depends on it")]
    fn begin(method: &str, context: &RequestContext) -> Self {
        Self {
            method: method.chars().take(16).collect(),
            route: None,
            status: None,
            request_id: context.request_id.clone(),
            trace_id: context.trace_id.clone(),
            client: context.client.map_or_else(|| "unknown".to_owned(), shortened),
            begun: Instant::now(),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        tracing::info!(
            method = self.method,
            route = self.route.as_deref().unwrap_or("none"),
            // 499, as reverse proxies write it: the caller closed the connection before the answer.
            status = self.status.unwrap_or(499),
            duration_ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            request_id = self.request_id,
            trace_id = self.trace_id,
            client = self.client,
            "request"
        );
    }
}

#[cfg(test)]
mod tests;
