//! ESIA («вход через Госуслуги») as an identity provider, both protocol generations: the order of the steps. Each step's
//! details are in its own file; what may follow from a login is decided in the services.

mod authorize;
pub mod certificates;
mod claims;
mod error_table;
mod errors;
mod examine;
mod jwt;
mod key_files;
mod rest;
mod rest_bodies;
mod server_clock;
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
use claims::{AccessClaims, CodeClaims, Expected, IdClaims, OrganisationGrant, SCOPE_PREFIX, organisation_grant};
pub use error_table::{ErrorRow, error_table};
use errors::{explain, fault};
use jwt::{TokenFault, TokenKind, TokenVerifier, peek};
use key_files::Watched;
use rest::checked_oid;
pub use settings::{
    DEFAULT_ORGANISATION_SCOPES, EsiaSettings, EsiaSettingsError, Generation, KeySource, Nonce, OrganisationRoute, Pkce, TokenAlg,
};
use sign::RequestSigner;
use transport::{Step, Transport};

use crate::domain::refusal::RefusalCode::{F17, F19, F22};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::{
    IdpCondition, IdpError, IdpSession, Login, LoginCallback, LoginSecrets, Person, UnverifiedOrganisation,
};
use crate::ports::{Clock, Entropy, IdentityProvider};

/// ESIA's word for a request whose time is off.
const WRONG_TIME: &str = "ESIA-007015";

/// Signs people in through ESIA.
pub struct EsiaProvider {
    settings: EsiaSettings,
    base: String,
    requests: Requests,
    signer: Watched<RequestSigner>,
    tokens: Watched<TokenVerifier>,
    transport: Transport,
    entropy: Arc<dyn Entropy>,
}

/// What [`IdpSession`] holds here. Opaque to everyone else.
#[derive(Serialize, Deserialize)]
struct Session {
    /// Only where an organisation's record is read with it; empty otherwise.
    access_token: String,
    expires: Timestamp,
    redirect_uri: String,
    /// The access token's scope, checked with the token.
    #[serde(default)]
    scope: String,
}

