//! Use cases: each public async function is one thing somebody can do, in a file named by its verb. They decide with the
//! domain, remember with the store, and reach the outside through ports. No HTTP, no SQL, no cryptography of their own.

pub mod add_callback_server;
pub mod add_operator;
pub mod add_platform;
pub mod alarms;
pub mod ask_witnesses;
mod attest;
mod attestation_claims;
pub mod audit_log;
pub mod authenticate_client;
pub mod authenticate_operator;
pub mod authorization_server;
pub mod begin_login;
pub mod catch_up;
pub mod change_badge;
pub mod choose_organisation;
mod community_events;
pub mod complete_login;
pub mod compromise_key;
pub mod configure_stream;
pub mod confirm_application;
mod confirm_authority;
pub mod decide_application;
pub mod deliver;
pub mod error;
mod event_message;
pub mod examine_platform;
pub mod federation;
pub mod historical_keys;
pub mod identity_providers;
pub mod introspect_token;
pub mod issue;
pub mod keyrings;
pub mod list_applications;
pub mod list_deliveries;
pub mod list_keys;
pub mod log;
pub mod look_at_community;
pub mod look_up;
pub mod metrics;
mod new_application;
pub mod open_link;
pub mod platform_apis;
pub mod platform_sign_ins;
pub mod poll_events;
pub mod prove_control;
pub mod push_request;
pub mod read_audit;
pub mod read_log;
pub mod readiness;
pub mod recall_status_list;
pub mod receive_callback;
pub mod receive_webhook;
mod record_event;
pub mod redeem_application;
pub mod redeem_code;
pub mod redeliver;
pub mod renew;
mod repeatable;
mod reprove;
pub mod retire_key;
mod retire_lists;
pub mod return_to_platform;
pub mod revoke_many;
pub mod rotate_key;
pub mod sequence_log;
pub mod set_certificate;
pub mod show_platform;
pub mod show_stream;
pub mod sign_out;
pub mod start_application;
pub mod start_limits;
pub mod start_portal;
pub mod status_view;
pub mod sweep;
pub mod turn_keys;
pub mod verify;
pub mod verify_stream;
pub mod watch_communities;
pub mod watch_identity_providers;
pub mod watch_sites;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

pub use error::{Error, WayOn, damaged};
pub use identity_providers::IdentityProviders;
pub use platform_apis::PlatformApis;
pub use platform_sign_ins::PlatformSignIns;

pub use crate::store::applications::ApplicationRow;
pub use crate::store::platforms::PlatformRow;
pub use crate::store::streams::StreamRow;

use crate::domain::community_event::EventPolicy;
use crate::ports::{Certificates, Clock, Entropy, EventSink, SiteReader, Vault};
use crate::store::Db;

/// Limits and lifetimes, from the validated configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Public base URL, without a trailing slash: `iss` of everything signed.
    pub issuer: String,
    /// Life of an attestation, at most 90 days.
    pub attestation_lifetime: Duration,
    /// `ttl` of status lists.
    pub status_ttl: Duration,
    /// Life of a status list token.
    pub status_lifetime: Duration,
    /// Places in a new status list.
    pub status_list_size: u32,
    /// Older than this, the status view answers nothing.
    pub view_max_age: Duration,
    /// How long before its end an attestation is renewed.
    pub renew_before: Duration,
    /// How old a confirmation may be that a renewal still rests on.
    pub confirmation_lifetime: Duration,
    /// Whether a community's badge passes to whoever confirms it next.
    pub handover: bool,
    /// Life of an application.
    pub application_lifetime: Duration,
    /// Life of an application that an authority started itself.
    pub portal_lifetime: Duration,
    /// How old the sign-in may be with which such an application is confirmed.
    pub portal_sign_in_lifetime: Duration,
    /// Life of a `request_uri`.
    pub request_uri_lifetime: Duration,
    /// Life of an authorization code.
    pub code_lifetime: Duration,
    /// Life of an access token.
    pub access_token_lifetime: Duration,
    /// Time for one pass through the identity provider.
    pub login_lifetime: Duration,
    /// How long evidence is kept.
    pub evidence_retention: Duration,
    /// How long a key is published before it signs.
    pub publish_keys_before: Duration,
    /// How communities are looked at again.
    pub watch: watch_communities::WatchSettings,
    /// What follows when a platform tells us of a community.
    pub platform_events: EventPolicy,
    /// Mutual TLS of platforms (RFC 8705), where it is on.
    pub mtls: Option<Mtls>,
    /// Deliveries in flight at once.
    /// Deliveries in flight at once, per platform.
    pub delivery_concurrency: usize,
    /// Longest attempt at a delivery.
    pub delivery_timeout: Duration,
    /// Waits before the second, third, … attempt.
    pub retry_schedule: Vec<Duration>,
    /// Pause between looks at a live endpoint.
    pub probe_interval: Duration,
    /// Silence of a live endpoint that operators are told of.
    pub alarm_after: Duration,
    /// What is said of this service in the federation.
    pub federation: federation::FederationSettings,
}

