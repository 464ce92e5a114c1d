//! VK: `groups.getById` of API 5.199. Fields and codes are those of VK's published schema.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::{Connection, Line, Meaning, PlatformSettingsError, meaning};
use crate::adapters::outbound::Peer;
use crate::domain::community::CommunityNumber;
use crate::ports::Clock;
use crate::ports::platform_api::ApiFault::{Ours, Theirs, TryAgain};
use crate::ports::platform_api::{ApiError, PlatformApi, UnverifiedCommunity, Visibility};

const VK: Peer = Peer { name: "VK", section: "platform_api", address: "platform_api.vk.url" };

const VERSION: &str = "5.199";
const FIELDS: &str = "description,site,status,screen_name,deactivated,is_closed";

/// Ids in one call.
const MOST: usize = 500;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

const fn m(code: i64, fault: crate::ports::platform_api::ApiFault, what: &'static str) -> Meaning {
    Meaning { code, fault, what }
}

/// The general codes of VK's schema that this call can meet.
const CODES: [Meaning; 25] = [
    m(1, TryAgain(None), "unknown error"),
    m(2, Ours, "the application is switched off at VK"),
    m(3, Ours, "unknown method: check platform_api.vk.url"),
    m(4, Ours, "incorrect signature"),
    m(5, Ours, "the token is not accepted: replace platform_api.vk.token"),
    m(6, TryAgain(Some(SECOND)), "too many requests in a second: lower platform_api.vk.requests_per_second"),
    m(7, Ours, "the token lacks the right to do this"),
    m(8, Ours, "invalid request"),
    m(9, TryAgain(Some(MINUTE)), "too many requests of one kind"),
    m(10, TryAgain(None), "internal error at VK"),
    m(11, Ours, "the application is in test mode"),
    m(14, Ours, "VK asks for a captcha: use a service token"),
    m(15, Theirs, "access denied: the community hides what we ask for"),
    m(17, Ours, "VK wants the token's owner to confirm themselves"),
    m(18, Theirs, "the page was deleted or blocked"),
    m(20, Ours, "not permitted to this kind of application"),
    m(23, Ours, "the method was switched off by VK"),
    m(27, Ours, "the community's token is not accepted"),
    m(28, Ours, "the application's token is not accepted: replace platform_api.vk.token"),
    m(29, TryAgain(Some(HOUR)), "the daily number of requests is used up"),
    m(100, Ours, "VK does not take one of our parameters"),
    m(103, TryAgain(Some(MINUTE)), "out of limits"),
    m(104, Ours, "not found"),
    m(125, Ours, "invalid community id"),
    m(203, Theirs, "access to the community is denied"),
];

/// Codes that say of the one community asked about that there is none.
const NONE_SUCH: [i64; 3] = [100, 104, 125];

/// VK.
pub struct VkApi {
    line: Line,
    platform: String,
    token: String,
    pages: String,
}

impl VkApi {
    /// `pages`: what a community's address begins with, `https://vk.com/club`.
    ///
    /// # Errors
    /// [`PlatformSettingsError`].
    pub fn new(connection: &Connection, token: String, pages: String, clock: Arc<dyn Clock>) -> Result<Self, PlatformSettingsError> {
        Ok(Self { line: Line::new(connection, &VK, clock)?, platform: connection.platform.clone(), token, pages })
    }

    async fn ask(&self, ids: &str, only_one: bool) -> Result<Vec<UnverifiedCommunity>, ApiError> {
        let now = self.line.go()?;
        let form = [("group_ids", ids), ("fields", FIELDS), ("v", VERSION), ("lang", "ru"), ("access_token", &self.token)];
        let answer = self.line.transport.post("/method/groups.getById", &form).await.map_err(|e| self.line.no_answer(e))?;
        let error = &answer.body["error"];
        if let Some(code) = error["error_code"].as_i64() {
            if only_one && NONE_SUCH.contains(&code) {
                self.line.pace.answered();
                return Ok(Vec::new());
            }
            let (fault, what) = meaning(&CODES, code);
            return Err(self.line.refused(now, fault, code, what));
        }
        let response = &answer.body["response"];
        // A list by itself until 5.194, a list within an object since.
        let groups = response["groups"].as_array().or_else(|| response.as_array());
        let groups = groups.ok_or_else(|| self.line.unreadable("no response and no error"))?;
        self.line.pace.answered();
        groups.iter().map(|g| self.community(g)).collect()
    }

    fn community(&self, g: &Value) -> Result<UnverifiedCommunity, ApiError> {
        let text = |name: &str| g[name].as_str().unwrap_or_default().to_owned();
        let id: Option<CommunityNumber> = g["id"].as_i64().and_then(|n| n.to_string().parse().ok());
        let id = id.ok_or_else(|| self.line.unreadable("a community without id"))?;
        let visibility = match (g["deactivated"].as_str(), g["is_closed"].as_i64()) {
            (Some("deleted"), _) => Visibility::Deleted,
            (Some(_), _) => Visibility::Blocked,
            (None, Some(0)) => Visibility::Open,
            (None, _) => Visibility::Closed,
        };
        // VK gives a community without a vanity name its number for one.
        let screen_name = Some(text("screen_name")).filter(|s| !s.is_empty() && *s != format!("club{id}") && *s != format!("public{id}"));
        Ok(UnverifiedCommunity {
            uri: format!("{}{id}", self.pages),
            id,
            name: text("name"),
            screen_name,
            description: text("description"),
            status: text("status"),
            site: text("site"),
            visibility,
        })
    }
}

#[async_trait]
impl PlatformApi for VkApi {
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
        self.ask(&ids.join(","), ids.len() == 1).await
    }

    async fn by_screen_name(&self, name: &str) -> Result<Option<UnverifiedCommunity>, ApiError> {
        // A comma would ask about several, and the first would be taken for the one.
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.') {
            return Ok(None);
        }
        Ok(self.ask(name, true).await?.into_iter().next())
    }
}
