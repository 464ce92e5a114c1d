//! A platform says how it wants to hear of events. A new endpoint goes live only once it has proven itself
//! (`verify_stream.rs`); until then the old one stays in use. Polling needs no proof: the platform's own credentials are it.

use std::sync::Arc;

use super::deliver::authorization;
use super::{Actor, App, Error, PlatformRow};
use crate::domain::stream::{Method, StreamChange, StreamState, event_types};
use crate::domain::time::Timestamp;
use crate::ports::vault::SealFor;
use crate::store::streams::{self, StreamRow};
use crate::store::{StoreError, Tx, audit, deliveries};

/// Longest `authorization_header`, bytes.
const AUTHORIZATION_MAX: usize = 2048;

/// What the platform asks for, as it came. Holds a secret, hence no `Debug`.
pub struct UnverifiedStream {
    /// `push_webhook`, `push_set` or `poll`.
    pub method: String,
    /// Where to push.
    pub endpoint_url: Option<String>,
    /// Sent along as `Authorization`; `push_set` only.
    pub authorization_header: Option<String>,
    /// Types of events; none: all.
    pub events: Option<Vec<String>>,
    /// `enabled` or `paused`; none: as it is.
    pub state: Option<String>,
}

/// The same, checked.
struct Wanted {
    method: Method,
    url: Option<String>,
    authorization: Option<String>,
    events: Option<String>,
    change: Option<StreamChange>,
}

/// Sets a platform's stream; returns what it is then.
///
/// # Errors
/// [`Error::InvalidRequest`] naming what is wrong; [`Error::Conflict`] when a stream without a live endpoint is to be paused.
pub async fn configure_stream(app: &Arc<App>, platform: &PlatformRow, asked: UnverifiedStream, actor: &Actor) -> Result<StreamRow, Error> {
    let wanted = check(app, asked)?;
    let entry = super::add_operator::entry(app, "stream.set", &platform.id, actor);
    let (inner, id) = (Arc::clone(app), platform.id.clone());
    let stream = app.db.write("configure_stream", move |tx| -> Result<StreamRow, Error> {
        streams::lock(tx, &id)?;
        // Not before the stream is held: what has become due meanwhile needs no hurry, and may be on its way.
        let now = inner.clock.now();
        let mut stream = of_platform_or_new(tx, &id, wanted.method, now)?;
        stream.events.clone_from(&wanted.events);
        let flowed = stream.state()? == StreamState::Enabled;
        let went_live = name_endpoint(&inner, &mut stream, &wanted, now)?;
        if let Some(change) = wanted.change {
            let state = stream
                .state()?
                .after(change)
                .ok_or_else(|| Error::Conflict("the stream has no live endpoint yet: state can be set once one is verified".to_owned()))?;
            state.as_str().clone_into(&mut stream.state);
        }
        let resumed = !flowed && stream.state()? == StreamState::Enabled;
        let stream = record(tx, stream, went_live || resumed, now)?;
        audit::insert(tx, &entry)?;
        Ok(stream)
    });
    let stream = stream.await?;
    app.stream_bell.notify_one();
    app.delivery_bell.notify_one();
    Ok(stream)
}

/// Names a webhook endpoint on the platform's behalf, in the transaction that registers the platform. It has to prove itself
/// like any other, unless it is the one that is live already.
pub(super) fn name_webhook(app: &App, tx: &mut Tx<'_>, platform: &str, url: &str, now: Timestamp) -> Result<(), Error> {
    streams::lock(tx, platform)?;
    let mut stream = of_platform_or_new(tx, platform, Method::PushWebhook, now)?;
    let wanted = Wanted { method: Method::PushWebhook, url: Some(url.to_owned()), authorization: None, events: None, change: None };
    let went_live = name_endpoint(app, &mut stream, &wanted, now)?;
    record(tx, stream, went_live, now)?;
    Ok(())
}

fn of_platform_or_new(tx: &mut Tx<'_>, platform: &str, method: Method, now: Timestamp) -> Result<StreamRow, StoreError> {
    if let Some(stream) = streams::of_platform(tx, platform)? {
        return Ok(stream);
    }
    let stream = StreamRow::new(platform, method, now);
    streams::insert(tx, &stream)?;
    Ok(stream)
}

/// With `hurry` whatever waits for another attempt is due at once: the platform says that it is ready.
fn record(tx: &mut Tx<'_>, stream: StreamRow, hurry: bool, now: Timestamp) -> Result<StreamRow, StoreError> {
    streams::decide(tx, stream.generation, &stream, now)?;
    if hurry {
        deliveries::hurry(tx, &stream.platform_id, now)?;
    }
    Ok(StreamRow { generation: stream.generation + 1, ..stream })
}

