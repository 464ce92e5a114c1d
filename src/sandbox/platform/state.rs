//! The platform's memory and its configuration in use. One lock, never held across an await.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use url::Url;

use crate::domain::community::{CommunityNumber, CommunityRef, PlatformId};
use crate::domain::time::Timestamp;
use crate::domain::webhook_signature::WebhookSecret;
use crate::ports::{Clock, Entropy};

use super::bounded::Bounded;
use super::communities::{self, Community};
use super::flow::Flow;
use super::gosbadge::Gosbadge;
use super::session::Session;
use super::trust::Trust;
use super::webhook::Delivery;
use super::{PlatformConfig, StartError};

/// Deliveries kept for inspection.
const DELIVERIES_MAX: usize = 200;
/// Refused ones are kept apart, so that noise from strangers cannot push out what gosbadge sent.
const REFUSED_MAX: usize = 50;

/// The running platform.
pub(super) struct Platform {
    pub(super) base_url: String,
    pub(super) issuer: String,
    pub(super) id: PlatformId,
    pub(super) inbound: WebhookSecret,
    pub(super) outgoing: WebhookSecret,
    pub(super) poll_every: Option<Duration>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) gosbadge: Gosbadge,
    pub(super) trust: Trust,
    state: Mutex<State>,
}

/// What changes.
pub(super) struct State {
    pub(super) communities: BTreeMap<String, Community>,
    pub(super) sessions: Bounded<String, Session>,
    /// Attempts under way, by OAuth `state`.
    pub(super) flows: Bounded<String, Flow>,
    /// `webhook-id`s already acted upon.
    pub(super) seen: Bounded<String, ()>,
    accepted: VecDeque<Delivery>,
    refused: VecDeque<Delivery>,
}

impl Platform {
    pub(super) fn new(config: PlatformConfig) -> Result<Self, StartError> {
        let base_url = origin(&config.base_url).ok_or(StartError::Address("base_url"))?;
        let issuer = origin(&config.issuer).ok_or(StartError::Address("issuer"))?;
        let http = reqwest::Client::builder()
            // Neither keys nor tokens nor status lists come by way of somebody else's address.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(10))
            .user_agent("ploshchadka-sandbox/1")
            .build()?;
        Ok(Self {
            gosbadge: Gosbadge::new(http.clone(), issuer.clone(), config.client_id, config.client_secret),
            trust: Trust::new(http, issuer.clone()),
            base_url,
            issuer,
            id: config.platform_id,
            inbound: config.inbound_webhook_secret,
            outgoing: config.outgoing_webhook_secret,
            poll_every: config.poll_every,
            clock: config.clock,
            entropy: config.entropy,
            state: Mutex::new(State {
                communities: communities::all(),
                sessions: Bounded::new(1_000),
                flows: Bounded::new(1_000),
                seen: Bounded::new(10_000),
                accepted: VecDeque::new(),
                refused: VecDeque::new(),
            }),
        })
    }

    /// The memory. A panic elsewhere leaves it usable: every change is complete in itself.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn redirect_uri(&self) -> String {
        format!("{}/gosbadge/callback", self.base_url)
    }

    pub(super) fn club_url(&self, id: &CommunityNumber) -> String {
        format!("{}/club{id}", self.base_url)
    }

    pub(super) fn reference(&self, id: &CommunityNumber) -> CommunityRef {
        CommunityRef { platform: self.id.clone(), id: id.clone() }
    }
}

impl State {
    pub(super) fn record(&mut self, delivery: Delivery) {
        let (log, max) = if delivery.signature_ok { (&mut self.accepted, DELIVERIES_MAX) } else { (&mut self.refused, REFUSED_MAX) };
        log.push_back(delivery);
        if log.len() > max {
            log.pop_front();
        }
    }

    /// Everything received, oldest first.
    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        let mut all: Vec<_> = self.accepted.iter().chain(&self.refused).cloned().collect();
        all.sort_by_key(|d| d.received_at);
        all
    }
}

/// `https://host[:port]` without anything behind it.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let text = text.trim_end_matches('/');
    (plain && url.origin().ascii_serialization() == text).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn only_bare_origins_are_addresses() {
        assert_eq!(origin("http://127.0.0.1:8080/").as_deref(), Some("http://127.0.0.1:8080"));
        for bad in ["", "127.0.0.1:8080", "ftp://a", "https://a/b", "https://u@a", "https://a?x", "https://A.example"] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}
