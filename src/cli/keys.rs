//! `gosbadge keys`: lists, rotates, retires and condemns signing keys. A running service takes every change up by itself.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::wire::{Parts, WireError};
use super::{ConfigFile, app_for_command, print_json, told};
use crate::domain::signing_key::KeyPurpose;
use crate::domain::time::Timestamp;
use crate::service::compromise_key::{Compromised, compromise_key};
use crate::service::list_keys::list_keys;
use crate::service::retire_key::retire_key;
use crate::service::rotate_key::rotate_key;
use crate::service::{Actor, App};

/// Options of `gosbadge keys`.
#[derive(Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Lists every key there ever was, with its state
    List,
    /// Puts the announced key in the place of the one that signs
    Rotate {
        /// What the key is for: badge, status, community, log
        purpose: KeyPurpose,
        /// At once, even if the announced key has been published too short a time for every verifier to know it
        #[arg(long)]
        now: bool,
    },
    /// Takes a key out of use, as far as nothing breaks by it
    Retire {
        /// Name of the key, see `keys list`
        kid: String,
    },
    /// Calls a key compromised: nothing it signed counts any more. There is no way back
    Compromise {
        /// Name of the key, see `keys list`
        kid: String,
    },
}

/// Does what is asked.
///
/// # Errors
/// [`WireError`].
pub async fn run(args: KeysArgs, parts: Parts) -> Result<(), WireError> {
    let (app, _) = app_for_command(&args.file, parts).await?;
    match args.command {
        KeysCommand::List => list(&app, args.json).await,
        KeysCommand::Rotate { purpose, now } => {
            let r = rotate_key(&app, purpose, now, Actor::shell()).await.map_err(told)?;
            if args.json {
                return print_json(&json!({ "kid": r.kid, "at": r.at, "done": r.done }));
            }
            match r.done {
                true => anstream::println!("{} signs now.", r.kid),
                false => anstream::println!("{} takes over at {}: by then every verifier knows it.", r.kid, r.at),
            }
            Ok(())
        }
        KeysCommand::Retire { kid } => {
            let state = retire_key(&app, kid.clone(), Actor::shell()).await.map_err(told)?;
            if args.json {
                return print_json(&json!({ "kid": kid, "state": state }));
            }
            anstream::println!("{kid} is {state}.");
            Ok(())
        }
        KeysCommand::Compromise { kid } => {
            let found = compromise_key(&app, kid.clone(), Actor::shell()).await.map_err(told)?;
            if args.json { print_json(&compromised_json(&kid, &found)) } else { print_compromised(&kid, &found) }
        }
    }
}

async fn list(app: &Arc<App>, as_json: bool) -> Result<(), WireError> {
    let keys = list_keys(app).await.map_err(told)?;
    if as_json {
        return print_json(&keys);
    }
    for k in keys {
        let until = |at: Option<Timestamp>, word: &str| at.map(|at| format!("  {word} {at}")).unwrap_or_default();
        anstream::println!(
            "{:<9}  {:<11}  {}  {} in force{}{}",
            k.purpose,
            k.state,
            k.kid,
            k.attestations,
            until(k.due_at, "takes over"),
            until(k.needed_until, "needed until")
        );
    }
    Ok(())
}

fn compromised_json(kid: &str, c: &Compromised) -> Value {
    let named: Vec<Value> = c.attestations.iter().map(|(a, b)| json!({ "attestation": a, "badge": b })).collect();
    json!({ "kid": kid, "purpose": c.purpose, "state": "compromised", "successor": c.successor, "attestations": named,
        "revocation": c.revocation })
}

fn print_compromised(kid: &str, c: &Compromised) -> Result<(), WireError> {
    for (attestation, badge) in &c.attestations {
        anstream::println!("{attestation}  {badge}");
    }
    anstream::println!("{kid} ({}) is compromised; {} attestations it signed do not count any more.", c.purpose, c.attestations.len());
    if let Some(successor) = &c.successor {
        anstream::println!("{successor} signs in its place.");
    }
    if let Some(revocation) = &c.revocation {
        anstream::println!(
            "Badges that can be renewed get a new attestation within a minute or so. To end those that cannot, let an operator"
        );
        anstream::println!("POST /admin/v1/revocations/{revocation}/approve within 7 days.");
    }
    Ok(())
}