/// Makes the wanted endpoint the live one or the next one; whether it went live by that.
fn name_endpoint(app: &App, stream: &mut StreamRow, wanted: &Wanted, now: Timestamp) -> Result<bool, Error> {
    let is_live = stream.state()?.is_live()
        && stream.method()? == wanted.method
        && stream.endpoint_url == wanted.url
        && authorization(app, &stream.platform_id, stream.authorization_sealed.as_deref())? == wanted.authorization;
    let seal = |plain: &String| app.vault.seal(SealFor::StreamAuthorization, &stream.platform_id, plain.as_bytes());
    let sealed = wanted.authorization.as_ref().map(seal);
    forget_next(stream);
    if is_live {
        return Ok(false);
    }
    stream.next_method = Some(wanted.method.as_str().to_owned());
    stream.next_url.clone_from(&wanted.url);
    stream.next_authorization = sealed;
    if wanted.method.pushes() {
        stream.challenge_at = Some(now.millis());
        return Ok(false);
    }
    go_live(app, stream, now)?;
    Ok(true)
}

fn forget_next(stream: &mut StreamRow) {
    (stream.next_method, stream.next_url, stream.next_authorization) = (None, None, None);
    (stream.challenge_at, stream.challenge_digest, stream.challenge_note) = (None, None, None);
    stream.challenge_attempts = 0;
}

/// The next endpoint becomes the live one.
pub(super) fn go_live(app: &App, stream: &mut StreamRow, now: Timestamp) -> Result<(), Error> {
    let method = stream.next_method()?.ok_or_else(|| super::damaged("next endpoint of a stream"))?;
    let state = stream.state()?.after(StreamChange::Verified).unwrap_or(StreamState::Enabled);
    state.as_str().clone_into(&mut stream.state);
    method.as_str().clone_into(&mut stream.method);
    stream.endpoint_url = stream.next_url.take();
    stream.authorization_sealed = stream.next_authorization.take();
    stream.live_since = Some(now.millis());
    stream.probe_at = method.pushes().then(|| now.plus(app.settings.probe_interval).millis());
    forget_next(stream);
    Ok(())
}

fn check(app: &App, asked: UnverifiedStream) -> Result<Wanted, Error> {
    let invalid = |what: String| Error::InvalidRequest(what);
    let method: Method = asked.method.parse().map_err(|_| invalid("method must be push_webhook, push_set or poll".to_owned()))?;
    match (&asked.endpoint_url, method.pushes()) {
        (Some(url), true) => app.sink.check(url).map_err(invalid)?,
        (None, true) => return Err(invalid(format!("endpoint_url is missing: {} needs one", method.as_str()))),
        (Some(_), false) => return Err(invalid("endpoint_url must be left out with method poll".to_owned())),
        (None, false) => {}
    }
    if let Some(header) = &asked.authorization_header {
        if method != Method::PushSet {
            return Err(invalid("authorization_header goes with method push_set only".to_owned()));
        }
        if header.is_empty() || header.len() > AUTHORIZATION_MAX || !header.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Err(invalid(format!("authorization_header must be 1 to {AUTHORIZATION_MAX} printable ASCII characters")));
        }
    }
    let change = match asked.state.as_deref() {
        None => None,
        Some("enabled") => Some(StreamChange::Resume),
        Some("paused") => Some(StreamChange::Pause),
        Some(_) => return Err(invalid("state must be enabled or paused, or be left out".to_owned())),
    };
    let events = asked.events.map(types).transpose()?;
    Ok(Wanted { method, url: asked.endpoint_url, authorization: asked.authorization_header, events, change })
}

fn types(mut asked: Vec<String>) -> Result<String, Error> {
    let known = event_types();
    if let Some(unknown) = asked.iter().find(|t| !known.contains(&t.as_str())) {
        let unknown: String = unknown.chars().take(60).collect();
        return Err(Error::InvalidRequest(format!("events: {unknown:?} is unknown; use any of {}", known.join(", "))));
    }
    if asked.is_empty() {
        return Err(Error::InvalidRequest("events must name at least one type; leave it out for all".to_owned()));
    }
    asked.sort_unstable();
    asked.dedup();
    serde_json::to_string(&asked).map_err(|e| Error::Internal(e.to_string()))
}
