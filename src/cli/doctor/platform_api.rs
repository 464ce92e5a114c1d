//! The part of `gosbadge doctor` about the platforms' own interfaces: asks each one small question with our credentials.

use super::{Finding, Level, finding};
use crate::cli::wire::{self, Parts};
use crate::config::Config;
use crate::domain::community::CommunityNumber;
use crate::ports::platform_api::ApiFault;

const WHAT: &str = "platform API";

/// Whether each configured interface answers us. Which community is asked about does not matter: that there is none such is an answer.
pub(super) async fn examine(config: &Config, parts: &Parts, out: &mut Vec<Finding>) {
    let interfaces = match wire::platform_interfaces(config, &parts.clock) {
        Ok(interfaces) => interfaces,
        Err(e) => return out.push(finding(Level::Bad, WHAT, e.to_string())),
    };
    let Ok(any) = "1".parse::<CommunityNumber>() else { return };
    for api in interfaces {
        let platform = api.platform().to_owned();
        out.push(match api.communities(std::slice::from_ref(&any)).await {
            Ok(_) => finding(Level::Good, WHAT, format!("{platform}: answers us")),
            Err(e) => match e.fault {
                ApiFault::Ours => finding(Level::Bad, WHAT, format!("{platform}: {e}")),
                ApiFault::TryAgain(_) => finding(Level::Note, WHAT, format!("{platform}: {e}; this passes by itself")),
                ApiFault::Theirs => finding(Level::Good, WHAT, format!("{platform}: answers us")),
            },
        });
    }
}
