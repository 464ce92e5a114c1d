//! `gosbadge doctor`: examines the set-up and says what to do.

mod oidc;

use std::process::ExitCode;

use clap::Args;
use openssl::x509::X509;
use serde::Serialize;

use super::wire::{self, Parts};
use super::{ConfigFile, print_json};
use crate::config::{Config, EsiaGeneration, IdpKind, TokenAlgorithm};
use crate::domain::time::Timestamp;
use crate::store::migrate;

/// Options of `gosbadge doctor`.
#[derive(Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    file: ConfigFile,
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
    let migrated = database(config, out).await;
    if migrated {
        out.push(match super::app_for_config(config, parts).await {
            Ok(app) => finding(Level::Good, "keys", format!("{} signing keys open", app.signer.public_keys().len())),
            Err(e) => finding(Level::Bad, "keys", e.to_string()),
        });
    }
    if config.idp.uses(IdpKind::Esia) {
        identity_provider(config, now, out);
        out.push(gost(config));
    }
    if config.idp.uses(IdpKind::Oidc) {
        oidc::examine(config, &entropy, now, out).await;
    }
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

fn identity_provider(config: &Config, now: Timestamp, out: &mut Vec<Finding>) {
    let e = &config.idp.esia;
    let files = e
        .certificate_file
        .iter()
        .map(|f| ("our certificate", f))
        .chain(e.trusted_certificate_files.iter().map(|f| ("ESIA's certificate", f)));
    let mut any = false;
    for (whose, file) in files {
        any = true;
        let read = std::fs::read(file)
            .map_err(|e| e.to_string())
            .and_then(|pem| X509::from_pem(&pem).map_err(|_| "not a PEM certificate".to_owned()));
        out.push(match read {
            Ok(cert) => expiry(whose, &cert, now),
            Err(why) => finding(Level::Bad, "certificate", format!("{whose}, {}: {why}", file.display())),
        });
    }
    if !any {
        out.push(finding(Level::Note, "certificate", "no ESIA certificates configured: only `serve --dev` can sign people in"));
    }
}

fn expiry(whose: &str, cert: &X509, now: Timestamp) -> Finding {
    let at = openssl::asn1::Asn1Time::from_unix(now.secs());
    let left = at.and_then(|at| at.diff(cert.not_after())).map(|d| d.days);
    match left {
        Ok(days) if days < 0 => finding(Level::Bad, "certificate", format!("{whose} expired {} days ago: replace it", -days)),
        Ok(days) if days < 30 => finding(Level::Note, "certificate", format!("{whose} expires in {days} days: order the next one now")),
        Ok(days) => finding(Level::Good, "certificate", format!("{whose} is good for {days} more days")),
        Err(_) => finding(Level::Bad, "certificate", format!("{whose} has no readable date")),
    }
}

fn gost(config: &Config) -> Finding {
    let e = &config.idp.esia;
    let needed = e.generation == EsiaGeneration::V2 || e.token_algorithm == TokenAlgorithm::Gost3410_2012_256;
    let loaded = openssl::hash::MessageDigest::from_name("md_gost12_256").is_some();
    let how = "install libengine-gost-openssl and start with OPENSSL_CONF=certs/openssl-gost.cnf";
    match (loaded, needed) {
        (true, _) => finding(Level::Good, "GOST engine", "loaded"),
        (false, true) => finding(Level::Bad, "GOST engine", format!("not loaded, but the configuration needs it: {how}")),
        (false, false) => {
            finding(Level::Note, "GOST engine", format!("not loaded; not needed for this configuration. For v2/v3 of ESIA: {how}"))
        }
    }
}
