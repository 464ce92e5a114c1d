//! `gosbadge log`: audits the transparency log, or writes it out as files.

mod public;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::wire::{Parts, WireError};
use super::{ConfigFile, app_for_command, print_json, told};
use crate::domain::tlog::note::VerifierKey;
use crate::domain::tlog::tile::{Asset, Tile};
use crate::service::audit_log::{Kept, Report, audit_log};
use crate::service::{App, read_log};

/// Options of `gosbadge log`.
#[derive(Args)]
pub struct LogArgs {
    #[command(subcommand)]
    command: LogCommand,
    #[command(flatten)]
    file: ConfigFile,
    /// Print one JSON object
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum LogCommand {
    /// Rebuilds the log from an empty start and holds it against the database; exit status 1 when anything differs
    Verify {
        /// A checkpoint somebody kept, which the log must still extend; may be given several times
        #[arg(long, value_name = "FILE")]
        checkpoint: Vec<PathBuf>,
        /// Audit the service at this public address with nothing but what everybody can fetch; needs no configuration
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// With --url: the log's key, NAME+HASH+BASE64, as it was published elsewhere; without it the service's own word is taken
        #[arg(long, requires = "url", value_name = "KEY")]
        key: Option<VerifierKey>,
    },
    /// Writes checkpoint, key, tiles and entries as files that any web server can serve
    Export {
        /// Directory, made if it is missing
        dir: PathBuf,
    },
}

/// Does what is asked.
///
/// # Errors
/// [`WireError`], also when the audit found something.
pub async fn run(args: LogArgs, parts: Parts) -> Result<(), WireError> {
    match args.command {
        LogCommand::Verify { checkpoint, url, key } => {
            let kept: Vec<Kept> = checkpoint.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
            let report = match url {
                Some(url) => public::audit(&url, key, &kept, &*parts.clock).await?,
                None => audit_log(&app_for_command(&args.file, parts).await?.0, kept).await.map_err(told)?,
            };
            if args.json {
                print_json(&report)?
            } else {
                print(&report)
            }
            match report.findings.len() {
                0 => Ok(()),
                n => Err(WireError(format!("the transparency log does not hold: {n} findings"))),
            }
        }
        LogCommand::Export { dir } => {
            let (app, _) = app_for_command(&args.file, parts).await?;
            let (files, size) = export(&app, &dir).await?;
            if args.json {
                return print_json(&serde_json::json!({ "dir": dir, "size": size, "files": files }));
            }
            anstream::println!("{files} files of a log of {size} leaves in {}", dir.display());
            Ok(())
        }
    }
}

fn read(path: &Path) -> Result<Kept, WireError> {
    let note = std::fs::read_to_string(path).map_err(|e| WireError(format!("cannot read {}: {e}", path.display())))?;
    Ok(Kept { name: path.display().to_string(), note })
}

fn print(report: &Report) {
    for f in &report.findings {
        anstream::println!("{}: {}", f.place, f.what);
    }
    anstream::println!(
        "{} leaves, {} events, {} status lists, {} checkpoints, {} cosignatures; root {}",
        report.leaves,
        report.events,
        report.lists,
        report.checkpoints,
        report.cosignatures,
        report.root
    );
    if report.waiting > 0 {
        anstream::println!("{} events wait for their place in the log.", report.waiting);
    }
    if report.findings.is_empty() {
        anstream::println!("Everything holds. Key: {}", report.keys.join(" "));
    }
}

/// Writes everything; how many files, and of how many leaves.
async fn export(app: &Arc<App>, dir: &Path) -> Result<(usize, u64), WireError> {
    let checkpoint = read_log::checkpoint(app).await.map_err(told)?;
    // The size this checkpoint says, not a later one: the files must fit each other.
    let size = crate::domain::tlog::note::SignedNote::parse(&checkpoint)
        .and_then(|n| crate::domain::tlog::checkpoint::Checkpoint::parse(&n.text))
        .ok_or_else(|| WireError("the checkpoint cannot be read".to_owned()))?
        .size;
    let mut files = 0;
    for tile in Tile::all(size) {
        let mut assets = vec![Asset::Hashes(tile)];
        if tile.level == 0 {
            assets.push(Asset::Entries(tile));
        }
        for asset in assets {
            let bytes = read_log::asset(app, asset).await.map_err(told)?;
            write(&dir.join(asset.path()), &bytes)?;
            files += 1;
        }
    }
    write(&dir.join("key"), read_log::key_lines(app).await.map_err(told)?.as_bytes())?;
    // Last: whoever copies the directory while it grows finds every tile the checkpoint needs.
    write(&dir.join("checkpoint"), checkpoint.as_bytes())?;
    Ok((files + 2, size))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), WireError> {
    let failed = |e: std::io::Error| WireError(format!("cannot write {}: {e}", path.display()));
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(failed)?;
    }
    std::fs::write(path, bytes).map_err(failed)
}
