//! The identity provider as a port. ESIA and generic OpenID Connect are adapters of equal rank behind it.
//!
//! The service makes `state`, `nonce` and the PKCE verifier (randomness is its port), keeps them sealed between the two
//! halves of the login, and hands them back. Nothing here has `Debug` that could print a person.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::refusal::RefusalCode;
use crate::domain::time::Timestamp;

/// What the service remembers, sealed, between redirect and callback.
#[derive(Clone, Serialize, Deserialize)]
pub struct LoginSecrets {
    /// `state`: a version 4 UUID.
    pub state: String,
    /// `nonce`, 43 characters.
    pub nonce: String,
    /// PKCE verifier, 43 characters.
    pub pkce_verifier: String,
    /// Our callback address, sent in both halves.
    pub redirect_uri: String,
}

/// What came back on the callback, already bound to its `state` by the service.
pub struct LoginCallback {
    /// Authorization code, untrusted.
    pub code: String,
    /// `iss` of RFC 9207, where the provider sends it.
    pub iss: Option<String>,
    /// What [`IdentityProvider::begin`] was given.
    pub secrets: LoginSecrets,
}

/// Opaque continuation of a login inside one adapter (an access token, say). Sealed at rest, and kept
/// only until an organisation's record was read or the application ended.
#[derive(Clone, Serialize, Deserialize)]
pub struct IdpSession(pub String);

/// Who signed in, as the provider says it. Personal data: never logged, stored only in the encrypted evidence record.
#[derive(Clone, Serialize, Deserialize)]
pub struct Person {
    /// The provider's stable id of the person.
    pub subject: String,
    /// Whether the provider confirmed the person's identity.
    pub confirmed: bool,
    /// How the person signed in, where said: `PWD`, `DS`.
    pub method: Option<String>,
    /// Assurance words of the provider, where said.
    pub acr: Option<String>,
}

/// What an organisation is at the provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleOrgType {
    /// State or municipal body.
    Agency,
    /// Any other legal entity; many schools are registered so.
    Legal,
    /// Sole trader: a natural person.
    Business,
    /// A word we do not know.
    Other,
}

/// A branch the person belongs to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RoleBranch {
    /// The provider's id of the branch.
    pub oid: String,
    /// Its name.
    pub name: String,
}

/// One organisation the person belongs to, with the person's standing in it. Values are as sent: nothing is checked yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnverifiedRole {
    /// The provider's id of the organisation.
    pub oid: String,
    /// Full name.
    pub full_name: String,
    /// Short name, may be empty.
    pub short_name: String,
    /// OGRN as sent; a sole trader has a 15-digit OGRNIP here.
    pub ogrn: Option<String>,
    /// Kind.
    pub org_type: RoleOrgType,
    /// The person heads it.
    pub chief: bool,
    /// The person administers its profile at the provider.
    pub admin: bool,
    /// The person is not blocked in it.
    pub active: bool,
    /// The organisation is liquidated.
    pub liquidated: bool,
    /// Where the person belongs to a branch.
    pub branch: Option<RoleBranch>,
}

/// An organisation's record, as sent. Members the provider did not give are `None`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct UnverifiedOrganisation {
    /// Full name.
    pub full_name: Option<String>,
    /// Short name.
    pub short_name: Option<String>,
    /// OGRN.
    pub ogrn: Option<String>,
    /// INN.
    pub inn: Option<String>,
    /// KPP.
    pub kpp: Option<String>,
    /// Legal form, OKOPF code (ESIA `leg`).
    pub okopf: Option<String>,
    /// Territory, OKTMO code.
    pub oktmo: Option<String>,
    /// Kind of state body, ESIA `agencyType`: `12.LCL` or `12`.
    pub agency_type: Option<String>,
    /// ESIA `agencyTerRange`: code of the subject of the federation, `00` for the federation itself.
    pub agency_territory: Option<String>,
    /// Liquidated, where said.
    pub liquidated: Option<bool>,
}

