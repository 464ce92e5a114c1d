//! The composition root: the one place that knows which adapter stands behind which port. Everybody else gets a finished
//! [`App`].

mod esia;
mod federation;
mod keys;
mod oidc;
mod platform_api;

use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::sync::Arc;

pub use esia::{ClientIdentity, certificates_in, client_identity, is_gost_certificate, provider as esia_provider, sandbox_provider};
pub(super) use esia::{in_force, read};
pub use federation::delegation;
pub(super) use keys::write_secret;
pub use oidc::provider as oidc_provider;
pub use platform_api::interfaces as platform_interfaces;

use tokio::sync::Notify;

use crate::adapters::certificates::CertificateReader;
use crate::adapters::clock::SystemClock;
use crate::adapters::entropy::OsEntropy;
use crate::adapters::signer::Keyring;
use crate::adapters::site::{HttpSiteReader, SiteLimits};
use crate::adapters::vault::KeyVault;
use crate::adapters::webhook::WebhookSender;
use crate::adapters::witness::HttpWitness;
use crate::config::{Config, EventMeasure, IdpKind};
use crate::domain::community_event::{EventPolicy, Measure};
use crate::domain::refusal::RefusalCode;
use crate::domain::time::Timestamp;
use crate::domain::tlog::note::{KeyKind, VerifierKey};
use crate::ports::identity_provider::{IdpCondition, IdpError, IdpSession, Login, LoginCallback, LoginSecrets, UnverifiedOrganisation};
use crate::ports::{Clock, Entropy, EventSink, IdentityProvider, Signer, Vault, Witness};
use crate::service::alarms::Told;
use crate::service::federation::{FederationSettings, kept::Kept};
use crate::service::keyrings::Keyrings;
use crate::service::log::TransparencyLog;
use crate::service::metrics::Metrics;
use crate::service::recall_status_list::PastLists;
use crate::service::start_limits::StartLimits;
use crate::service::status_view::StatusView;
use crate::service::watch_communities::{Planned, WatchSettings};
use crate::service::{App, IdentityProviders, Mtls, PlatformApis, PlatformSignIns, Settings};
use crate::store::conn::Location;
use crate::store::{Db, migrate};

/// Why the service cannot be put together. One line for a person.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WireError(pub String);

impl WireError {
    pub(super) fn new(e: impl std::fmt::Display) -> Self {
        Self(e.to_string())
    }
}

/// Puts something around the signer.
pub type WrapSigner = fn(Arc<dyn Signer>) -> Arc<dyn Signer>;

/// The ports whose choice is not the configuration's: time and randomness, and what tests put in place of others.
#[derive(Clone)]
pub struct Parts {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// In place of the configured identity providers; the first is the one people are sent to.
    pub idps: Option<Vec<Arc<dyn IdentityProvider>>>,
    /// Wraps the signer; tests stop the process inside it.
    pub wrap_signer: Option<WrapSigner>,
    /// In place of the delivery over HTTP.
    pub sink: Option<Arc<dyn EventSink>>,
}

impl Parts {
    /// The system's clock and random source.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy), idps: None, wrap_signer: None, sink: None }
    }
}

/// Opens the configured database; does not migrate it.
///
/// # Errors
/// [`WireError`] when it cannot be reached.
pub fn database(config: &Config) -> Result<Db, WireError> {
    let location = Location::parse(config.database.url.expose())
        .ok_or_else(|| WireError("database.url must be sqlite:PATH or postgres://…".to_owned()))?;
    if let Some(dir) = location.path().and_then(std::path::Path::parent).filter(|d| !d.as_os_str().is_empty()) {
        private_dir(dir)?;
    }
    if let Some(file) = location.path() {
        // SQLite gives its side files the mode of the database, so it has to be right from the first.
        let made = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file);
        made.map_err(|e| WireError(format!("cannot open {}: {e}", file.display())))?;
    }
    Db::open(location, config.database.pool_size).map_err(WireError::new)
}

/// A directory only its owner can enter; one that exists is left as it is.
pub(super) fn private_dir(dir: &std::path::Path) -> Result<(), WireError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|e| WireError(format!("cannot create {}: {e}", dir.display())))
}

