//! The command line: one file per command. `wire.rs` alone names adapters.

pub mod badge;
pub mod config;
pub mod demo;
pub mod dev;
pub mod doctor;
pub mod gost;
pub mod keys;
pub mod log;
pub mod migrate;
pub mod operator;
pub mod platform;
pub mod sandbox_esia;
pub mod sandbox_platform;
pub mod serve;
pub mod server;
pub mod verify;
pub mod wire;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};

use self::wire::{Parts, WireError};
use crate::config::Config;
use crate::service::{App, Error};

/// Signed, checkable badges for the official social-network pages of public bodies.
#[derive(Parser)]
#[command(name = "gosbadge", version, arg_required_else_help = true)]
#[command(after_help = "Exit status: 0 done, 1 failed, 2 wrong usage (`verify`: 2 also means that nobody can tell).")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows the whole way on this machine: a community gets its badge, a platform checks it, an admin takes it back
    Demo(demo::DemoArgs),
    /// Runs the service
    Serve(serve::ServeArgs),
    /// Runs the background work alone, for set-ups with `jobs.in_process = false`
    Worker(ConfigFile),
    /// Runs a stand-in of the outside world, for anyone's tests
    #[command(subcommand)]
    Sandbox(Sandbox),
    /// Checks an attestation as a platform does
    Verify(verify::VerifyArgs),
    /// Brings the database to the shape this version needs
    Migrate(migrate::MigrateArgs),
    /// Registers and manages platforms
    Platform(platform::PlatformArgs),
    /// Registers and manages operators
    Operator(operator::OperatorArgs),
    /// Shows, suspends, reinstates and revokes badges
    Badge(badge::BadgeArgs),
    /// Lists, rotates, retires and condemns signing keys
    Keys(keys::KeysArgs),
    /// Audits the transparency log, or writes it out as files
    Log(log::LogArgs),
    /// Checks the configuration, or prints the default one
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Examines the set-up and says what to do
    Doctor(doctor::DoctorArgs),
}

#[derive(Subcommand)]
enum Sandbox {
    /// The stand-in ESIA
    Esia(sandbox_esia::EsiaArgs),
    /// The stand-in social network
    Platform(sandbox_platform::SandboxPlatformArgs),
}

/// Where the configuration is read from.
#[derive(Args, Clone, Default)]
pub struct ConfigFile {
    /// Configuration file; without it gosbadge.toml in the working directory, where there is one
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl ConfigFile {
    /// Reads file and environment.
    ///
    /// # Errors
    /// Everything that is wrong, one line each.
    pub fn load(&self) -> Result<Config, WireError> {
        let file = crate::config::file_to_read(self.config.clone());
        crate::config::load(file.as_deref(), crate::config::process_env()).map_err(|e| WireError(e.to_string()))
    }
}

/// The entry point: exit status 0 done, 1 failed, 2 wrong usage.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(e) = load_gost(&cli.command) {
        return failed(&e);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return failed(&WireError(format!("the runtime cannot be started: {e}"))),
    };
    runtime.block_on(run(cli.command))
}

/// Before anything else, since it may start the program again.
fn load_gost(command: &Command) -> Result<(), WireError> {
    let entropy = &*Parts::system().entropy;
    match command {
        Command::Serve(args) => args.load_gost(entropy),
        // These two tell what is missing in their own way, or do without.
        Command::Worker(file) => gost::load_if_needed(file, entropy),
        Command::Doctor(args) => gost::load_if_needed(&args.file, entropy),
        // The first generation works without, so what goes wrong here only takes the second one away.
        Command::Sandbox(Sandbox::Esia(_)) => {
            if let Err(e) = gost::load(None, entropy) {
                anstream::eprintln!("gosbadge: {e}");
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

async fn run(command: Command) -> ExitCode {
    let parts = Parts::system();
    let (clock, entropy) = (Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
    let outcome = match command {
        Command::Verify(args) => return verify::run(args, &*clock).await,
        Command::Config(args) => return config::run(args).unwrap_or(ExitCode::FAILURE),
        Command::Doctor(args) => return doctor::run(args, parts).await,
        Command::Demo(args) => return demo::run(args, parts).await,
        Command::Serve(args) => serve::run(args, parts).await,
        Command::Worker(args) => serve::worker(args, parts).await,
        Command::Sandbox(Sandbox::Esia(args)) => sandbox_esia::run(args, clock, entropy).await.map_err(WireError),
        Command::Sandbox(Sandbox::Platform(args)) => sandbox_platform::run(args, clock, entropy).await.map_err(WireError::new),
        Command::Migrate(args) => migrate::run(args).await,
        Command::Platform(args) => platform::run(args, parts).await,
        Command::Operator(args) => operator::run(args, parts).await,
        Command::Badge(args) => badge::run(args, parts).await,
        Command::Keys(args) => keys::run(args, parts).await,
        Command::Log(args) => log::run(args, parts).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => failed(&e),
    }
}

fn failed(e: &WireError) -> ExitCode {
    anstream::eprintln!("gosbadge: {e}");
    ExitCode::FAILURE
}

/// The service's inside for a command that needs no identity provider.
pub(crate) async fn app_for_command(file: &ConfigFile, parts: Parts) -> Result<(Arc<App>, Config), WireError> {
    let config = file.load()?;
    Ok((app_for_config(&config, parts).await?, config))
}

/// The same, from a configuration that was read already.
pub(crate) async fn app_for_config(config: &Config, parts: Parts) -> Result<Arc<App>, WireError> {
    wire::app(config, Parts { idps: Some(vec![Arc::new(wire::NoIdentityProvider)]), ..parts }).await
}

/// A use case's error as one line for a person at a shell, who may see what operators may.
pub(crate) fn told(e: Error) -> WireError {
    match e.operator_detail() {
        Some(detail) => WireError(format!("{e}: {detail}")),
        None => WireError(e.to_string()),
    }
}

/// Prints one JSON object.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), WireError> {
    anstream::println!("{}", serde_json::to_string(value).map_err(WireError::new)?);
    Ok(())
}
