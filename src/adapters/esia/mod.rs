//! ESIA («вход через Госуслуги») as an identity provider, both protocol generations: the order of the steps. Each step's
//! details are in its own file; what may follow from a login is decided in the services.

mod authorize;
mod claims;
mod errors;
mod jwt;
mod rest;
pub mod settings;
mod sign;
#[cfg(test)]
mod tests;
mod transport;

use std::sync::Arc;

use async_trait::async_trait;
use oauth2::TokenResponse;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use authorize::Requests;
use claims::{AccessClaims, CodeClaims, Expected, IdClaims, SCOPE_PREFIX};
use errors::{explain, fault};
use jwt::{TokenFault, TokenKind, TokenVerifier, peek};
use rest::{RawOrganisation, RawPerson, RawRoles, checked_oid};
pub use settings::{DEFAULT_ORGANISATION_SCOPES, EsiaSettings, EsiaSettingsError, Generation, Nonce, OrganisationRoute, Pkce, TokenAlg};
use sign::RequestSigner;
use transport::{At, Transport};

use crate::domain::refusal::RefusalCode::{F17, F19};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::{
    IdpCondition, IdpError, IdpSession, Login, LoginCallback, LoginSecrets, Person, UnverifiedOrganisation,
};
use crate::ports::{Entropy, IdentityProvider};

/// Signs people in through ESIA.
pub struct EsiaProvider {
    settings: EsiaSettings,
    base: String,
    requests: Requests,
    tokens: TokenVerifier,
    transport: Transport,
    entropy: Arc<dyn Entropy>,
}

/// What [`IdpSession`] holds here. Opaque to everyone else.
#[derive(Serialize, Deserialize)]
struct Session {
    access_token: String,
    expires: Timestamp,
    redirect_uri: String,
}

impl EsiaProvider {
    /// A provider, with every key read and every setting checked.
    ///
    /// # Errors
    /// [`EsiaSettingsError`] naming the setting and what to do.
    pub fn new(mut settings: EsiaSettings, entropy: Arc<dyn Entropy>) -> Result<Self, EsiaSettingsError> {
        settings::check(&settings)?;
        let base = checked_base(&settings.base_url)?;
        let signer = RequestSigner::new(settings.generation, &settings.client_id, &settings.certificate, &settings.private_key)?;
        // The signer has its own copy; one is enough in memory.
        settings.private_key.clear();
        Ok(Self {
            requests: Requests::new(&settings, &base, signer)?,
            tokens: TokenVerifier::new(settings.token_alg, &settings.trusted_certificates)?,
            transport: Transport::new(&settings)?,
            settings,
            base,
            entropy,
        })
    }

    fn expected(&self, now: Timestamp) -> Expected<'_> {
        Expected { issuer: &self.settings.issuer, client_id: &self.settings.client_id, now, leeway: self.settings.leeway }
    }

    /// What a callback shows before anything is sent anywhere.
    fn check_callback(&self, callback: &LoginCallback) -> Result<(), IdpError> {
        // RFC 9207 §2.4; ESIA does not send it today.
        if callback.iss.as_ref().is_some_and(|iss| *iss != self.settings.issuer) {
            return Err(fault(F17, "the callback names another issuer than esia.issuer"));
        }
        // ESIA's code is a JWT. Unchecked, so it can only make us refuse earlier.
        if peek::<CodeClaims>(&callback.code).is_some_and(|c| c.client_id != self.settings.client_id) {
            return Err(fault(F19, "the authorization code was issued to another client"));
        }
        Ok(())
    }

    async fn system_token(&self, session: &Session, oid: &str, http: &At<'_>) -> Result<String, IdpError> {
        let wanted = &self.settings.organisation_scopes;
        let scope: Vec<String> = wanted.iter().map(|s| format!("{SCOPE_PREFIX}{s}?org_oid={oid}")).collect();
        let answer = self.requests.system_token(&scope.join(" "), &self.entropy.uuid(), &session.redirect_uri, http).await?;
        let token = answer.access_token().secret();
        let claims: AccessClaims = self.tokens.verify(token, TokenKind::Access).map_err(|e| refuse("system token", e))?;
        claims.check_system(self.expected(http.now), wanted, oid).map_err(|e| refuse("system token", e))?;
        Ok(token.clone())
    }
}

