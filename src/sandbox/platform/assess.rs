//! Puts together what the platform believes about a community right now: the record, the offline check, and the watch over both.

use std::sync::Weak;
use std::time::Duration;

use crate::domain::attestation::AttestationClaims;
use crate::domain::ids::BadgeId;
use crate::domain::time::Timestamp;

use super::badge::{Evidence, Standing};
use super::state::Platform;
use super::trust::Check;

/// The answer for one community at one moment.
pub(super) struct Assessment {
    pub(super) standing: Standing,
    pub(super) badge: Option<BadgeId>,
    pub(super) version: u64,
    pub(super) attestation: Option<String>,
    /// Claims of the attestation, where its signature holds.
    pub(super) claims: Option<AttestationClaims>,
    pub(super) verified_at: Timestamp,
}

impl Platform {
    /// Checks a community's badge now. `None`: no such community.
    pub(super) async fn assess(&self, id: &str, max_age: Option<Duration>) -> Option<Assessment> {
        let (reference, token) = {
            let state = self.state();
            let community = state.communities.get(id)?;
            (self.reference(&community.id), community.current().and_then(|(_, r)| r.attestation.clone()))
        };
        let now = self.now();
        let check = match &token {
            Some(token) => self.trust.check(token, &reference, max_age, now).await,
            None => Check { evidence: Evidence::Missing, claims: None },
        };
        // The record is read again: an event that came in while we were checking must count.
        let state = self.state();
        let community = state.communities.get(id)?;
        let pending = community.pending.is_some();
        let Some((badge, record)) = community.current() else {
            let standing = Standing::plain(if pending { "pending" } else { "none" });
            return Some(Assessment { standing, badge: None, version: 0, attestation: None, claims: None, verified_at: now });
        };
        let evidence = if record.attestation == token { check.evidence } else { Evidence::Unavailable };
        let standing = match record.judge(&evidence) {
            s if pending && s.status == "unknown" => Standing::plain("pending"),
            s => s,
        };
        let (version, attestation) = (record.version, record.attestation.clone());
        Some(Assessment { standing, badge: Some(badge), version, attestation, claims: check.claims, verified_at: now })
    }
}

/// Looks at every badge from time to time, so that a lost event is noticed without a visitor. Ends with the platform.
#[expect(clippy::disallowed_methods, reason = "a background look waits between two looks; no request does")]
pub(super) async fn watch(platform: Weak<Platform>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(platform) = platform.upgrade() else { return };
        let known: Vec<String> =
            platform.state().communities.iter().filter(|(_, c)| c.current().is_some()).map(|(id, _)| id.clone()).collect();
        for id in known {
            platform.assess(&id, Some(every)).await;
        }
    }
}
