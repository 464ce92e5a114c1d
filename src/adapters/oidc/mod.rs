//! Any OpenID Connect provider: the order of the steps. Each step's details are in its own file; what may follow from a
//! login is decided in the services.
//!
//! Built on `oauth2` and one signature check of `jsonwebtoken`. The `openidconnect` crate would bring a second JOSE stack
//! with it, the `rsa` crate among it, and still leave the claims' rules below to us.

mod claim_map;
mod client_auth;
mod directory;
mod errors;
mod id_token;
mod key_set;
mod keys;
mod mapping;
mod requests;
mod settings;
#[cfg(test)]
mod tests;
mod transport;

use std::sync::Arc;

use async_trait::async_trait;
use oauth2::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

pub use claim_map::{ClaimMap, Flag, Pointer};
use client_auth::ClientProof;
use directory::{Directory, Metadata};
use errors::{explain, fault};
use id_token::{Expected, IdClaims, UnverifiedIdToken, refuse};
use keys::Keys;
use mapping::{Mapped, Record};
use requests::Tokens;
pub use settings::{AssertionAlg, AssertionAudience, ClientAuthentication, OidcSettings, OidcSettingsError, RESERVED_PARAMETERS, TokenAlg};
use transport::{PROVIDER, Transport};

use crate::adapters::outbound::NoAnswer;
use crate::domain::refusal::RefusalCode::{F17, F18};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::{
    IdpCondition, IdpError, IdpSession, Login, LoginCallback, LoginSecrets, Person, UnverifiedOrganisation,
};
use crate::ports::{Entropy, IdentityProvider};

/// Signs people in through an OpenID Connect provider.
pub struct OidcProvider {
    settings: OidcSettings,
    name: String,
    proof: ClientProof,
    transport: Arc<Transport>,
    directory: Arc<Directory>,
    keys: Keys,
}

/// What [`IdpSession`] holds here: the claims about organisations were all in the tokens. Opaque to everyone else.
#[derive(Serialize, Deserialize)]
struct Session {
    records: Vec<Record>,
}

impl OidcProvider {
    /// A provider, with every key read and every setting checked. Nothing is asked of anybody yet.
    ///
    /// # Errors
    /// [`OidcSettingsError`] naming the setting and what to do.
    pub fn new(settings: OidcSettings, entropy: Arc<dyn Entropy>) -> Result<Self, OidcSettingsError> {
        settings::check(&settings)?;
        let host = Url::parse(&settings.issuer).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
        let transport = Arc::new(Transport::new(&settings)?);
        Ok(Self {
            name: settings.name.clone().unwrap_or(host),
            proof: ClientProof::new(settings.authentication.clone(), entropy)?,
            directory: Arc::new(Directory::new(&settings, Arc::clone(&transport))),
            keys: Keys::new(settings.keys_lifetime, Arc::clone(&transport)),
            transport,
            settings,
        })
    }

    /// One limit over all exchanges of a step: the person waits for their sum.
    async fn in_time<T>(&self, step: impl Future<Output = Result<T, IdpError>>) -> Result<T, IdpError> {
        tokio::time::timeout(self.settings.timeout, step).await.unwrap_or_else(|_| Err(NoAnswer::TimedOut.of(&PROVIDER).into()))
    }

    /// RFC 9207 §2.4, before anything of the answer is used: whose answer is it?
    fn check_issuer(&self, iss: Option<&str>, metadata: Option<&Metadata>) -> Result<(), IdpError> {
        match iss {
            Some(iss) if iss != self.settings.issuer => Err(fault(F17, "the callback names another issuer than idp.oidc.issuer")),
            None if metadata.is_some_and(|m| m.authorization_response_iss_parameter_supported) => {
                Err(fault(F17, "the callback names no issuer, though the provider announces that it always does (RFC 9207)"))
            }
            _ => Ok(()),
        }
    }

    async fn sign_in(&self, callback: LoginCallback, now: Timestamp) -> Result<Login, IdpError> {
        self.check_issuer(callback.iss.as_deref(), None)?;
        let metadata = self.directory.metadata(now).await?;
        self.check_issuer(callback.iss.as_deref(), Some(&metadata))?;
        let tokens = requests::redeem(&self.settings, &self.proof, &metadata, &callback, &self.transport, now).await?;
        let (id, claims) = self.verified(&tokens, &metadata, &callback.secrets.nonce, now).await?;
        let more = if self.settings.userinfo { self.userinfo(&metadata, &tokens.access_token, &id.sub).await? } else { Map::new() };
        let claims = mapping::merge(&self.settings.claims, claims, more)?;
        let Mapped { subject, confirmed, roles, records } = mapping::read(&self.settings.claims, &claims)?;
        let session = serde_json::to_string(&Session { records }).map_err(|_| fault(F17, "the login session cannot be written"))?;
        Ok(Login {
            idp: self.id().to_owned(),
            person: Person { subject, confirmed, method: id.method(), acr: id.acr },
            roles,
            session: IdpSession(session),
        })
    }

