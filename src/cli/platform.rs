//! `gosbadge platform`: registers platforms and manages their secrets.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::wire::{Parts, WireError};
use super::{ConfigFile, app_for_command, print_json, told};
use crate::domain::community::PlatformId;
use crate::service::Actor;
use crate::service::add_platform::{self, NewPlatform, PlatformSecrets, SecretPurpose};

/// Options of `gosbadge platform`.
#[derive(Args)]
pub struct PlatformArgs {
    #[command(subcommand)]
    command: PlatformCommand,
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum PlatformCommand {
    /// Registers a platform and prints its secrets, this once
    Add(AddArgs),
    /// Lists platforms
    List,
    /// Makes a new secret and prints it, this once
    RotateSecret {
        /// Short name of the platform
        id: String,
        /// Which secret
        #[arg(long, value_enum, default_value = "client")]
        secret: Secret,
        /// How long the old secret stays good, hours
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        overlap: u64,
    },
    /// Shuts a platform out; its badges stay as they are
    Disable {
        /// Short name of the platform
        id: String,
    },
    /// Lets a platform in again
    Enable {
        /// Short name of the platform
        id: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Secret {
    /// OAuth client secret
    Client,
    /// With which the platform signs messages to us
    WebhookIn,
    /// With which we sign messages to the platform
    WebhookOut,
}

#[derive(Args)]
struct AddArgs {
    /// Short name, like vk
    id: PlatformId,
    /// Name for people
    #[arg(long)]
    name: String,
    /// The platform's own address, like `https://vk.com`
    #[arg(long, value_name = "URL")]
    base_url: String,
    /// Where people are sent back to, compared to the byte; may be repeated
    #[arg(long, required = true, value_name = "URL")]
    redirect_uri: Vec<String>,
    /// What addresses of its communities begin with, like `https://vk.com/`; may be repeated
    #[arg(long, required = true, value_name = "URL")]
    community_prefix: Vec<String>,
    /// File with the platform's public keys (JWK set): it authenticates with private_key_jwt instead of a secret
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// Where events are to be pushed; it has to answer a verification event first, which the running service sends
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
}

/// Does what is asked.
///
/// # Errors
/// [`WireError`].
pub async fn run(args: PlatformArgs, parts: Parts) -> Result<(), WireError> {
    let (app, _) = app_for_command(&args.file, parts).await?;
    let actor = Actor::shell();
    match args.command {
        PlatformCommand::Add(add) => {
            let jwks = add.jwks.map(|f| std::fs::read_to_string(&f).map_err(|e| WireError(format!("cannot read {}: {e}", f.display()))));
            let new = NewPlatform {
                id: add.id,
                name: add.name,
                base_url: add.base_url,
                redirect_uris: add.redirect_uri,
                community_prefixes: add.community_prefix,
                jwks: jwks.transpose()?,
                webhook_url: add.webhook_url,
            };
            let secrets = add_platform::add_platform(&app, new, &actor).await.map_err(told)?;
            show_secrets(&secrets, args.json)
        }
        PlatformCommand::List => list(&app, args.json).await,
        PlatformCommand::RotateSecret { id, secret, overlap } => {
            let purpose = match secret {
                Secret::Client => SecretPurpose::Client,
                Secret::WebhookIn => SecretPurpose::WebhookIn,
                Secret::WebhookOut => SecretPurpose::WebhookOut,
            };
            let overlap = Duration::from_secs(overlap.saturating_mul(3600));
            let text = add_platform::rotate_secret(&app, id, purpose, overlap, &actor).await.map_err(told)?;
            if args.json {
                return print_json(&json!({ "purpose": purpose.as_str(), "secret": text }));
            }
            anstream::println!("{text}");
            Ok(())
        }
        PlatformCommand::Disable { id } => add_platform::set_platform_state(&app, id, false, &actor).await.map_err(told),
        PlatformCommand::Enable { id } => add_platform::set_platform_state(&app, id, true, &actor).await.map_err(told),
    }
}

fn show_secrets(s: &PlatformSecrets, json: bool) -> Result<(), WireError> {
    if json {
        return print_json(&json!({
            "client_id": s.client_id,
            "client_secret": s.client_secret,
            "inbound_webhook_secret": s.inbound_webhook_secret,
            "outgoing_webhook_secret": s.outgoing_webhook_secret,
        }));
    }
    anstream::println!("client_id                {}", s.client_id);
    if let Some(secret) = &s.client_secret {
        anstream::println!("client_secret            {secret}");
    }
    anstream::println!("inbound_webhook_secret   {}   (the platform signs messages to gosbadge)", s.inbound_webhook_secret);
    anstream::println!("outgoing_webhook_secret  {}   (gosbadge signs messages to the platform)", s.outgoing_webhook_secret);
    anstream::println!("These are shown once. Hand them over on a channel you trust.");
    Ok(())
}

async fn list(app: &std::sync::Arc<crate::service::App>, json: bool) -> Result<(), WireError> {
    let all = add_platform::list_platforms(app).await.map_err(told)?;
    if json {
        let rows: Vec<_> = all
            .iter()
            .map(|(p, s)| {
                let stream = s.as_ref().map(|s| json!({ "state": s.state, "method": s.method, "endpoint_url": s.endpoint_url, "next_endpoint_url": s.next_url }));
                json!({ "id": p.id, "name": p.name, "client_id": p.client_id, "auth_method": p.auth_method, "state": p.state, "stream": stream })
            })
            .collect();
        return print_json(&json!({ "platforms": rows }));
    }
    for (p, s) in all {
        let stream = s.map_or_else(
            || "no stream".to_owned(),
            |s| format!("{} {} {}", s.method, s.state, s.endpoint_url.or(s.next_url).as_deref().unwrap_or("-")),
        );
        anstream::println!("{:<16} {:<9} {:<20} {}  {stream}", p.id, p.state, p.auth_method, p.name);
    }
    Ok(())
}
