//! Receiving events: Standard Webhooks v1. Signature first, then once per `webhook-id`, then in the badge's own order. No network
//! call stands between a revocation and its effect.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::domain::ids::BadgeId;
use crate::domain::time::Timestamp;

use super::badge::{Applied, BadgeEvent, Negative};
use super::state::{Platform, State};

/// Outcome of an event that changed what we believe.
const TAKEN: &str = "taken";

/// One received delivery, as `GET /api/deliveries` shows it.
#[derive(Clone, Serialize)]
pub(super) struct Delivery {
    /// `webhook-id`
    id: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    version: Option<u64>,
    /// Number of the community it was about, where it is one of ours.
    community: Option<String>,
    pub(super) received_at: Timestamp,
    pub(super) signature_ok: bool,
    /// What we did with it: `taken`, `late`, `duplicate`, `ignored`, or why it was refused.
    outcome: String,
    /// All headers, so that other implementations can be tried on the very same message.
    headers: BTreeMap<String, String>,
    /// Raw body.
    body: String,
}

/// The body of a message whose signature held.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    timestamp: Option<Timestamp>,
    data: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct BadgeData {
    badge: BadgeId,
    version: u64,
    status: String,
    reason: Option<String>,
    community: EventCommunity,
    attestation: Option<String>,
}

#[derive(Deserialize)]
struct EventCommunity {
    platform: Option<String>,
    id: String,
}

/// `POST /gosbadge/webhook`: 204 once the event counts, 401 for a signature that does not hold, 400 for what cannot be read.
pub(super) async fn receive(platform: web::Data<Platform>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (id, stamp, signatures) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    let now = platform.now();
    let mut delivery = Delivery {
        id: id.to_owned(),
        kind: None,
        version: None,
        community: None,
        received_at: now,
        signature_ok: false,
        outcome: String::new(),
        headers: request.headers().iter().map(|(k, v)| (k.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned())).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let held = !id.is_empty() && platform.outgoing.verify(id, stamp, &body, signatures, now).is_ok();
    if let Some(state) = held.then(|| verification(&body)).flatten() {
        // Proof that we read what came: not an event, so it is not listed.
        return HttpResponse::Ok().json(serde_json::json!({ "state": state }));
    }
    let answer = if id.is_empty() {
        Err((401, "webhook-id is missing".to_owned()))
    } else if let Err(e) = platform.outgoing.verify(id, stamp, &body, signatures, now) {
        Err((401, e.to_string()))
    } else {
        delivery.signature_ok = true;
        take(&platform, &mut delivery, &body)
    };
    let (status, outcome) = match answer {
        Ok(outcome) => (204, outcome.to_owned()),
        Err((status, text)) => (status, text),
    };
    delivery.outcome.clone_from(&outcome);
    let moved = delivery.community.clone().filter(|_| outcome == TAKEN);
    platform.state().record(delivery);
    if let Some(community) = moved {
        // In the background: after an event the cached status list is known to be old.
        actix_web::rt::spawn(async move { platform.assess(&community, Some(Duration::ZERO)).await });
    }
    match status {
        204 => HttpResponse::NoContent().finish(),
        401 => HttpResponse::Unauthorized().content_type("text/plain; charset=utf-8").body(outcome),
        _ => HttpResponse::BadRequest().content_type("text/plain; charset=utf-8").body(outcome),
    }
}

/// What a verification event of the stream wants back.
fn verification(body: &[u8]) -> Option<String> {
    let message: Message = serde_json::from_slice(body).ok()?;
    let state = message.data.filter(|_| message.kind == "stream.verification")?.get("state")?.as_str()?.to_owned();
    Some(state)
}

fn take(platform: &Platform, delivery: &mut Delivery, body: &[u8]) -> Result<&'static str, (u16, String)> {
    let unreadable = |e: serde_json::Error| (400, format!("the body is not an event we can read: {e}"));
    let message: Message = serde_json::from_slice(body).map_err(unreadable)?;
    delivery.kind = Some(message.kind.clone());
    let mut state = platform.state();
    if state.seen.contains(&delivery.id) {
        return Ok("duplicate");
    }
    let outcome = match (message.kind.strip_prefix("badge."), message.data) {
        (Some(word), Some(data)) => {
            let data: BadgeData = serde_json::from_value(data).map_err(unreadable)?;
            delivery.version = Some(data.version);
            delivery.community = Some(data.community.id.clone()).filter(|id| state.communities.contains_key(id));
            apply(platform, &mut state, word, data, message.timestamp.unwrap_or(delivery.received_at))
        }
        // Types that do not exist yet: a 2xx is all they want.
        _ => "ignored",
    };
    state.seen.insert(delivery.id.clone(), ());
    Ok(outcome)
}

fn apply(platform: &Platform, state: &mut State, word: &str, data: BadgeData, at: Timestamp) -> &'static str {
    if data.community.platform.is_some_and(|p| p != platform.id.as_str()) {
        return "ignored";
    }
    let Some(community) = state.communities.get_mut(&data.community.id) else { return "ignored" };
    let positive = matches!(word, "issued" | "renewed" | "reinstated" | "updated") && data.status == "active";
    // Where type and status disagree, the worse of the two counts.
    let status = if data.status == "active" { word } else { &data.status };
    let negative = (!positive).then(|| Negative { status: status.to_owned(), reason: data.reason, at });
    let event = BadgeEvent { badge: data.badge, version: data.version, negative, attestation: data.attestation };
    match community.badge(event.badge).apply(event) {
        Applied::Late => "late",
        Applied::Taken => {
            // Decided now, one way or the other; an older failure no longer says where things stand.
            community.pending = None;
            if positive {
                community.last_error = None;
            }
            TAKEN
        }
    }
}
