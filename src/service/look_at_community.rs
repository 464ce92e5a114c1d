//! Looks at a community through its platform's own interface, by whatever people paste that means it.

use std::sync::Arc;
use std::time::Duration;

use super::{App, Error};
use crate::domain::community_link::{self, Locator};
use crate::ports::PlatformApi;
use crate::ports::platform_api::{ApiError, ApiFault, UnverifiedCommunity};
use crate::store::platforms;

/// The community that a pasted link means, as its platform describes it now.
///
/// # Errors
/// [`Error::NotFound`] for an unknown platform or community; [`Error::InvalidRequest`] when the text means none of this platform's;
/// [`Error::Conflict`] when no interface of the platform is configured, or the community keeps us out; [`Error::Unavailable`] when
/// the platform does not answer now; [`Error::Internal`] when our credentials or rights there are at fault.
pub async fn look_at_community(app: &Arc<App>, platform: &str, text: &str) -> Result<UnverifiedCommunity, Error> {
    let id = platform.to_owned();
    let prefixes = app.db.read("platform_prefixes", move |tx| -> Result<_, Error> {
        Ok(platforms::by_id(tx, &id)?.ok_or(Error::NotFound("platform"))?.prefixes()?)
    });
    let prefixes = prefixes.await?;
    let example = prefixes.first().cloned().unwrap_or_default();
    let meant = community_link::locate(text, &prefixes).or_else(|| text.trim().parse().ok().map(Locator::Number));
    let meant =
        meant.ok_or_else(|| Error::InvalidRequest(format!("this is no community of {platform}; give a link like {example}club123456")))?;
    let Some(api) = app.platform_apis.get(platform) else {
        return Err(Error::Conflict(format!("no interface of the platform {platform} is configured: see [platform_api] in the settings")));
    };
    ask(app, api, &meant).await.map_err(unanswered)?.ok_or(Error::NotFound("community"))
}

/// Longest pause after which a question is put again while a person waits for the answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// What the platform says of one community. A limit that passes within a moment is waited for, twice at most.
///
/// # Errors
/// [`ApiError`] when it says nothing.
pub(super) async fn ask(app: &App, api: &Arc<dyn PlatformApi>, meant: &Locator) -> Result<Option<UnverifiedCommunity>, ApiError> {
    for _ in 0..2 {
        match ask_once(api, meant).await {
            Err(ApiError { fault: ApiFault::TryAgain(Some(pause)), .. }) if pause <= PATIENCE => app.clock.pause(pause).await,
            answer => return answer,
        }
    }
    ask_once(api, meant).await
}

async fn ask_once(api: &Arc<dyn PlatformApi>, meant: &Locator) -> Result<Option<UnverifiedCommunity>, ApiError> {
    match meant {
        Locator::Number(number) => Ok(api.communities(std::slice::from_ref(number)).await?.into_iter().find(|c| c.id == *number)),
        Locator::Name(name) => api.by_screen_name(name).await,
    }
}

fn unanswered(e: ApiError) -> Error {
    match e.fault {
        ApiFault::TryAgain(_) => Error::Unavailable(e.detail),
        ApiFault::Ours => Error::Internal(e.detail),
        ApiFault::Theirs => Error::Conflict(e.detail),
    }
}
