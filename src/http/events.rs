//! Events a platform fetches by itself: polling (RFC 8936) and reading everything again from a cursor.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::context::{Body, Http, Shared, query};
use super::oauth::platform_of;
use super::streams::{answer, read};
use crate::domain::time::Timestamp;
use crate::service::catch_up::catch_up;
use crate::service::poll_events::{Answers, HandedOut, acknowledge, hand_out};
use crate::service::{Error, PlatformRow};

/// Events in one answer, where the platform names no number.
const EVENTS_DEFAULT: usize = 100;
/// Most events in one answer.
const EVENTS_MAX: usize = 1000;
/// Longest wait for an event; many proxies cut a silent connection at 60 seconds.
const WAIT: Duration = Duration::from_secs(30);
/// How often a waiting request looks by itself: another process may have committed something.
const LOOK: Duration = Duration::from_millis(500);

/// RFC 8936 §2.2. Members it does not know are for others to come.
#[derive(Deserialize)]
struct PollRequest {
    #[serde(rename = "maxEvents")]
    max_events: Option<usize>,
    #[serde(rename = "returnImmediately", default)]
    return_immediately: bool,
    #[serde(default)]
    ack: Vec<String>,
    #[serde(rename = "setErrs", default)]
    set_errs: BTreeMap<String, SetError>,
}

#[derive(Deserialize)]
struct SetError {
    err: String,
}

/// `POST /v1/events/poll`
pub(super) async fn poll(http: Shared, req: HttpRequest, body: Body) -> HttpResponse {
    let until = http.app.clock.now().plus(WAIT);
    let outcome = async {
        let platform = platform_of(&http, &req).await?;
        let asked: PollRequest = read(body, "{\"maxEvents\":100,\"returnImmediately\":false,\"ack\":[],\"setErrs\":{}}")?;
        let refused = asked.set_errs.into_iter().map(|(jti, e)| (jti, e.err)).collect();
        acknowledge(&http.app, &platform, Answers { taken: asked.ack, refused }).await?;
        let limit = asked.max_events.unwrap_or(EVENTS_DEFAULT).min(EVENTS_MAX);
        // Without events to hand out there is nothing to wait for (RFC 8936 §2.4.2, acknowledgement only).
        let at_once = asked.return_immediately || limit == 0;
        let handed = wait(&http, &platform, limit, (!at_once).then_some(until)).await?;
        let sets: Map<String, Value> = handed.sets.into_iter().map(|(jti, set)| (jti, set.into())).collect();
        Ok::<_, Error>(json!({ "sets": sets, "moreAvailable": handed.more }))
    };
    answer(&http, &req, outcome.await)
}

/// What waits, or what comes before `until`; what waits alone, without.
async fn wait(http: &Http, platform: &PlatformRow, limit: usize, until: Option<Timestamp>) -> Result<HandedOut, Error> {
    loop {
        // Registered before the look, so that nothing committed in between is slept through.
        let rung = http.app.poll_bell.notified();
        let handed = hand_out(&http.app, platform, limit).await?;
        if !handed.sets.is_empty() || until.is_none_or(|until| http.app.clock.now() >= until) {
            return Ok(handed);
        }
        // Either way, another look.
        let _ = tokio::time::timeout(LOOK, rung).await;
    }
}

/// A `limit` of the query.
pub(super) fn limit(asked: Option<String>, default: usize) -> Result<usize, Error> {
    match asked {
        None => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|n| (1..=EVENTS_MAX).contains(n))
            .ok_or_else(|| Error::InvalidRequest(format!("limit must be 1 to {EVENTS_MAX}"))),
    }
}

/// `GET /v1/events?after=&limit=`
pub(super) async fn all(http: Shared, req: HttpRequest) -> HttpResponse {
    let outcome = async {
        let platform = platform_of(&http, &req).await?;
        let mut q = query(&req);
        let limit = limit(q.remove("limit"), EVENTS_DEFAULT)?;
        let after = q.remove("after").filter(|a| !a.is_empty());
        let page = catch_up(&http.app, &platform, after.clone(), limit).await?;
        // At the end the cursor stays where it is: asked again later, it gives what is new.
        let next = page.last.or(after);
        let events: Vec<Value> = page
            .events
            .into_iter()
            .map(|(id, mut event)| {
                event["id"] = id.into();
                event
            })
            .collect();
        Ok::<_, Error>(json!({ "events": events, "next": next, "more": page.more }))
    };
    answer(&http, &req, outcome.await)
}
