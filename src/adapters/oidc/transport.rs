//! The one way to the provider's host. An answer keeps its media type (userinfo has two); nothing follows the provider's clock,
//! since no request carries a time but our own assertion.

use std::future::Future;
use std::pin::Pin;

use oauth2::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue};
use oauth2::http::{Method, StatusCode, Uri};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::Client;

use super::settings::{OidcSettings, OidcSettingsError};
use crate::adapters::http_date;
use crate::adapters::outbound::{self, NoAnswer, Peer, TransportFault, read_whole};
use crate::domain::time::Timestamp;

/// Who answers here.
pub(super) const PROVIDER: Peer = Peer { name: "the provider", section: "idp.oidc", address: "idp.oidc.issuer" };

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
        let client = outbound::client()
            .connect_timeout(s.connect_timeout)
            .timeout(s.timeout)
            .build()
            .map_err(|e| OidcSettingsError::new("issuer", format!("the HTTP client does not start: {e}")))?;
        Ok(Self { client, max_bytes: s.max_response_bytes })
    }

    /// Sends and reads whole. An answer that is not a success comes back as an answer, except where it says nothing.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<Answer, TransportFault> {
        self.exchange(request).await.map_err(|e| e.of(&PROVIDER))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<Answer, NoAnswer> {
        let request = reqwest::Request::try_from(request).map_err(|_| NoAnswer::Request)?;
        let mut response = self.client.execute(request).await?;
        let status = response.status();
        if status.is_redirection() {
            return Err(NoAnswer::Redirect);
        }
        let text = |name| response.headers().get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        let media_type = text(CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let date = text(DATE).and_then(http_date::parse);
        let body = read_whole(&mut response, self.max_bytes).await?;
        // In front of a provider a 5xx is often a page in HTML; one in JSON carries a word worth reading.
        if status.is_server_error() && serde_json::from_slice::<serde_json::Map<_, _>>(&body).is_err() {
            return Err(NoAnswer::Status(status.as_u16()));
        }
        Ok(Answer { status, media_type, date, body })
    }

    /// Reads one document; with a token where it belongs to a person.
    pub(super) async fn get(&self, url: &str, token: Option<&str>) -> Result<Answer, TransportFault> {
        let mut request = HttpRequest::new(Vec::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = Uri::try_from(url).map_err(|_| NoAnswer::Request.of(&PROVIDER))?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = token {
            let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| NoAnswer::Request.of(&PROVIDER))?;
            bearer.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        self.send(request).await
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
