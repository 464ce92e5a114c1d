//! Delivery of one signed message to a platform's endpoint, as a port.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::time::Timestamp;

/// One message, ready to send. May hold a platform's secret, hence no `Debug`.
pub struct OutgoingMessage {
    /// Where to.
    pub url: String,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Further headers, lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// What became of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeliveryOutcome {
    /// 2xx.
    Accepted,
    /// Worth another attempt. `note` is for operators: a status or a kind of error, no content.
    Failed {
        /// What happened.
        note: String,
        /// The receiver's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// 410: the endpoint wants no more.
    Gone,
    /// The address is one we never connect to.
    Forbidden {
        /// Which rule.
        note: String,
    },
}

/// An attempt that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempted {
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// What the endpoint answered, up to a few KiB; empty where it did not.
    pub answer: Vec<u8>,
    /// The HTTP status of the answer; none where there was no answer.
    pub status: Option<u16>,
    /// The answer's `Date`: what the endpoint's clock says.
    pub date: Option<Timestamp>,
}

/// Sends messages.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Whether an address is one we would ever connect to, as far as that can be said without a lookup.
    ///
    /// # Errors
    /// A sentence for the platform's engineer saying what to change.
    fn check(&self, url: &str) -> Result<(), String>;

    /// Makes one attempt; never follows redirects, never retries by itself.
    async fn deliver(&self, message: OutgoingMessage) -> Attempted;
}
