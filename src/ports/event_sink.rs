//! Delivery of one signed message to a platform's endpoint, as a port.

use std::time::Duration;

use async_trait::async_trait;

/// One message, ready to send.
pub struct OutgoingMessage {
    /// Where to.
    pub url: String,
    /// `webhook-id`, the same at every attempt.
    pub id: String,
    /// `webhook-timestamp`, seconds; of this attempt.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
    /// JSON body.
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

/// Sends messages.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Makes one attempt; never follows redirects, never retries by itself.
    async fn deliver(&self, message: OutgoingMessage) -> DeliveryOutcome;
}
