//! What is counted and measured, for Prometheus (`GET /metrics` on the admin listener). Labels are words of ours or bounded
//! sets of others' codes; never ids, addresses or anything about a person.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Error;
use crate::domain::refusal::RefusalCode;
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::{IdpCondition, IdpError};

/// Distinct codes of others that become label values; further ones read `other`. A browser can bring any code along.
const MAX_UPSTREAM: usize = 100;

/// Where in a login something happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// Before the person was sent away.
    Begin,
    /// With the provider's answer in hand.
    Complete,
    /// Reading an organisation's record.
    Organisation,
    /// Looking at the provider without a person.
    Examine,
}

impl Step {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Complete => "complete",
            Self::Organisation => "organisation",
            Self::Examine => "examine",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct LoginLabels {
    idp: String,
    outcome: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct IdpErrorLabels {
    idp: String,
    step: &'static str,
    code: &'static str,
    upstream: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct IdpLabels {
    idp: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct CertificateLabels {
    idp: String,
    certificate: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct StreamLabels {
    platform: String,
    outcome: &'static str,
}

type FloatGauge = Gauge<f64, AtomicU64>;

/// All metrics of one service.
pub struct Metrics {
    registry: Registry,
    logins: Family<LoginLabels, Counter>,
    idp_errors: Family<IdpErrorLabels, Counter>,
    idp_healthy: Family<IdpLabels, Gauge>,
    idp_offset: Family<IdpLabels, FloatGauge>,
    certificate_ends: Family<CertificateLabels, Gauge>,
    deliveries: Family<StreamLabels, Counter>,
    probes: Family<StreamLabels, Counter>,
    upstream_seen: Mutex<BTreeSet<String>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("gosbadge");
        let (logins, idp_errors, idp_healthy) = (Family::default(), Family::default(), Family::default());
        let (idp_offset, certificate_ends) = (Family::default(), Family::default());
        let (deliveries, probes) = (Family::default(), Family::default());
        registry.register(
            "deliveries",
            "Attempts to deliver an event by platform and outcome: delivered, failed (will be tried again), waits, dead",
            Family::clone(&deliveries),
        );
        registry.register(
            "stream_probes",
            "Verification events to endpoints by platform and outcome: answered or silent",
            Family::clone(&probes),
        );
        registry.register("logins", "Passes through the identity provider by outcome: ok or a refusal code", Family::clone(&logins));
        registry.register(
            "idp_errors",
            "Failures at the identity provider by step, our code and the provider's own code (none where it gave none)",
            Family::clone(&idp_errors),
        );
        registry.register("idp_healthy", "1 when the last look at the provider found no trouble", Family::clone(&idp_healthy));
        registry.register_with_unit(
            "idp_clock_offset",
            "The provider's clock minus ours, as it was last measured",
            Unit::Seconds,
            Family::clone(&idp_offset),
        );
        registry.register_with_unit(
            "idp_certificate_end",
            "Unix time at which a certificate that logins depend on ends",
            Unit::Seconds,
            Family::clone(&certificate_ends),
        );
        let upstream_seen = Mutex::default();
        Self { registry, logins, idp_errors, idp_healthy, idp_offset, certificate_ends, deliveries, probes, upstream_seen }
    }
}

impl Metrics {
    /// A pass through the provider ended: with an identity, or not.
    pub fn login(&self, idp: &str, outcome: Result<(), RefusalCode>) {
        let outcome = outcome.map_or_else(RefusalCode::as_str, |()| "ok");
        self.logins.get_or_create(&LoginLabels { idp: idp.to_owned(), outcome }).inc();
    }

    /// The provider, or our way to it, failed.
    pub fn idp_error(&self, idp: &str, step: Step, e: &IdpError) {
        let upstream = self.bounded(e.upstream.as_deref().unwrap_or("none"));
        let labels = IdpErrorLabels { idp: idp.to_owned(), step: step.as_str(), code: e.code.as_str(), upstream };
        self.idp_errors.get_or_create(&labels).inc();
    }

    /// An attempt to deliver ended. Platforms are registered by operators: the label is bounded.
    pub fn delivery(&self, platform: &str, outcome: &'static str) {
        self.deliveries.get_or_create(&StreamLabels { platform: platform.to_owned(), outcome }).inc();
    }

    /// An endpoint was sent a verification event.
    pub fn probe(&self, platform: &str, answered: bool) {
        let outcome = if answered { "answered" } else { "silent" };
        self.probes.get_or_create(&StreamLabels { platform: platform.to_owned(), outcome }).inc();
    }

    /// What the last look at all providers found.
    pub fn idp_conditions(&self, conditions: &[(&str, IdpCondition)]) {
        // A certificate that was replaced must not stay as one that ends.
        self.certificate_ends.clear();
        for (idp, condition) in conditions {
            self.idp_condition(idp, condition);
        }
    }

    fn idp_condition(&self, idp: &str, condition: &IdpCondition) {
        let labels = IdpLabels { idp: idp.to_owned() };
        self.idp_healthy.get_or_create(&labels).set(i64::from(condition.troubles.is_empty()));
        if let Some(offset) = condition.clock_offset_ms {
            // Exact up to 2^53 milliseconds, which no clock is off by.
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            self.idp_offset.get_or_create(&labels).set(offset as f64 / 1000.0);
        }
        for term in &condition.certificates {
            let labels = CertificateLabels { idp: idp.to_owned(), certificate: term.whose.clone() };
            self.certificate_ends.get_or_create(&labels).set(term.ends.secs());
        }
    }

    fn bounded(&self, upstream: &str) -> String {
        // Inserting one value cannot leave the set half-changed.
        let mut seen = self.upstream_seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(upstream) {
            return upstream.to_owned();
        }
        if seen.len() >= MAX_UPSTREAM {
            return "other".to_owned();
        }
        seen.insert(upstream.to_owned());
        upstream.to_owned()
    }

    /// Everything in the OpenMetrics text format.
    ///
    /// # Errors
    /// [`Error::Internal`], which a text buffer never gives.
    pub fn text(&self) -> Result<String, Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(|e| Error::Internal(e.to_string()))?;
        Ok(text)
    }
}

/// Whole days until a certificate's end; negative once it is over.
pub(super) fn days_left(ends: Timestamp, now: Timestamp) -> i64 {
    (ends.secs() - now.secs()).div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(upstream: Option<&str>) -> IdpError {
        IdpError { upstream: upstream.map(str::to_owned), ..IdpError::new(RefusalCode::F17, "") }
    }

    #[test]
    fn the_text_names_outcomes_and_codes() {
        let m = Metrics::default();
        m.login("esia", Ok(()));
        m.login("esia", Err(RefusalCode::F04));
        m.idp_error("esia", Step::Complete, &error(Some("ESIA-007015")));
        let text = m.text().unwrap();
        for line in [
            "gosbadge_logins_total{idp=\"esia\",outcome=\"ok\"} 1",
            "gosbadge_logins_total{idp=\"esia\",outcome=\"F04\"} 1",
            "gosbadge_idp_errors_total{idp=\"esia\",step=\"complete\",code=\"F17\",upstream=\"ESIA-007015\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
    }

    #[test]
    fn invented_codes_cannot_fill_the_memory() {
        let m = Metrics::default();
        for n in 0..10_000 {
            m.idp_error("esia", Step::Complete, &error(Some(&format!("ESIA-{n:06}"))));
        }
        let lines = m.text().unwrap().lines().filter(|l| l.starts_with("gosbadge_idp_errors_total")).count();
        assert_eq!(lines, MAX_UPSTREAM + 1);
    }
}
