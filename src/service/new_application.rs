//! Shared by the two ways a platform starts an application: what both check, and the row both record.

use serde_json::Value;

use super::{App, Error};
use crate::domain::application::{ApplicationState, StartKind};
use crate::domain::community::{BadCommunity, CommunitySnapshot};
use crate::domain::ids::ApplicationId;
use crate::domain::time::Timestamp;
use crate::store::applications::ApplicationRow;
use crate::store::platforms::PlatformRow;

/// An application about to begin, checked completely.
pub(super) struct Beginning {
    pub start: StartKind,
    /// One of the platform's registered addresses.
    pub return_to: String,
    /// The platform's own value, returned unchanged.
    pub state: Option<String>,
    /// PKCE challenge; empty where the start has none.
    pub code_challenge: String,
    /// The `authorization_details` element.
    pub details: String,
    pub community: CommunitySnapshot,
    pub link_digest: Option<String>,
}

impl Beginning {
    pub fn row(self, app: &App, platform: &PlatformRow, id: ApplicationId, now: Timestamp, by: &str) -> ApplicationRow {
        ApplicationRow {
            id: id.to_string(),
            platform_id: platform.id.clone(),
            community_number: self.community.id.to_string(),
            community_uri: self.community.uri,
            community_name: self.community.name,
            community_screen_name: self.community.screen_name,
            details: self.details,
            redirect_uri: self.return_to,
            platform_state: self.state,
            code_challenge: self.code_challenge,
            state: ApplicationState::Started.as_str().to_owned(),
            refusal_code: None,
            idp: None,
            representative: None,
            mandate: None,
            identity_at: None,
            authority_id: None,
            branch_name: None,
            branch_kpp: None,
            badge_id: None,
            created_at: now.millis(),
            expires_at: now.plus(app.settings.application_lifetime).millis(),
            updated_at: now.millis(),
            updated_by: by.to_owned(),
            start: self.start.as_str().to_owned(),
            link_digest: self.link_digest,
        }
    }
}

/// The address, if it is one of the registered ones to the byte (RFC 9700 §2.1).
pub(super) fn registered(platform: &PlatformRow, address: Option<String>) -> Option<String> {
    address.filter(|a| platform.redirects().is_ok_and(|all| all.contains(a)))
}

/// RFC 6749 appendix A.5.
pub(super) fn check_state(state: Option<&String>) -> Result<(), Error> {
    match state {
        Some(s) if s.len() > 1024 || !s.bytes().all(|b| matches!(b, b' '..=b'~')) => {
            Err(Error::InvalidRequest("state must be at most 1024 printable ASCII characters".to_owned()))
        }
        _ => Ok(()),
    }
}

/// The community of a request, member by member, so that the error names the one that is wrong. `bad` makes the error of the
/// start's own family.
pub(super) fn community_of(platform: &PlatformRow, community: &Value, bad: impl Fn(String) -> Error) -> Result<CommunitySnapshot, Error> {
    if !community.is_object() {
        return Err(bad("community must be an object with id, uri and name".to_owned()));
    }
    if community.get("platform").is_some_and(|p| *p != platform.id.as_str()) {
        return Err(bad(format!("community.platform must be {}: a platform speaks for its own communities only", platform.id)));
    }
    let snapshot = snapshot(community).map_err(|e| bad(e.to_string()))?;
    snapshot.check(&platform.prefixes()?).map_err(|e| bad(e.to_string()))?;
    Ok(snapshot)
}

fn snapshot(community: &Value) -> Result<CommunitySnapshot, BadCommunity> {
    let text = |member: &str| community[member].as_str();
    let screen_name = match &community["screen_name"] {
        Value::Null => None,
        Value::String(s) => Some(s.clone()),
        _ => return Err(BadCommunity::ScreenName),
    };
    Ok(CommunitySnapshot {
        id: text("id").ok_or(BadCommunity::Number)?.parse()?,
        uri: text("uri").ok_or(BadCommunity::Uri)?.to_owned(),
        name: text("name").ok_or(BadCommunity::Name)?.to_owned(),
        screen_name,
    })
}
