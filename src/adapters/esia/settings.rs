//! What an operator decides about ESIA. Reading it from a file is the configuration's business; checking it against itself
//! is done once, when the provider is made.

use std::path::PathBuf;
use std::time::Duration;

use super::sign::{GOST_ADVICE, streebog};

/// Production host of ESIA.
pub const PRODUCTION_URL: &str = "https://esia.gosuslugi.ru";
/// `iss` of production tokens: `http`, with a trailing slash, whatever the host answers on.
pub const PRODUCTION_ISSUER: &str = "http://esia.gosuslugi.ru/";
/// What a login asks for: the tokens' `openid`, and the person's organisations.
pub const DEFAULT_SCOPES: [&str; 2] = ["openid", "usr_org"];
/// What the record of an organisation is asked for.
pub const DEFAULT_ORGANISATION_SCOPES: [&str; 8] =
    ["org_fullname", "org_shortname", "org_ogrn", "org_inn", "org_kpp", "org_leg", "org_agencytype", "org_agencyterrange"];

/// Which generation of ESIA's protocol to speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Generation {
    /// `/aas/oauth2/ac` and `/te`, requests signed with PKCS#7; the key may be RSA or GOST.
    V1,
    /// `/aas/oauth2/v2/ac` and `/v3/te`, requests signed with a raw GOST R 34.10-2012 signature.
    V2,
}

/// Algorithm ESIA signs its tokens with, as chosen for the client on the technological portal. Pinned: a token that says
/// another one is refused, whatever it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// GOST R 34.10-2012, 256 bits, with Streebog-256; a raw signature of 64 bytes.
    Gost3410_2012_256,
}

impl TokenAlg {
    /// The word in a token's header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Gost3410_2012_256 => "GOST3410_2012_256",
        }
    }
}

/// How the record of an organisation (INN, legal form, kind of body) is got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrganisationRoute {
    /// Not at all: the list of roles has to do.
    RolesOnly,
    /// With a token of the system itself, grant `client_credentials`.
    ClientCredentials,
    /// With the person's token, for which the login asks by `scope_org`; [`Generation::V2`] only.
    ScopeOrg,
}

/// Proof Key for Code Exchange (RFC 7636).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pkce {
    /// Not sent.
    Off,
    /// Method `S256`. ESIA has error codes for PKCE, but the method's name is not documented publicly: try it first.
    S256,
    /// Method `GOST3411`: the challenge is the verifier's Streebog-256. One published client sends this name; nothing confirms it.
    Gost3411,
}

/// Where certificates or a key are read from: PEM, or DER as ESIA publishes its certificates.
#[derive(Clone)]
pub enum KeySource {
    /// A file, looked at again while the service runs.
    File(PathBuf),
    /// These bytes, for good.
    Fixed(Vec<u8>),
}

/// The `nonce` of OpenID Connect, which ESIA has not always carried over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nonce {
    /// Not sent.
    Off,
    /// Sent; a different one in the id token is refused, a missing one is not.
    Send,
    /// Sent, and the id token must carry it.
    Require,
}

/// Everything the adapter needs to know. No `Debug`: it holds the private key.
#[derive(Clone)]
pub struct EsiaSettings {
    /// Scheme and host, [`PRODUCTION_URL`]; plain `http` only to a loopback address.
    pub base_url: String,
    /// Mnemonic of the information system, in capitals.
    pub client_id: String,
    /// Protocol generation.
    pub generation: Generation,
    /// Our certificate as registered at ESIA.
    pub certificate: KeySource,
    /// Its private key, not encrypted.
    pub private_key: KeySource,
    /// Certificates ESIA signs tokens with, one or several in each; the old and the new one during a rotation.
    pub trusted_certificates: Vec<KeySource>,
    /// Algorithm of ESIA's tokens.
    pub token_alg: TokenAlg,
    /// `iss` of ESIA's tokens, compared byte for byte, [`PRODUCTION_ISSUER`].
    pub issuer: String,
    /// Scopes of the login; `openid` and `usr_org` must be among them.
    pub scopes: Vec<String>,
    /// Route to an organisation's record.
    pub organisation_route: OrganisationRoute,
    /// Scopes of that record, bare names.
    pub organisation_scopes: Vec<String>,
    /// PKCE.
    pub pkce: Pkce,
    /// Nonce.
    pub nonce: Nonce,
    /// For name, TCP and TLS together.
    pub connect_timeout: Duration,
    /// For one whole step of a login, all its requests and repetitions together.
    pub timeout: Duration,
    /// Largest answer read, bytes.
    pub max_response_bytes: usize,
    /// How far ESIA's clock and ours may differ when a token's times are checked.
    pub leeway: Duration,
}

/// The settings contradict themselves or the machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("idp.esia.{setting}: {problem}")]
pub struct EsiaSettingsError {
    /// Name of the setting, as in the section `idp.esia` of the configuration.
    pub setting: &'static str,
    /// What to change. Holds no secret.
    pub problem: String,
}

impl EsiaSettingsError {
    pub(super) fn new(setting: &'static str, problem: impl Into<String>) -> Self {
        Self { setting, problem: problem.into() }
    }
}

/// Scopes without which nothing can be confirmed.
pub(super) const REQUIRED_SCOPES: [&str; 2] = ["openid", "usr_org"];

/// Checks what can be checked without reading keys.
pub(super) fn check(s: &EsiaSettings) -> Result<(), EsiaSettingsError> {
    let wrong = |setting, problem: &str| Err(EsiaSettingsError::new(setting, problem));
    let word = |w: &String| !w.is_empty() && w.bytes().all(|b| b.is_ascii_graphic());
    if s.client_id.is_empty() || !word(&s.client_id) {
        return wrong("client_id", "give the mnemonic of the system as registered at ESIA");
    }
    if s.issuer.is_empty() {
        return wrong("issuer", "give the iss of ESIA's tokens, for production http://esia.gosuslugi.ru/");
    }
    if !s.scopes.iter().all(word) || REQUIRED_SCOPES.iter().any(|r| !s.scopes.iter().any(|s| s == r)) {
        return wrong("scopes", "must be words without spaces and include openid and usr_org");
    }
    if s.organisation_route != OrganisationRoute::RolesOnly && (s.organisation_scopes.is_empty() || !s.organisation_scopes.iter().all(word))
    {
        return wrong("organisation_scopes", "must name at least one scope, bare (org_inn)");
    }
    if s.organisation_route == OrganisationRoute::ScopeOrg && s.generation == Generation::V1 {
        return wrong("organisation_route", "scope_org exists only in generation v2; use client_credentials or roles");
    }
    if s.timeout.is_zero() || s.connect_timeout.is_zero() || s.max_response_bytes == 0 {
        return wrong("timeout", "timeouts and max_response_bytes must be above zero");
    }
    if s.pkce == Pkce::Gost3411 && streebog().is_none() {
        return wrong("pkce", GOST_ADVICE);
    }
    Ok(())
}
