//! What a platform says of its communities, as a port: the public face of a page, read through the platform's own interface.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::community::CommunityNumber;

/// Whether people can see a community.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Visibility {
    /// Everybody can.
    Open,
    /// Members only.
    Closed,
    /// Nobody: it was deleted, by its owner or by the platform.
    Deleted,
    /// Nobody for now: the platform blocked it.
    Blocked,
}

/// A community as its platform describes it now. Texts are whatever somebody typed there: untrusted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnverifiedCommunity {
    /// Its number.
    pub id: CommunityNumber,
    /// Public address.
    pub uri: String,
    /// Name as shown.
    pub name: String,
    /// Vanity name.
    pub screen_name: Option<String>,
    /// The long text about it.
    pub description: String,
    /// The short line under the name.
    pub status: String,
    /// The web site it names.
    pub site: String,
    /// Who can see it.
    pub visibility: Visibility,
}

impl UnverifiedCommunity {
    /// The texts its administrators can set, each with the word for its field.
    pub fn texts(&self) -> [(&'static str, &str); 3] {
        [("description", &self.description), ("status", &self.status), ("site", &self.site)]
    }
}

/// Whose fault it is that there is no answer. An unanswered question is never an answer about a community.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApiFault {
    /// It passes by itself: overload, a limit, a broken connection. Not before this long, where that is known.
    TryAgain(Option<Duration>),
    /// Our credentials, rights or request: operators have to act.
    Ours,
    /// The community keeps us out: its administrators have to act.
    Theirs,
}

/// Why there is no answer. Holds neither credentials nor texts of communities.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiError {
    /// Whose fault.
    pub fault: ApiFault,
    /// The platform's own code.
    pub upstream: Option<i64>,
    /// For operators.
    pub detail: String,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for ApiError {}

/// One platform's interface.
#[async_trait]
pub trait PlatformApi: Send + Sync {
    /// The platform's short name here, `vk`.
    fn platform(&self) -> &str;

    /// Most communities in one question.
    fn most_at_once(&self) -> usize;

    /// What the platform says of these communities. One that is missing from the answer does not exist. Never waits for a limit to
    /// pass: says [`ApiFault::TryAgain`] instead.
    async fn communities(&self, numbers: &[CommunityNumber]) -> Result<Vec<UnverifiedCommunity>, ApiError>;

    /// The community with this vanity name now. They change hands; the number does not.
    async fn by_screen_name(&self, name: &str) -> Result<Option<UnverifiedCommunity>, ApiError>;
}
