//! Our side of gosbadge's OAuth server: discovery, pushed request, token. Only HTTP and parsing; what is believed is decided elsewhere.

use serde::Deserialize;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use crate::domain::ids::BadgeId;

use super::communities::FlowError;

/// Largest answer read from an OAuth endpoint, bytes.
const ANSWER_MAX: usize = 64 * 1024;
/// RFC 9396 type of our request.
pub(super) const DETAIL_TYPE: &str = "official_community";

/// gosbadge as an OAuth server. Holds the client secret, therefore no `Debug`.
pub(super) struct Gosbadge {
    http: reqwest::Client,
    issuer: String,
    pub(super) client_id: String,
    client_secret: String,
    metadata: Mutex<Option<Metadata>>,
}

/// The endpoints we use, from RFC 8414 metadata.
#[derive(Clone, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) pushed_authorization_request_endpoint: Url,
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
}

/// Why a call came to nothing. Worded for the administrator who pressed the button.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    #[error("gosbadge сейчас не отвечает")]
    Unreachable,
    #[error("{description}")]
    Refused { error: String, code: Option<String>, description: String },
    #[error("ответ gosbadge не соответствует договору: {0}")]
    Nonsense(&'static str),
}

impl From<reqwest::Error> for CallError {
    fn from(_: reqwest::Error) -> Self {
        Self::Unreachable
    }
}

impl From<CallError> for FlowError {
    fn from(e: CallError) -> Self {
        let description = e.to_string();
        match e {
            CallError::Unreachable => Self { error: "temporarily_unavailable".into(), code: None, description },
            CallError::Refused { error, code, .. } => Self { error, code, description },
            CallError::Nonsense(_) => Self { error: "bad_answer".into(), code: None, description },
        }
    }
}

#[derive(Deserialize)]
struct Pushed {
    request_uri: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    authorization_details: Vec<Granted>,
}

/// What the token answer grants, unverified.
#[derive(Deserialize)]
pub(super) struct Granted {
    #[serde(rename = "type")]
    kind: String,
    community: GrantedCommunity,
    pub(super) badge: Option<BadgeId>,
    pub(super) attestation: Option<String>,
    pub(super) status: String,
}

#[derive(Deserialize)]
struct GrantedCommunity {
    id: String,
}

#[derive(Deserialize, Default)]
struct OAuthError {
    error: Option<String>,
    error_description: Option<String>,
    gosbadge_code: Option<String>,
}

impl Gosbadge {
    pub(super) fn new(http: reqwest::Client, issuer: String, client_id: String, client_secret: String) -> Self {
        Self { http, issuer, client_id, client_secret, metadata: Mutex::new(None) }
    }

    /// The endpoints; asked for once.
    pub(super) async fn metadata(&self) -> Result<Metadata, CallError> {
        let mut held = self.metadata.lock().await;
        if let Some(metadata) = &*held {
            return Ok(metadata.clone());
        }
        let response = self.http.get(format!("{}/.well-known/oauth-authorization-server", self.issuer)).send().await?;
        let metadata: Metadata = parse(&answer(response).await?, "метаданные сервера авторизации")?;
        // RFC 8414 §3.3: metadata of another issuer must not be used.
        if metadata.issuer != self.issuer {
            return Err(CallError::Nonsense("issuer в метаданных не совпадает с адресом gosbadge"));
        }
        Ok(held.insert(metadata).clone())
    }

    /// RFC 9126: pushes the request, returns the address to send the browser to.
    pub(super) async fn push(&self, form: &[(&str, &str)]) -> Result<String, CallError> {
        let metadata = self.metadata().await?;
        let pushed: Pushed = parse(&self.post(metadata.pushed_authorization_request_endpoint, form).await?, "ответ на заявку")?;
        let mut url = metadata.authorization_endpoint;
        url.query_pairs_mut().append_pair("client_id", &self.client_id).append_pair("request_uri", &pushed.request_uri);
        Ok(url.into())
    }

    /// Redeems a code and returns what was granted for `community`.
    pub(super) async fn redeem(&self, code: &str, verifier: &str, redirect_uri: &str, community: &str) -> Result<Granted, CallError> {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri), ("code_verifier", verifier)];
        let endpoint = self.metadata().await?.token_endpoint;
        let token: TokenAnswer = parse(&self.post(endpoint, &form).await?, "ответ с результатом")?;
        token
            .authorization_details
            .into_iter()
            .find(|d| d.kind == DETAIL_TYPE && d.community.id == community)
            .ok_or(CallError::Nonsense("в нём нет сообщества, для которого подавалась заявка"))
    }

    async fn post(&self, url: Url, form: &[(&str, &str)]) -> Result<Vec<u8>, CallError> {
        // RFC 6749 §2.3.1: both parts are form-encoded before they go into the header.
        let encode = |s: &str| form_urlencoded::byte_serialize(s.as_bytes()).collect::<String>();
        let request = self.http.post(url).basic_auth(encode(&self.client_id), Some(encode(&self.client_secret))).form(form);
        answer(request.send().await?).await
    }
}

/// The body of a 2xx answer, or the OAuth error in it.
async fn answer(response: reqwest::Response) -> Result<Vec<u8>, CallError> {
    let status = response.status();
    let body = read_capped(response, ANSWER_MAX).await?;
    if status.is_success() {
        return Ok(body);
    }
    let told: OAuthError = serde_json::from_slice(&body).unwrap_or_default();
    Err(CallError::Refused {
        error: told.error.unwrap_or_else(|| format!("http_{}", status.as_u16())),
        code: told.gosbadge_code,
        description: told.error_description.unwrap_or_else(|| format!("gosbadge ответил кодом {}", status.as_u16())),
    })
}

fn parse<T: for<'de> Deserialize<'de>>(body: &[u8], what: &'static str) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|_| CallError::Nonsense(what))
}

/// Reads at most `max` bytes: a broken or hostile peer must not fill our memory.
pub(super) async fn read_capped(mut response: reqwest::Response, max: usize) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > max {
            return Err(CallError::Nonsense("он слишком велик"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
