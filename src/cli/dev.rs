//! A whole development set-up on loopback: the service, the stand-in ESIA and the stand-in platform, wired to each other
//! through their public interfaces. `demo`, `serve --dev` and the tests start it.

mod stand_in_esia;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinHandle;

use stand_in_esia::CLIENT_ID;
pub use stand_in_esia::EsiaMode;

use super::server::{self, Running};
use super::wire::{self, Parts, WireError};
use crate::config::{self, Config, EsiaGeneration};
use crate::domain::community::PlatformId;
use crate::domain::webhook_signature::WebhookSecret;
use crate::sandbox::{esia, platform};
use crate::service::add_operator::{self, Role};
use crate::service::add_platform::{self, NewPlatform, PlatformSecrets};
use crate::service::{Actor, App, Error};

/// Short name of the stand-in platform.
const PLATFORM: &str = "demo";
/// Name of the development operator.
const OPERATOR: &str = "dev";

/// How to start.
pub struct Options {
    /// First port; listeners take it and the next ones. 0 takes any free ones.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// How the service speaks to the stand-in ESIA.
    pub esia: EsiaMode,
    /// Further settings as environment pairs, `GOSBADGE__STATUS__TTL`.
    pub settings: Vec<(String, String)>,
    /// Clock, randomness and what tests put in place of other ports.
    pub parts: Parts,
}

/// Everything a caller needs to use the set-up; the first line of `serve --dev --json`.
#[derive(Clone, Serialize)]
pub struct Ready {
    /// The service.
    pub public_url: String,
    /// Its admin listener.
    pub admin_url: String,
    /// The stand-in ESIA.
    pub esia_url: String,
    /// The stand-in platform.
    pub platform_url: String,
    /// How the service speaks to the stand-in ESIA.
    pub esia: ReadyEsia,
    /// The platform's registration.
    pub platform: ReadyPlatform,
    /// Token of the development operator (role admin).
    pub operator_token: String,
    /// Who can sign in at the stand-in ESIA.
    pub personas: Vec<ReadyPersona>,
}

/// See [`Ready::esia`].
#[derive(Clone, Serialize)]
#[expect(missing_docs, reason = "named by the contract")]
pub struct ReadyEsia {
    pub client_id: String,
    pub generation: String,
}

/// See [`Ready::platform`].
#[derive(Clone, Serialize)]
#[expect(missing_docs, reason = "named by the contract")]
pub struct ReadyPlatform {
    pub id: String,
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: String,
    pub inbound_webhook_secret: String,
    pub outgoing_webhook_secret: String,
}

/// See [`Ready::personas`].
#[derive(Clone, Serialize)]
#[expect(missing_docs, reason = "named by the contract")]
pub struct ReadyPersona {
    pub id: String,
    pub title: String,
    pub expect: String,
}

/// The running set-up.
pub struct Dev {
    /// What to use it with.
    pub ready: Ready,
    /// The service's inside; tests look at it.
    pub app: Arc<App>,
    /// Its configuration.
    pub config: Config,
    running: Running,
    stand_ins: Vec<(actix_web::dev::ServerHandle, JoinHandle<std::io::Result<()>>)>,
}

impl Dev {
    /// Stops everything.
    pub async fn stop(self) {
        for (handle, task) in self.stand_ins {
            handle.stop(false).await;
            if task.await.is_err() {
                tracing::warn!("a stand-in panicked");
            }
        }
        self.running.stop().await;
    }
}

fn bind(first: SocketAddr, n: u16) -> Result<TcpListener, WireError> {
    let port = if first.port() == 0 { 0 } else { first.port() + n };
    let address = SocketAddr::new(first.ip(), port);
    TcpListener::bind(address).map_err(|e| WireError(format!("cannot listen on {address}: {e}; choose another port with --port")))
}

fn url(listener: &TcpListener) -> Result<String, WireError> {
    listener.local_addr().map(wire::loopback_url).map_err(WireError::new)
}

/// The configuration of a development set-up: defaults, then the caller's settings.
fn dev_config(options: &Options, public: &str, platform: &str, listen: SocketAddr, admin: SocketAddr) -> Result<Config, WireError> {
    let own = [
        ("GOSBADGE__DEV", "true".to_owned()),
        ("GOSBADGE__PUBLIC_URL", public.to_owned()),
        ("GOSBADGE__LISTEN", listen.to_string()),
        ("GOSBADGE__ADMIN__LISTEN", admin.to_string()),
        ("GOSBADGE__DATA_DIR", options.data_dir.display().to_string()),
        ("GOSBADGE__IDP__ESIA__ORGANISATION_ROUTE", "client_credentials".to_owned()),
        ("GOSBADGE__IDP__ESIA__PKCE", "S256".to_owned()),
        ("GOSBADGE__IDP__ESIA__NONCE", "require".to_owned()),
        ("GOSBADGE__HTTP__WORKERS", "2".to_owned()),
        ("GOSBADGE__PLATFORM_API__VK__PLATFORM", PLATFORM.to_owned()),
        ("GOSBADGE__PLATFORM_API__VK__URL", platform.to_owned()),
        ("GOSBADGE__PLATFORM_API__VK__PAGES", format!("{platform}/club")),
        ("GOSBADGE__PLATFORM_API__VK__TOKEN", options.parts.entropy.token()),
    ];
    let own = own.into_iter().chain(options.esia.settings().map(|(k, v)| (k, v.to_owned())));
    let own = own.map(|(k, v)| (k.to_owned(), v));
    config::load(None, own.chain(options.settings.iter().cloned())).map_err(WireError::new)
}

