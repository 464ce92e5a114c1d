//! The platforms' own interfaces behind the port: what is asked and what answers mean is each file's; the way there, the pace and
//! what all settings have in common are here.

pub mod max;
pub mod ok;
mod pace;
mod transport;
pub mod vk;
pub mod vk_id;

use std::sync::Arc;
use std::time::Duration;

use pace::Pace;
use transport::Transport;

use super::outbound::{NoAnswer, Peer};
use crate::domain::community::CommunityNumber;
use crate::domain::time::Timestamp;
use crate::ports::Clock;
use crate::ports::platform_api::{ApiError, ApiFault};

/// Why an adapter cannot be made, naming the setting.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PlatformSettingsError(String);

/// What every adapter is told.
#[derive(Clone)]
pub struct Connection {
    /// Short name of the platform whose communities these are.
    pub platform: String,
    /// Where the interface is, without trailing slash.
    pub url: String,
    /// Requests in a second.
    pub per_second: u32,
    /// Limit of connecting.
    pub connect_timeout: Duration,
    /// Limit of one request.
    pub timeout: Duration,
    /// Longest answer read.
    pub max_response_bytes: usize,
    /// Further root certificates, PEM: MAX stands under one that systems do not carry.
    pub roots_pem: Option<Vec<u8>>,
    /// Whether http is permitted, for development.
    pub allow_http: bool,
}

/// The way to one platform, at its pace.
struct Line {
    transport: Transport,
    pace: Pace,
    clock: Arc<dyn Clock>,
    peer: &'static Peer,
}

impl Line {
    fn new(connection: &Connection, peer: &'static Peer, clock: Arc<dyn Clock>) -> Result<Self, PlatformSettingsError> {
        if !(connection.url.starts_with("https://") || connection.allow_http && connection.url.starts_with("http://")) {
            return Err(PlatformSettingsError(format!("{} must begin with https://", peer.address)));
        }
        Ok(Self { transport: Transport::new(connection, peer)?, pace: Pace::new(connection.per_second), clock, peer })
    }

    /// Leave for one request, or the error that says when.
    fn go(&self) -> Result<Timestamp, ApiError> {
        let now = self.clock.now();
        self.pace.take(now).map(|()| now).map_err(|wait| ApiError {
            fault: ApiFault::TryAgain(Some(wait)),
            upstream: None,
            detail: format!("{} may not be asked again for {} ms", self.peer.name, wait.as_millis()),
        })
    }

    /// One that was not asked about would read as one that does not exist.
    fn not_more_than(&self, most: usize, numbers: &[CommunityNumber]) -> Result<(), ApiError> {
        if numbers.len() <= most {
            return Ok(());
        }
        let detail = format!("{} takes at most {most} communities in one question, not {}", self.peer.name, numbers.len());
        Err(ApiError { fault: ApiFault::Ours, upstream: None, detail })
    }

    /// The error for a code of the platform's; a limit slows the pace.
    fn refused(&self, now: Timestamp, fault: ApiFault, code: i64, meaning: &str) -> ApiError {
        let fault = match fault {
            ApiFault::TryAgain(Some(wait)) => ApiFault::TryAgain(Some(self.pace.refused(now, wait))),
            other => {
                self.pace.answered();
                other
            }
        };
        ApiError { fault, upstream: Some(code), detail: format!("{} answered with error {code}: {meaning}", self.peer.name) }
    }

    /// An answer that is none.
    fn unreadable(&self, what: &str) -> ApiError {
        ApiError {
            fault: ApiFault::TryAgain(None),
            upstream: None,
            detail: format!("the answer of {} cannot be read: {what}", self.peer.name),
        }
    }

    fn no_answer(&self, why: NoAnswer) -> ApiError {
        let fault = if matches!(why, NoAnswer::Redirect | NoAnswer::Request) { ApiFault::Ours } else { ApiFault::TryAgain(None) };
        ApiError { fault, upstream: None, detail: why.of(self.peer).to_string() }
    }
}

/// A meaning of a platform's error code.
struct Meaning {
    code: i64,
    fault: ApiFault,
    what: &'static str,
}

/// What a code means; one we do not know passes by itself until somebody looks into the log.
fn meaning(table: &[Meaning], code: i64) -> (ApiFault, &'static str) {
    table.iter().find(|m| m.code == code).map_or((ApiFault::TryAgain(None), "a code this service does not know"), |m| (m.fault, m.what))
}
