//! Takes one key out of use, as far as nothing breaks by it: an announced key is taken back, the key that signs hands over,
//! and one that signs no more leaves the published set once nothing it signed holds.

use std::sync::Arc;

use super::add_operator::entry;
use super::turn_keys::{room, still_needed_until, take_over};
use super::{Actor, App, Error};
use crate::domain::signing_key::KeyState;
use crate::domain::time::Timestamp;
use crate::store::{StoreError, audit, keys};

/// Where the key stands afterwards.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] saying from when on it can be done.
pub async fn retire_key(app: &Arc<App>, kid: String, actor: Actor) -> Result<KeyState, Error> {
    let now = app.clock.now();
    let asked = kid.clone();
    let row = app.db.read("find_key", move |tx| keys::by_kid(tx, &asked)).await.map_err(Error::from)?.ok_or(Error::NotFound("key"))?;
    let (purpose, state) = (row.purpose()?, row.state()?);
    let needed_until = still_needed_until(app, &row).await?;
    let inner = Arc::clone(app);
    let to = app
        .db
        .write("retire_key", move |tx| -> Result<KeyState, Error> {
            match state {
                KeyState::Active => {
                    room(&inner, purpose)?;
                    // Not the one that took its place since we looked.
                    if keys::in_state(tx, purpose, KeyState::Active)?.is_none_or(|k| k.kid != row.kid) {
                        return Err(StoreError::Stale("key").into());
                    }
                    let next = keys::in_state(tx, purpose, KeyState::Next)?;
                    let known_from = next.map(|n| Timestamp::from_millis(n.created_at).plus(inner.settings.publish_keys_before));
                    match known_from {
                        Some(at) if at <= now => take_over(&inner, tx, purpose, None, &actor, now).map(|_| KeyState::Retired),
                        Some(at) => Err(Error::Conflict(format!(
                            "the key that would take over is published since too short a time; try again at {at}, or rotate with --now"
                        ))),
                        None => Err(Error::Conflict("no key is announced that could take over; try again in a minute".to_owned())),
                    }
                }
                KeyState::Retired if needed_until > now => {
                    Err(Error::Conflict(format!("what this key signed holds until {needed_until}; then it is withdrawn by itself")))
                }
                KeyState::Next | KeyState::Retired => {
                    keys::advance(tx, &row, KeyState::Withdrawn, now)?;
                    audit::insert(tx, &entry(&inner, "key.withdraw", &row.kid, &actor))?;
                    Ok(KeyState::Withdrawn)
                }
                KeyState::Withdrawn | KeyState::Compromised => Ok(state),
            }
        })
        .await?;
    app.keys.complete(now).await?;
    app.after_commit().await;
    Ok(to)
}
