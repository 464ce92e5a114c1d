//! What the platform believes about one badge, and how events, attestations and status lists change that belief.
//! Pure: no clock, no network. The rule behind every choice here: in doubt the badge is not shown.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::domain::ids::BadgeId;
use crate::domain::status::VerifyStatus;
use crate::domain::time::Timestamp;

/// A status list must be this much younger than a suspension before its "valid" outweighs it. The list's `iat` has whole
/// seconds and its content may trail the ledger a little; showing a suspended badge is worse than hiding a good one for a minute.
const SETTLE: Duration = Duration::from_secs(60);

/// One badge of one community, as far as this platform knows.
#[derive(Default)]
pub(super) struct BadgeRecord {
    /// Highest event version taken; 0 before the first event.
    pub(super) version: u64,
    /// The newest attestation we were given. Verified at every use, not when stored.
    pub(super) attestation: Option<String>,
    /// The last word was "not in force".
    pub(super) negative: Option<Negative>,
}

/// An event that took the badge out of force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Negative {
    /// `suspended`, `revoked`, `expired`, or a word we do not know.
    pub(super) status: String,
    /// Reason code.
    pub(super) reason: Option<String>,
    /// When it happened, by the sender's clock.
    pub(super) at: Timestamp,
}

/// The parts of a delivered event that matter.
pub(super) struct BadgeEvent {
    /// Which badge.
    pub(super) badge: BadgeId,
    /// Grows by one per badge.
    pub(super) version: u64,
    /// `None`: the badge is in force.
    pub(super) negative: Option<Negative>,
    /// The attestation, where the event carries one.
    pub(super) attestation: Option<String>,
}

/// What became of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Applied {
    /// It changed what we believe.
    Taken,
    /// We know something at least as new: acknowledged, ignored.
    Late,
}

/// Outcome of checking the attestation offline just now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Evidence {
    /// Signature, claims and status list were all checked.
    Checked {
        /// Result.
        status: VerifyStatus,
        /// When the status list was made; `None` when the check ended before a list was needed.
        list_iat: Option<Timestamp>,
    },
    /// Keys or a fresh status list could not be had.
    Unavailable,
    /// No attestation yet.
    Missing,
}

/// What to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Standing {
    /// Only `active` shows a badge.
    pub(super) status: String,
    /// Reason code of the last negative event.
    pub(super) reason: Option<String>,
}

impl Standing {
    pub(super) fn plain(status: &str) -> Self {
        Self { status: status.to_owned(), reason: None }
    }

    pub(super) fn shown(&self) -> bool {
        self.status == VerifyStatus::Active.as_str()
    }
}

impl BadgeRecord {
    /// Takes an event unless one with the same or a higher version was taken before (a late `issued` must not undo a `revoked`).
    pub(super) fn apply(&mut self, event: BadgeEvent) -> Applied {
        if event.version <= self.version {
            return Applied::Late;
        }
        self.version = event.version;
        // Revocation is final; a sender that takes it back is confused, and confusion must not show a badge.
        if self.negative.as_ref().is_none_or(|n| n.status != VerifyStatus::Revoked.as_str()) {
            self.negative = event.negative;
        }
        if let Some(token) = event.attestation {
            self.offer(token);
        }
        Applied::Taken
    }

    /// Keeps the token if it is newer than the one we hold. The token answer and the `issued` event may come in either order.
    pub(super) fn offer(&mut self, token: String) {
        let held = self.attestation.as_deref().and_then(issued_at);
        if issued_at(&token) >= held {
            self.attestation = Some(token);
        }
    }

    /// The newest negative answer wins over a list that says "valid".
    pub(super) fn judge(&self, evidence: &Evidence) -> Standing {
        if let Some(n) = &self.negative {
            let lifted = n.status == VerifyStatus::Suspended.as_str()
                && matches!(evidence, Evidence::Checked { status: VerifyStatus::Active, list_iat: Some(iat) } if *iat > n.at.plus(SETTLE));
            if !lifted {
                return Standing { status: n.status.clone(), reason: n.reason.clone() };
            }
        }
        match evidence {
            Evidence::Checked { status, .. } => Standing::plain(status.as_str()),
            Evidence::Unavailable => Standing::plain("unavailable"),
            Evidence::Missing => Standing::plain("unknown"),
        }
    }
}

