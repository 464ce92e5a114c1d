//! Одноклассники: `group.getInfo` and `url.getInfo` at `fb.do`, with the signature their REST API demands. It is MD5 (a checksum of
//! theirs, weak by today's measure): used here and nowhere else; TLS protects the request.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use openssl::hash::{MessageDigest, hash};
use serde_json::Value;

use super::{Connection, Line, Meaning, PlatformSettingsError, meaning};
use crate::adapters::outbound::Peer;
use crate::domain::community::CommunityNumber;
use crate::domain::digest::hex;
use crate::ports::Clock;
use crate::ports::platform_api::ApiFault::{self, Ours, Theirs, TryAgain};
use crate::ports::platform_api::{ApiError, PlatformApi, UnverifiedCommunity, Visibility};

const OK: Peer = Peer { name: "OK", section: "platform_api", address: "platform_api.ok.url" };

const FIELDS: &str = "uid,name,description,shortname,status,homepage_url,access_type,blocked";

/// Ids in one call.
const MOST: usize = 100;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

const fn m(code: i64, fault: ApiFault, what: &'static str) -> Meaning {
    Meaning { code, fault, what }
}

/// The general codes of the REST API that these calls can meet.
const CODES: [Meaning; 26] = [
    m(1, TryAgain(None), "unknown error"),
    m(2, TryAgain(None), "the service is temporarily unavailable"),
    m(3, Ours, "the method does not exist: check platform_api.ok.url"),
    m(4, Ours, "the request cannot be processed"),
    m(7, Theirs, "the action is blocked"),
    m(8, TryAgain(Some(MINUTE)), "blocked for flooding"),
    m(9, Ours, "our address is blocked"),
    m(10, Ours, "permission denied: the application lacks VALUABLE_ACCESS or GROUP_CONTENT"),
    m(11, TryAgain(Some(SECOND)), "the limit of requests is reached: lower platform_api.ok.requests_per_second"),
    m(12, TryAgain(None), "the operation was cancelled"),
    m(26, TryAgain(Some(MINUTE)), "the total limit of requests is reached"),
    m(30, TryAgain(None), "network trouble at OK"),
    m(31, TryAgain(None), "network time-out at OK"),
    m(100, Ours, "OK does not take one of our parameters"),
    m(101, Ours, "the application key is not accepted: replace platform_api.ok.application_key"),
    m(102, Ours, "the session has expired: replace platform_api.ok.access_token"),
    m(103, Ours, "the session key is not accepted: replace platform_api.ok.access_token"),
    m(104, Ours, "the signature is not accepted: check platform_api.ok.application_secret"),
    m(160, Ours, "invalid community id"),
    m(200, Ours, "the application lacks a permission"),
    m(210, Ours, "the application is switched off at OK"),
    m(300, Ours, "not found"),
    m(451, Ours, "a session is needed: set platform_api.ok.access_token"),
    m(453, Ours, "a session is not permitted: remove platform_api.ok.access_token"),
    m(900, Ours, "no such application"),
    m(9999, TryAgain(None), "critical error at OK"),
];

/// Codes that say of the one community asked about that there is none.
const NONE_SUCH: [i64; 2] = [160, 300];

/// Who we are at OK.
#[derive(Clone)]
pub struct OkCredentials {
    /// Public key of the application.
    pub application_key: String,
    /// Its secret key.
    pub application_secret: String,
    /// A permanent token, where the application works with one.
    pub access_token: Option<String>,
}

/// OK.
pub struct OkApi {
    line: Line,
    platform: String,
    credentials: OkCredentials,
    pages: String,
}