/// Mutual TLS of platforms.
#[derive(Clone, Debug)]
pub struct Mtls {
    /// Origin of another listener that asks for certificates, where there is one.
    pub origin: Option<String>,
}

/// The running service: everything a use case needs.
pub struct App {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Signing keys, and the verifier made of the published ones.
    pub keys: keyrings::Keyrings,
    /// Seals.
    pub vault: Arc<dyn Vault>,
    /// Client certificates of platforms.
    pub certificates: Arc<dyn Certificates>,
    /// Identity providers.
    pub idps: IdentityProviders,
    /// The platforms' own interfaces.
    pub platform_apis: PlatformApis,
    /// Signing in at platforms.
    pub platform_sign_ins: PlatformSignIns,
    /// Official sites of authorities.
    pub site_reader: Arc<dyn SiteReader>,
    /// Delivery to platforms.
    pub sink: Arc<dyn EventSink>,
    /// Limits.
    pub settings: Settings,
    /// What is in force, in memory.
    pub view: status_view::StatusView,
    /// Signed status lists of the past.
    pub past: recall_status_list::PastLists,
    /// The transparency log.
    pub log: log::TransparencyLog,
    /// What is counted and measured.
    pub metrics: metrics::Metrics,
    /// Alarms about identity providers that operators were told of.
    pub idp_alarms: alarms::Told,
    /// Alarms about the owner's delegation that operators were told of.
    pub delegation_alarms: alarms::Told,
    /// When communities to be looked at were last searched.
    pub looks_planned: watch_communities::Planned,
    /// How often authorities may start by themselves.
    pub start_limits: start_limits::StartLimits,
    /// Alarms about platforms' streams that operators were told of.
    pub stream_alarms: alarms::Told,
    /// Federation statements that were signed a moment ago.
    pub statements: federation::kept::Kept,
    /// Rung when a delivery was queued.
    pub delivery_bell: Notify,
    /// Wakes platforms that wait at the poll endpoint: something was committed.
    pub poll_bell: Notify,
    /// Rung when an endpoint was named.
    pub stream_bell: Notify,
}

impl App {
    /// Makes what was just committed visible to verification and sends deliveries on their way. The commit stands whatever
    /// happens here: on an error the follower catches up, and until then the view ages towards 503.
    pub(crate) async fn after_commit(self: &Arc<Self>) {
        if let Err(e) = self.view.refresh(self).await {
            tracing::warn!(error = %e, detail = e.operator_detail(), "the status view lags behind a commit");
        }
        self.delivery_bell.notify_one();
        self.poll_bell.notify_waiters();
    }
}

/// Who asks for a change, for the ledger and the audit trail.
#[derive(Clone, Debug)]
pub struct Actor {
    /// `operator`, `platform`, `representative`, `system` or `cli`.
    pub kind: &'static str,
    /// Operator id or platform id; never a person's name.
    pub id: Option<String>,
    /// Operator role.
    pub role: Option<String>,
    /// Address the request came from.
    pub remote: Option<String>,
    /// `X-Request-Id`.
    pub request_id: Option<String>,
}

impl Actor {
    /// The service itself.
    pub const fn system() -> Self {
        Self { kind: "system", id: None, role: None, remote: None, request_id: None }
    }

    /// Somebody with a shell on the server.
    pub const fn shell() -> Self {
        Self { kind: "cli", id: None, role: None, remote: None, request_id: None }
    }
}