#[async_trait]
impl IdentityProvider for EsiaProvider {
    fn id(&self) -> &'static str {
        "esia"
    }

    fn name(&self) -> &'static str {
        "Госуслуги"
    }

    async fn begin(&self, secrets: &LoginSecrets, now: Timestamp) -> Result<String, IdpError> {
        self.requests.authorize_url(secrets, self.transport.server_time(now))
    }

    fn explain_error(&self, error: &str, description: Option<&str>, iss: Option<&str>) -> IdpError {
        if iss.is_some_and(|iss| iss != self.settings.issuer) {
            return fault(F17, "the callback names another issuer than esia.issuer");
        }
        explain(error, description.unwrap_or_default())
    }

    async fn complete(&self, callback: LoginCallback, now: Timestamp) -> Result<Login, IdpError> {
        self.check_callback(&callback)?;
        let (http, expected) = (At { transport: &self.transport, now }, self.expected(now));
        // MR: the token request's state must differ from the first one.
        let answer = self.requests.redeem(&callback.code, &callback.secrets, &self.entropy.uuid(), &http).await?;

        let token = answer.access_token().secret();
        let access: AccessClaims = self.tokens.verify(token, TokenKind::Access).map_err(|e| refuse("access token", e))?;
        let subject = access.check_person(expected).map_err(|e| refuse("access token", e))?;
        let id_token = answer.extra_fields().id_token.as_deref().ok_or_else(|| fault(F17, "ESIA's token answer has no id_token"))?;
        let id: IdClaims = self.tokens.verify(id_token, TokenKind::Id).map_err(|e| refuse("id token", e))?;
        id.check(expected, subject, self.settings.nonce, &callback.secrets.nonce).map_err(|e| refuse("id token", e))?;

        let person: RawPerson = rest::get(format!("{}/rs/prns/{subject}", self.base), token, &http).await?;
        let roles: RawRoles = rest::get(format!("{}/rs/prns/{subject}/roles", self.base), token, &http).await?;
        let session = Session { access_token: token.clone(), expires: access.expires(), redirect_uri: callback.secrets.redirect_uri };
        Ok(Login {
            idp: self.id().to_owned(),
            person: Person {
                subject: subject.to_string(),
                // The REST answer is newer than the token; without the member the token decides.
                confirmed: person.trusted.unwrap_or_else(|| id.confirmed()),
                method: id.method(),
                acr: id.acr(),
            },
            roles: roles.into_roles(subject)?,
            session: IdpSession(serde_json::to_string(&session).map_err(|_| fault(F17, "the login session cannot be written"))?),
        })
    }

    async fn organisation(&self, session: &IdpSession, oid: &str, now: Timestamp) -> Result<UnverifiedOrganisation, IdpError> {
        let oid = checked_oid(oid)?;
        if self.settings.organisation_route == OrganisationRoute::RolesOnly {
            return Ok(UnverifiedOrganisation::default());
        }
        let session: Session = serde_json::from_str(&session.0).map_err(|_| fault(F17, "the login session cannot be read"))?;
        let http = At { transport: &self.transport, now };
        let token = if self.settings.organisation_route == OrganisationRoute::ClientCredentials {
            self.system_token(&session, oid, &http).await?
        } else if session.expires <= now {
            return Err(fault(F19, "the person's access token has expired; the sign-in has to be repeated"));
        } else {
            session.access_token
        };
        rest::get::<RawOrganisation>(format!("{}/rs/orgs/{oid}", self.base), &token, &http).await?.into_organisation(oid)
    }

    fn logout_url(&self, return_to: &str) -> Option<String> {
        // `redirect_url`, not `redirect_uri`; no signature.
        let parameters = [("client_id", self.settings.client_id.as_str()), ("redirect_url", return_to)];
        Url::parse_with_params(&format!("{}/idp/ext/Logout", self.base), parameters).ok().map(Into::into)
    }

    async fn examine(&self, _: Timestamp) -> IdpCondition {
        IdpCondition::default()
    }
}

/// A token that fails its check is our fault or theirs, never the person's, unless it is a good one of another login.
fn refuse(which: &str, e: TokenFault) -> IdpError {
    let code = if e == TokenFault::OtherLogin { F19 } else { F17 };
    fault(code, format!("{which} refused: {e}"))
}

/// Scheme and host without a trailing slash.
fn checked_base(text: &str) -> Result<String, EsiaSettingsError> {
    let wrong = |problem: &str| EsiaSettingsError::new("base_url", problem);
    let url = Url::parse(text).map_err(|_| wrong("is not an address; for production https://esia.gosuslugi.ru"))?;
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return Err(wrong("has no host")),
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return Err(wrong("must begin with https:// (http:// only to a loopback address)"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must be a scheme and a host only"));
    }
    Ok(url.origin().ascii_serialization())
}
