//! OpenID Federation 1.1: this service as a trust anchor that issues trust marks, and the communities as its immediate
//! subordinates, whose entity configurations it hosts because they have no host of their own.
//!
//! A community is a subordinate from its first badge on, and stays one: its subordinate statement says only which key speaks
//! for it. Whether it is official is said by the trust mark alone, which is in its configuration while the badge is in force.

pub mod delegation;
pub mod kept;
pub mod list_subordinates;
pub mod statements;

use std::sync::Arc;

use self::delegation::Delegation;
use super::{App, Error, look_up};
use crate::domain::badge::BadgeState;
use crate::domain::ids::CommunityId;
use crate::store::attestations::{self, AttestationRow};

/// What is said of this service in the federation, from the validated configuration.
#[derive(Clone, Debug)]
pub struct FederationSettings {
    /// Who runs it.
    pub organization_name: String,
    /// How to reach them; addresses of an office, not of a person.
    pub contacts: Vec<String>,
    /// Where somebody else owns the kind of badge: their word that this service may issue it.
    pub delegation: Option<Delegation>,
}

/// The community an entity identifier names: `{iss}/c/{ulid}`, byte for byte.
fn community_of(iss: &str, sub: &str) -> Option<CommunityId> {
    sub.strip_prefix(iss)?.strip_prefix("/c/")?.parse().ok()
}

/// Where a community stands: its badge, and the mark that holds now.
struct Standing {
    badge: String,
    version: i64,
    mark: Option<AttestationRow>,
}

impl Standing {
    /// The mark's token.
    fn token(self) -> Option<String> {
        self.mark.and_then(|m| m.token)
    }
}

/// Reads where a community stands; `None` when it never had a badge. From the database and not from the view: what was
/// committed is gone from the next document on, whatever the view has seen.
async fn standing(app: &Arc<App>, community: CommunityId) -> Result<Option<Standing>, Error> {
    let now = app.clock.now().millis();
    app.db
        .read("federation_standing", move |tx| -> Result<_, Error> {
            let Some(badge) = look_up::newest(tx, &community.to_string())? else { return Ok(None) };
            let newest = match badge.state()? {
                BadgeState::Active => attestations::newest_active(tx, &badge.id)?,
                _ => None,
            };
            let mark = newest.filter(|a| a.expires_at > now && a.token.is_some());
            Ok(Some(Standing { badge: badge.id, version: badge.version, mark }))
        })
        .await
}

/// The trust mark of a community that holds now.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that type for that subject.
pub async fn current_mark(app: &Arc<App>, trust_mark_type: &str, sub: &str) -> Result<String, Error> {
    let iss = &app.settings.issuer;
    let community = community_of(iss, sub).filter(|_| trust_mark_type == crate::domain::attestation::trust_mark_type(iss));
    let found = match community {
        Some(community) => standing(app, community).await?,
        None => None,
    };
    found.and_then(Standing::token).ok_or(Error::NotFound("trust mark"))
}
