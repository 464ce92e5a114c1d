//! The typed settings. Everything here has been checked; defaults and limits are in `settings_list.rs` and `validate.rs`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::federation::Federation;
use super::network::Network;
use super::oidc::Oidc;
use super::platform_api::PlatformApi;
use super::platform_events::PlatformEvents;
use super::platform_oauth::VkOauth;
use super::secret::Secret;
use super::site::Site;

/// All settings. No `Debug`: it holds secrets.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Config {
    /// Public base address: an origin without trailing slash; `iss` of attestations.
    pub public_url: String,
    /// Public listener.
    pub listen: SocketAddr,
    /// Directory for what is kept in files.
    pub data_dir: PathBuf,
    /// Development: loopback and http are permitted for the identity provider and webhooks.
    pub dev: bool,
    /// `[admin]`
    pub admin: Admin,
    /// `[log]`
    pub log: Log,
    /// `[database]`
    pub database: Database,
    /// `[keys]`
    pub keys: Keys,
    /// `[idp]`
    pub idp: Idp,
    /// `[login]`
    pub login: Login,
    /// `[application]`
    pub application: Application,
    /// `[oauth]`
    pub oauth: Oauth,
    /// `[attestation]`
    pub attestation: Attestation,
    /// `[status]`
    pub status: Status,
    /// `[federation]`
    pub federation: Federation,
    /// `[transparency]`
    pub transparency: Transparency,
    /// `[webhooks]`
    pub webhooks: Webhooks,
    /// `[platform_api]`
    pub platform_api: PlatformApi,
    /// `[platform_oauth.vk]`, where an application is given.
    pub vk_oauth: Option<VkOauth>,
    /// `[site]`
    pub site: Site,
    /// `[platform_events]`
    pub platform_events: PlatformEvents,
    /// `[jobs]`
    pub jobs: Jobs,
    /// `[evidence]`
    pub evidence: Evidence,
    /// `[http]`
    pub http: Http,
    /// Allowed, but worth a word to the operator. To be logged at start.
    pub warnings: Vec<String>,
}

/// The transparency log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transparency {
    /// Pause between rounds of the sequencer.
    pub interval: Duration,
    /// Who is asked to sign checkpoints.
    pub witnesses: Vec<WitnessAddress>,
}

/// A witness: `URL#KEY`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WitnessAddress {
    /// Submission prefix, without trailing slash.
    pub url: String,
    /// Verifier key (C2SP signed-note), not looked into here.
    pub key: String,
}

/// The operators' listener.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Admin {
    /// Where it listens.
    pub listen: SocketAddr,
}

/// Logging.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Log {
    /// Form of the lines.
    pub format: LogFormat,
    /// A `tracing` filter, known to parse.
    pub level: String,
}

/// Form of log lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// The database.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`; may hold a password.
    pub url: Secret<String>,
    /// Connections per process.
    pub pool_size: u32,
}

/// Keys that protect what is kept.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Keys {
    /// Key-encryption keys, newest first; empty only where `public_url` is loopback: generate one in the data directory then.
    pub kek: Vec<Secret<[u8; 32]>>,
    /// Key of the representatives' pseudonyms; absent only where `kek` may be empty.
    pub pseudonym_key: Option<Secret<[u8; 32]>>,
    /// How long a signing key is published before it signs.
    pub publish_before: Duration,
}

/// The identity providers.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Idp {
    /// Who people are sent to.
    pub kind: IdpKind,
    /// Who else may answer.
    pub also: Vec<IdpKind>,
    /// Settings of ESIA.
    pub esia: Esia,
    /// Settings of the OpenID Connect provider.
    pub oidc: Oidc,
}

impl Idp {
    /// All kinds in use, the first one first.
    pub fn kinds(&self) -> impl Iterator<Item = IdpKind> {
        std::iter::once(self.kind).chain(self.also.iter().copied())
    }

    /// Whether a kind is in use.
    pub fn uses(&self, kind: IdpKind) -> bool {
        self.kinds().any(|k| k == kind)
    }
}

/// Kinds of identity provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdpKind {
    /// ESIA, its own protocol.
    Esia,
    /// OpenID Connect.
    Oidc,
}

