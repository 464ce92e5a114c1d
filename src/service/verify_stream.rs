//! Verification events: a new endpoint has to give back what we sent it before it goes live, and a live one is asked now and
//! then whether it is there. The clock decides when; whoever claims the sending first does it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::alarms::Alarm;
use super::configure_stream::go_live;
use super::deliver::{Address, To, authorization, shut, with_reason};
use super::{App, Error, PlatformRow, damaged};
use crate::domain::backoff::{spread, wait_after};
use crate::domain::digest::{self, SecretKind};
use crate::domain::ids::{DeliveryId, EventId};
use crate::domain::stream::{Method, StreamState};
use crate::domain::time::Timestamp;
use crate::ports::event_sink::{Attempted, DeliveryOutcome};
use crate::ports::signer::KeyPurpose;
use crate::store::streams::{self, StreamRow};
use crate::store::{StoreError, Tx, deliveries, platforms};

/// An endpoint that took the event and gave nothing back may still answer at `/v1/stream/verify`; asked again after this.
const ANSWER_TIME: Duration = Duration::from_secs(3600);

/// A claim outlives the slowest attempt by this much.
const CLAIM_MARGIN: Duration = Duration::from_secs(10);

/// Sends every verification event that is due, and raises alarms; returns how many were sent.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn verify_streams(app: &Arc<App>) -> Result<usize, Error> {
    let now = app.clock.now();
    let all = app.db.read("due_verifications", streams::of_active_platforms).await.map_err(Error::from)?;
    let challenges = all.iter().filter(|s| s.challenge_at.is_some_and(|at| at <= now.millis()));
    let probes = all.iter().filter(|s| s.probe_at.is_some_and(|at| at <= now.millis()) && s.state == StreamState::Enabled.as_str());
    let (challenged, probed) =
        futures_util::future::join(join_all(challenges.map(|s| challenge(app, s))), join_all(probes.map(|s| probe(app, s)))).await;
    let sent = challenged.into_iter().chain(probed).sum::<Result<usize, Error>>();
    app.stream_alarms.tell(&standing(&all, app.settings.alarm_after, now)?, now);
    sent
}

/// Asks the next endpoint of a stream to give back a text of ours.
async fn challenge(app: &Arc<App>, stream: &StreamRow) -> Result<usize, Error> {
    let method = stream.next_method()?.ok_or_else(|| damaged("next endpoint of a stream"))?;
    let url = stream.next_url.as_deref().ok_or_else(|| damaged("next endpoint of a stream"))?;
    let text = app.entropy.token();
    let digest = digest::of_secret(SecretKind::StreamChallenge, &text);
    let until = app.clock.now().plus(app.settings.delivery_timeout + CLAIM_MARGIN);
    let row = stream.clone();
    let mine = app.db.write("claim_challenge", move |tx| streams::claim_challenge(tx, &row, &digest, until));
    if !mine.await.map_err(Error::from)? {
        return Ok(0);
    }
    let authorization = authorization(app, &stream.platform_id, stream.next_authorization.as_deref())?;
    let attempted = send(app, stream, To { method, url, authorization }, &text).await?;
    let now = app.clock.now();
    if attempted.outcome == DeliveryOutcome::Accepted && gives_back(&attempted.answer, &text) {
        enable(app, stream.clone()).await?;
        return Ok(1);
    }
    let failures = u32::try_from(stream.challenge_attempts + 1).unwrap_or(u32::MAX);
    let [jitter] = app.entropy.bytes::<1>();
    let (again, note) = match attempted.outcome {
        DeliveryOutcome::Accepted => (
            wait_after(&app.settings.retry_schedule, failures, jitter, None).map(|_| ANSWER_TIME),
            "accepted, but the state did not come back".to_owned(),
        ),
        DeliveryOutcome::Failed { note, retry_after } => {
            (wait_after(&app.settings.retry_schedule, failures, jitter, retry_after), with_reason(note, &attempted.answer))
        }
        DeliveryOutcome::Gone => (None, "the endpoint answered 410".to_owned()),
        DeliveryOutcome::Forbidden { note } => (None, note),
    };
    tracing::warn!(platform = stream.platform_id, note, again = again.is_some(), "an endpoint did not prove itself");
    let row = stream.clone();
    let again = again.map(|wait| now.plus(wait));
    app.db.write("note_challenge", move |tx| streams::note_challenge(tx, &row, again, &note)).await.map_err(Error::from)?;
    Ok(1)
}

/// The text itself, or JSON with it as `state`. A service that sends back whatever it gets does not pass.
pub(super) fn gives_back(answer: &[u8], text: &str) -> bool {
    let Ok(answer) = std::str::from_utf8(answer) else { return false };
    if digest::equal(answer.trim(), text) {
        return true;
    }
    let json: Option<Value> = serde_json::from_str(answer).ok();
    json.as_ref().and_then(|v| v["state"].as_str()).is_some_and(|s| digest::equal(s, text))
}

