//! Puts the announced key of a purpose in the place of the one that signs: at once when it has been published long enough for
//! every verifier to know it, else when that is so.

use std::sync::Arc;

use super::add_operator::entry;
use super::turn_keys::{room, take_over};
use super::{Actor, App, Error};
use crate::domain::signing_key::{KeyPurpose, KeyState};
use crate::domain::time::Timestamp;
use crate::store::{StoreError, audit, keys};

/// What a rotation comes to.
#[derive(Debug)]
pub struct Rotation {
    /// The key that signs, or will.
    pub kid: String,
    /// When it takes over; the past when it did.
    pub at: Timestamp,
    /// Whether it signs already.
    pub done: bool,
}

/// Rotates the key of a purpose. `at_once` skips the wait: verifiers that do not know the new key yet refuse what it signs
/// until they read the key set anew.
///
/// # Errors
/// [`Error`] when the database is away or somebody else changes the same keys.
pub async fn rotate_key(app: &Arc<App>, purpose: KeyPurpose, at_once: bool, actor: Actor) -> Result<Rotation, Error> {
    let now = app.clock.now();
    app.keys.complete(now).await?;
    room(app, purpose)?;
    let inner = Arc::clone(app);
    let rotation = app
        .db
        .write("rotate_key", move |tx| -> Result<Rotation, Error> {
            let next = keys::in_state(tx, purpose, KeyState::Next)?.ok_or(StoreError::Stale("key"))?;
            let known_from = Timestamp::from_millis(next.created_at).plus(inner.settings.publish_keys_before);
            let at = if at_once { now } else { now.max(known_from) };
            if at <= now {
                let kid = take_over(&inner, tx, purpose, Some(&next.kid), &actor, now)?;
                return Ok(Rotation { kid, at: now, done: true });
            }
            keys::set_due(tx, &next.kid, at)?;
            audit::insert(tx, &entry(&inner, "key.rotate", &next.kid, &actor))?;
            Ok(Rotation { kid: next.kid, at, done: false })
        })
        .await?;
    app.keys.complete(now).await?;
    app.after_commit().await;
    Ok(rotation)
}
