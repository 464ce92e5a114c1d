//! Signing in at a platform, as a port: the person goes there, comes back with a code, and the platform says whether they administer the
//! community. What the platform gave for that is handed back at once and never leaves the adapter.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::platform_api::ApiError;
use crate::domain::community::CommunityNumber;

/// What must be remembered between going and coming back. No `Debug`: it is secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct PassSecrets {
    /// Sent there and back unchanged (RFC 6749 §4.1.1).
    pub state: String,
    /// PKCE verifier (RFC 7636).
    pub verifier: String,
    /// Where the person comes back to.
    pub redirect_uri: String,
}

/// What the person came back with, all of it untrusted. No `Debug`: the code is secret.
pub struct UnverifiedReturn {
    /// One-time code.
    pub code: String,
    /// The device the platform saw, where it wants it back.
    pub device_id: Option<String>,
}

/// Why it is not known whether somebody is an administrator.
#[derive(Debug)]
pub enum SignInError {
    /// The code is none, or none of this pass.
    BadReturn(String),
    /// The platform did not answer, or our registration there is at fault.
    NoAnswer(ApiError),
}

/// Signing in at one platform.
#[async_trait]
pub trait PlatformSignIn: Send + Sync {
    /// The platform's short name here, `vk`.
    fn platform(&self) -> &str;

    /// Where its pages are, `https://id.vk.ru`: forms of ours may lead there.
    fn pages(&self) -> &str;

    /// Where the person is sent.
    fn address(&self, secrets: &PassSecrets) -> String;

    /// Whether the person who came back is an administrator of the community: of all of it, not of its texts.
    async fn administers(&self, secrets: &PassSecrets, back: &UnverifiedReturn, community: &CommunityNumber) -> Result<bool, SignInError>;
}
