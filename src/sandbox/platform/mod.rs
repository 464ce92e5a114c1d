//! The stand-in platform «Площадка»: a small social network that is a client of gosbadge and uses nothing but its public
//! interfaces over HTTP (OAuth start, status lists, events in both directions). Runs beside the service in one process, many times
//! over on free ports, or alone. Everything it knows lives in memory and is bounded.
//!
//! The toy parts are the social network and its sign-in (one click makes anybody an administrator). The parts a real platform can
//! copy are `flow` (OAuth), `trust` (offline checking), `badge` (what to believe) and `webhook` (receiving events).

mod api;
mod assess;
mod badge;
mod bounded;
mod communities;
mod flow;
mod gosbadge;
mod interface;
mod messages;
mod pages;
mod session;
mod settings;
mod state;
mod trust;
mod views;
mod webhook;
mod words;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::DefaultHeaders;
use actix_web::{App, HttpServer, web};

use crate::domain::community::PlatformId;
use crate::domain::webhook_signature::WebhookSecret;
use crate::ports::{Clock, Entropy};

use super::platform_api;
use state::Platform;

/// Largest request body accepted, bytes; the contract keeps events well under it.
const BODY_MAX: usize = 64 * 1024;

/// However small `poll_every` is, the platform does not look more often by itself.
const WATCH_MIN: Duration = Duration::from_millis(500);

/// Everything the stand-in needs to know. Holds secrets, therefore no `Debug`.
pub struct PlatformConfig {
    /// Where to listen; bound by the caller, so that port 0 is known before anything is registered.
    pub listener: TcpListener,
    /// Public address without a path, `http://127.0.0.1:8082`. Communities live at `{base_url}/club{id}`.
    pub base_url: String,
    /// gosbadge's public URL, exactly as its metadata and attestations spell it.
    pub issuer: String,
    /// Our client id at gosbadge.
    pub client_id: String,
    /// Our client secret (`client_secret_basic`).
    pub client_secret: String,
    /// Our short name at gosbadge, `demo`.
    pub platform_id: PlatformId,
    /// Signs our messages to gosbadge (`POST /v1/webhooks/{platform}`).
    pub inbound_webhook_secret: WebhookSecret,
    /// gosbadge signs its deliveries to us with this one.
    pub outgoing_webhook_secret: WebhookSecret,
    /// Token for its own interface, which is like VK's (`/method/groups.getById`); without one there is none.
    pub api_token: Option<String>,
    /// Longest time a cached status list is used without asking again, where it is shorter than the list's own `ttl`;
    /// also how often the platform looks by itself. `None`: the list's `ttl`, and a look every minute.
    pub poll_every: Option<Duration>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// A started stand-in.
pub struct Running {
    /// Serves while it is awaited or spawned; dropping it, or `server.handle().stop(..)`, ends the stand-in.
    pub server: Server,
    /// As configured.
    pub base_url: String,
    /// To register at gosbadge as the redirect URI.
    pub redirect_uri: String,
    /// To register at gosbadge as the stream's endpoint.
    pub webhook_url: String,
}

/// Why the stand-in could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address is out of form.
    #[error("{0} must be an http or https address without a path, like https://badge.example.ru")]
    Address(&'static str),
    /// Called outside an async runtime.
    #[error("the stand-in platform must be started inside a Tokio runtime")]
    NoRuntime,
    /// The HTTP client could not be built.
    #[error("the HTTP client could not be set up: {0}")]
    Client(#[from] reqwest::Error),
    /// The listener is not usable.
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
}

/// Starts the stand-in on the given listener.
///
/// # Errors
/// [`StartError`]; nothing listens then.
pub fn start(config: PlatformConfig) -> Result<Running, StartError> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| StartError::NoRuntime)?;
    let listener = config.listener.try_clone()?;
    let api_token = config.api_token.clone();
    let platform = Arc::new(Platform::new(config)?);
    let api = api_token.map(|token| interface::of(&platform, token));
    let (base_url, redirect_uri) = (platform.base_url.clone(), platform.redirect_uri());
    let every = platform.poll_every.unwrap_or(Duration::from_secs(60)).max(WATCH_MIN);
    runtime.spawn(assess::watch(Arc::downgrade(&platform), every));

    let data = web::Data::from(platform);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(web::PayloadConfig::new(BODY_MAX))
            .app_data(web::FormConfig::default().limit(BODY_MAX))
            .wrap(safe_headers())
            .configure(|cfg| {
                if let Some(api) = &api {
                    platform_api::routes(cfg, api);
                }
            })
            .configure(routes)
    })
    .workers(1)
    .disable_signals()
    .listen(listener)?
    .run();
    Ok(Running { server, webhook_url: format!("{base_url}/gosbadge/webhook"), base_url, redirect_uri })
}

/// The complete route table.
fn routes(app: &mut web::ServiceConfig) {
    app.route("/", web::get().to(pages::front))
        .route("/style.css", web::get().to(pages::style))
        .route("/club{id}", web::get().to(pages::club))
        .route("/club{id}/settings", web::get().to(settings::show))
        .route("/club{id}/signin", web::post().to(settings::sign_in))
        .route("/club{id}/confirm", web::post().to(settings::confirm))
        .route("/club{id}/rename", web::post().to(settings::rename))
        .route("/club{id}/describe", web::post().to(settings::describe))
        .route("/club{id}/compromised", web::post().to(settings::compromised))
        .route("/club{id}/check", web::post().to(settings::check))
        .route("/gosbadge/callback", web::get().to(flow::callback))
        .route("/gosbadge/webhook", web::post().to(webhook::receive))
        .route("/api/communities/{id}", web::get().to(api::community))
        .route("/api/communities/{id}/start", web::post().to(api::start))
        .route("/api/communities/{id}/standing/{word}", web::post().to(api::set_standing))
        .route("/api/deliveries", web::get().to(api::deliveries))
        .default_service(web::to(pages::nowhere));
}

/// No script runs here, nobody frames us, and nothing with an authorization code in its address leaks by `Referer`.
fn safe_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'self'",
        ))
        .add(("X-Content-Type-Options", "nosniff"))
        .add(("Referrer-Policy", "no-referrer"))
        .add(("Cache-Control", "no-store"))
}
