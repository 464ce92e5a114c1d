//! `gosbadge doctor`: examines the set-up and says what to do.

mod federation;
mod oidc;
mod platform_api;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::wire::{self, Parts};
use super::{ConfigFile, gost, print_json};
use crate::config::{Config, IdpKind};
use crate::domain::signing_key::KeyPurpose;
use crate::domain::time::Timestamp;
use crate::ports::IdentityProvider;
use crate::store::migrate;

/// Options of `gosbadge doctor`.
#[derive(Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub(super) file: ConfigFile,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Good,
    Note,
    Bad,
}

#[derive(Serialize)]
struct Finding {
    level: Level,
    what: &'static str,
    detail: String,
}

fn finding(level: Level, what: &'static str, detail: impl Into<String>) -> Finding {
    Finding { level, what, detail: detail.into() }
}

/// Examines; exit status 1 when something is bad.
pub async fn run(args: DoctorArgs, parts: Parts) -> ExitCode {
    let mut findings = Vec::new();
    match args.file.load() {
        Ok(config) => {
            findings.push(finding(Level::Good, "configuration", "reads"));
            findings.extend(config.warnings.iter().map(|w| finding(Level::Note, "configuration", w.clone())));
            examine(&config, parts, &mut findings).await;
        }
        Err(e) => findings.push(finding(Level::Bad, "configuration", e.to_string())),
    }
    let bad = findings.iter().any(|f| f.level == Level::Bad);
    if args.json {
        let printed = print_json(&serde_json::json!({ "healthy": !bad, "findings": findings }));
        return if bad || printed.is_err() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    for f in &findings {
        let word = match f.level {
            Level::Good => "good",
            Level::Note => "note",
            Level::Bad => "BAD ",
        };
        anstream::println!("{word}  {:<14} {}", f.what, f.detail);
    }
    if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn examine(config: &Config, parts: Parts, out: &mut Vec<Finding>) {
    let now = parts.clock.now();
    let entropy = std::sync::Arc::clone(&parts.entropy);
    out.push(clock(now));
    out.push(data_dir(config));
    federation::examine(config, now, out);
    let migrated = database(config, out).await;
    if migrated {
        out.push(match super::app_for_config(config, parts.clone()).await {
            Ok(app) => finding(
                Level::Good,
                "keys",
                format!("the keys of {} purposes open", KeyPurpose::ALL.iter().filter(|p| app.keys.known().active(**p).is_some()).count()),
            ),
            Err(e) => finding(Level::Bad, "keys", e.to_string()),
        });
    }
    if config.idp.uses(IdpKind::Esia) {
        identity_provider(config, &parts, out).await;
        out.push(gost_engine(config));
    }
    if config.idp.uses(IdpKind::Oidc) {
        oidc::examine(config, &entropy, now, out).await;
    }
    platform_api::examine(config, &parts, out).await;
}

fn clock(now: Timestamp) -> Finding {
    // The first release's date: a clock before it would date attestations into the past.
    let floor = Timestamp::from_secs(1_795_392_000);
    if now < floor {
        finding(Level::Bad, "clock", format!("the system clock says {now}, which is in the past: set it, and keep it with NTP"))
    } else {
        finding(Level::Good, "clock", format!("{now}; keep it within a second with NTP, ESIA refuses requests with a wrong time"))
    }
}

fn data_dir(config: &Config) -> Finding {
    let dir = &config.data_dir;
    let probe = dir.join(".doctor");
    let written = std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&probe, b"x")).and_then(|()| std::fs::remove_file(&probe));
    match written {
        Ok(()) => finding(Level::Good, "data directory", format!("{} can be written", dir.display())),
        Err(e) => finding(Level::Bad, "data directory", format!("{} cannot be written: {e}", dir.display())),
    }
}

async fn database(config: &Config, out: &mut Vec<Finding>) -> bool {
    let db = match wire::database(config) {
        Ok(db) => db,
        Err(e) => {
            out.push(finding(Level::Bad, "database", format!("{e}: check database.url and that the server runs")));
            return false;
        }
    };
    match migrate::status(&db).await {
        Ok(all) if all.iter().all(|m| m.applied) => {
            out.push(finding(Level::Good, "database", format!("{}, all {} migrations applied", db.location().kind(), all.len())));
            true
        }
        Ok(all) => {
            let missing = all.iter().filter(|m| !m.applied).count();
            out.push(finding(
                Level::Note,
                "database",
                format!("{missing} migrations missing: run `gosbadge migrate`, or just start the service"),
            ));
            false
        }
        Err(e) => {
            out.push(finding(Level::Bad, "database", e.to_string()));
            false
        }
    }
}

async fn identity_provider(config: &Config, parts: &Parts, out: &mut Vec<Finding>) {
    let (e, now) = (&config.idp.esia, parts.clock.now());
    let files = e.certificate_file.iter().map(|f| ("our certificate", f));
    let files = files.chain(e.trusted_certificate_files.iter().map(|f| ("ESIA's certificate", f)));
    let before = out.len();
    for (whose, file) in files {
        match wire::certificates_in(file) {
            Ok(all) => {
                out.extend(all.iter().map(|(print, ends)| expiry(&format!("{whose} {print}… in {}", file.display()), *ends, now)));
            }
            Err(why) => out.push(finding(Level::Bad, "certificate", format!("{whose}: {why}"))),
        }
    }
    if out.len() == before {
        out.push(finding(Level::Note, "certificate", "no ESIA certificates configured: only `serve --dev` can sign people in"));
        return;
    }
    match wire::esia_provider(config, parts) {
        Ok(provider) => examine_provider(&*provider, now, out).await,
        Err(e) => out.push(finding(Level::Bad, "ESIA", e.to_string())),
    }
}

/// What the provider finds out by itself: whether it can be reached, and how far the clocks are apart.
async fn examine_provider(provider: &dyn IdentityProvider, now: Timestamp, out: &mut Vec<Finding>) {
    let condition = provider.examine(now).await;
    if let Some(offset) = condition.clock_offset_ms {
        out.push(finding(Level::Good, "ESIA", format!("answers; its clock minus ours is {:.1} s", offset as f64 / 1000.0)));
    }
    out.extend(condition.troubles.into_iter().map(|e| finding(Level::Bad, "ESIA", e.detail)));
}

fn expiry(whose: &str, ends: Option<Timestamp>, now: Timestamp) -> Finding {
    let days = |d: std::time::Duration| d.as_secs() / 86_400;
    match ends {
        None => finding(Level::Bad, "certificate", format!("{whose} has no readable date")),
        Some(ends) if ends <= now => {
            finding(Level::Bad, "certificate", format!("{whose} expired {} days ago: replace it", days(now.since(ends))))
        }
        Some(ends) => match days(ends.since(now)) {
            left @ 0..30 => finding(Level::Note, "certificate", format!("{whose} expires in {left} days: order the next one now")),
            left => finding(Level::Good, "certificate", format!("{whose} is good for {left} more days")),
        },
    }
}

fn gost_engine(config: &Config) -> Finding {
    match (gost::is_loaded(), gost::is_needed(config)) {
        (true, _) => finding(Level::Good, "GOST engine", "loaded"),
        (false, true) => finding(Level::Bad, "GOST engine", format!("the configuration needs it; {}", gost::NO_ENGINE)),
        (false, false) => finding(
            Level::Note,
            "GOST engine",
            "not loaded, and not needed for this configuration; generation v2 of ESIA needs Debian's package libengine-gost-openssl",
        ),
    }
}
