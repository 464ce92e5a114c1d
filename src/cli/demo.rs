//! `gosbadge demo`: the main job from end to end on this machine, each step checked and timed. Everything goes over HTTP
//! between separate servers, as it would between strangers; nothing is taken from the inside.

mod browser;
mod report;
mod steps;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;

use self::report::Report;
use super::dev::{self, Dev};
use super::serve;
use super::wire::{Parts, WireError};

/// Options of `gosbadge demo`.
#[derive(Args)]
pub struct DemoArgs {
    /// End after the run; status 0 only if every step held
    #[arg(long)]
    exit: bool,
    /// First of the four addresses the demo listens on; port 0 takes any free ones
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
}

/// Runs the demo.
pub async fn run(args: DemoArgs, parts: Parts) -> ExitCode {
    match demonstrate(&args, parts).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            anstream::eprintln!("gosbadge: {e}");
            ExitCode::FAILURE
        }
    }
}

async fn demonstrate(args: &DemoArgs, parts: Parts) -> Result<bool, WireError> {
    let data = Scratch::new(&parts)?;
    let dev = start(args, parts, &data).await?;
    let mut report = Report::begin();
    let held = match steps::all(&dev.ready, &mut report).await {
        Ok(()) => {
            report.end();
            true
        }
        Err(why) => {
            report.broke(&why);
            false
        }
    };
    if args.exit || !held {
        dev.stop().await;
        return Ok(held);
    }
    serve::introduce(&dev.ready);
    serve::wait(dev).await?;
    Ok(true)
}

async fn start(args: &DemoArgs, parts: Parts, data: &Scratch) -> Result<Dev, WireError> {
    let options = |listen| dev::Options {
        listen,
        data_dir: data.0.clone(),
        esia: dev::EsiaMode::default(),
        settings: Vec::new(),
        parts: parts.clone(),
    };
    match dev::start(options(args.listen)).await {
        // The default port is a convenience; a busy one must not spoil a newcomer's first minute.
        Err(e) if args.listen.port() == 8080 => {
            anstream::eprintln!("{e}; taking free ports instead");
            dev::start(options(SocketAddr::new(args.listen.ip(), 0))).await
        }
        outcome => outcome,
    }
}

/// A directory that goes with the demo.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(parts: &Parts) -> Result<Self, WireError> {
        let dir = std::env::temp_dir().join(format!("gosbadge-demo-{}", parts.entropy.uuid()));
        std::fs::create_dir(&dir).map_err(|e| WireError(format!("cannot create {}: {e}", dir.display())))?;
        Ok(Self(dir))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(e) = std::fs::remove_dir_all(&self.0) {
            anstream::eprintln!("cannot remove {}: {e}", self.0.display());
        }
    }
}
