//! VK ID (OAuth 2.1 with PKCE): the person's own token is asked once whether its owner administers the community, and handed back.

use async_trait::async_trait;

use super::transport::{Answer, Transport};
use super::{Connection, PlatformSettingsError};
use crate::adapters::outbound::{NoAnswer, Peer};
use crate::domain::community::CommunityNumber;
use crate::domain::digest::pkce_s256;
use crate::ports::PlatformSignIn;
use crate::ports::platform_api::{ApiError, ApiFault};
use crate::ports::platform_sign_in::{PassSecrets, SignInError, UnverifiedReturn};

const VK_ID: Peer = Peer { name: "VK ID", section: "platform_api", address: "platform_oauth.vk.url" };
const VK_API: Peer = Peer { name: "VK", section: "platform_api", address: "platform_oauth.vk.api_url" };

const VERSION: &str = "5.199";

/// `admin_level` of an administrator; 1 is a moderator, 2 an editor.
const ADMINISTRATOR: i64 = 3;

/// Our registration at VK ID.
#[derive(Clone)]
pub struct VkIdClient {
    /// The application's number.
    pub client_id: String,
    /// Its secret, where it is a confidential one.
    pub client_secret: Option<String>,
    /// Where VK's API is, without trailing slash.
    pub api_url: String,
}

/// Signing in at VK.
pub struct VkIdSignIn {
    id: Transport,
    api: Transport,
    platform: String,
    url: String,
    client: VkIdClient,
}

impl VkIdSignIn {
    /// `connection.url` is VK ID's address.
    ///
    /// # Errors
    /// [`PlatformSettingsError`].
    pub fn new(connection: &Connection, client: VkIdClient) -> Result<Self, PlatformSettingsError> {
        for (url, peer) in [(&connection.url, &VK_ID), (&client.api_url, &VK_API)] {
            if !(url.starts_with("https://") || connection.allow_http && url.starts_with("http://")) {
                return Err(PlatformSettingsError(format!("{} must begin with https://", peer.address)));
            }
        }
        let api = Connection { url: client.api_url.clone(), ..connection.clone() };
        Ok(Self {
            id: Transport::new(connection, &VK_ID)?,
            api: Transport::new(&api, &VK_API)?,
            platform: connection.platform.clone(),
            url: connection.url.clone(),
            client,
        })
    }

    async fn token(&self, secrets: &PassSecrets, back: &UnverifiedReturn) -> Result<String, SignInError> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", back.code.as_str()),
            ("code_verifier", &secrets.verifier),
            ("client_id", &self.client.client_id),
            ("device_id", back.device_id.as_deref().unwrap_or_default()),
            ("redirect_uri", &secrets.redirect_uri),
            ("state", &secrets.state),
        ];
        if let Some(secret) = &self.client.client_secret {
            form.push(("client_secret", secret));
        }
        let Answer { body, .. } = self.id.post("/oauth2/auth", &form).await.map_err(|e| silent(e, &VK_ID))?;
        if let Some(error) = body["error"].as_str() {
            // The text is theirs and may hold what was sent; the code is one of a few words.
            let word: String = error.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(40).collect();
            return Err(match word.as_str() {
                "invalid_grant" | "invalid_request" | "access_denied" => SignInError::BadReturn(format!("VK ID answered with {word}")),
                _ => SignInError::NoAnswer(ApiError {
                    fault: ApiFault::Ours,
                    upstream: None,
                    detail: format!("VK ID answered with {word}: check platform_oauth.vk"),
                }),
            });
        }
        // The state comes back with the token too (RFC 9207 has none of VK's): another one belongs to another pass.
        let state = body["state"].as_str().ok_or_else(|| unreadable(&VK_ID))?;
        if state != secrets.state {
            return Err(SignInError::BadReturn("VK ID answered with another state".to_owned()));
        }
        body["access_token"].as_str().filter(|t| !t.is_empty()).map(str::to_owned).ok_or_else(|| unreadable(&VK_ID))
    }

    async fn level(&self, token: &str, community: &CommunityNumber) -> Result<bool, SignInError> {
        let form = [("group_id", community.as_str()), ("fields", "is_admin,admin_level"), ("v", VERSION), ("access_token", token)];
        let Answer { body, .. } = self.api.post("/method/groups.getById", &form).await.map_err(|e| silent(e, &VK_API))?;
        if let Some(code) = body["error"]["error_code"].as_i64() {
            let fault = if matches!(code, 1 | 6 | 9 | 10) { ApiFault::TryAgain(None) } else { ApiFault::Ours };
            let detail = format!("VK answered with error {code} to a person's own token");
            return Err(SignInError::NoAnswer(ApiError { fault, upstream: Some(code), detail }));
        }
        let groups = body["response"]["groups"].as_array().or_else(|| body["response"].as_array()).ok_or_else(|| unreadable(&VK_API))?;
        let ours = groups.iter().find(|g| g["id"].as_i64().is_some_and(|id| id.to_string() == community.as_str()));
        Ok(ours.is_some_and(|g| g["is_admin"].as_i64() == Some(1) && g["admin_level"].as_i64() == Some(ADMINISTRATOR)))
    }
}

fn silent(why: NoAnswer, peer: &'static Peer) -> SignInError {
    SignInError::NoAnswer(ApiError { fault: ApiFault::TryAgain(None), upstream: None, detail: why.of(peer).to_string() })
}

fn unreadable(peer: &Peer) -> SignInError {
    let detail = format!("the answer of {} cannot be read", peer.name);
    SignInError::NoAnswer(ApiError { fault: ApiFault::TryAgain(None), upstream: None, detail })
}

#[async_trait]
impl PlatformSignIn for VkIdSignIn {
    fn platform(&self) -> &str {
        &self.platform
    }

    fn pages(&self) -> &str {
        &self.url
    }

    fn address(&self, secrets: &PassSecrets) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("response_type", "code").append_pair("client_id", &self.client.client_id);
        query.append_pair("redirect_uri", &secrets.redirect_uri).append_pair("state", &secrets.state);
        query.append_pair("code_challenge", &pkce_s256(&secrets.verifier)).append_pair("code_challenge_method", "S256");
        query.append_pair("scope", "groups");
        format!("{}/authorize?{}", self.url, query.finish())
    }

    async fn administers(&self, secrets: &PassSecrets, back: &UnverifiedReturn, community: &CommunityNumber) -> Result<bool, SignInError> {
        let token = self.token(secrets, back).await?;
        let found = self.level(&token, community).await;
        // Whatever was found, the token has served. One that cannot be handed back ends by itself within the hour.
        let form = [("client_id", self.client.client_id.as_str()), ("access_token", &token)];
        if let Err(e) = self.id.post("/oauth2/revoke", &form).await {
            tracing::warn!(detail = %e.of(&VK_ID), "a person's token could not be handed back");
        }
        found
    }
}