/// The next endpoint proved itself.
async fn enable(app: &Arc<App>, stream: StreamRow) -> Result<(), Error> {
    let (inner, now) = (Arc::clone(app), app.clock.now());
    let enabled = app.db.write("enable_stream", move |tx| -> Result<String, Error> {
        let mut stream = stream;
        let seen = stream.generation;
        go_live(&inner, &mut stream, now)?;
        streams::decide(tx, seen, &stream, now)?;
        streams::forget_measured(tx, &stream.platform_id)?;
        deliveries::hurry(tx, &stream.platform_id, now)?;
        Ok(stream.platform_id)
    });
    match enabled.await {
        Ok(platform) => tracing::info!(platform, "an endpoint proved itself and is live"),
        // Another endpoint was named meanwhile: that one has to prove itself.
        Err(Error::Conflict(_)) => return Ok(()),
        Err(e) => return Err(e),
    }
    app.delivery_bell.notify_one();
    Ok(())
}

/// The platform gives the text back by itself (`POST /v1/stream/verify`).
///
/// # Errors
/// [`Error::NotFound`] without a stream, [`Error::InvalidRequest`] when it is not the text of the last verification event.
pub async fn confirm_stream(app: &Arc<App>, platform: &PlatformRow, text: &str) -> Result<(), Error> {
    let id = platform.id.clone();
    let stream = app.db.read("stream", move |tx| streams::of_platform(tx, &id)).await.map_err(Error::from)?;
    let stream = stream.ok_or(Error::NotFound("stream"))?;
    if stream.next_method.is_none() && stream.state()?.is_live() {
        // The answer to a look at a live endpoint: nothing has to be proven.
        return Ok(());
    }
    let given = digest::of_secret(SecretKind::StreamChallenge, text);
    if !stream.challenge_digest.as_ref().is_some_and(|asked| digest::equal(asked, &given)) {
        return Err(Error::InvalidRequest(
            "state is not that of the newest verification event; set the stream again to get another".to_owned(),
        ));
    }
    enable(app, stream).await
}

/// Looks whether a live endpoint is there.
async fn probe(app: &Arc<App>, stream: &StreamRow) -> Result<usize, Error> {
    let now = app.clock.now();
    let [jitter] = app.entropy.bytes::<1>();
    let next = now.plus(spread(app.settings.probe_interval, jitter));
    let row = stream.clone();
    let mine = app.db.write("claim_probe", move |tx| streams::claim_probe(tx, &row, now, next));
    if !mine.await.map_err(Error::from)? {
        return Ok(0);
    }
    let (method, url) = (stream.method()?, stream.endpoint_url.as_deref().ok_or_else(|| damaged("endpoint of a stream"))?);
    let authorization = authorization(app, &stream.platform_id, stream.authorization_sealed.as_deref())?;
    let attempted = send(app, stream, To { method, url, authorization }, &app.entropy.token()).await?;
    let gone = attempted.outcome == DeliveryOutcome::Gone;
    let note = match attempted.outcome {
        DeliveryOutcome::Accepted => None,
        DeliveryOutcome::Failed { note, .. } => Some(with_reason(note, &attempted.answer)),
        DeliveryOutcome::Forbidden { note } => Some(note),
        DeliveryOutcome::Gone => Some("the endpoint answered 410".to_owned()),
    };
    app.metrics.probe(&stream.platform_id, note.is_none());
    if let Some(note) = &note {
        tracing::warn!(platform = stream.platform_id, note, "a live endpoint did not acknowledge a verification event");
    }
    let (row, now) = (stream.clone(), app.clock.now());
    app.db
        .write("note_probe", move |tx| -> Result<(), StoreError> {
            streams::note_probe(tx, &row, note.as_deref(), now)?;
            if gone { shut(tx, &row.platform_id, row.generation, now) } else { Ok(()) }
        })
        .await
        .map_err(Error::from)?;
    Ok(1)
}

/// Sends one verification event: JSON for webhooks, else that of SSF 1.0 §8.1.4.
async fn send(app: &Arc<App>, stream: &StreamRow, to: To<'_>, text: &str) -> Result<Attempted, Error> {
    let (id, now) = (stream.platform_id.clone(), app.clock.now());
    let read = move |tx: &mut Tx<'_>| -> Result<_, Error> {
        let platform = platforms::by_id(tx, &id)?.ok_or_else(|| damaged("platform of a stream"))?;
        Ok((platform, platforms::live_secrets(tx, &id, "webhook_out", now)?))
    };
    let (platform, secrets) = app.db.read("verification_material", read).await?;
    let body = verification(app, &platform, to.method, text, now)?;
    let address = Address::open(app, platform, &secrets)?;
    let message = DeliveryId::new(now, app.entropy.bytes()).to_string();
    Ok(app.sink.deliver(address.message(to, &message, body, now)).await)
}