/// ESIA.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Esia {
    /// Origin, without trailing slash.
    pub base_url: String,
    /// Mnemonic of the system; absent only where `public_url` is loopback, like the files.
    pub client_id: Option<String>,
    /// Protocol generation.
    pub generation: EsiaGeneration,
    /// Our certificate, PEM or DER.
    pub certificate_file: Option<PathBuf>,
    /// Its private key, PEM or DER.
    pub private_key_file: Option<PathBuf>,
    /// Certificates that sign ESIA's tokens, PEM or DER, several per PEM file.
    pub trusted_certificate_files: Vec<PathBuf>,
    /// The one algorithm accepted of tokens.
    pub token_algorithm: TokenAlgorithm,
    /// `iss` of tokens, compared exactly.
    pub issuer: String,
    /// Scopes asked for.
    pub scopes: Vec<String>,
    /// Source of an organisation's data.
    pub organisation_route: OrganisationRoute,
    /// PKCE.
    pub pkce: PkceMode,
    /// Nonce.
    pub nonce: NonceMode,
    /// Limit of connecting.
    pub connect_timeout: Duration,
    /// Limit of one whole step of a login.
    pub timeout: Duration,
    /// Tolerated difference of clocks.
    pub leeway: Duration,
    /// Longest answer read.
    pub max_response_bytes: usize,
}

impl Esia {
    /// Whether signing in needs the GOST algorithms. (Generation v1 with a GOST key is not seen here: only the key tells.)
    pub fn needs_gost(&self) -> bool {
        self.generation == EsiaGeneration::V2
            || self.token_algorithm == TokenAlgorithm::Gost3410_2012_256
            || self.pkce == PkceMode::Gost3411
    }
}

/// Generation of ESIA's protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EsiaGeneration {
    /// `/aas/oauth2/ac`, PKCS#7 signatures.
    V1,
    /// `/aas/oauth2/v2/ac`, `/aas/oauth2/v3/te`, raw GOST signatures.
    V2,
}

/// Signature algorithm of ESIA's tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// GOST R 34.10-2012 with 256-bit keys.
    Gost3410_2012_256,
}

/// Where an organisation's data come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrganisationRoute {
    /// The list of the person's roles.
    Roles,
    /// A system token per organisation.
    ClientCredentials,
    /// Asked for in the authorization request.
    ScopeOrg,
}

/// Whether PKCE is used with the identity provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PkceMode {
    /// No challenge.
    Off,
    /// `S256` of RFC 7636.
    S256,
    /// `GOST3411`: the same with Streebog-256.
    Gost3411,
}

/// Whether a nonce is used with the identity provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NonceMode {
    /// Not sent.
    Off,
    /// Sent; checked if it comes back.
    Send,
    /// Sent, and an id_token without it is refused.
    Require,
}

/// The representative's sign-in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Login {
    /// Time to come back.
    pub lifetime: Duration,
}

/// Applications.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Application {
    /// Time to finish one.
    pub lifetime: Duration,
    /// Time to finish one that an authority started itself.
    pub portal_lifetime: Duration,
    /// How old the sign-in may be with which such a one is confirmed.
    pub portal_sign_in_lifetime: Duration,
    /// Whether a community's badge passes to whoever confirms it next.
    pub handover: bool,
}

/// Our OAuth server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Oauth {
    /// Life of a pushed request.
    pub request_uri_lifetime: Duration,
    /// Life of a code.
    pub code_lifetime: Duration,
    /// Life of an access token.
    pub access_token_lifetime: Duration,
    /// Client certificates, where they are believed.
    pub mtls: Option<Mtls>,
}

/// Mutual TLS of platforms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mtls {
    /// Authorities whose word for a name is believed, PEM.
    pub ca_files: Vec<PathBuf>,
    /// Origin of another listener that asks for certificates.
    pub origin: Option<String>,
}

/// Attestations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attestation {
    /// Life of one, at most 90 days.
    pub lifetime: Duration,
    /// How long before its end it is renewed; zero: never.
    pub renew_before: Duration,
    /// How old a confirmation may be that a renewal still rests on.
    pub confirmation_lifetime: Duration,
}

/// Status lists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// `ttl` claim.
    pub ttl: Duration,
    /// From `iat` to `exp`.
    pub expires_after: Duration,
    /// Entries per list, a multiple of 4.
    pub list_size: u32,
    /// How often the view follows the ledger.
    pub refresh_interval: Duration,
    /// The age above which the view answers nothing.
    pub max_view_age: Duration,
}

/// Deliveries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Webhooks {
    /// Limit of one attempt.
    pub timeout: Duration,
    /// Attempts at once, per platform.
    pub concurrency: usize,
    /// Waits between attempts.
    pub retry_schedule: Vec<Duration>,
    /// Pause between looks at a live endpoint.
    pub probe_interval: Duration,
    /// Silence that operators should know of.
    pub alarm_after: Duration,
}

/// Background work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Jobs {
    /// Whether `serve` works too.
    pub in_process: bool,
    /// Rest of an idle worker.
    pub poll_interval: Duration,
}

/// Evidence records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// Time after the badge's end.
    pub retention: Duration,
}

/// HTTP servers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Http {
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Threads; one per processor if absent.
    pub workers: Option<usize>,
    /// Limit of reading a request's head.
    pub client_timeout: Duration,
    /// Limit of reading a request's body.
    pub body_timeout: Duration,
    /// Rest of an idle connection.
    pub keep_alive: Duration,
}
