//! How a platform's stream stands, from what is on record.

use std::time::Duration;

use super::verdict::SECRETS;
use super::{Finding, Record};
use crate::domain::stream::{Method, StreamState};
use crate::domain::time::Timestamp;
use crate::service::{Error, StreamRow};

const STREAM: &str = "stream";
const DELIVERIES: &str = "deliveries";

/// An event that waits longer than this should be looked at.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

fn moment(millis: Option<i64>) -> String {
    millis.map_or_else(|| "never".to_owned(), |at| Timestamp::from_millis(at).to_string())
}

/// For a stream that the platform fetches.
pub(super) fn polled(stream: &StreamRow) -> Finding {
    let last = moment(stream.last_success_at);
    Finding::good("endpoint", format!("there is none to examine: the platform fetches its events, and last acknowledged some: {last}"))
}

/// State, last success and failure, and what waits or was given up.
pub(super) fn examine(record: &Record, alarm_after: Duration, now: Timestamp, out: &mut Vec<Finding>) -> Result<(), Error> {
    if record.platform.state != "active" {
        let advice = "gosbadge platform enable lets it in again";
        out.push(Finding::bad(STREAM, "the platform is disabled: its events wait", advice));
    }
    match &record.stream {
        None => out.push(Finding::warning(
            STREAM,
            "the platform has set no stream: its events wait",
            "the platform says in PUT /v1/stream how it hears of events",
        )),
        Some(stream) => {
            state(stream, out)?;
            out.push(fared(stream)?);
        }
    }
    if let Some(until) = record.secrets.iter().filter_map(|s| s.expires_at).max() {
        let all = record.secrets.len();
        out.push(Finding::good(SECRETS, format!("{all} sign each message, the older until {}", moment(Some(until)))));
    }
    out.push(backlog(record, alarm_after, now));
    if record.given_up > 0 {
        out.push(Finding::warning(
            DELIVERIES,
            format!("{} were given up", record.given_up),
            "once the endpoint is sound, repeat them: POST /admin/v1/deliveries/redeliver with {\"platform\":\"…\",\"state\":\"dead\"}",
        ));
    }
    Ok(())
}

fn state(stream: &StreamRow, out: &mut Vec<Finding>) -> Result<(), Error> {
    let method = stream.method()?.as_str();
    match stream.state()? {
        StreamState::Enabled => out.push(Finding::good(STREAM, format!("{method}, enabled, live since {}", moment(stream.live_since)))),
        StreamState::Paused => out.push(Finding::warning(
            STREAM,
            format!("{method}, paused by the platform: its events wait"),
            "the platform goes on with \"state\":\"enabled\" in PUT /v1/stream",
        )),
        StreamState::Disabled => out.push(Finding::bad(
            STREAM,
            "disabled, since its endpoint answered 410: its events wait",
            "the platform has to name an endpoint in PUT /v1/stream, which then has to prove itself",
        )),
        StreamState::Unverified if stream.next_method.is_none() => {
            out.push(Finding::bad(STREAM, "no endpoint was ever named: its events wait", "the platform names one in PUT /v1/stream"))
        }
        StreamState::Unverified => {}
    }
    if stream.next_method.is_some() {
        out.push(unproven(stream)?);
    }
    Ok(())
}

/// An endpoint that was named and is not live yet.
fn unproven(stream: &StreamRow) -> Result<Finding, Error> {
    let why = stream.challenge_note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
    let tries = stream.challenge_attempts;
    Ok(match stream.challenge_at {
        Some(at) => Finding::warning(
            STREAM,
            format!("the endpoint that was named has not proven itself yet after {tries} verification events{why}"),
            format!("the running service asks again at {}; the platform has to give the state back", moment(Some(at))),
        ),
        None => {
            let detail = format!("the endpoint that was named did not prove itself and is not asked any more{why}");
            let advice = "mend the endpoint, then the platform sets it again in PUT /v1/stream";
            if stream.state()?.is_live() { Finding::warning(STREAM, detail, advice) } else { Finding::bad(STREAM, detail, advice) }
        }
    })
}

fn fared(stream: &StreamRow) -> Result<Finding, Error> {
    let (success, failure) = (moment(stream.last_success_at), moment(stream.last_failure_at));
    let detail = format!("last success {success}, last failure {failure}");
    if stream.failures == 0 || stream.last_failure_at <= stream.last_success_at {
        return Ok(Finding::good(DELIVERIES, detail));
    }
    let note = stream.last_note.as_deref().unwrap_or("no reason is known");
    let advice =
        if stream.method()? == Method::Poll { "ask the platform why it refused events" } else { "see what is said above of the endpoint" };
    Ok(Finding::warning(DELIVERIES, format!("{detail}; {} failures in a row since: {note}", stream.failures), advice))
}

fn backlog(record: &Record, alarm_after: Duration, now: Timestamp) -> Finding {
    let Some(oldest) = record.oldest else { return Finding::good(DELIVERIES, "none waits") };
    let age = now.since(Timestamp::from_millis(oldest));
    let detail = format!("{} wait, the oldest for {} minutes", record.waiting, age.as_secs() / 60);
    let polled = record.stream.as_ref().is_some_and(|s| s.method == Method::Poll.as_str());
    let advice = if polled {
        "the platform has to fetch and acknowledge them: POST /v1/events/poll"
    } else {
        "mend what is said above of endpoint and stream; then they go out by themselves, if `gosbadge serve` or `gosbadge worker` runs"
    };
    match age {
        age if age > alarm_after => Finding::bad(DELIVERIES, detail, advice),
        age if age > PATIENCE => Finding::warning(DELIVERIES, detail, advice),
        _ => Finding::good(DELIVERIES, detail),
    }
}
