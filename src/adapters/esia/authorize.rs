//! The requests of OAuth 2.0 with ESIA's additions: where the browser goes, and what buys a token. Built on the `oauth2`
//! crate; the secret is made anew for each request and travels as an extra parameter, since a static one does not exist.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, CsrfToken, EndpointNotSet, EndpointSet, ExtraTokenFields, PkceCodeChallenge,
    PkceCodeVerifier, RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use openssl::hash::hash;
use serde::{Deserialize, Serialize};

use super::errors::{explain, fault};
use super::rest;
use super::settings::{EsiaSettings, EsiaSettingsError, Generation, Nonce, OrganisationRoute, Pkce};
use super::sign::{RequestSigner, Signed, streebog, timestamp};
use super::transport::{Repeat, Step};
use crate::adapters::code_flow::{redirect, verifier};
use crate::adapters::outbound::TransportFault;
use crate::domain::refusal::RefusalCode::{F17, F18};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::{IdpError, LoginSecrets};

/// What ESIA's token answer has beyond RFC 6749.
#[derive(Serialize, Deserialize)]
pub(super) struct EsiaFields {
    pub id_token: Option<String>,
    /// Echo of the token request's own state.
    pub state: Option<String>,
}

impl ExtraTokenFields for EsiaFields {}

/// The crate demands `Debug`; this one prints nothing.
impl fmt::Debug for EsiaFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EsiaFields(..)")
    }
}

pub(super) type TokenAnswer = StandardTokenResponse<EsiaFields, BasicTokenType>;

type OauthClient = Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Names and values ready to be added to a request.
type Fields = Vec<(&'static str, String)>;

/// Makes ESIA's OAuth requests.
pub(super) struct Requests {
    client: OauthClient,
    generation: Generation,
    scope: String,
    scope_org: String,
    pkce: Pkce,
    nonce: Nonce,
}

impl Requests {
    pub(super) fn new(s: &EsiaSettings, base: &str) -> Result<Self, EsiaSettingsError> {
        let (authorize, token) = match s.generation {
            Generation::V1 => ("ac", "te"),
            // There is no v2/te and no v3/ac.
            Generation::V2 => ("v2/ac", "v3/te"),
        };
        let wrong = |_| EsiaSettingsError::new("base_url", "is not an address");
        let client = Client::new(ClientId::new(s.client_id.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::new(format!("{base}/aas/oauth2/{authorize}")).map_err(wrong)?)
            .set_token_uri(TokenUrl::new(format!("{base}/aas/oauth2/{token}")).map_err(wrong)?);
        let scope_org = if s.organisation_route == OrganisationRoute::ScopeOrg { s.organisation_scopes.join(" ") } else { String::new() };
        Ok(Self { client, generation: s.generation, scope: s.scopes.join(" "), scope_org, pkce: s.pkce, nonce: s.nonce })
    }

    /// The address for the browser.
    pub(super) fn authorize_url(&self, signer: &RequestSigner, secrets: &LoginSecrets, now: Timestamp) -> Result<String, IdpError> {
        let redirect = redirect(&secrets.redirect_uri)?;
        let stamp = timestamp(now);
        let mut fields = signed(
            signer,
            Signed {
                scope: &self.scope,
                scope_org: &self.scope_org,
                timestamp: &stamp,
                state: &secrets.state,
                redirect_uri: redirect.as_str(),
                code: "",
            },
        )?;
        // `online`: no refresh token, which we would only have to guard.
        fields.push(("access_type", "online".into()));
        if self.nonce != Nonce::Off {
            fields.push(("nonce", secrets.nonce.clone()));
        }
        let mut request = self.client.authorize_url(|| CsrfToken::new(secrets.state.clone())).set_redirect_uri(Cow::Borrowed(&redirect));
        match self.pkce {
            Pkce::Off => {}
            Pkce::S256 => request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier(secrets)?)),
            Pkce::Gost3411 => {
                fields.push(("code_challenge", streebog_challenge(&verifier(secrets)?)?));
                fields.push(("code_challenge_method", "GOST3411".into()));
            }
        }
        for (name, value) in fields {
            request = request.add_extra_param(name, value);
        }
        Ok(request.add_extra_param("scope", self.scope.as_str()).url().0.into())
    }

    /// Buys the person's tokens for a code. `state` is this request's own.
    pub(super) async fn redeem(
        &self,
        signer: &RequestSigner,
        code: &str,
        secrets: &LoginSecrets,
        state: &str,
        http: Step<'_>,
    ) -> Result<TokenAnswer, IdpError> {
        let redirect = redirect(&secrets.redirect_uri)?;
        let stamp = timestamp(http.server_time());
        let fields = signed(
            signer,
            Signed { scope: &self.scope, scope_org: &self.scope_org, timestamp: &stamp, state, redirect_uri: redirect.as_str(), code },
        )?;
        let mut request = self.client.exchange_code(AuthorizationCode::new(code.to_owned())).set_redirect_uri(Cow::Borrowed(&redirect));
        if self.pkce != Pkce::Off {
            request = request.set_pkce_verifier(verifier(secrets)?);
        }
        for (name, value) in fields {
            request = request.add_extra_param(name, value);
        }
        let request =
            request.add_extra_param("scope", self.scope.as_str()).add_extra_param("state", state).add_extra_param("token_type", "Bearer");
        let answer = request.request_async(&http.client(Repeat::Unsent)).await.map_err(refused)?;
        match answer.extra_fields().state.as_deref() {
            Some(echo) if echo == state => Ok(answer),
            _ => Err(fault(F17, "the token answer does not carry the state of its request")),
        }
    }

    /// Buys a token of the system itself for `scope`.
    pub(super) async fn system_token(
        &self,
        signer: &RequestSigner,
        scope: &str,
        state: &str,
        redirect_uri: &str,
        http: Step<'_>,
    ) -> Result<TokenAnswer, IdpError> {
        let stamp = timestamp(http.server_time());
        let fields = signed(signer, Signed { scope, timestamp: &stamp, state, redirect_uri, ..Signed::default() })?;
        let mut request = self.client.exchange_client_credentials();
        for (name, value) in fields {
            request = request.add_extra_param(name, value);
        }
        request = match self.generation {
            Generation::V1 => request.add_extra_param("response_type", "token"),
            Generation::V2 => request.add_extra_param("redirect_uri", redirect_uri),
        };
        let request =
            request.add_scope(Scope::new(scope.to_owned())).add_extra_param("state", state).add_extra_param("token_type", "Bearer");
        let answer = request.request_async(&http.client(Repeat::Safe)).await.map_err(refused)?;
        // No capture shows whether this grant echoes the state, so a missing echo passes and a wrong one does not.
        match answer.extra_fields().state.as_deref() {
            Some(echo) if echo != state => Err(fault(F17, "the token answer carries the state of another request")),
            _ => Ok(answer),
        }
    }
}

