//! The provider's discovery document (OpenID Connect Discovery 1.0 §4): read, checked, kept.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::errors::fault;
use super::settings::{OidcSettings, address};
use super::transport::Transport;
use crate::domain::refusal::RefusalCode::{F17, F18};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::IdpError;

/// How many lifetimes a document is used while it is being read again. Longer, and an endpoint the provider gave up would
/// still get codes and secrets.
const GRACE: u32 = 4;

/// What of the document matters here. A member of the wrong type fails and is not taken for absent.
#[derive(Deserialize)]
pub(super) struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    pub end_session_endpoint: Option<String>,
    response_types_supported: Option<Vec<String>>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    /// RFC 9207 §3.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    fn check(&self, issuer: &str, allow_loopback_http: bool) -> Result<(), IdpError> {
        // §4.3: exactly. An issuer that may differ lets one provider speak for another (RFC 9700 §4.4).
        if self.issuer != issuer {
            return Err(fault(F17, "the discovery document names another issuer than idp.oidc.issuer; they are compared byte for byte"));
        }
        let all = [
            ("authorization_endpoint", Some(&self.authorization_endpoint)),
            ("token_endpoint", Some(&self.token_endpoint)),
            ("jwks_uri", Some(&self.jwks_uri)),
            ("userinfo_endpoint", self.userinfo_endpoint.as_ref()),
            ("end_session_endpoint", self.end_session_endpoint.as_ref()),
        ];
        for (name, url) in all {
            if let Some(Err(problem)) = url.map(|u| address(u, allow_loopback_http)) {
                return Err(fault(F17, format!("{name} of the discovery document {problem}")));
            }
        }
        if self.response_types_supported.as_ref().is_some_and(|t| !t.iter().any(|t| t == "code")) {
            return Err(fault(F17, "the provider does not offer response_type=code"));
        }
        Ok(())
    }

    /// What would fail a login, or weaken it, as far as the document tells. For operators.
    pub(super) fn troubles(&self, s: &OidcSettings) -> Vec<IdpError> {
        let mut out = Vec::new();
        let lists = |list: &Option<Vec<String>>, word: &str| list.as_ref().is_none_or(|l| l.iter().any(|w| w == word));
        if !s.algorithms.iter().any(|a| lists(&self.id_token_signing_alg_values_supported, a.as_str())) {
            out.push(fault(F17, "the provider signs id tokens with none of idp.oidc.algorithms"));
        }
        let method = s.authentication.as_str();
        let offered = match &self.token_endpoint_auth_methods_supported {
            Some(list) => list.iter().any(|m| m == method),
            // §3: what is meant where nothing is said.
            None => method == "client_secret_basic",
        };
        if !offered {
            out.push(fault(F17, format!("the provider does not list {method} among its ways to authenticate a client")));
        }
        if !lists(&self.code_challenge_methods_supported, "S256") {
            out.push(fault(F17, "the provider does not list PKCE with S256: only the nonce then tells a stolen code"));
        }
        if s.userinfo && self.userinfo_endpoint.is_none() {
            out.push(fault(F17, "the provider has no userinfo endpoint; set idp.oidc.userinfo = false"));
        }
        out
    }
}

struct Kept {
    metadata: Arc<Metadata>,
    since: Timestamp,
}

/// Reads the document when it is needed and keeps it.
pub(super) struct Directory {
    url: String,
    issuer: String,
    lifetime: Duration,
    allow_loopback_http: bool,
    transport: Arc<Transport>,
    kept: Mutex<Option<Kept>>,
    refreshing: AtomicBool,
}

impl Directory {
    pub(super) fn new(s: &OidcSettings, transport: Arc<Transport>) -> Self {
        Self {
            // §4: a terminating slash of the issuer is removed before the suffix is appended.
            url: format!("{}/.well-known/openid-configuration", s.issuer.strip_suffix('/').unwrap_or(&s.issuer)),
            issuer: s.issuer.clone(),
            lifetime: s.metadata_lifetime,
            allow_loopback_http: s.allow_loopback_http,
            transport,
            kept: Mutex::new(None),
            refreshing: AtomicBool::new(false),
        }
    }

    fn kept(&self) -> Option<(Arc<Metadata>, Timestamp)> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map(|k| (Arc::clone(&k.metadata), k.since))
    }

    /// The document of whatever age, without asking anybody.
    pub(super) fn at_hand(&self) -> Option<Arc<Metadata>> {
        self.kept().map(|(metadata, _)| metadata)
    }

    /// The document. One past its lifetime is still used while it is read again in the background, so that a short absence
    /// of the provider's does not end logins.
    pub(super) async fn metadata(self: &Arc<Self>, now: Timestamp) -> Result<Arc<Metadata>, IdpError> {
        if let Some((metadata, since)) = self.kept() {
            let age = now.since(since);
            if age < self.lifetime {
                return Ok(metadata);
            }
            if age < self.lifetime * GRACE {
                self.refresh_in_background(now);
                return Ok(metadata);
            }
        }
        self.read(now).await.map(|(metadata, _)| metadata)
    }

    fn refresh_in_background(self: &Arc<Self>, now: Timestamp) {
        if self.refreshing.swap(true, Ordering::SeqCst) {
            return;
        }
        let this = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(e) = this.read(now).await {
                tracing::warn!(code = %e.code, detail = %e.detail, "the discovery document was not read again");
            }
            this.refreshing.store(false, Ordering::SeqCst);
        });
    }

    /// Reads it now; gives also the provider's clock.
    pub(super) async fn read(&self, now: Timestamp) -> Result<(Arc<Metadata>, Option<Timestamp>), IdpError> {
        let answer = self.transport.get(&self.url, None).await?;
        if !answer.status.is_success() {
            return Err(fault(F18, format!("the discovery document is answered with status {}", answer.status.as_u16())));
        }
        let metadata: Metadata = serde_json::from_slice(&answer.body).map_err(|_| {
            if serde_json::from_slice::<IgnoredAny>(&answer.body).is_err() {
                fault(F18, "the discovery document is not JSON; it may be a maintenance page")
            } else {
                fault(F17, "the discovery document lacks a member or has one of the wrong type")
            }
        })?;
        metadata.check(&self.issuer, self.allow_loopback_http)?;
        let metadata = Arc::new(metadata);
        let fresh = Kept { metadata: Arc::clone(&metadata), since: now };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        Ok((metadata, answer.date))
    }
}
