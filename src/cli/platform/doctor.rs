//! `gosbadge platform doctor`: shows what is found about a platform's endpoint and stream.

use std::sync::Arc;

use serde_json::json;

use crate::cli::wire::WireError;
use crate::cli::{print_json, told};
use crate::service::examine_platform::{Level, examine_platform};
use crate::service::{Actor, App};

/// Examines and prints.
///
/// # Errors
/// [`WireError`] when something is bad, or nothing could be examined.
pub(super) async fn run(app: &Arc<App>, id: &str, json: bool, actor: &Actor) -> Result<(), WireError> {
    let findings = examine_platform(app, id, actor).await.map_err(told)?;
    let bad = findings.iter().filter(|f| f.level == Level::Bad).count();
    if json {
        print_json(&json!({ "platform": id, "healthy": bad == 0, "findings": findings }))?;
    } else {
        for f in &findings {
            let word = match f.level {
                Level::Good => "good",
                Level::Warning => "warn",
                Level::Bad => "BAD ",
            };
            anstream::println!("{word}  {:<11} {}", f.what, f.detail);
            if let Some(advice) = &f.advice {
                anstream::println!("{:<17} -> {advice}", "");
            }
        }
    }
    match bad {
        0 => Ok(()),
        1 => Err(WireError(format!("one thing is bad about the stream of {id}"))),
        n => Err(WireError(format!("{n} things are bad about the stream of {id}"))),
    }
}