/// The parameters every signed request has besides the OAuth ones.
fn signed(signer: &RequestSigner, s: Signed<'_>) -> Result<Fields, IdpError> {
    let secret = signer.secret(s).map_err(|_| fault(F17, "OpenSSL did not sign the request; check idp.esia.private_key_file"))?;
    let mut fields: Fields = vec![("client_secret", secret), ("timestamp", s.timestamp.to_owned())];
    if let Some(hash) = signer.certificate_hash() {
        fields.push(("client_certificate_hash", hash.to_owned()));
    }
    if !s.scope_org.is_empty() {
        fields.push(("scope_org", s.scope_org.to_owned()));
    }
    Ok(fields)
}

/// RFC 7636 §4.2 with Streebog-256 in place of SHA-256.
fn streebog_challenge(verifier: &PkceCodeVerifier) -> Result<String, IdpError> {
    let digest = streebog().and_then(|d| hash(d, verifier.secret().as_bytes()).ok());
    digest.map(|d| URL_SAFE_NO_PAD.encode(d)).ok_or_else(|| fault(F17, "OpenSSL did not hash the PKCE verifier; check the GOST engine"))
}

fn refused(e: RequestTokenError<TransportFault, BasicErrorResponse>) -> IdpError {
    match e {
        RequestTokenError::ServerResponse(r) => explain(r.error().as_ref(), r.error_description().map_or("", String::as_str)),
        RequestTokenError::Request(e) => e.into(),
        RequestTokenError::Parse(_, body) if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_err() => {
            fault(F18, "ESIA's token answer is not JSON; it may be a maintenance page")
        }
        RequestTokenError::Parse(_, body) => {
            rest::said(&body).unwrap_or_else(|| fault(F17, "ESIA's token answer lacks a field or has one of the wrong type"))
        }
        RequestTokenError::Other(_) => fault(F17, "ESIA's token answer cannot be used"),
    }
}
