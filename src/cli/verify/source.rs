//! Where key set and status list come from: two files, or the issuer's public addresses. Everything is capped; nothing is
//! followed anywhere else.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Client, StatusCode, header, redirect};

use crate::verifier::{KEY_SET_MAX, LIST_TOKEN_MAX};

/// Longest time for one fetch, from connecting to the last byte.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// Something could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error("cannot read {path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("cannot fetch {url}: {reason}")]
    Fetch { url: String, reason: String },
}

impl SourceError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "file-unreadable",
            Self::Fetch { .. } => "fetch-failed",
        }
    }
}

/// The two places.
pub(super) enum Source<'a> {
    /// Nothing is fetched.
    Files { jwks: &'a Path, status_list: &'a Path },
    /// Both are fetched.
    Issuer { issuer: &'a str, client: Client },
}

impl Source<'_> {
    pub(super) async fn key_set(&self) -> Result<Vec<u8>, SourceError> {
        match self {
            Self::Files { jwks, .. } => read_file(jwks, KEY_SET_MAX).map(String::into_bytes),
            Self::Issuer { issuer, client } => {
                fetch(client, &format!("{issuer}/.well-known/jwks.json"), "application/json", KEY_SET_MAX).await
            }
        }
    }

    /// `uri` comes out of a checked attestation and so lies under the issuer's address.
    pub(super) async fn status_list(&self, uri: &str) -> Result<String, SourceError> {
        match self {
            Self::Files { status_list, .. } => read_file(status_list, LIST_TOKEN_MAX),
            Self::Issuer { client, .. } => {
                let body = fetch(client, uri, "application/statuslist+jwt", LIST_TOKEN_MAX).await?;
                String::from_utf8(body).map_err(|_| SourceError::Fetch { url: uri.to_owned(), reason: "the answer is not text".into() })
            }
        }
    }
}

/// A client that goes where it is told and no further: the addresses are the issuer's own and do not redirect.
pub(super) fn client() -> Result<Client, SourceError> {
    Client::builder()
        .timeout(FETCH_TIMEOUT)
        .redirect(redirect::Policy::none())
        .user_agent(concat!("gosbadge-verify/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| SourceError::Fetch { url: "anything".into(), reason: reason(&e) })
}

async fn fetch(client: &Client, url: &str, accept: &str, max: usize) -> Result<Vec<u8>, SourceError> {
    let failed = |reason: String| SourceError::Fetch { url: url.to_owned(), reason };
    let sent = client.get(url).header(header::ACCEPT, accept).send().await;
    let mut response = sent.map_err(|e| failed(reason(&e)))?;
    if response.status() != StatusCode::OK {
        return Err(failed(format!("the answer was {}", response.status())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| failed(reason(&e)))? {
        if body.len() + chunk.len() > max {
            return Err(failed(format!("the answer is longer than {max} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// reqwest says only "error sending request" at the top; the cause at the bottom is what a person can act on.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() }
}

fn read_file(path: &Path, max: usize) -> Result<String, SourceError> {
    let failed = |source| SourceError::File { path: path.to_owned(), source };
    read_text(&mut File::open(path).map_err(failed)?, max).map_err(failed)
}

/// Reads text of at most `max` bytes, white space around it aside.
pub(super) fn read_text(input: &mut dyn Read, max: usize) -> io::Result<String> {
    // Room for a final line break or two.
    let mut text = String::new();
    input.take(max as u64 + 16).read_to_string(&mut text)?;
    if text.trim().len() > max {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("longer than {max} bytes")));
    }
    Ok(text)
}
