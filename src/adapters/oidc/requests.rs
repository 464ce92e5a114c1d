//! The two OAuth requests of a login: the address the browser is sent to, and the form that buys tokens. Built on the
//! `oauth2` crate, made anew for each request, since the endpoints are the discovery document's.

use std::borrow::Cow;
use std::fmt;

use oauth2::basic::{BasicClient, BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, ExtraTokenFields, PkceCodeChallenge,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};

use super::client_auth::{ASSERTION_TYPE, ClientProof};
use super::directory::Metadata;
use super::errors::{explain, fault};
use super::settings::OidcSettings;
use super::transport::Transport;
use crate::adapters::code_flow::{redirect, verifier};
use crate::adapters::outbound::TransportFault;
use crate::domain::refusal::RefusalCode::{F17, F18};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::{IdpError, LoginCallback, LoginSecrets};

/// What the token answer has beyond RFC 6749.
#[derive(Serialize, Deserialize)]
pub(super) struct OidcFields {
    pub id_token: Option<String>,
}

impl ExtraTokenFields for OidcFields {}

/// The crate demands `Debug`; this one prints nothing.
impl fmt::Debug for OidcFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OidcFields(..)")
    }
}

type TokenAnswer = StandardTokenResponse<OidcFields, BasicTokenType>;

type OauthClient =
    Client<BasicErrorResponse, TokenAnswer, BasicTokenIntrospectionResponse, StandardRevocableToken, BasicRevocationErrorResponse>;

/// What a code buys. No `Debug`: both are secrets.
pub(super) struct Tokens {
    pub access_token: String,
    pub id_token: String,
}

/// The address for the browser (OpenID Connect Core §3.1.2.1, RFC 7636 §4.3).
pub(super) fn authorize_url(s: &OidcSettings, metadata: &Metadata, secrets: &LoginSecrets) -> Result<String, IdpError> {
    let redirect = redirect(&secrets.redirect_uri)?;
    let endpoint = AuthUrl::new(metadata.authorization_endpoint.clone()).map_err(|_| bad_endpoint())?;
    let client = BasicClient::new(ClientId::new(s.client_id.clone())).set_auth_uri(endpoint);
    let mut request = client
        .authorize_url(|| CsrfToken::new(secrets.state.clone()))
        .set_redirect_uri(Cow::Borrowed(&redirect))
        .add_scopes(s.scopes.iter().cloned().map(Scope::new))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier(secrets)?))
        .add_extra_param("nonce", secrets.nonce.as_str());
    if !s.required_acr.is_empty() {
        request = request.add_extra_param("acr_values", s.required_acr.join(" "));
    }
    for (name, value) in &s.authorize_parameters {
        request = request.add_extra_param(name.as_str(), value.as_str());
    }
    Ok(request.url().0.into())
}

/// Buys tokens for a code.
pub(super) async fn redeem(
    s: &OidcSettings,
    proof: &ClientProof,
    metadata: &Metadata,
    callback: &LoginCallback,
    transport: &Transport,
    now: Timestamp,
) -> Result<Tokens, IdpError> {
    let redirect = redirect(&callback.secrets.redirect_uri)?;
    let endpoint = TokenUrl::new(metadata.token_endpoint.clone()).map_err(|_| bad_endpoint())?;
    let mut client = OauthClient::new(ClientId::new(s.client_id.clone())).set_auth_type(AuthType::RequestBody);
    if let ClientProof::Basic(secret) | ClientProof::Post(secret) = proof {
        client = client.set_client_secret(ClientSecret::new(secret.clone()));
    }
    if matches!(proof, ClientProof::Basic(_)) {
        client = client.set_auth_type(AuthType::BasicAuth);
    }
    let client = client.set_token_uri(endpoint);
    let mut request = client
        .exchange_code(AuthorizationCode::new(callback.code.clone()))
        .set_redirect_uri(Cow::Borrowed(&redirect))
        .set_pkce_verifier(verifier(&callback.secrets)?);
    if let ClientProof::Assertion(assertion) = proof {
        let signed = assertion.sign(&s.client_id, &s.issuer, &metadata.token_endpoint, now)?;
        request = request.add_extra_param("client_assertion_type", ASSERTION_TYPE).add_extra_param("client_assertion", signed);
    }
    let answer = request.request_async(transport).await.map_err(refused)?;
    // OpenID Connect Core §3.1.3.3.
    if *answer.token_type() != BasicTokenType::Bearer {
        return Err(fault(F17, "the token answer's token_type is not Bearer"));
    }
    let id_token = answer.extra_fields().id_token.clone();
    let id_token = id_token.ok_or_else(|| fault(F17, "the token answer has no id_token; is openid among the granted scopes?"))?;
    Ok(Tokens { access_token: answer.access_token().secret().clone(), id_token })
}

fn bad_endpoint() -> IdpError {
    fault(F17, "an endpoint of the discovery document is not an address")
}

fn refused(e: RequestTokenError<TransportFault, BasicErrorResponse>) -> IdpError {
    match e {
        RequestTokenError::ServerResponse(r) => explain(r.error().as_ref(), r.error_description().map_or("", String::as_str)),
        RequestTokenError::Request(e) => e.into(),
        RequestTokenError::Parse(_, body) if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_err() => {
            fault(F18, "the token answer is not JSON; it may be a maintenance page")
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            fault(F17, "the token answer lacks a field or has one of the wrong type")
        }
    }
}