/// Puts the service together over a migrated database: seals, keys, identity provider, delivery.
///
/// # Errors
/// [`WireError`] saying what is missing and what to do.
pub async fn app(config: &Config, parts: Parts) -> Result<Arc<App>, WireError> {
    let db = database(config)?;
    migrate::apply(&db).await.map_err(WireError::new)?;
    let federation = federation::settings(config, parts.clock.now())?;
    let vault = vault(config, &parts)?;
    let mut signer: Arc<dyn Signer> = Arc::new(Keyring::default());
    if let Some(wrap) = parts.wrap_signer {
        signer = wrap(signer);
    }
    let rings = Keyrings::open(db.clone(), Arc::clone(&vault), signer, &config.public_url, parts.clock.now()).await;
    let keys = rings.map_err(|e| WireError(e.operator_detail().map_or_else(|| e.to_string(), str::to_owned)))?;
    let idps = match parts.idps {
        Some(idps) => idps,
        None => providers(config, &parts, None)?,
    };
    let log = TransparencyLog::new(witnesses(config)?);
    let platform_apis = PlatformApis::new(platform_api::interfaces(config, &parts.clock)?);
    let platform_apis = platform_apis.map_err(|p| WireError(format!("platform_api: two interfaces are for the platform {p}")))?;
    let sink: Arc<dyn EventSink> = match parts.sink {
        Some(sink) => sink,
        None => Arc::new(WebhookSender::new(config.webhooks.timeout, config.dev, Arc::clone(&parts.clock)).map_err(WireError)?),
    };
    let app = Arc::new(App {
        db,
        platform_apis,
        clock: parts.clock,
        entropy: parts.entropy,
        keys,
        vault,
        certificates: Arc::new(certificates(config)?),
        idps: IdentityProviders::new(idps).ok_or_else(|| WireError("no identity provider is configured".to_owned()))?,
        platform_sign_ins: PlatformSignIns::new(platform_api::sign_ins(config)?),
        site_reader: Arc::new(HttpSiteReader::new(site_limits(config)).map_err(WireError)?),
        sink,
        settings: settings(config, federation),
        view: StatusView::default(),
        past: PastLists::default(),
        log,
        metrics: Metrics::default(),
        idp_alarms: Told::default(),
        delegation_alarms: Told::default(),
        looks_planned: Planned::default(),
        start_limits: StartLimits::default(),
        statements: Kept::default(),
        stream_alarms: Told::default(),
        delivery_bell: Notify::new(),
        poll_bell: Notify::new(),
        stream_bell: Notify::new(),
    });
    app.view.refresh(&app).await.map_err(|e| WireError(format!("the status view cannot be built: {e}")))?;
    Ok(app)
}

/// The configured identity providers, the one people are sent to first. `esia`: a stand-in in place of the configured one.
///
/// # Errors
/// [`WireError`] naming the setting or file.
pub fn providers(
    config: &Config,
    parts: &Parts,
    esia: Option<Arc<dyn IdentityProvider>>,
) -> Result<Vec<Arc<dyn IdentityProvider>>, WireError> {
    let make = |kind| match (kind, &esia) {
        (IdpKind::Esia, Some(stand_in)) => Ok(Arc::clone(stand_in)),
        (IdpKind::Esia, None) => esia::provider(config, parts),
        (IdpKind::Oidc, _) => oidc::provider(config, Arc::clone(&parts.entropy)),
    };
    config.idp.kinds().map(make).collect()
}

fn settings(c: &Config, federation: FederationSettings) -> Settings {
    Settings {
        issuer: c.public_url.clone(),
        attestation_lifetime: c.attestation.lifetime,
        status_ttl: c.status.ttl,
        status_lifetime: c.status.expires_after,
        status_list_size: c.status.list_size,
        view_max_age: c.status.max_view_age,
        renew_before: c.attestation.renew_before.min(c.attestation.lifetime / 3),
        confirmation_lifetime: c.attestation.confirmation_lifetime,
        handover: c.application.handover,
        application_lifetime: c.application.lifetime,
        portal_lifetime: c.application.portal_lifetime,
        portal_sign_in_lifetime: c.application.portal_sign_in_lifetime,
        request_uri_lifetime: c.oauth.request_uri_lifetime,
        code_lifetime: c.oauth.code_lifetime,
        access_token_lifetime: c.oauth.access_token_lifetime,
        login_lifetime: c.login.lifetime,
        evidence_retention: c.evidence.retention,
        publish_keys_before: c.keys.publish_before,
        watch: WatchSettings { every: c.platform_api.look_again, grace: c.platform_api.grace },
        platform_events: platform_events(c),
        mtls: c.oauth.mtls.as_ref().map(|m| Mtls { origin: m.origin.clone() }),
        delivery_concurrency: c.webhooks.concurrency,
        delivery_timeout: c.webhooks.timeout,
        retry_schedule: c.webhooks.retry_schedule.clone(),
        probe_interval: c.webhooks.probe_interval,
        alarm_after: c.webhooks.alarm_after,
        federation,
    }
}

