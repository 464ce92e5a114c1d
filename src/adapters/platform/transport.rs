//! HTTP to a platform's interface: one request, one JSON document, within limits.

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, RequestBuilder};
use serde_json::Value;

use super::{Connection, PlatformSettingsError};
use crate::adapters::outbound::{self, NoAnswer, Peer, read_whole};

/// An answer with its body as JSON; anything else that came is `Null`.
pub(super) struct Answer {
    pub status: u16,
    /// Whole seconds of `Retry-After`.
    pub retry_after: Option<u64>,
    pub body: Value,
}

pub(super) struct Transport {
    client: Client,
    url: String,
    max_bytes: usize,
}

impl Transport {
    pub(super) fn new(c: &Connection, peer: &Peer) -> Result<Self, PlatformSettingsError> {
        let mut builder = outbound::client().connect_timeout(c.connect_timeout).timeout(c.timeout);
        if let Some(pem) = &c.roots_pem {
            let roots = Certificate::from_pem_bundle(pem)
                .map_err(|_| PlatformSettingsError(format!("{}: the root certificates are not PEM", peer.section)))?;
            if roots.is_empty() {
                return Err(PlatformSettingsError(format!("{}: the file of root certificates holds none", peer.section)));
            }
            for root in roots {
                builder = builder.add_root_certificate(root);
            }
        }
        let client =
            builder.build().map_err(|e| PlatformSettingsError(format!("{}: the HTTP client does not start: {e}", peer.section)))?;
        Ok(Self { client, url: c.url.clone(), max_bytes: c.max_response_bytes })
    }

    /// Posts a form; credentials go in it, never into the address.
    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer, NoAnswer> {
        self.exchange(self.client.post(format!("{}{path}", self.url)).form(form)).await
    }

    /// Reads one document with a token in the header.
    pub(super) async fn get(&self, path: &str, token: &str) -> Result<Answer, NoAnswer> {
        let mut value = HeaderValue::from_str(token).map_err(|_| NoAnswer::Request)?;
        value.set_sensitive(true);
        self.exchange(self.client.get(format!("{}{path}", self.url)).header(AUTHORIZATION, value)).await
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Answer, NoAnswer> {
        let mut response = request.header(ACCEPT, "application/json").send().await?;
        let status = response.status();
        if status.is_redirection() {
            return Err(NoAnswer::Redirect);
        }
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()?.trim().parse().ok());
        let body = serde_json::from_slice(&read_whole(&mut response, self.max_bytes).await?).unwrap_or(Value::Null);
        if status.is_server_error() {
            return Err(NoAnswer::Status(status.as_u16()));
        }
        Ok(Answer { status: status.as_u16(), retry_after, body })
    }
}