/// Starts everything.
///
/// # Errors
/// [`WireError`]: a port is taken, the data directory cannot be written, and the like.
pub async fn start(options: Options) -> Result<Dev, WireError> {
    let [public, admin, esia_listener, platform_listener] =
        [bind(options.listen, 0)?, bind(options.listen, 1)?, bind(options.listen, 2)?, bind(options.listen, 3)?];
    let (esia_url, platform_url) = (url(&esia_listener)?, url(&platform_listener)?);
    let address = |l: &TcpListener| l.local_addr().map_err(WireError::new);
    let config = dev_config(&options, &url(&public)?, &platform_url, address(&public)?, address(&admin)?)?;
    // The caller's settings may have named the service otherwise.
    let public_url = config.public_url.clone();
    let mut parts = options.parts;
    let mut stand_ins = Vec::new();

    let stand_in = stand_in_esia::start(options.esia, &config, esia_listener, &parts)?;
    let server = stand_in.running.server;
    stand_ins.push((server.handle(), tokio::spawn(server)));
    if parts.idps.is_none() {
        let (identity, trusted) = (stand_in.identity, stand_in.trusted);
        let esia = wire::sandbox_provider(&config, &esia_url, CLIENT_ID, identity, trusted, &parts)?;
        parts.idps = Some(wire::providers(&config, &parts, Some(esia))?);
    }

    let app = wire::app(&config, parts.clone()).await?;
    let secrets = register_platform(&app, &platform_url).await.map_err(WireError::new)?;
    let operator_token = register_operator(&app).await.map_err(WireError::new)?;
    let running = server::start(&app, &config, public, admin).map_err(WireError::new)?;

    let stand_in =
        platform::start(platform_config(&secrets, platform_listener, &platform_url, &config, &parts)?).map_err(WireError::new)?;
    let redirect_uri = stand_in.redirect_uri.clone();
    stand_ins.push((stand_in.server.handle(), tokio::spawn(stand_in.server)));

    let ready = Ready {
        admin_url: wire::loopback_url(config.admin.listen),
        public_url,
        esia_url,
        platform_url,
        esia: ReadyEsia {
            client_id: CLIENT_ID.to_owned(),
            generation: match config.idp.esia.generation {
                EsiaGeneration::V1 => "v1".to_owned(),
                EsiaGeneration::V2 => "v2".to_owned(),
            },
        },
        platform: ReadyPlatform {
            id: PLATFORM.to_owned(),
            client_id: secrets.client_id,
            client_secret: secrets.client_secret.unwrap_or_default(),
            redirect_uri,
            inbound_webhook_secret: secrets.inbound_webhook_secret,
            outgoing_webhook_secret: secrets.outgoing_webhook_secret,
        },
        operator_token,
        personas: esia::personas()
            .iter()
            .map(|p| ReadyPersona { id: p.id.to_owned(), title: p.title.to_owned(), expect: p.expect.to_owned() })
            .collect(),
    };
    Ok(Dev { ready, app, config, running, stand_ins })
}

fn platform_config(
    secrets: &PlatformSecrets,
    listener: TcpListener,
    base_url: &str,
    config: &Config,
    parts: &Parts,
) -> Result<platform::PlatformConfig, WireError> {
    let secret = |s: &str| WebhookSecret::parse(s).map_err(WireError::new);
    Ok(platform::PlatformConfig {
        listener,
        base_url: base_url.to_owned(),
        issuer: config.public_url.clone(),
        client_id: secrets.client_id.clone(),
        client_secret: secrets.client_secret.clone().unwrap_or_default(),
        platform_id: PLATFORM.parse::<PlatformId>().map_err(WireError::new)?,
        inbound_webhook_secret: secret(&secrets.inbound_webhook_secret)?,
        outgoing_webhook_secret: secret(&secrets.outgoing_webhook_secret)?,
        api_token: config.platform_api.vk.as_ref().map(|vk| vk.token.expose().clone()),
        poll_every: Some(Duration::from_secs(2)),
        clock: Arc::clone(&parts.clock),
        entropy: Arc::clone(&parts.entropy),
    })
}

/// Registers the stand-in platform, or, when the data directory knows it from before, gives it its new addresses and secrets.
async fn register_platform(app: &Arc<App>, url: &str) -> Result<PlatformSecrets, Error> {
    let new = NewPlatform {
        id: PLATFORM.parse().map_err(|_| Error::Internal("platform id".to_owned()))?,
        name: "Площадка".to_owned(),
        base_url: url.to_owned(),
        redirect_uris: vec![format!("{url}/gosbadge/callback")],
        // Its own communities, and the addresses that documentation uses as examples.
        community_prefixes: vec![format!("{url}/"), "https://vk.com/".to_owned()],
        jwks: None,
        webhook_url: Some(format!("{url}/gosbadge/webhook")),
        certificate: None,
        communities: None,
    };
    add_platform::replace_platform(app, new, &Actor::system()).await
}

async fn register_operator(app: &Arc<App>) -> Result<String, Error> {
    match add_operator::add_operator(app, OPERATOR, Role::Admin, &Actor::system()).await {
        Ok(new) => Ok(new.token),
        Err(Error::Conflict(_)) => add_operator::replace_token(app, OPERATOR.to_owned(), &Actor::system()).await,
        Err(e) => Err(e),
    }
}
