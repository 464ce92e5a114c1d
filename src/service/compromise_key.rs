//! A key that somebody else may have: from now on nothing it signed counts, whenever it was signed. Its published half goes at
//! once, the announced key takes over, and everything it signed that would still hold is named. Renewal gives the badges behind
//! it new attestations by itself; what cannot be renewed is left to a mass revocation, prepared here for a second person.

use std::sync::Arc;

use super::add_operator::entry;
use super::turn_keys::take_over;
use super::{Actor, App, Error, revoke_many};
use crate::domain::reason::ReasonCode;
use crate::domain::revocation::Scope;
use crate::domain::signing_key::{KeyPurpose, KeyState};
use crate::store::keys;
use crate::store::{StoreError, audit};

/// Attestations read at once.
const PAGE: i64 = 1000;

/// What calling a key compromised came to.
pub struct Compromised {
    /// What the key was for.
    pub purpose: KeyPurpose,
    /// The key that signs in its place.
    pub successor: Option<String>,
    /// Attestations it signed that hold by their own time: attestation, badge.
    pub attestations: Vec<(String, String)>,
    /// The mass revocation that waits for a second person, for what cannot be renewed.
    pub revocation: Option<String>,
}

/// Calls a key compromised. Repeating it changes nothing and names the attestations again.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn compromise_key(app: &Arc<App>, kid: String, actor: Actor) -> Result<Compromised, Error> {
    let now = app.clock.now();
    // Something has to be there to take over.
    app.keys.complete(now).await?;
    let (inner, asked, who) = (Arc::clone(app), kid.clone(), actor.clone());
    let (purpose, first) = app
        .db
        .write("compromise_key", move |tx| -> Result<(KeyPurpose, bool), Error> {
            let row = keys::by_kid(tx, &asked)?.ok_or(Error::NotFound("key"))?;
            let (purpose, state) = (row.purpose()?, row.state()?);
            if state == KeyState::Compromised {
                audit::insert(tx, &entry(&inner, "key.compromise", &asked, &actor))?;
                return Ok((purpose, false));
            }
            keys::advance(tx, &row, KeyState::Compromised, now)?;
            audit::insert(tx, &entry(&inner, "key.compromise", &asked, &actor))?;
            if state == KeyState::Active {
                take_over(&inner, tx, purpose, None, &actor, now)?;
            }
            Ok((purpose, true))
        })
        .await?;
    app.keys.complete(now).await?;
    app.after_commit().await;
    let (key, preparer) = (kid.clone(), who);
    let attestations = app
        .db
        .read("signed_by_key", move |tx| -> Result<_, StoreError> {
            let mut all: Vec<(String, String)> = Vec::new();
            loop {
                let after = all.last().map_or_else(String::new, |(id, _)| id.clone());
                let page = keys::signed_by(tx, &kid, now, &after, PAGE)?;
                if page.is_empty() {
                    return Ok(all);
                }
                all.extend(page);
            }
        })
        .await
        .map_err(Error::from)?;
    // What renewal replaces in the meantime will not be in its scope any more.
    let revocation = if attestations.is_empty() || !first {
        None
    } else {
        Some(revoke_many::prepare(app, Scope::Key(key), ReasonCode::KeyCompromise, None, false, preparer).await?.id)
    };
    let successor = app.keys.known().active(purpose).map(str::to_owned);
    Ok(Compromised { purpose, successor, attestations, revocation })
}
