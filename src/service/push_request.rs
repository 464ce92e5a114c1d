//! A platform pushes an authorization request (RFC 9126) that names a community (RFC 9396). The authenticated push is the
//! proof that the platform vouches for the person's control of the community.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{App, Error};
use crate::domain::application::ApplicationState;
use crate::domain::community::{BadCommunity, CommunitySnapshot};
use crate::domain::digest::{self, SecretKind};
use crate::domain::ids::{ApplicationId, ProofId};
use crate::store::applications::{self, ApplicationRow};
use crate::store::platforms::PlatformRow;
use crate::store::proofs;

/// `request_uri` values begin with this (RFC 9126 §2.2).
pub const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The type of `authorization_details` we know.
pub const DETAILS_TYPE: &str = "official_community";

/// Parameters of a pushed authorization request, as sent.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct PushedRequest {
    /// Must be `code`.
    pub response_type: Option<String>,
    /// Exactly one of the registered addresses.
    pub redirect_uri: Option<String>,
    /// Returned unchanged.
    pub state: Option<String>,
    /// PKCE challenge.
    pub code_challenge: Option<String>,
    /// Must be `S256`.
    pub code_challenge_method: Option<String>,
    /// JSON array with one `official_community`.
    pub authorization_details: Option<String>,
    /// RFC 9101 request objects are not offered; a request that carries one is refused rather than half understood.
    pub request: Option<String>,
    /// Not allowed here (RFC 9126 §2.1).
    pub request_uri: Option<String>,
}

/// The answer to a push.
pub struct Pushed {
    /// To be passed to `/oauth/authorize`.
    pub request_uri: String,
    /// Seconds.
    pub expires_in: u64,
    /// The application it started.
    pub application: ApplicationId,
}

/// Checks a pushed request completely and records the application it starts.
///
/// # Errors
/// [`Error::InvalidRequest`] or [`Error::InvalidAuthorizationDetails`], saying which parameter and what it must be.
pub async fn push_request(app: &Arc<App>, platform: &PlatformRow, req: PushedRequest) -> Result<Pushed, Error> {
    let invalid = |what: &str| Err(Error::InvalidRequest(what.to_owned()));
    if req.request.is_some() || req.request_uri.is_some() {
        return invalid("request and request_uri are not accepted at this endpoint; send the parameters themselves");
    }
    if req.response_type.as_deref() != Some("code") {
        return invalid("response_type must be code");
    }
    let Some(redirect_uri) = req.redirect_uri.filter(|r| platform.redirects().is_ok_and(|all| all.contains(r))) else {
        return invalid("redirect_uri must be exactly one of the addresses registered for this client");
    };
    if req.code_challenge_method.as_deref() != Some("S256") {
        return invalid("code_challenge_method must be S256");
    }
    let challenge_ok = |c: &String| c.len() == 43 && c.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let Some(code_challenge) = req.code_challenge.filter(challenge_ok) else {
        return invalid("code_challenge must be 43 characters of base64url: BASE64URL(SHA-256(code_verifier))");
    };
    // RFC 6749 appendix A.5.
    if req.state.as_ref().is_some_and(|s| s.len() > 1024 || !s.bytes().all(|b| matches!(b, b' '..=b'~'))) {
        return invalid("state must be at most 1024 printable ASCII characters");
    }
    let (details, community) = parse_details(platform, req.authorization_details.as_deref())?;

    let now = app.clock.now();
    let application = ApplicationId::new(now, app.entropy.bytes());
    let reference = app.entropy.token();
    let request_digest = digest::of_secret(SecretKind::RequestUri, &reference);
    let row = ApplicationRow {
        id: application.to_string(),
        platform_id: platform.id.clone(),
        community_number: community.id.to_string(),
        community_uri: community.uri,
        community_name: community.name,
        community_screen_name: community.screen_name,
        details,
        redirect_uri,
        platform_state: req.state,
        code_challenge,
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
        updated_by: "push_request".to_owned(),
    };
    let lifetime = app.settings.request_uri_lifetime;
    let proof = proofs::of_push(ProofId::new(now, app.entropy.bytes()).to_string(), &row);
    app.db
        .write("push_request", move |tx| {
            applications::insert(tx, &row, &request_digest, now.plus(lifetime))?;
            proofs::insert(tx, &proof)
        })
        .await
        .map_err(Error::from)?;
    Ok(Pushed { request_uri: format!("{REQUEST_URI_PREFIX}{reference}"), expires_in: lifetime.as_secs(), application })
}

/// Returns the one element as pushed (it is echoed in the token response) and its checked community.
fn parse_details(platform: &PlatformRow, text: Option<&str>) -> Result<(String, CommunitySnapshot), Error> {
    let bad = |what: String| Error::InvalidAuthorizationDetails(what);
    let text = text.ok_or_else(|| Error::InvalidRequest("authorization_details is missing".to_owned()))?;
    let mut all: Vec<Value> = serde_json::from_str(text).map_err(|_| bad("authorization_details must be a JSON array".to_owned()))?;
    let (Some(element), true) = (all.pop(), all.is_empty()) else {
        return Err(bad("authorization_details must hold exactly one element".to_owned()));
    };
    if element["type"] != DETAILS_TYPE {
        return Err(bad(format!("authorization_details type must be {DETAILS_TYPE}")));
    }
    if element["actions"] != json!(["issue"]) {
        return Err(bad("authorization_details actions must be [\"issue\"]".to_owned()));
    }
    if !element["community"].is_object() {
        return Err(bad("authorization_details community must be an object with id, uri and name".to_owned()));
    }
    if element["community"].get("platform").is_some_and(|p| *p != platform.id.as_str()) {
        return Err(bad(format!("community.platform must be {}: a platform speaks for its own communities only", platform.id)));
    }
    let community = snapshot(&element["community"]).map_err(|e| bad(e.to_string()))?;
    community.check(&platform.prefixes()?).map_err(|e| bad(e.to_string()))?;
    Ok((element.to_string(), community))
}

/// Member by member, so that the error names the one that is wrong.
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