    /// The id token's claims, after every check.
    async fn verified(
        &self,
        tokens: &Tokens,
        metadata: &Metadata,
        nonce: &str,
        now: Timestamp,
    ) -> Result<(IdClaims, Map<String, Value>), IdpError> {
        let token = UnverifiedIdToken::parse(&tokens.id_token, &self.settings.algorithms).map_err(refuse)?;
        let alg = token.alg;
        let named = (alg, token.kid.as_deref());
        let (id, claims) = self.keys.with_key(&metadata.jwks_uri, named, now, |key| token.verify(key)).await?;
        let expected = Expected { settings: &self.settings, nonce, access_token: &tokens.access_token, alg, now };
        id.check(&expected).map_err(refuse)?;
        Ok((id, claims))
    }

    /// OpenID Connect Core §5.3.2.
    async fn userinfo(&self, metadata: &Metadata, access_token: &str, subject: &str) -> Result<Map<String, Value>, IdpError> {
        let url = metadata.userinfo_endpoint.as_deref();
        let url = url.ok_or_else(|| fault(F17, "the provider has no userinfo endpoint; set idp.oidc.userinfo = false"))?;
        let answer = self.transport.get(url, Some(access_token)).await?;
        if !answer.status.is_success() {
            let said: Option<Map<String, Value>> = serde_json::from_slice(&answer.body).ok();
            return Err(match said.as_ref().and_then(|s| s.get("error")?.as_str()) {
                Some(word) => explain(word, ""),
                // 429 passes by itself, as what is wrong on their side does.
                None if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS => {
                    fault(F18, format!("userinfo is answered with status {}", answer.status.as_u16()))
                }
                None => fault(F17, format!("userinfo is answered with status {}", answer.status.as_u16())),
            });
        }
        if answer.media_type == "application/jwt" {
            return Err(fault(F17, "userinfo is signed; set userinfo_signed_response_alg of this client at the provider to none"));
        }
        let claims: Map<String, Value> =
            serde_json::from_slice(&answer.body).map_err(|_| fault(F18, "userinfo is not a JSON object; it may be a maintenance page"))?;
        // Token substitution: the access token of somebody else would bring that person's organisations.
        if claims.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(fault(F17, "userinfo is about another person than the id token, or does not say about whom"));
        }
        Ok(claims)
    }

    async fn look(&self, now: Timestamp, condition: &mut IdpCondition) -> Result<(), IdpError> {
        let (metadata, date) = self.directory.read(now).await?;
        condition.clock_offset_ms = date.map(|d| d.millis() - now.millis());
        condition.troubles.extend(metadata.troubles(&self.settings));
        let set = self.keys.read(&metadata.jwks_uri, now).await?;
        if !self.settings.algorithms.iter().any(|a| set.serves(*a)) {
            condition.troubles.push(fault(F17, "the provider's key set has no usable key for any of idp.oidc.algorithms"));
        }
        Ok(())
    }
}

#[async_trait]
impl IdentityProvider for OidcProvider {
    fn id(&self) -> &'static str {
        "oidc"
    }

    fn name(&self) -> &str {
        &self.name
    }

    /// OpenID Connect Core §2: a `sub` is unique within its issuer, and an operator may move to another one.
    fn realm(&self) -> &str {
        &self.settings.issuer
    }

    async fn begin(&self, secrets: &LoginSecrets, now: Timestamp) -> Result<String, IdpError> {
        let metadata = self.in_time(self.directory.metadata(now)).await?;
        requests::authorize_url(&self.settings, &metadata, secrets)
    }

    fn explain_error(&self, error: &str, description: Option<&str>, iss: Option<&str>) -> IdpError {
        // Another provider's refusal is not this one's.
        match self.check_issuer(iss, self.directory.at_hand().as_deref()) {
            Ok(()) => explain(error, description.unwrap_or_default()),
            Err(e) => e,
        }
    }

    async fn complete(&self, callback: LoginCallback, now: Timestamp) -> Result<Login, IdpError> {
        self.in_time(self.sign_in(callback, now)).await
    }

    async fn organisation(&self, session: &IdpSession, oid: &str, _: Timestamp) -> Result<UnverifiedOrganisation, IdpError> {
        let session: Session = serde_json::from_str(&session.0).map_err(|_| fault(F17, "the login session cannot be read"))?;
        let record = session.records.into_iter().find(|r| r.id == oid);
        record.map(|r| r.organisation).ok_or_else(|| fault(F17, "the organisation is not one of this sign-in's"))
    }

    /// OpenID Connect RP-Initiated Logout 1.0 §2, where the provider offers it and was asked before.
    fn logout_url(&self, return_to: &str) -> Option<String> {
        let mut url = Url::parse(self.directory.at_hand()?.end_session_endpoint.as_deref()?).ok()?;
        url.query_pairs_mut().append_pair("client_id", &self.settings.client_id).append_pair("post_logout_redirect_uri", return_to);
        Some(url.into())
    }

    async fn examine(&self, now: Timestamp) -> IdpCondition {
        let mut condition = IdpCondition::default();
        if let Err(e) = self.in_time(self.look(now, &mut condition)).await {
            condition.troubles.push(e);
        }
        condition
    }
}
