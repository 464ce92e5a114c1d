//! A platform starts an application in plain JSON: the same start as a pushed request, for platforms without an OAuth library.
//! The person is let in by a one-time link instead of a `request_uri`.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::new_application::{Beginning, check_state, community_of, registered};
use super::push_request::DETAILS_TYPE;
use super::repeatable::Repeatable;
use super::{App, Error};
use crate::domain::application::StartKind;
use crate::domain::digest::{self, SecretKind};
use crate::domain::idempotency_key::IdempotencyKey;
use crate::domain::ids::{ApplicationId, ProofId};
use crate::domain::time::Timestamp;
use crate::store::platforms::PlatformRow;
use crate::store::{StoreError, applications, idempotent_answers, proofs};

/// How long the answer is kept for a repeated request.
const KEEP_ANSWER: Duration = Duration::from_secs(24 * 3600);

/// The body. A member we do not know is refused: misspelt, it would go unnoticed until a person is stranded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartRequest {
    community: Value,
    #[serde(default)]
    control: Option<Value>,
    return_url: String,
    #[serde(default)]
    state: Option<String>,
}

/// Checks the request completely, records the application it starts, and returns the answer's JSON.
///
/// # Errors
/// [`Error::InvalidRequest`] saying which member and what it must be; [`Error::CommunityNotYours`];
/// [`Error::IdempotencyKeyReused`].
pub async fn start_application(app: &Arc<App>, platform: &PlatformRow, key: &IdempotencyKey, body: &[u8]) -> Result<String, Error> {
    let repeatable = Repeatable::new(platform, key, "start", body);
    if let Some(answer) = repeatable.answer(app).await? {
        return Ok(answer);
    }
    let now = app.clock.now();
    let id = ApplicationId::new(now, app.entropy.bytes());
    let link = app.entropy.token();
    let row = checked(platform, body, &link)?.row(app, platform, id, now, "start_application");
    let answer = json!({
        "id": row.id,
        "url": format!("{}/applications/{}?link={link}", app.settings.issuer, row.id),
        "expires_at": Timestamp::from_millis(row.expires_at),
    })
    .to_string();
    let proof = proofs::of_push(ProofId::new(now, app.entropy.bytes()).to_string(), &row);
    let kept = repeatable.kept(app, &answer, now.plus(KEEP_ANSWER));
    let started = app.db.write("start_application", move |tx| -> Result<_, Error> {
        // The key comes first: of two equal requests the second waits here, and then starts nothing.
        match idempotent_answers::keep(tx, &kept, now) {
            Ok(()) => {}
            Err(StoreError::Duplicate) => {
                return Ok(Some(idempotent_answers::find(tx, &kept.digest, now)?.ok_or_else(|| super::damaged("kept answer"))?));
            }
            Err(e) => return Err(e.into()),
        }
        applications::insert(tx, &row)?;
        proofs::insert(tx, &proof)?;
        Ok(None)
    });
    match started.await? {
        None => Ok(answer),
        Some(earlier) => repeatable.open(app, &earlier),
    }
}

fn checked(platform: &PlatformRow, body: &[u8], link: &str) -> Result<Beginning, Error> {
    let request: StartRequest = serde_json::from_slice(body).map_err(|e| Error::InvalidRequest(format!("body: {e}")))?;
    let Some(return_to) = registered(platform, Some(request.return_url)) else {
        return Err(Error::InvalidRequest("return_url must be exactly one of the addresses registered for this platform".to_owned()));
    };
    check_state(request.state.as_ref())?;
    if request.control.as_ref().is_some_and(|c| !c.is_object()) {
        return Err(Error::InvalidRequest("control must be an object, or left out".to_owned()));
    }
    let community = community_of(platform, &request.community, Error::InvalidRequest)?;
    // In the same words as a pushed request, so that whatever reads them later need not know how the application began.
    let mut details = json!({ "type": DETAILS_TYPE, "actions": ["issue"], "community": request.community });
    if let Some(control) = request.control {
        details["control"] = control;
    }
    Ok(Beginning {
        start: StartKind::Rest,
        return_to,
        state: request.state,
        code_challenge: String::new(),
        details: details.to_string(),
        community,
        link_digest: Some(digest::of_secret(SecretKind::ApplicationLink, link)),
    })
}