/// The body of a verification event: no platform takes it for an event of a badge.
///
/// # Errors
/// [`Error::Unavailable`] when there is no key to sign a SET with.
pub(super) fn verification(app: &App, platform: &PlatformRow, method: Method, text: &str, now: Timestamp) -> Result<String, Error> {
    Ok(match method {
        Method::PushSet => {
            let claims = json!({
                "iss": app.settings.issuer,
                "aud": platform.base_url,
                "iat": now.secs(),
                "jti": EventId::new(now, app.entropy.bytes()),
                "sub_id": { "format": "opaque", "id": platform.id },
                "events": { "https://schemas.openid.net/secevent/ssf/event-type/verification": { "state": text } },
            });
            app.keys.sign_jwt(KeyPurpose::Status, "secevent+jwt", &claims.to_string())?.token
        }
        _ => json!({ "type": "stream.verification", "timestamp": now, "data": { "stream": platform.id, "state": text } }).to_string(),
    })
}

/// What operators should know of streams.
fn standing(all: &[StreamRow], alarm_after: Duration, now: Timestamp) -> Result<Vec<Alarm>, Error> {
    let mut alarms = Vec::new();
    let mut raise = |stream: &StreamRow, urgent: bool, what: &str| {
        let text = format!("stream of platform {}: {what}", stream.platform_id);
        alarms.push(Alarm { key: format!("stream/{}/{urgent}", stream.platform_id), urgent, text });
    };
    for stream in all {
        let heard = stream.last_success_at.max(stream.probe_answered_at).max(stream.live_since);
        let silent = heard.map_or(Duration::ZERO, |at| now.since(Timestamp::from_millis(at)));
        match stream.state()? {
            StreamState::Enabled if stream.method()?.pushes() && silent > alarm_after => {
                raise(stream, true, &format!("its endpoint has acknowledged nothing for {} minutes", silent.as_secs() / 60));
            }
            StreamState::Disabled if stream.next_method.is_none() => {
                raise(stream, true, "its endpoint answered 410 and is disabled; events wait until the platform sets another");
            }
            _ if stream.next_method.is_some() && stream.challenge_at.is_none() => {
                let note = stream.challenge_note.as_deref().unwrap_or("no reason is known");
                raise(stream, false, &format!("the endpoint that was set did not prove itself and is not asked any more: {note}"));
            }
            _ => {}
        }
    }
    Ok(alarms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_410_and_refusal_are_told_and_nothing_else() {
        let (now, day) = (Timestamp::from_secs(1_795_176_000), Duration::from_secs(86_400));
        let urgent =
            |row: &StreamRow| standing(std::slice::from_ref(row), day, now).unwrap().into_iter().map(|a| a.urgent).collect::<Vec<_>>();
        let mut row = StreamRow::new("vk", Method::PushWebhook, now.minus(3 * day));
        assert!(urgent(&row).is_empty(), "nothing was ever set");
        row.next_method = Some("push_webhook".to_owned());
        assert_eq!(urgent(&row), [false], "refused, and not asked any more");
        row.challenge_at = Some(now.millis());
        assert!(urgent(&row).is_empty(), "still asked");
        row.next_method = None;
        row.state = "enabled".to_owned();
        row.live_since = Some(now.minus(2 * day).millis());
        assert_eq!(urgent(&row), [true], "silent for two days");
        row.probe_answered_at = Some(now.minus(day).millis());
        assert!(urgent(&row).is_empty(), "for a day, which is permitted");
        row.method = "poll".to_owned();
        row.probe_answered_at = None;
        assert!(urgent(&row).is_empty(), "whoever polls is not called");
        row.state = "disabled".to_owned();
        assert_eq!(urgent(&row), [true]);
    }

    #[test]
    fn only_the_text_itself_or_the_member_state_is_an_answer() {
        for good in ["abc", " abc\n", r#"{"state":"abc"}"#, r#"{"ok":true,"state":"abc"}"#] {
            assert!(gives_back(good.as_bytes(), "abc"), "{good}");
        }
        for bad in
            ["", "ok", "abcd", r#"{"state":"abd"}"#, r#"{"type":"stream.verification","data":{"state":"abc"}}"#, "\"abc\"", "[\"abc\"]"]
        {
            assert!(!gives_back(bad.as_bytes(), "abc"), "{bad}");
        }
        assert!(!gives_back(&[0xff, 0xfe], "abc"));
    }
}