#[derive(Deserialize)]
struct UnverifiedTimes {
    iat: i64,
}

/// `iat` of a compact JWT, unverified: only for choosing between two tokens that are both verified before use.
fn issued_at(token: &str) -> Option<i64> {
    let payload = token.split('.').nth(1)?;
    let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<UnverifiedTimes>(&json).ok().map(|t| t.iat)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_secs(1_795_000_000 + s)
    }

    fn event(version: u64, status: Option<&str>, s: i64) -> BadgeEvent {
        let negative = status.map(|w| Negative { status: w.into(), reason: Some("operator_decision".into()), at: at(s) });
        BadgeEvent { badge: BadgeId::from_bits(1), version, negative, attestation: None }
    }

    fn token(iat: i64) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(format!("{{\"iat\":{iat}}}")))
    }

    fn list_says(status: VerifyStatus, s: i64) -> Evidence {
        Evidence::Checked { status, list_iat: Some(at(s)) }
    }

    #[test]
    fn a_late_issued_does_not_undo_a_revoked() {
        let mut record = BadgeRecord::default();
        assert_eq!(record.apply(event(2, Some("revoked"), 10)), Applied::Taken);
        assert_eq!(record.apply(event(1, None, 0)), Applied::Late);
        assert_eq!(record.apply(event(2, None, 0)), Applied::Late);
        assert_eq!(record.judge(&list_says(VerifyStatus::Active, 11)).status, "revoked");
    }

    #[test]
    fn a_revocation_is_final_whatever_comes_later() {
        let mut record = BadgeRecord::default();
        record.apply(event(1, Some("revoked"), 0));
        assert_eq!(record.apply(event(2, None, 5)), Applied::Taken);
        assert!(!record.judge(&list_says(VerifyStatus::Active, 1_000_000)).shown());
    }

    #[test]
    fn a_suspension_beats_an_older_list_and_yields_to_a_much_newer_one() {
        let mut record = BadgeRecord::default();
        record.apply(event(1, None, 0));
        record.apply(event(2, Some("suspended"), 100));
        let standing = record.judge(&list_says(VerifyStatus::Active, 90));
        assert_eq!((standing.status.as_str(), standing.reason.as_deref()), ("suspended", Some("operator_decision")));
        assert!(!record.judge(&list_says(VerifyStatus::Active, 101)).shown());
        assert!(record.judge(&list_says(VerifyStatus::Active, 161)).shown());
        assert!(!record.judge(&list_says(VerifyStatus::Suspended, 161)).shown());
        record.apply(event(3, None, 110));
        assert!(record.judge(&list_says(VerifyStatus::Active, 111)).shown());
    }

    #[test]
    fn without_evidence_nothing_is_shown() {
        let mut record = BadgeRecord::default();
        record.apply(event(1, None, 0));
        assert_eq!(record.judge(&Evidence::Unavailable).status, "unavailable");
        assert!(!record.judge(&Evidence::Missing).shown());
        for status in [VerifyStatus::Revoked, VerifyStatus::Expired, VerifyStatus::WrongCommunity, VerifyStatus::WrongSignature] {
            assert!(!record.judge(&list_says(status, 1)).shown(), "{status}");
        }
    }

    #[test]
    fn the_newest_attestation_is_kept_in_either_order() {
        let mut record = BadgeRecord::default();
        record.offer(token(200));
        record.offer(token(100));
        record.offer("not a token".into());
        assert_eq!(record.attestation, Some(token(200)));
        record.offer(token(300));
        assert_eq!(record.attestation, Some(token(300)));
    }
}