impl OkApi {
    /// `pages`: what a community's address begins with, `https://ok.ru/group/`.
    ///
    /// # Errors
    /// [`PlatformSettingsError`].
    pub fn new(
        connection: &Connection,
        credentials: OkCredentials,
        pages: String,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PlatformSettingsError> {
        Ok(Self { line: Line::new(connection, &OK, clock)?, platform: connection.platform.clone(), credentials, pages })
    }

    /// Calls a method; `None` where it says that the one thing asked about does not exist.
    async fn call(&self, method: &str, parameters: &[(&str, &str)], only_one: bool) -> Result<Option<Value>, ApiError> {
        let now = self.line.go()?;
        let c = &self.credentials;
        let mut form = vec![("application_key", c.application_key.as_str()), ("format", "json"), ("method", method)];
        form.extend_from_slice(parameters);
        let sig = signature(&form, c).ok_or_else(|| ApiError {
            fault: Ours,
            upstream: None,
            detail: "requests to OK cannot be signed: OpenSSL refuses MD5 on this machine".to_owned(),
        })?;
        form.push(("sig", &sig));
        if let Some(token) = &c.access_token {
            form.push(("access_token", token));
        }
        let answer = self.line.transport.post("", &form).await.map_err(|e| self.line.no_answer(e))?;
        if let Some(code) = answer.body["error_code"].as_i64() {
            if only_one && NONE_SUCH.contains(&code) {
                self.line.pace.answered();
                return Ok(None);
            }
            let (fault, what) = meaning(&CODES, code);
            return Err(self.line.refused(now, fault, code, what));
        }
        if answer.body.is_null() {
            return Err(self.line.unreadable("not JSON"));
        }
        self.line.pace.answered();
        Ok(Some(answer.body))
    }

    fn community(&self, g: &Value) -> Result<UnverifiedCommunity, ApiError> {
        let text = |name: &str| g[name].as_str().unwrap_or_default().to_owned();
        let id: CommunityNumber = text("uid").parse().map_err(|_| self.line.unreadable("a community without uid"))?;
        let visibility = match (g["blocked"].as_bool(), g["access_type"].as_str()) {
            (Some(true), _) => Visibility::Blocked,
            (_, Some("OPEN")) => Visibility::Open,
            _ => Visibility::Closed,
        };
        Ok(UnverifiedCommunity {
            uri: format!("{}{id}", self.pages),
            id,
            name: text("name"),
            screen_name: Some(text("shortname")).filter(|s| !s.is_empty()),
            description: text("description"),
            status: text("status"),
            site: text("homepage_url"),
            visibility,
        })
    }
}

/// All parameters but the session's, sorted by name, `k=v` joined without anything between, then the secret; MD5 in lower-case hex.
/// With a token the secret is MD5 of token and application secret, else the application's.
fn signature(form: &[(&str, &str)], c: &OkCredentials) -> Option<String> {
    let md5 = |text: &str| hash(MessageDigest::md5(), text.as_bytes()).ok().map(|d| hex(&d));
    let mut sorted = form.to_vec();
    sorted.sort_unstable();
    let mut text: String = sorted.iter().map(|(name, value)| format!("{name}={value}")).collect();
    match &c.access_token {
        Some(token) => text.push_str(&md5(&format!("{token}{}", c.application_secret))?),
        None => text.push_str(&c.application_secret),
    }
    md5(&text)
}

#[async_trait]
impl PlatformApi for OkApi {
    fn platform(&self) -> &str {
        &self.platform
    }

    fn most_at_once(&self) -> usize {
        MOST
    }

    async fn communities(&self, numbers: &[CommunityNumber]) -> Result<Vec<UnverifiedCommunity>, ApiError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        self.line.not_more_than(MOST, numbers)?;
        let ids: Vec<&str> = numbers.iter().map(CommunityNumber::as_str).collect();
        let found = self.call("group.getInfo", &[("fields", FIELDS), ("uids", &ids.join(","))], ids.len() == 1).await?;
        let Some(body) = found else { return Ok(Vec::new()) };
        // A list by itself in the method's older form, within an object in the newer.
        let groups = body["groups"].as_array().or_else(|| body.as_array());
        groups.ok_or_else(|| self.line.unreadable("no list of communities"))?.iter().map(|g| self.community(g)).collect()
    }

    async fn by_screen_name(&self, name: &str) -> Result<Option<UnverifiedCommunity>, ApiError> {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
            return Ok(None);
        }
        // OK knows names only as addresses.
        let address = format!("https://ok.ru/{name}");
        let Some(found) = self.call("url.getInfo", &[("url", &address)], true).await? else { return Ok(None) };
        if found["type"] != "GROUP" {
            return Ok(None);
        }
        let number = found["objectIdStr"].as_str().map(str::to_owned).or_else(|| found["objectId"].as_i64().map(|n| n.to_string()));
        let number = number.and_then(|n| n.parse().ok()).ok_or_else(|| self.line.unreadable("an address without a number"))?;
        Ok(self.communities(&[number]).await?.into_iter().next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_documented_one() {
        let form = [("method", "group.getInfo"), ("application_key", "KEY"), ("uids", "1"), ("format", "json")];
        let mut c = OkCredentials { application_key: "KEY".into(), application_secret: "SECRET".into(), access_token: None };
        // md5("application_key=KEYformat=jsonmethod=group.getInfouids=1SECRET")
        assert_eq!(signature(&form, &c).as_deref(), Some("f3b6263712504ecea896b20e6defbff9"));
        c.access_token = Some("TOKEN".into());
        // md5("application_key=KEYformat=jsonmethod=group.getInfouids=1" + md5("TOKENSECRET"))
        assert_eq!(signature(&form, &c).as_deref(), Some("aaee878d3a900419409fb088914601e6"));
    }
}
