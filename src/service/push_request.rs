//! A platform pushes an authorization request (RFC 9126) that names a community (RFC 9396). The authenticated push is the
//! proof that the platform vouches for the person's control of the community.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::new_application::{Beginning, check_state, community_of, registered};
use super::{App, Error};
use crate::domain::application::StartKind;
use crate::domain::community::CommunitySnapshot;
use crate::domain::digest::{self, SecretKind};
use crate::domain::ids::{ApplicationId, ProofId};
use crate::store::applications;
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
    let Some(redirect_uri) = registered(platform, req.redirect_uri) else {
        return invalid("redirect_uri must be exactly one of the addresses registered for this client");
    };
    if req.code_challenge_method.as_deref() != Some("S256") {
        return invalid("code_challenge_method must be S256");
    }
    let challenge_ok = |c: &String| c.len() == 43 && c.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let Some(code_challenge) = req.code_challenge.filter(challenge_ok) else {
        return invalid("code_challenge must be 43 characters of base64url: BASE64URL(SHA-256(code_verifier))");
    };
    check_state(req.state.as_ref())?;
    let (details, community) = parse_details(platform, req.authorization_details.as_deref())?;

    let now = app.clock.now();
    let application = ApplicationId::new(now, app.entropy.bytes());
    let reference = app.entropy.token();
    let request_digest = digest::of_secret(SecretKind::RequestUri, &reference);
    let beginning = Beginning {
        start: StartKind::Par,
        return_to: redirect_uri,
        state: req.state,
        code_challenge,
        details,
        community,
        link_digest: None,
    };
    let row = beginning.row(app, platform, application, now, "push_request");
    let lifetime = app.settings.request_uri_lifetime;
    let proof = proofs::of_push(ProofId::new(now, app.entropy.bytes()).to_string(), &row);
    app.db
        .write("push_request", move |tx| {
            applications::insert(tx, &row)?;
            applications::insert_request(tx, &row, &request_digest, now.plus(lifetime))?;
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
    let community = community_of(platform, &element["community"], bad)?;
    Ok((element.to_string(), community))
}