impl EsiaProvider {
    /// A provider, with every key read and every setting checked.
    ///
    /// # Errors
    /// [`EsiaSettingsError`] naming the setting and what to do.
    pub fn new(mut settings: EsiaSettings, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, EsiaSettingsError> {
        settings::check(&settings)?;
        let base = checked_base(&settings.base_url)?;
        let (generation, client_id, token_alg) = (settings.generation, settings.client_id.clone(), settings.token_alg);
        // The sources move out of the settings: where they hold the key itself, one copy in memory is enough.
        let own = vec![
            ("certificate_file", std::mem::replace(&mut settings.certificate, KeySource::Fixed(Vec::new()))),
            ("private_key_file", std::mem::replace(&mut settings.private_key, KeySource::Fixed(Vec::new()))),
        ];
        let theirs = std::mem::take(&mut settings.trusted_certificates).into_iter().map(|s| ("trusted_certificate_files", s)).collect();
        let signer = Watched::new(own, move |files| match files {
            [certificate, key] => RequestSigner::new(generation, &client_id, certificate, key),
            _ => Err(EsiaSettingsError::new("certificate_file", "is not there together with private_key_file")),
        })?;
        let tokens = Watched::new(theirs, move |files| TokenVerifier::new(token_alg, files))?;
        Ok(Self {
            requests: Requests::new(&settings, &base)?,
            signer,
            tokens,
            transport: Transport::new(&settings, clock, Arc::clone(&entropy))?,
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

    async fn system_token(&self, session: &Session, oid: &str, http: Step<'_>) -> Result<String, IdpError> {
        let wanted = &self.settings.organisation_scopes;
        let scope: Vec<String> = wanted.iter().map(|s| format!("{SCOPE_PREFIX}{s}?org_oid={oid}")).collect();
        let signer = self.signer.current(http.now);
        let state = self.entropy.uuid();
        let answer = self.requests.system_token(&signer, &scope.join(" "), &state, &session.redirect_uri, http).await?;
        let token = answer.access_token().secret();
        let tokens = self.tokens.current(http.now);
        let claims: AccessClaims = tokens.verify(token, TokenKind::Access).map_err(|e| refuse("system token", e))?;
        claims.check_system(self.expected(http.now), wanted, oid).map_err(|e| refuse("system token", e))?;
        Ok(token.clone())
    }

    /// The person's token, if it was granted for this organisation: the record of another one must not stand in for it.
    fn persons_token(&self, session: Session, oid: &str, now: Timestamp) -> Result<String, IdpError> {
        if session.expires <= now {
            return Err(fault(F19, "the person's access token has expired; the sign-in has to be repeated"));
        }
        match organisation_grant(&session.scope, &self.settings.organisation_scopes, oid) {
            OrganisationGrant::This => Ok(session.access_token),
            OrganisationGrant::Another => {
                Err(fault(F22, "the person's token was granted for other organisations, not for the one that is to be confirmed"))
            }
            OrganisationGrant::Nothing => Err(fault(
                F17,
                "the person's token was granted for no organisation; have the organisation scopes granted to the system on the \
                 technological portal, or set idp.esia.organisation_route to client_credentials",
            )),
        }
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
        if self.transport.clock().take_doubt()
            && let Err(e) = self.measure(now).await
        {
            // The request goes out all the same: ESIA may be up again when the browser arrives.
            tracing::debug!(detail = %e.detail, "ESIA's clock was not measured");
        }
        self.requests.authorize_url(&self.signer.current(now), secrets, self.transport.server_time(now))
    }

    fn explain_error(&self, error: &str, description: Option<&str>, iss: Option<&str>) -> IdpError {
        if iss.is_some_and(|iss| iss != self.settings.issuer) {
            return fault(F17, "the callback names another issuer than esia.issuer");
        }
        let explained = explain(error, description.unwrap_or_default());
        if explained.upstream.as_deref() == Some(WRONG_TIME) {
            // The browser brought it: no answer came to us from which the time could have been learnt.
            self.transport.clock().doubt();
        }
        explained
    }

    async fn complete(&self, callback: LoginCallback, now: Timestamp) -> Result<Login, IdpError> {
        self.check_callback(&callback)?;
        let (http, expected) = (self.transport.step(now), self.expected(now));
        let signer = self.signer.current(now);
        // MR: the token request's state must differ from the first one.
        let answer = self.requests.redeem(&signer, &callback.code, &callback.secrets, &self.entropy.uuid(), http).await?;

        let tokens = self.tokens.current(now);
        let token = answer.access_token().secret();
        let access: AccessClaims = tokens.verify(token, TokenKind::Access).map_err(|e| refuse("access token", e))?;
        let subject = access.check_person(expected).map_err(|e| refuse("access token", e))?;
        let id_token = answer.extra_fields().id_token.as_deref().ok_or_else(|| fault(F17, "ESIA's token answer has no id_token"))?;
        let id: IdClaims = tokens.verify(id_token, TokenKind::Id).map_err(|e| refuse("id token", e))?;
        id.check(expected, subject, self.settings.nonce, &callback.secrets.nonce).map_err(|e| refuse("id token", e))?;

        let person = rest::person(&self.base, subject, token, http).await?;
        let roles = rest::roles(&self.base, subject, token, http).await?;
        let needed = self.settings.organisation_route == OrganisationRoute::ScopeOrg;
        let session = Session {
            access_token: if needed { token.clone() } else { String::new() },
            expires: access.expires(),
            redirect_uri: callback.secrets.redirect_uri,
            scope: access.into_scope(),
        };
        Ok(Login {
            idp: self.id().to_owned(),
            person: Person {
                subject: subject.to_string(),
                // The REST answer is newer than the token; without the member the token decides.
                confirmed: person.trusted.unwrap_or_else(|| id.confirmed()),
                method: id.method(),
                acr: id.acr(),
            },
            roles,
            session: IdpSession(serde_json::to_string(&session).map_err(|_| fault(F17, "the login session cannot be written"))?),
        })
    }

    async fn organisation(&self, session: &IdpSession, oid: &str, now: Timestamp) -> Result<UnverifiedOrganisation, IdpError> {
        let oid = checked_oid(oid)?;
        let session: Session = serde_json::from_str(&session.0).map_err(|_| fault(F17, "the login session cannot be read"))?;
        let http = self.transport.step(now);
        let token = match self.settings.organisation_route {
            OrganisationRoute::RolesOnly => return Ok(UnverifiedOrganisation::default()),
            OrganisationRoute::ClientCredentials => self.system_token(&session, oid, http).await?,
            OrganisationRoute::ScopeOrg => self.persons_token(session, oid, now)?,
        };
        rest::organisation(&self.base, oid, &token, http).await
    }

    fn logout_url(&self, return_to: &str) -> Option<String> {
        // `redirect_url`, not `redirect_uri`; no signature.
        let parameters = [("client_id", self.settings.client_id.as_str()), ("redirect_url", return_to)];
        Url::parse_with_params(&format!("{}/idp/ext/Logout", self.base), parameters).ok().map(Into::into)
    }

    async fn examine(&self, now: Timestamp) -> IdpCondition {
        self.condition(now).await
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
