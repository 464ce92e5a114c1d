//! `gosbadge sandbox platform`: the stand-in social network alone, for tests of somebody's own gosbadge.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::domain::community::{BadCommunity, PlatformId};
use crate::domain::webhook_signature::{BadSignature, WebhookSecret};
use crate::ports::{Clock, Entropy};
use crate::sandbox::platform::{PlatformConfig, StartError, start};

/// Options of `gosbadge sandbox platform`. Secrets come from files, never from the command line, where other users could read them.
#[derive(Args)]
pub struct SandboxPlatformArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Public address without a path [default: http:// and the listening address]
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// Public URL of gosbadge
    #[arg(long, value_name = "URL")]
    pub issuer: String,
    /// Our short name at gosbadge
    #[arg(long, default_value = "demo", value_name = "NAME")]
    pub platform: String,
    /// Our client id at gosbadge
    #[arg(long, value_name = "ID")]
    pub client_id: String,
    /// File with our client secret
    #[arg(long, value_name = "FILE")]
    pub client_secret_file: PathBuf,
    /// File with the secret (whsec_…) that signs our messages to gosbadge
    #[arg(long, value_name = "FILE")]
    pub inbound_webhook_secret_file: PathBuf,
    /// File with the secret (whsec_…) that gosbadge signs its deliveries to us with
    #[arg(long, value_name = "FILE")]
    pub outgoing_webhook_secret_file: PathBuf,
    /// File with a token: whoever has it may read communities as through VK's API, at /method/groups.getById
    #[arg(long, value_name = "FILE")]
    pub api_token_file: Option<PathBuf>,
    /// Ask for the status list again after this many seconds [default: as the list says]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub poll_every: Option<u64>,
}

/// Why the command failed; one line each.
#[derive(Debug, thiserror::Error)]
pub enum SandboxPlatformError {
    /// A secret file is not readable.
    #[error("cannot read {path}: {source}")]
    Secret {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A secret is out of form.
    #[error("{path}: {source}")]
    WebhookSecret {
        /// Which.
        path: PathBuf,
        /// Why.
        source: BadSignature,
    },
    /// `--platform` is out of form.
    #[error("--platform: {0}")]
    Platform(#[from] BadCommunity),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another --listen address")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The stand-in did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The server ended with an error.
    #[error("the server stopped: {0}")]
    Server(std::io::Error),
}

/// Starts the stand-in and serves until the task is cancelled or the process is told to end.
///
/// # Errors
/// [`SandboxPlatformError`].
pub async fn run(args: SandboxPlatformArgs, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<(), SandboxPlatformError> {
    let listen_error = |source| SandboxPlatformError::Listen { address: args.listen, source };
    let listener = TcpListener::bind(args.listen).map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    let running = start(PlatformConfig {
        listener,
        base_url: args.base_url.unwrap_or_else(|| format!("http://{address}")),
        issuer: args.issuer,
        platform_id: args.platform.parse::<PlatformId>()?,
        client_id: args.client_id,
        client_secret: secret(&args.client_secret_file)?,
        inbound_webhook_secret: webhook_secret(&args.inbound_webhook_secret_file)?,
        outgoing_webhook_secret: webhook_secret(&args.outgoing_webhook_secret_file)?,
        api_token: args.api_token_file.as_deref().map(secret).transpose()?,
        poll_every: args.poll_every.map(Duration::from_secs),
        clock,
        entropy,
    })?;
    anstream::println!("stand-in platform   {}", running.base_url);
    anstream::println!("redirect URI        {}", running.redirect_uri);
    anstream::println!("webhook endpoint    {}", running.webhook_url);
    running.server.await.map_err(SandboxPlatformError::Server)
}

fn secret(path: &Path) -> Result<String, SandboxPlatformError> {
    let text = std::fs::read_to_string(path).map_err(|source| SandboxPlatformError::Secret { path: path.into(), source })?;
    Ok(text.trim().to_owned())
}

fn webhook_secret(path: &Path) -> Result<WebhookSecret, SandboxPlatformError> {
    WebhookSecret::parse(&secret(path)?).map_err(|source| SandboxPlatformError::WebhookSecret { path: path.into(), source })
}
