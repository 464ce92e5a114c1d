//! `gosbadge badge`: what the admin surface does, from a shell.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::wire::{Parts, WireError};
use super::{ConfigFile, app_for_command, print_json, told};
use crate::domain::badge::BadgeChange;
use crate::domain::reason::ReasonCode;
use crate::domain::time::Timestamp;
use crate::service::change_badge::change_badge;
use crate::service::{Actor, App, look_up};
use crate::store::badges::BadgeFacts;

/// Options of `gosbadge badge`.
#[derive(Args)]
pub struct BadgeArgs {
    #[command(subcommand)]
    command: BadgeCommand,
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum BadgeCommand {
    /// Shows a badge and its history
    Show {
        /// Badge id, bdg_…
        badge: String,
    },
    /// Ends a badge for good
    Revoke(ChangeArgs),
    /// Takes a badge out of force for a while
    Suspend(ChangeArgs),
    /// Puts a suspended badge back in force
    Reinstate(ChangeArgs),
}

#[derive(Args)]
struct ChangeArgs {
    /// Badge id, bdg_…
    badge: String,
    /// Reason code, public: authority_request, community_captured, operator_decision, …
    #[arg(long)]
    reason: ReasonCode,
    /// Private note, sealed in the audit trail
    #[arg(long)]
    note: Option<String>,
}

/// Does what is asked.
///
/// # Errors
/// [`WireError`].
pub async fn run(args: BadgeArgs, parts: Parts) -> Result<(), WireError> {
    let (app, _) = app_for_command(&args.file, parts).await?;
    let (change, how): (ChangeArgs, fn(ReasonCode) -> BadgeChange) = match args.command {
        BadgeCommand::Show { badge } => return show(&app, badge, args.json).await,
        BadgeCommand::Revoke(c) => (c, BadgeChange::Revoke),
        BadgeCommand::Suspend(c) => (c, BadgeChange::Suspend),
        BadgeCommand::Reinstate(c) => (c, BadgeChange::Reinstate),
    };
    let changed = change_badge(&app, change.badge, how(change.reason), change.note, Actor::shell()).await.map_err(told)?;
    if args.json {
        return print_json(&facts_json(&changed.facts));
    }
    print_facts(&changed.facts);
    if !changed.moved {
        anstream::println!("It stood there already; nothing was changed.");
    }
    Ok(())
}

async fn show(app: &Arc<App>, badge: String, json: bool) -> Result<(), WireError> {
    let record = look_up::badge_record(app, badge.clone()).await.map_err(told)?;
    let obstacle = look_up::renewal_obstacle(app, badge).await.map_err(told)?;
    let history = record
        .events
        .iter()
        .map(|e| json!({ "type": e.kind, "version": e.version, "reason": e.reason, "at": Timestamp::from_millis(e.at) }));
    if json {
        let mut value = facts_json(&record.facts);
        value["expires_at"] = json!(Timestamp::from_millis(record.facts.0.expires_at));
        value["renewal_obstacle"] = json!(obstacle);
        value["history"] = Value::Array(history.collect());
        return print_json(&value);
    }
    print_facts(&record.facts);
    anstream::println!("  until {}", Timestamp::from_millis(record.facts.0.expires_at));
    if let Some(obstacle) = obstacle {
        anstream::println!("  cannot be renewed: {obstacle}");
    }
    for e in &record.events {
        anstream::println!("  {}  {:<11} {}", Timestamp::from_millis(e.at), e.kind, e.reason.as_deref().unwrap_or(""));
    }
    Ok(())
}

fn facts_json((b, c, a): &BadgeFacts) -> Value {
    json!({
        "badge": b.id, "state": b.state, "reason": b.reason, "version": b.version,
        "community": { "platform": c.platform_id, "id": c.number, "uri": c.uri, "name": c.name },
        "authority": { "ogrn": a.ogrn, "name": a.full_name, "kind": a.kind },
    })
}

fn print_facts((b, c, a): &BadgeFacts) {
    anstream::println!("{}  {}{}", b.id, b.state, b.reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default());
    anstream::println!("  {}  {}", c.uri, c.name);
    anstream::println!("  ОГРН {}  {}", a.ogrn, a.full_name);
}
