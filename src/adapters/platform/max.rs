//! MAX: chats and channels of the bot interface. A bot sees only what it was added to as an administrator, so the administrators of
//! a page add ours first.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::{Connection, Line, PlatformSettingsError};
use crate::adapters::outbound::Peer;
use crate::domain::community::CommunityNumber;
use crate::ports::Clock;
use crate::ports::platform_api::ApiFault::{Ours, Theirs, TryAgain};
use crate::ports::platform_api::{ApiError, PlatformApi, UnverifiedCommunity, Visibility};

const MAX: Peer = Peer { name: "MAX", section: "platform_api", address: "platform_api.max.url" };

/// Where a limit does not say how long.
const SECOND: Duration = Duration::from_secs(1);

/// Longest `Retry-After` obeyed.
const WAIT_MAX: u64 = 3600;

/// MAX.
pub struct MaxApi {
    line: Line,
    platform: String,
    token: String,
    pages: String,
}

impl MaxApi {
    /// `pages`: what the address of a page begins with that names none itself, `https://max.ru/-`.
    ///
    /// # Errors
    /// [`PlatformSettingsError`].
    pub fn new(connection: &Connection, token: String, pages: String, clock: Arc<dyn Clock>) -> Result<Self, PlatformSettingsError> {
        Ok(Self { line: Line::new(connection, &MAX, clock)?, platform: connection.platform.clone(), token, pages })
    }

    async fn chat(&self, path: &str) -> Result<Option<UnverifiedCommunity>, ApiError> {
        let now = self.line.go()?;
        let answer = self.line.transport.get(path, &self.token).await.map_err(|e| self.line.no_answer(e))?;
        let (fault, what) = match answer.status {
            200 => {
                self.line.pace.answered();
                return self.community(&answer.body).map(Some);
            }
            404 => {
                self.line.pace.answered();
                return Ok(None);
            }
            401 => (Ours, "the token is not accepted: replace platform_api.max.token"),
            403 => (Theirs, "the bot may not see this page: its administrators have to add it"),
            429 => {
                let wait = answer.retry_after.map_or(SECOND, |s| Duration::from_secs(s.clamp(1, WAIT_MAX)));
                (TryAgain(Some(wait)), "too many requests: lower platform_api.max.requests_per_second")
            }
            _ => (Ours, "MAX does not take our request"),
        };
        Err(self.line.refused(now, fault, i64::from(answer.status), what))
    }

    fn community(&self, chat: &Value) -> Result<UnverifiedCommunity, ApiError> {
        let text = |name: &str| chat[name].as_str().unwrap_or_default().to_owned();
        // Conversations of two have positive numbers; chats and channels negative ones, and only those are pages.
        let number = chat["chat_id"].as_i64().filter(|n| *n < 0).map(i64::unsigned_abs);
        let id: Option<CommunityNumber> = number.and_then(|n| n.to_string().parse().ok());
        let id = id.ok_or_else(|| self.line.unreadable("no number of a chat or channel"))?;
        let visibility = match (chat["status"].as_str(), chat["is_public"].as_bool()) {
            (Some("closed"), _) => Visibility::Deleted,
            (Some("suspended"), _) => Visibility::Blocked,
            (Some("removed" | "left"), _) => {
                return Err(ApiError { fault: Theirs, upstream: None, detail: "the bot is no longer in this page of MAX".to_owned() });
            }
            (_, Some(true)) => Visibility::Open,
            _ => Visibility::Closed,
        };
        let link = text("link");
        let screen_name = link.rsplit('/').next().filter(|s| !s.is_empty() && !s.starts_with('-')).map(str::to_owned);
        let uri = if link.starts_with("https://") { link.clone() } else { format!("{}{id}", self.pages) };
        Ok(UnverifiedCommunity {
            id,
            uri,
            name: text("title"),
            screen_name: screen_name.filter(|_| !link.contains("/join/")),
            description: text("description"),
            status: String::new(),
            site: String::new(),
            visibility,
        })
    }
}

#[async_trait]
impl PlatformApi for MaxApi {
    fn platform(&self) -> &str {
        &self.platform
    }

    fn most_at_once(&self) -> usize {
        1
    }

    async fn communities(&self, numbers: &[CommunityNumber]) -> Result<Vec<UnverifiedCommunity>, ApiError> {
        self.line.not_more_than(1, numbers)?;
        let Some(number) = numbers.first() else { return Ok(Vec::new()) };
        Ok(self.chat(&format!("/chats/-{number}")).await?.into_iter().collect())
    }

    async fn by_screen_name(&self, name: &str) -> Result<Option<UnverifiedCommunity>, ApiError> {
        // `@?[a-zA-Z]+[a-zA-Z0-9-_]*`; nothing else may become a path.
        let good =
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        if good { self.chat(&format!("/chats/{name}")).await } else { Ok(None) }
    }
}
