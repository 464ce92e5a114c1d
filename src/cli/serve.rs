//! `gosbadge serve` and `gosbadge worker`.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use clap::Args;

use super::dev::{self, Dev, EsiaMode, Ready};
use super::gost;
use super::server::{self, stop_signal};
use super::wire::{self, Parts, WireError};
use super::{ConfigFile, print_json};
use crate::config::{Config, PkceMode};
use crate::jobs::Jobs;
use crate::ports::Entropy;
use crate::telemetry;

/// Options of `gosbadge serve`.
#[derive(Args)]
pub struct ServeArgs {
    #[command(flatten)]
    file: ConfigFile,
    /// A whole development set-up on loopback: the service, a stand-in ESIA and a stand-in platform; data in ./var
    #[arg(long, conflicts_with = "config")]
    dev: bool,
    /// With --dev: print what is needed to use it as one JSON object on the first line
    #[arg(long, requires = "dev")]
    json: bool,
    /// With --dev: first of the four ports; 0 takes any free ones
    #[arg(long, requires = "dev", default_value_t = 8080, value_name = "N")]
    port: u16,
    /// With --dev: where everything is kept
    #[arg(long, requires = "dev", default_value = "var", value_name = "DIR")]
    data_dir: PathBuf,
    /// With --dev: how to speak to the stand-in ESIA; all but v1 need the GOST engine
    #[arg(long, requires = "dev", value_enum, default_value_t = EsiaMode::V1, value_name = "MODE")]
    esia: EsiaMode,
}

impl ServeArgs {
    /// Loads the GOST engine where it will be needed. A configuration that cannot be read is told about later.
    ///
    /// # Errors
    /// One line saying what to install.
    pub(super) fn load_gost(&self, entropy: &dyn Entropy) -> Result<(), WireError> {
        if self.dev {
            let asked = || crate::config::load(None, crate::config::process_env()).is_ok_and(|c| c.idp.esia.pkce == PkceMode::Gost3411);
            return if self.esia.needs_gost() || asked() { gost::demand(Some(&self.data_dir), entropy) } else { Ok(()) };
        }
        match self.file.load() {
            Ok(config) if gost::is_needed(&config) => gost::demand(Some(&config.data_dir), entropy),
            _ => Ok(()),
        }
    }
}

/// Runs until told to stop.
///
/// # Errors
/// [`WireError`].
pub async fn run(args: ServeArgs, parts: Parts) -> Result<(), WireError> {
    if args.dev {
        return run_dev(args, parts).await;
    }
    let config = args.file.load()?;
    begin(&config);
    let public = TcpListener::bind(config.listen).map_err(|e| WireError(format!("cannot listen on {}: {e}", config.listen)))?;
    let admin = TcpListener::bind(config.admin.listen).map_err(|e| WireError(format!("cannot listen on {}: {e}", config.admin.listen)))?;
    let app = wire::app(&config, parts).await?;
    let running = server::start(&app, &config, public, admin).map_err(WireError::new)?;
    tracing::info!(public_url = %config.public_url, listen = %config.listen, admin = %config.admin.listen, database = app.db.location().kind(), "ready");
    stop_signal().await.map_err(WireError::new)?;
    tracing::info!("stopping: requests in hand are finished");
    running.stop().await;
    Ok(())
}

fn begin(config: &Config) {
    telemetry::init(&config.log);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
}

async fn run_dev(args: ServeArgs, parts: Parts) -> Result<(), WireError> {
    let settings = crate::config::process_env().collect();
    let listen = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), args.port);
    let log = crate::config::load(None, crate::config::process_env()).map(|c| c.log);
    telemetry::init(&log.map_err(WireError::new)?);
    let dev = dev::start(dev::Options { listen, data_dir: args.data_dir, esia: args.esia, settings, parts }).await?;
    if args.json {
        print_json(&dev.ready)?
    } else {
        introduce(&dev.ready)
    }
    wait(dev).await
}

/// Stays up until told to stop.
///
/// # Errors
/// When signals cannot be received.
pub async fn wait(dev: Dev) -> Result<(), WireError> {
    stop_signal().await.map_err(WireError::new)?;
    dev.stop().await;
    Ok(())
}

/// The addresses to try by hand.
pub fn introduce(r: &Ready) {
    anstream::println!("Try it by hand:");
    anstream::println!("  social network   {}/            a community's settings page has «Подтвердить через Госуслуги»", r.platform_url);
    anstream::println!("  gosbadge         {}/            check a page, read a badge", r.public_url);
    anstream::println!("  sign-in          {}/            the stand-in Gosuslugi, reached on the way", r.esia_url);
    anstream::println!("  administration   {}/admin/v1/", r.admin_url);
    anstream::println!("  operator token   {}", r.operator_token);
    anstream::println!();
    anstream::println!("Take a badge back (its id stands on its page and in the demo):");
    anstream::println!("  curl -X POST {}/admin/v1/badges/BADGE/revoke \\", r.admin_url);
    anstream::println!("       -H 'Authorization: Bearer {}' -d '{{\"reason\":\"authority_request\"}}'", r.operator_token);
    anstream::println!();
    anstream::println!("Ctrl-C stops everything.");
}

/// Runs the background work alone.
///
/// # Errors
/// [`WireError`].
pub async fn worker(file: ConfigFile, parts: Parts) -> Result<(), WireError> {
    let (app, config) = super::app_for_command(&file, parts).await?;
    begin(&config);
    let jobs = Jobs::start(&app, server::rhythm(&config, true));
    tracing::info!(database = app.db.location().kind(), "working");
    stop_signal().await.map_err(WireError::new)?;
    jobs.stop().await;
    Ok(())
}
