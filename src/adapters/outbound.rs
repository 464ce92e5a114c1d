//! The ways out to other people's hosts: what every HTTP client of ours has in common, an answer read within its limit, and why
//! there is none. What is asked and what answers mean is each adapter's.

use std::error::Error;
use std::fmt;

use reqwest::{Client, ClientBuilder, Response};

use crate::domain::refusal::RefusalCode::{F17, F18};
use crate::ports::identity_provider::IdpError;

/// A client that follows no redirects, repeats nothing by itself, unpacks nothing, and takes no proxy from the environment.
/// Unpacking is not compiled in today; it is said all the same, so that another crate's feature cannot turn a small answer into
/// a large one.
pub(super) fn client() -> ClientBuilder {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .no_proxy()
        .referer(false)
        .user_agent(concat!("gosbadge/", env!("CARGO_PKG_VERSION")))
}

/// Who is asked, in words for operators.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Peer {
    /// `ESIA`
    pub name: &'static str,
    /// Section of its settings, which has `timeout` and `max_response_bytes`: `idp.esia`.
    pub section: &'static str,
    /// The setting that says where it is.
    pub address: &'static str,
}

/// Why there is no answer to read. The library's own errors hold addresses, with a person's id in some, so only the kind is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoAnswer {
    TimedOut,
    NoConnection,
    Broken,
    TooLarge,
    Redirect,
    /// A failure that passes by itself, without a body that says more.
    Status(u16),
    /// The request cannot be put together.
    Request,
}

impl From<reqwest::Error> for NoAnswer {
    fn from(e: reqwest::Error) -> Self {
        // A connection that takes too long is both.
        if e.is_connect() {
            Self::NoConnection
        } else if e.is_timeout() {
            Self::TimedOut
        } else {
            Self::Broken
        }
    }
}

impl NoAnswer {
    /// The same with whom it is about.
    pub(super) const fn of(self, peer: &'static Peer) -> TransportFault {
        TransportFault { why: self, peer }
    }
}

/// [`NoAnswer`] of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TransportFault {
    pub why: NoAnswer,
    peer: &'static Peer,
}

impl fmt::Display for TransportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Peer { name, section, address } = self.peer;
        match self.why {
            NoAnswer::TimedOut => write!(f, "{name} did not answer within {section}.timeout"),
            NoAnswer::NoConnection => write!(f, "no connection to {name} (name, network or TLS)"),
            NoAnswer::Broken => write!(f, "the connection to {name} broke"),
            NoAnswer::TooLarge => write!(f, "the answer of {name} is larger than {section}.max_response_bytes"),
            NoAnswer::Redirect => write!(f, "{name} answered with a redirect, which is never followed; check {address}"),
            NoAnswer::Status(status) => write!(f, "{name} answered with status {status}"),
            NoAnswer::Request => write!(f, "the request to {name} cannot be put together"),
        }
    }
}

impl Error for TransportFault {}

impl From<TransportFault> for IdpError {
    fn from(e: TransportFault) -> Self {
        let code = if matches!(e.why, NoAnswer::Redirect | NoAnswer::Request) { F17 } else { F18 };
        Self::new(code, e.to_string())
    }
}

/// The body, of at most `most` bytes: what is announced larger is not begun, what becomes larger is given up.
pub(super) async fn read_whole(response: &mut Response, most: usize) -> Result<Vec<u8>, NoAnswer> {
    let announced = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    if announced > most {
        return Err(NoAnswer::TooLarge);
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Err(NoAnswer::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
