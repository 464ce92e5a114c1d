//! `gosbadge migrate`: applies migrations, or shows them.

use clap::{Args, Subcommand};

use super::wire::{self, WireError};
use super::{ConfigFile, print_json};
use crate::store::migrate;

/// Options of `gosbadge migrate`.
#[derive(Args)]
pub struct MigrateArgs {
    #[command(subcommand)]
    command: Option<MigrateCommand>,
    #[command(flatten)]
    file: ConfigFile,
}

#[derive(Subcommand)]
enum MigrateCommand {
    /// Shows which migrations are applied and changes nothing
    Status {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Migrates, or shows.
///
/// # Errors
/// [`WireError`].
pub async fn run(args: MigrateArgs) -> Result<(), WireError> {
    match args.command {
        None => {
            let db = wire::database(&args.file.load()?)?;
            let applied = migrate::apply(&db).await.map_err(WireError::new)?;
            match applied.len() {
                0 => anstream::println!("The database has the shape this version needs."),
                n => anstream::println!("Applied {n}: {}", applied.join(", ")),
            }
        }
        Some(MigrateCommand::Status { json }) => {
            let db = wire::database(&args.file.load()?)?;
            let all = migrate::status(&db).await.map_err(WireError::new)?;
            if json {
                print_json(&serde_json::json!({ "migrations": all }))?;
            } else {
                for m in all {
                    anstream::println!("{} {}", if m.applied { "applied" } else { "missing" }, m.name);
                }
            }
        }
    }
    Ok(())
}
