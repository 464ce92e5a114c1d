//! Witnesses over HTTPS (C2SP tlog-witness, `add-checkpoint`).

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Response, StatusCode};

use super::outbound::{self, read_whole};
use crate::domain::tlog::note::{NOTE_MAX, VerifierKey};
use crate::domain::tlog::witness::size_in_conflict;
use crate::ports::Witness;
use crate::ports::witness::{WitnessAnswer, WitnessError};

/// A witness answers from memory and one write; whoever needs longer is down.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A witness reached by HTTP.
pub struct HttpWitness {
    client: Client,
    address: String,
    key: VerifierKey,
}

impl HttpWitness {
    /// A witness with this submission prefix.
    ///
    /// # Errors
    /// When the TLS library does not start.
    pub fn new(prefix: &str, key: VerifierKey) -> Result<Self, String> {
        let client =
            outbound::client().timeout(TIMEOUT).build().map_err(|e| format!("the HTTP client for witnesses does not start: {e}"))?;
        Ok(Self { client, address: format!("{}/add-checkpoint", prefix.trim_end_matches('/')), key })
    }
}

#[async_trait]
impl Witness for HttpWitness {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    async fn add_checkpoint(&self, body: String) -> Result<WitnessAnswer, WitnessError> {
        let request = self.client.post(&self.address).header(reqwest::header::CONTENT_TYPE, "text/plain; charset=utf-8").body(body);
        let response = request.send().await.map_err(|e| WitnessError(e.without_url().to_string()))?;
        let status = response.status();
        let body = read(response).await?;
        match status {
            StatusCode::OK => Ok(WitnessAnswer::Cosigned(body)),
            StatusCode::CONFLICT => size_in_conflict(&body)
                .map(WitnessAnswer::SawLast)
                .ok_or_else(|| WitnessError("status 409 without a size: it may have seen another tree of this size".to_owned())),
            other => Err(WitnessError(format!("status {}", other.as_u16()))),
        }
    }
}

async fn read(mut response: Response) -> Result<String, WitnessError> {
    let body = read_whole(&mut response, NOTE_MAX).await.map_err(|e| WitnessError(format!("no answer to read: {e:?}")))?;
    String::from_utf8(body).map_err(|_| WitnessError("the answer is not UTF-8".to_owned()))
}
