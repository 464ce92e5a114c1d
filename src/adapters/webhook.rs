//! Delivery of messages to platforms' endpoints over HTTPS, guarded against being turned on our own network. Signing and
//! repeating are not here.

#[cfg(test)]
mod tests;

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::dns::Resolve;
use reqwest::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};

use super::guarded_resolver::{GuardedResolver, NoPublicAddress, SystemResolver};
use super::{http_date, outbound, public_address};
use crate::ports::event_sink::{Attempted, DeliveryOutcome, OutgoingMessage};
use crate::ports::{Clock, EventSink};

/// The setting a refused address is in.
const ENDPOINT: &str = "endpoint_url";
/// Standard Webhooks asks for 15 to 30 seconds.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);
/// This much of an answer is read, so that the connection can be used again.
const MAX_BODY: usize = 64 * 1024;
/// This much of it is kept: the echo of a verification event, or what RFC 8935 says about a refusal, is shorter.
const MAX_ANSWER: usize = 4 * 1024;
/// A receiver may slow us down, not silence us.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Sends messages with an HTTP client that resolves names itself and connects only to public addresses.
pub struct WebhookSender {
    client: Client,
    allow_loopback: bool,
    clock: Arc<dyn Clock>,
}

impl WebhookSender {
    /// A sender. `timeout` bounds one whole attempt; `allow_loopback` is for development only.
    ///
    /// # Errors
    /// When the TLS library does not start.
    pub fn new(timeout: Duration, allow_loopback: bool, clock: Arc<dyn Clock>) -> Result<Self, String> {
        Self::with_resolver(timeout, allow_loopback, clock, Arc::new(SystemResolver))
    }

    /// A sender that asks `inner` for the addresses of names; what it says is held against the rules all the same.
    ///
    /// # Errors
    /// When the TLS library does not start.
    pub fn with_resolver(timeout: Duration, allow_loopback: bool, clock: Arc<dyn Clock>, inner: Arc<dyn Resolve>) -> Result<Self, String> {
        // A proxy would resolve the name itself, past the guard; the shared client takes none.
        let client = outbound::client()
            .dns_resolver(GuardedResolver { inner, allow_loopback })
            .timeout(timeout)
            .build()
            .map_err(|e| format!("the HTTP client for webhooks does not start: {e}"))?;
        Ok(Self { client, allow_loopback, clock })
    }

    fn retry_after(&self, response: &Response) -> Option<Duration> {
        let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match value.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => http_date::parse(value)?.since(self.clock.now()),
        };
        Some(wait.min(MAX_RETRY_AFTER))
    }
}

#[async_trait]
impl EventSink for WebhookSender {
    fn check(&self, url: &str) -> Result<(), String> {
        public_address::parse(url, ENDPOINT, self.allow_loopback).map(drop)
    }

    async fn deliver(&self, message: OutgoingMessage) -> Attempted {
        let unanswered = |outcome| Attempted { outcome, answer: Vec::new(), status: None, date: None };
        // Asked again although it was asked at registration: the rules may have grown, and a literal address never
        // passes through the resolver.
        let url = match public_address::parse(&message.url, ENDPOINT, self.allow_loopback) {
            Ok(url) => url,
            Err(note) => return unanswered(DeliveryOutcome::Forbidden { note }),
        };
        let mut request = self.client.post(url).header(CONTENT_TYPE, message.content_type);
        for (name, value) in message.headers {
            request = request.header(name, value);
        }
        match request.body(message.body).send().await {
            Ok(response) => self.attempted(response).await,
            Err(error) => unanswered(failure(&error)),
        }
    }
}

impl WebhookSender {
    async fn attempted(&self, mut response: Response) -> Attempted {
        let status = response.status();
        let retry_after = self.retry_after(&response);
        let date = response.headers().get(DATE).and_then(|v| v.to_str().ok()).and_then(http_date::parse);
        let (mut read, mut answer) = (0, Vec::new());
        while read < MAX_BODY {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    read += chunk.len();
                    answer.extend_from_slice(&chunk[..chunk.len().min(MAX_ANSWER - answer.len())]);
                }
                // The status has been said; how the body ends changes nothing.
                Ok(None) | Err(_) => break,
            }
        }
        let outcome = if status.is_success() {
            DeliveryOutcome::Accepted
        } else if status == StatusCode::GONE {
            DeliveryOutcome::Gone
        } else {
            DeliveryOutcome::Failed { note: format!("status {}", status.as_u16()), retry_after }
        };
        Attempted { outcome, answer, status: Some(status.as_u16()), date }
    }
}

fn failure(error: &reqwest::Error) -> DeliveryOutcome {
    if let Some(refused) = NoPublicAddress::among(error) {
        return DeliveryOutcome::Forbidden { note: refused.to_string() };
    }
    // The library's own text holds the address; the kind is enough and says nothing of anybody's secrets in it.
    let note = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        no_connection(error)
    } else if error.is_builder() {
        "the message does not fit into HTTP headers"
    } else {
        "connection broke"
    };
    DeliveryOutcome::Failed { note: note.into(), retry_after: None }
}

/// How far it came. The library tells by words only.
fn no_connection(error: &reqwest::Error) -> &'static str {
    let mut cause = error.source();
    while let Some(e) = cause {
        let text = e.to_string();
        if text.starts_with("dns error") {
            return "no connection: the name does not resolve";
        }
        if text.starts_with("tcp connect error") {
            return "no connection: nothing answers at the address and port";
        }
        cause = e.source();
    }
    "no connection (TLS or network)"
}