const fn site_limits(c: &Config) -> SiteLimits {
    SiteLimits { connect_timeout: c.site.connect_timeout, timeout: c.site.timeout, max_bytes: c.site.max_bytes, allow_loopback: c.dev }
}

fn platform_events(c: &Config) -> EventPolicy {
    let measure = |m| match m {
        EventMeasure::Record => Measure::Record,
        EventMeasure::Reprove => Measure::Reprove,
        EventMeasure::Suspend => Measure::Suspend,
        EventMeasure::Revoke => Measure::Revoke,
    };
    let p = &c.platform_events;
    EventPolicy {
        renamed: measure(p.renamed),
        administrators_changed: measure(p.administrators_changed),
        captured: measure(p.captured),
        deleted: measure(p.deleted),
        reprove_within: p.reprove_within,
    }
}

/// `x5t#S256` of every certificate of a file, PEM.
///
/// # Errors
/// [`WireError`] naming the file.
pub fn thumbprints_in(file: &std::path::Path) -> Result<Vec<String>, WireError> {
    let bytes = std::fs::read(file).map_err(|e| WireError(format!("cannot read {}: {e}", file.display())))?;
    crate::adapters::certificates::thumbprints(&bytes).map_err(|e| WireError(format!("{}: {e}", file.display())))
}

/// Reads client certificates, against the configured authorities.
fn certificates(config: &Config) -> Result<CertificateReader, WireError> {
    let files = config.oauth.mtls.iter().flat_map(|m| &m.ca_files);
    let read = |f: &std::path::PathBuf| std::fs::read(f).map_err(|e| WireError(format!("oauth.mtls_ca_files: {}: {e}", f.display())));
    let files = files.map(read).collect::<Result<Vec<_>, _>>()?;
    CertificateReader::new(&files).map_err(|e| WireError(format!("oauth.mtls_ca_files: {e}")))
}

fn witnesses(config: &Config) -> Result<Vec<Arc<dyn Witness>>, WireError> {
    let make = |w: &crate::config::WitnessAddress| -> Result<Arc<dyn Witness>, WireError> {
        let key: VerifierKey = w.key.parse().map_err(|e| WireError(format!("transparency.witnesses: {}: {e}", w.url)))?;
        if key.kind() != KeyKind::CosignatureV1 {
            return Err(WireError(format!("transparency.witnesses: {}: the key is a log's, not a witness's", w.url)));
        }
        Ok(Arc::new(HttpWitness::new(&w.url, key).map_err(WireError)?))
    };
    config.transparency.witnesses.iter().map(make).collect()
}

fn vault(config: &Config, parts: &Parts) -> Result<Arc<dyn Vault>, WireError> {
    let mut keks: Vec<[u8; 32]> = config.keys.kek.iter().map(|k| *k.expose()).collect();
    if keks.is_empty() {
        keks.push(keys::development_key(config, "kek", &*parts.entropy)?);
    }
    let pseudonym_key = match &config.keys.pseudonym_key {
        Some(key) => *key.expose(),
        None => keys::development_key(config, "pseudonym_key", &*parts.entropy)?,
    };
    Ok(Arc::new(KeyVault::new(&keks, pseudonym_key, Arc::clone(&parts.entropy)).map_err(WireError::new)?))
}

/// Where a bound listener can be reached by others on this machine.
pub fn loopback_url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Stands where a command needs no sign-in; refuses everything as our own fault.
pub struct NoIdentityProvider;

#[async_trait::async_trait]
impl IdentityProvider for NoIdentityProvider {
    fn id(&self) -> &'static str {
        "none"
    }

    fn name(&self) -> &'static str {
        "none"
    }

    async fn begin(&self, _: &LoginSecrets, _: Timestamp) -> Result<String, IdpError> {
        Err(self.explain_error("none", None, None))
    }

    fn explain_error(&self, _: &str, _: Option<&str>, _: Option<&str>) -> IdpError {
        IdpError::new(RefusalCode::F17, "this process has no identity provider")
    }

    async fn complete(&self, _: LoginCallback, _: Timestamp) -> Result<Login, IdpError> {
        Err(self.explain_error("none", None, None))
    }

    async fn organisation(&self, _: &IdpSession, _: &str, _: Timestamp) -> Result<UnverifiedOrganisation, IdpError> {
        Err(self.explain_error("none", None, None))
    }

    fn logout_url(&self, _: &str) -> Option<String> {
        None
    }

    async fn examine(&self, _: Timestamp) -> IdpCondition {
        IdpCondition::default()
    }
}
