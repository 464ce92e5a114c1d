//! The one way to the provider's host: time limits, a limit on size while reading, no redirects, no proxy of the environment.
//!
//! A sibling of ESIA's transport with two differences: an answer keeps its media type (userinfo has two), and nothing
//! follows the provider's clock, since no request carries a time but our own assertion.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use oauth2::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue};
use oauth2::http::{Method, StatusCode};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Client, Response};

use super::errors::fault;
use super::settings::{OidcSettings, OidcSettingsError};
use crate::adapters::http_date;
use crate::domain::refusal::RefusalCode::{F17, F18};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::IdpError;

/// Why there is no answer to read. The library's own errors hold addresses, so only the kind is kept.
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
            Self::TimedOut => f.write_str("the provider did not answer in time (idp.oidc.timeout)"),
            Self::NoConnection => f.write_str("no connection to the provider (name, network or TLS)"),
            Self::Broken => f.write_str("the connection to the provider broke"),
            Self::TooLarge => f.write_str("the provider's answer is larger than idp.oidc.max_response_bytes"),
            Self::Redirect => f.write_str("the provider answered with a redirect, which is never followed; check idp.oidc.issuer"),
            Self::Status(status) => write!(f, "the provider answered with status {status}"),
            Self::Request => f.write_str("the request to the provider cannot be put together"),
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

/// An answer, read whole.
pub(super) struct Answer {
    pub status: StatusCode,
    /// In lower case, without parameters.
    pub media_type: String,
    /// The provider's clock, where told.
    pub date: Option<Timestamp>,
    pub body: Vec<u8>,
}

/// HTTP client for the provider.
pub(super) struct Transport {
    client: Client,
    max_bytes: usize,
}

impl Transport {
    pub(super) fn new(s: &OidcSettings) -> Result<Self, OidcSettingsError> {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(s.connect_timeout)
            .timeout(s.timeout)
            .user_agent(concat!("gosbadge/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| OidcSettingsError::new("issuer", format!("the HTTP client does not start: {e}")))?;
        Ok(Self { client, max_bytes: s.max_response_bytes })
    }

    /// Sends and reads whole. An answer that is not a success comes back as an answer, except where it says nothing.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<Answer, TransportFault> {
        let request = reqwest::Request::try_from(request).map_err(|_| TransportFault::Request)?;
        let mut response = self.client.execute(request).await.map_err(|e| kind(&e))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(TransportFault::Redirect);
        }
        let text = |name| response.headers().get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        let media_type = text(CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let date = text(DATE).and_then(http_date::parse);
        let body = self.read(&mut response).await?;
        // In front of a provider a 5xx is often a page in HTML; one in JSON carries a word worth reading.
        if status.is_server_error() && serde_json::from_slice::<serde_json::Map<_, _>>(&body).is_err() {
            return Err(TransportFault::Status(status.as_u16()));
        }
        Ok(Answer { status, media_type, date, body })
    }

    /// Reads one document; with a token where it belongs to a person.
    pub(super) async fn get(&self, url: &str, token: Option<&str>) -> Result<Answer, TransportFault> {
        let mut request = HttpRequest::new(Vec::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = url.try_into().map_err(|_| TransportFault::Request)?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = token {
            let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| TransportFault::Request)?;
            bearer.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        self.send(request).await
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

/// As the `oauth2` crate wants a client. The media type is not trusted either way there: what parses as JSON is JSON.
impl<'c> AsyncHttpClient<'c> for Transport {
    type Error = TransportFault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportFault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.send(request).await?;
            let mut response = HttpResponse::new(answer.body);
            *response.status_mut() = answer.status;
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            Ok(response)
        })
    }
}
