//! The part of `gosbadge doctor` about an OpenID Connect provider: asks it what a login would ask, short of a person.

use std::sync::Arc;

use super::{Finding, Level, finding};
use crate::cli::wire;
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::ports::Entropy;

const WHAT: &str = "OpenID Connect";

/// Discovery, issuer, algorithms, client authentication, keys and clock.
pub(super) async fn examine(config: &Config, entropy: &Arc<dyn Entropy>, now: Timestamp, out: &mut Vec<Finding>) {
    let provider = match wire::oidc_provider(config, Arc::clone(entropy)) {
        Ok(provider) => provider,
        Err(e) => return out.push(finding(Level::Bad, WHAT, e.to_string())),
    };
    let condition = provider.examine(now).await;
    out.extend(condition.troubles.iter().map(|e| finding(Level::Bad, WHAT, format!("{}: a login would end with {}", e.detail, e.code))));
    if condition.troubles.is_empty() {
        out.push(finding(Level::Good, WHAT, "discovery document and key set are read; issuer, algorithms and client authentication agree"));
    }
    let tolerated = i64::try_from(config.idp.oidc.leeway.as_millis()).unwrap_or(i64::MAX);
    if let Some(off) = condition.clock_offset_ms {
        // The date in a header has whole seconds, and the exchange took some time too.
        let level = if off.abs() > tolerated.saturating_add(1000) { Level::Bad } else { Level::Good };
        let advice = if level == Level::Bad { ": set this machine's clock and keep it with NTP, or tell the provider" } else { "" };
        out.push(finding(level, WHAT, format!("the provider's clock differs by about {} s{advice}", off / 1000)));
    }
}
