//! `gosbadge operator`: who may use the admin surface.

use clap::{Args, Subcommand};
use serde_json::json;

use super::wire::{Parts, WireError};
use super::{ConfigFile, app_for_command, print_json, told};
use crate::service::Actor;
use crate::service::add_operator::{self, Role};

/// Options of `gosbadge operator`.
#[derive(Args)]
pub struct OperatorArgs {
    #[command(subcommand)]
    command: OperatorCommand,
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum OperatorCommand {
    /// Registers an operator and prints the token, this once
    Add {
        /// Name
        name: String,
        /// viewer, curator (suspends), operator (also reinstates and revokes), security or admin
        #[arg(long)]
        role: Role,
    },
    /// Lists operators
    List,
    /// Takes an operator's access away at once
    Disable {
        /// Name
        name: String,
    },
    /// Replaces an operator's token; the old one stops working at once
    RotateToken {
        /// Name
        name: String,
    },
}

/// Does what is asked.
///
/// # Errors
/// [`WireError`].
pub async fn run(args: OperatorArgs, parts: Parts) -> Result<(), WireError> {
    let (app, _) = app_for_command(&args.file, parts).await?;
    let actor = Actor::shell();
    match args.command {
        OperatorCommand::Add { name, role } => {
            let new = add_operator::add_operator(&app, &name, role, &actor).await.map_err(told)?;
            show_token(&new.token, Some(&new.id), args.json)
        }
        OperatorCommand::RotateToken { name } => {
            let token = add_operator::replace_token(&app, name, &actor).await.map_err(told)?;
            show_token(&token, None, args.json)
        }
        OperatorCommand::Disable { name } => add_operator::disable_operator(&app, name, &actor).await.map_err(told),
        OperatorCommand::List => {
            let all = add_operator::list_operators(&app).await.map_err(told)?;
            if args.json {
                let rows: Vec<_> = all.iter().map(|o| json!({ "id": o.id, "name": o.name, "role": o.role, "state": o.state })).collect();
                return print_json(&json!({ "operators": rows }));
            }
            for o in all {
                anstream::println!("{:<9} {:<9} {}  {}", o.role, o.state, o.id, o.name);
            }
            Ok(())
        }
    }
}

fn show_token(token: &str, id: Option<&str>, json: bool) -> Result<(), WireError> {
    if json {
        return print_json(&json!({ "id": id, "token": token }));
    }
    anstream::println!("{token}");
    anstream::eprintln!("Shown once. Hand it over on a channel you trust.");
    Ok(())
}
