//! The one way to ESIA's host: time limits, a limit on size while reading, no redirects, no proxy of the environment. What is
//! asked and what the answers mean is elsewhere.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use oauth2::http::header::{CONTENT_TYPE, DATE, HeaderValue};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Client, Response};

use super::errors::fault;
use super::settings::{EsiaSettings, EsiaSettingsError};
use crate::adapters::http_date;
use crate::domain::refusal::RefusalCode::{F17, F18};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::IdpError;

/// A clock further off than this is broken, ours or theirs, and not to be followed.
const MAX_OFFSET: Duration = Duration::from_secs(24 * 3600);

/// Why there is no answer to read. The library's own errors hold addresses with the person's id in them, so only the kind is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransportFault {
    TimedOut,
    NoConnection,
    Broken,
    TooLarge,
    Redirect,
    /// 5xx without a body that says more.
    Status(u16),
    /// The request cannot be put together.
    Request,
}

impl fmt::Display for TransportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("ESIA did not answer in time"),
            Self::NoConnection => f.write_str("no connection to ESIA (name, network or TLS)"),
            Self::Broken => f.write_str("the connection to ESIA broke"),
            Self::TooLarge => f.write_str("ESIA's answer is larger than esia.max_response_bytes"),
            Self::Redirect => f.write_str("ESIA answered with a redirect, which is never followed; check esia.base_url"),
            Self::Status(status) => write!(f, "ESIA answered with status {status}"),
            Self::Request => f.write_str("the request to ESIA cannot be put together"),
        }
    }
}

impl Error for TransportFault {}

impl From<TransportFault> for IdpError {
    fn from(e: TransportFault) -> Self {
        let code = if matches!(e, TransportFault::Redirect | TransportFault::Request) { F17 } else { F18 };
        fault(code, e.to_string())
    }
}

/// HTTP client for ESIA.
pub(super) struct Transport {
    client: Client,
    max_bytes: usize,
    /// Differences up to one exchange's length may be nothing but the exchange's length.
    min_offset: Duration,
    follow_date: bool,
    offset_ms: AtomicI64,
}

impl Transport {
    pub(super) fn new(s: &EsiaSettings) -> Result<Self, EsiaSettingsError> {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(s.connect_timeout)
            .timeout(s.total_timeout)
            .user_agent(concat!("gosbadge/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| EsiaSettingsError::new("base_url", format!("the HTTP client does not start: {e}")))?;
        Ok(Self {
            client,
            max_bytes: s.max_response_bytes,
            min_offset: s.total_timeout,
            follow_date: s.follow_server_date,
            offset_ms: AtomicI64::new(0),
        })
    }

    /// ESIA's idea of `now`, for stamping requests only.
    pub(super) fn server_time(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.millis().saturating_add(self.offset_ms.load(Ordering::Relaxed)))
    }

    /// Sends and reads whole. An answer that is not a success comes back as an answer, except where it says nothing.
    pub(super) async fn send(&self, request: HttpRequest, now: Timestamp) -> Result<HttpResponse, TransportFault> {
        let request = reqwest::Request::try_from(request).map_err(|_| TransportFault::Request)?;
        let mut response = self.client.execute(request).await.map_err(|e| kind(&e))?;
        self.note_date(&response, now);
        let status = response.status();
        if status.is_redirection() {
            return Err(TransportFault::Redirect);
        }
        let body = self.read(&mut response).await?;
        // Behind ESIA's front a 5xx is often a page in HTML; one in JSON carries a code worth reading.
        if status.is_server_error() && serde_json::from_slice::<serde_json::Map<_, _>>(&body).is_err() {
            return Err(TransportFault::Status(status.as_u16()));
        }
        let mut answer = HttpResponse::new(body);
        *answer.status_mut() = status;
        // The content type is not trusted either way: what parses as JSON is JSON.
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(answer)
    }

    async fn read(&self, response: &mut Response) -> Result<Vec<u8>, TransportFault> {
        let announced = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        if announced > self.max_bytes {
            return Err(TransportFault::TooLarge);
        }
        let mut body = Vec::with_capacity(announced);
        while let Some(chunk) = response.chunk().await.map_err(|e| kind(&e))? {
            if body.len() + chunk.len() > self.max_bytes {
                return Err(TransportFault::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn note_date(&self, response: &Response, now: Timestamp) {
        if !self.follow_date {
            return;
        }
        let Some(date) = response.headers().get(DATE).and_then(|v| v.to_str().ok()).and_then(http_date::parse) else { return };
        let difference = date.since(now).max(now.since(date));
        let offset = if difference > self.min_offset && difference <= MAX_OFFSET { date.millis() - now.millis() } else { 0 };
        self.offset_ms.store(offset, Ordering::Relaxed);
    }
}

fn kind(e: &reqwest::Error) -> TransportFault {
    if e.is_timeout() {
        TransportFault::TimedOut
    } else if e.is_connect() {
        TransportFault::NoConnection
    } else {
        TransportFault::Broken
    }
}

/// [`Transport`] at one instant, as the `oauth2` crate wants a client.
pub(super) struct At<'t> {
    pub transport: &'t Transport,
    pub now: Timestamp,
}

impl<'c> AsyncHttpClient<'c> for At<'_> {
    type Error = TransportFault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportFault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.transport.send(request, self.now))
    }
}
