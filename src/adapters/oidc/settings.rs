//! What an operator decides about an OpenID Connect provider. Reading it from a file is the configuration's business;
//! checking it against itself is done once, when the provider is made.

use std::time::Duration;

use url::{Host, Url};

use super::claim_map::ClaimMap;

/// A signature algorithm of id tokens. Asymmetric ones only: there is no way to write `none` or `HS256` here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl TokenAlg {
    /// Every algorithm.
    pub const ALL: [Self; 5] = [Self::Rs256, Self::Ps256, Self::Es256, Self::Es384, Self::EdDsa];

    /// The word in a token's header (RFC 7518 §3.1, RFC 8037 §3.1).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Algorithm of our own `private_key_jwt`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssertionAlg {
    /// ECDSA on P-256.
    Es256,
    /// RSASSA-PKCS1-v1_5.
    Rs256,
    /// RSASSA-PSS.
    Ps256,
}

/// `aud` of our own `private_key_jwt`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssertionAudience {
    /// The issuer: cannot be of use at any other server, whatever a discovery document says.
    Issuer,
    /// The token endpoint, as OpenID Connect Core §9 has it.
    TokenEndpoint,
}

/// How we prove at the token endpoint who we are (OpenID Connect Core §9). No `Debug`: secrets.
#[derive(Clone)]
pub enum ClientAuthentication {
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt {
        /// PEM.
        private_key: Vec<u8>,
        /// Its algorithm.
        algorithm: AssertionAlg,
        /// `kid` of the assertion.
        key_id: Option<String>,
        /// `aud` of the assertion.
        audience: AssertionAudience,
    },
    /// A password in the `Authorization` header.
    SecretBasic(String),
    /// A password in the form.
    SecretPost(String),
}

impl ClientAuthentication {
    /// The word in a provider's metadata.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::PrivateKeyJwt { .. } => "private_key_jwt",
            Self::SecretBasic(_) => "client_secret_basic",
            Self::SecretPost(_) => "client_secret_post",
        }
    }
}

/// Everything the adapter needs to know. No `Debug`: it holds secrets.
#[derive(Clone)]
pub struct OidcSettings {
    /// Issuer, compared byte for byte; discovery starts here.
    pub issuer: String,
    /// What people call the provider; its host where absent.
    pub name: Option<String>,
    /// Our id there.
    pub client_id: String,
    /// Our proof of it.
    pub authentication: ClientAuthentication,
    /// Scopes; `openid` must be among them.
    pub scopes: Vec<String>,
    /// Further parameters of the authorization request.
    pub authorize_parameters: Vec<(String, String)>,
    /// Algorithms accepted of id tokens.
    pub algorithms: Vec<TokenAlg>,
    /// Accepted `acr` values; empty accepts all.
    pub required_acr: Vec<String>,
    /// Whether claims are read from the userinfo endpoint too.
    pub userinfo: bool,
    /// Where the facts stand in the claims.
    pub claims: ClaimMap,
    /// Tolerated difference of clocks.
    pub leeway: Duration,
    /// Oldest id token accepted, by its `iat`.
    pub max_token_age: Duration,
    /// How long a discovery document is used before it is read again.
    pub metadata_lifetime: Duration,
    /// How long a key set is used before it is read again.
    pub keys_lifetime: Duration,
    /// For name, TCP and TLS together.
    pub connect_timeout: Duration,
    /// For one whole step of a login, all its exchanges together.
    pub timeout: Duration,
    /// Largest answer read, bytes.
    pub max_response_bytes: usize,
    /// Permits http to loopback addresses: development.
    pub allow_loopback_http: bool,
}

/// The settings contradict themselves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("idp.oidc.{setting}: {problem}")]
pub struct OidcSettingsError {
    /// Name of the setting, as in the configuration.
    pub setting: &'static str,
    /// What to change. Holds no secret.
    pub problem: String,
}

impl OidcSettingsError {
    pub(super) fn new(setting: &'static str, problem: impl Into<String>) -> Self {
        Self { setting, problem: problem.into() }
    }
}

/// Parameters that are the adapter's own; an operator's value would undo a check.
pub const RESERVED_PARAMETERS: [&str; 15] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "acr_values",
    // Each would promise what is not checked afterwards.
    "max_age",
    "claims",
    "id_token_hint",
];

/// Checks what can be checked without reading keys.
pub(super) fn check(s: &OidcSettings) -> Result<(), OidcSettingsError> {
    let wrong = |setting, problem: &str| Err(OidcSettingsError::new(setting, problem));
    let word = |w: &String| !w.is_empty() && w.bytes().all(|b| b.is_ascii_graphic());
    let issuer = address(&s.issuer, s.allow_loopback_http).map_err(|p| OidcSettingsError::new("issuer", p))?;
    if issuer.query().is_some() || s.issuer.chars().any(char::is_control) {
        return wrong("issuer", "must have neither query (OpenID Connect Discovery 1.0 §3) nor control characters");
    }
    if s.client_id.is_empty() || s.client_id.chars().any(char::is_control) {
        return wrong("client_id", "give the id the provider registered for this service");
    }
    if !s.scopes.iter().all(word) || !s.scopes.iter().any(|s| s == "openid") {
        return wrong("scopes", "must be words without spaces and include openid");
    }
    if s.authorize_parameters.iter().any(|(name, _)| name.is_empty() || RESERVED_PARAMETERS.contains(&name.as_str())) {
        return wrong("authorize_parameters", "names a parameter that this service sets itself");
    }
    if s.algorithms.is_empty() {
        return wrong("algorithms", "give at least one algorithm of id tokens");
    }
    if s.timeout.is_zero() || s.connect_timeout.is_zero() || s.max_response_bytes == 0 {
        return wrong("timeout", "timeouts and max_response_bytes must be above zero");
    }
    if matches!(&s.authentication, ClientAuthentication::SecretBasic(x) | ClientAuthentication::SecretPost(x) if x.is_empty()) {
        return wrong("client_secret", "is empty");
    }
    Ok(())
}

/// An address we may speak to: https; http only to this machine and only in development. Without fragment or credentials.
pub(super) fn address(text: &str, allow_loopback_http: bool) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not an address")?;
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        // RFC 6761 §6.3.
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => return Err("has no host"),
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback && allow_loopback_http) {
        return Err("must begin with https:// (http:// only to a loopback address, with dev = true)");
    }
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err("must have neither fragment nor credentials");
    }
    Ok(url)
}
