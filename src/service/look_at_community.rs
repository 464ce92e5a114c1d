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

/// How long a person is kept waiting, in all, for a platform that may not be asked again yet: several are before us at a busy hour, and
/// three pauses of a limit's window are better than a page that asks to try again.
const PATIENCE: Duration = Duration::from_secs(4);

/// What the platform says of one community. A limit that passes within [`PATIENCE`] is waited for.
///
/// # Errors
/// [`ApiError`] when it says nothing.
pub(super) async fn ask(app: &App, api: &Arc<dyn PlatformApi>, meant: &Locator) -> Result<Option<UnverifiedCommunity>, ApiError> {
    let mut patience = PATIENCE;
    loop {
        let answer = ask_once(api, meant).await;
        let Err(ApiError { fault: ApiFault::TryAgain(Some(pause)), .. }) = answer else { return answer };
        // No answer is waited for without end, however short the pauses it asks for.
        let Some(left) = patience.checked_sub(pause.max(Duration::from_millis(50))) else { return answer };
        patience = left;
        app.clock.pause(pause).await;
    }
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
