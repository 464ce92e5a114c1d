//! `gosbadge verify`: checks an attestation as a platform does, from files or from the issuer's public addresses.
//! The check itself is `verifier`'s; here are the options, the order of reading, and the exit status.

mod report;
mod source;

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use serde::Deserialize;

use self::report::Report;
use self::source::{Source, SourceError};
use crate::domain::community::{CommunityNumber, CommunityRef, PlatformId};
use crate::domain::time::Timestamp;
use crate::ports::Clock;
use crate::verifier::{ATTESTATION_MAX, KeySetError, ListCache, STATUS_NOT_READ, Verdict, Verifier};

/// Options of `gosbadge verify`.
#[derive(Args)]
#[command(after_help = "Exit status: 0 the badge is valid, 1 it is not, 2 nobody can tell (or the options are wrong).")]
pub struct VerifyArgs {
    /// Public address of the issuer; keys and status list are fetched from it. With --jwks nothing is fetched, and the
    /// attestation must name exactly this issuer
    #[arg(long, value_name = "URL", required_unless_present = "jwks")]
    pub issuer: Option<String>,
    /// File with the issuer's key set, got over a channel you trust. Without --issuer any issuer these keys speak for is taken
    #[arg(long, value_name = "FILE", requires = "status_list")]
    pub jwks: Option<PathBuf>,
    /// File with the status list token the attestation points to
    #[arg(long, value_name = "FILE", requires = "jwks")]
    pub status_list: Option<PathBuf>,
    /// Platform of the community that shows the badge, like vk
    #[arg(long, value_name = "PLATFORM", requires = "community")]
    pub platform: Option<PlatformId>,
    /// Number of the community that shows the badge
    #[arg(long, value_name = "ID", requires = "platform")]
    pub community: Option<CommunityNumber>,
    /// Print the verdict as one JSON object
    #[arg(long)]
    pub json: bool,
    /// The attestation, or - to read it from standard input
    #[arg(value_name = "TOKEN")]
    pub token: String,
}

/// An issuer that cannot exist (RFC 2606).
const NOBODY: &str = "https://issuer.invalid";

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
enum CannotTell {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("cannot read the attestation from standard input: {0}")]
    Input(io::Error),
    #[error("{0}")]
    Keys(#[from] KeySetError),
    #[error("give --issuer, or --jwks together with --status-list")]
    NoSource,
}

impl CannotTell {
    fn code(&self) -> &'static str {
        match self {
            Self::Source(e) => e.code(),
            Self::Input(_) => "input-unreadable",
            Self::Keys(_) => "key-set",
            Self::NoSource => "source-missing",
        }
    }
}

/// Runs the command on this process's standard streams.
pub async fn run(args: VerifyArgs, clock: &dyn Clock) -> ExitCode {
    let outcome = run_with(args, clock, &mut io::stdin(), &mut io::stdout(), &mut io::stderr()).await;
    // A reader that went away has not seen the verdict.
    ExitCode::from(outcome.unwrap_or(report::CANNOT_TELL))
}

/// The command with its streams as arguments; returns the exit status.
///
/// # Errors
/// When the output cannot be written.
pub async fn run_with(
    args: VerifyArgs,
    clock: &dyn Clock,
    input: &mut dyn Read,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let now = clock.now();
    let report = match judge(&args, now, input).await {
        Ok((issuer, verdict)) => Report::of(issuer, &verdict, now),
        Err(e) => Report::cannot_tell(e.code(), e.to_string(), now),
    };
    if args.json {
        writeln!(out, "{}", report.json())?;
    } else if report.is_verdict() {
        out.write_all(report.text(args.community.is_some()).as_bytes())?;
    } else {
        writeln!(err, "cannot tell: {}", report.detail())?;
    }
    Ok(report.exit_status())
}

async fn judge(args: &VerifyArgs, now: Timestamp, input: &mut dyn Read) -> Result<(Option<String>, Verdict), CannotTell> {
    let token = if args.token == "-" { source::read_text(input, ATTESTATION_MAX).map_err(CannotTell::Input)? } else { args.token.clone() };
    let token = token.trim();
    let source = match (&args.jwks, &args.status_list, &args.issuer) {
        (Some(jwks), Some(status_list), _) => Source::Files { jwks, status_list },
        (_, _, Some(issuer)) => Source::Issuer { issuer, client: source::client()? },
        _ => return Err(CannotTell::NoSource),
    };
    let verifier = verifier(args.issuer.as_deref(), token, &source.key_set().await?)?;
    let community = args.platform.clone().zip(args.community.clone()).map(|(platform, id)| CommunityRef { platform, id });
    let verdict = with_status(&verifier, token, community.as_ref(), &source, now).await?;
    // A name that was not pinned is shown only once it stood under a signature that held.
    let shown = args.issuer.clone().or_else(|| verdict.claims.as_ref().map(|claims| claims.iss.clone()));
    Ok((shown, verdict))
}

/// Without a pinned name the trust lies in the key file alone, and who holds the keys may name himself. The name is read
/// unverified, but the verdict is only good if the same name stands under the signature.
fn verifier(pinned: Option<&str>, token: &str, key_set: &[u8]) -> Result<Verifier, KeySetError> {
    if let Some(issuer) = pinned {
        return Verifier::new(issuer, key_set);
    }
    match Verifier::new(&unverified_issuer(token).unwrap_or_default(), key_set) {
        // Not a token of anybody: the check says so, with a reason.
        Err(KeySetError::Issuer) => Verifier::new(NOBODY, key_set),
        read => read,
    }
}

/// Checks everything but the status first: an attestation that falls at that costs no second fetch.
async fn with_status(
    verifier: &Verifier,
    token: &str,
    community: Option<&CommunityRef>,
    source: &Source<'_>,
    now: Timestamp,
) -> Result<Verdict, CannotTell> {
    let mut lists = ListCache::new();
    let verdict = verifier.verify_cached(token, &lists, community, now);
    let Some(uri) = verdict.list_uri().filter(|_| verdict.code == Some(STATUS_NOT_READ)) else { return Ok(verdict) };
    let list_token = source.status_list(uri).await?;
    match verifier.status_list(list_token.trim(), uri, now) {
        Ok(list) => {
            lists.put(list, now);
            Ok(verifier.verify_cached(token, &lists, community, now))
        }
        Err(rejection) => Ok(verdict.without_list(rejection)),
    }
}

fn unverified_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct UnverifiedClaims {
        iss: String,
    }
    let payload = token.get(..ATTESTATION_MAX.min(token.len()))?.split('.').nth(1)?;
    let claims: UnverifiedClaims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    Some(claims.iss)
}