/// A finished login.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    /// [`IdentityProvider::id`] of the provider that says so.
    pub idp: String,
    /// The person.
    pub person: Person,
    /// Their organisations, in the provider's order; may be empty.
    pub roles: Vec<UnverifiedRole>,
    /// For [`IdentityProvider::organisation`].
    pub session: IdpSession,
}

/// A login step failed. Carries what each reader needs: the person (code), the operator (detail), the log (upstream code).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct IdpError {
    /// The code the person sees.
    pub code: RefusalCode,
    /// For operators: what happened, without personal data and without secrets.
    pub detail: String,
    /// The provider's own code, `ESIA-007015`.
    pub upstream: Option<String>,
    /// Whether trying again helps.
    pub try_again: TryAgain,
}

impl IdpError {
    /// An error the provider gave no code for, with the advice that usually goes with `code`.
    pub fn new(code: RefusalCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), upstream: None, try_again: TryAgain::usual(code) }
    }
}

/// Whether a failed login is worth repeating, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryAgain {
    /// At once: nothing is wrong but this one attempt.
    Now,
    /// After a while, by itself.
    Later,
    /// After somebody put right what [`IdpError::detail`] names: operators for F17 and F20, the person for F02 and F21.
    AfterFix,
    /// Not at all, for the same person and organisation.
    No,
}

impl TryAgain {
    /// The word in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Later => "later",
            Self::AfterFix => "after_fix",
            Self::No => "no",
        }
    }

    /// The advice that usually goes with a code.
    pub const fn usual(code: RefusalCode) -> Self {
        match code {
            RefusalCode::F01 | RefusalCode::F19 => Self::Now,
            RefusalCode::F18 => Self::Later,
            RefusalCode::F02 | RefusalCode::F17 | RefusalCode::F20 | RefusalCode::F21 | RefusalCode::F22 => Self::AfterFix,
            _ => Self::No,
        }
    }
}

/// How a provider is doing, found out without anybody signing in. For operators: no personal data, no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdpCondition {
    /// The provider's clock minus ours, milliseconds, where it told its time.
    pub clock_offset_ms: Option<i64>,
    /// Certificates a login depends on, with their ends.
    pub certificates: Vec<CertificateTerm>,
    /// Why a login would fail now; empty when none would.
    pub troubles: Vec<IdpError>,
}

/// When a certificate ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateTerm {
    /// Whose it is and which, for a metric's label and an alarm: `client`, `signing 2C241E75`.
    pub whose: String,
    /// `notAfter`.
    pub ends: Timestamp,
}

/// Signs people in and says what they may act for.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// Short name, `esia`; part of the callback's binding.
    fn id(&self) -> &'static str;

    /// Within what [`Person::subject`] is unique; part of the person's pseudonym. Holds no NUL.
    fn realm(&self) -> &str {
        self.id()
    }

    /// What people call it, «Госуслуги», to offer it by name.
    fn name(&self) -> &str;

    /// The address to send the browser to.
    ///
    /// # Errors
    /// [`IdpError`] (F17, F18, F20) when the request cannot be made.
    async fn begin(&self, secrets: &LoginSecrets, now: Timestamp) -> Result<String, IdpError>;

    /// Maps the provider's error redirect (`error`, `error_description`, `iss` of RFC 9207) to ours. An error answer of
    /// another issuer is not this provider's word.
    fn explain_error(&self, error: &str, description: Option<&str>, iss: Option<&str>) -> IdpError;

    /// Redeems the code, checks every token, reads person and roles.
    ///
    /// # Errors
    /// [`IdpError`]; nothing was confirmed then.
    async fn complete(&self, callback: LoginCallback, now: Timestamp) -> Result<Login, IdpError>;

    /// Reads the record of one of the login's organisations.
    ///
    /// # Errors
    /// [`IdpError`].
    async fn organisation(&self, session: &IdpSession, oid: &str, now: Timestamp) -> Result<UnverifiedOrganisation, IdpError>;

    /// Where to send the browser to sign out at the provider, where it can.
    fn logout_url(&self, return_to: &str) -> Option<String>;

    /// Asks the provider for the time and whatever else shows trouble before a person meets it. May take as long as a login step.
    async fn examine(&self, now: Timestamp) -> IdpCondition;
}
