//! An operator examines how a platform's endpoint treats our messages, and how its stream stands. Only verification events are sent,
//! which no platform takes for an event of a badge; nothing of the stream changes, whatever the endpoint answers.

mod endpoint;
mod stream;
mod verdict;

use std::sync::Arc;

use serde::Serialize;

use super::{Actor, App, Error, PlatformRow, StreamRow};
use crate::domain::stream::Method;
use crate::store::platforms::SecretRow;
use crate::store::{Tx, audit, deliveries, platforms, streams};

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Good,
    /// Works, and should be looked at.
    Warning,
    /// Events are lost, late or forged this way.
    Bad,
}

/// One thing that was found.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at.
    pub what: &'static str,
    /// What was seen.
    pub detail: String,
    /// What to do; nothing where nothing has to be done.
    pub advice: Option<String>,
}

impl Finding {
    fn good(what: &'static str, detail: impl Into<String>) -> Self {
        Self { level: Level::Good, what, detail: detail.into(), advice: None }
    }

    fn warning(what: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Warning, what, detail: detail.into(), advice: Some(advice.into()) }
    }

    fn bad(what: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Bad, what, detail: detail.into(), advice: Some(advice.into()) }
    }
}

/// Everything on record that the findings rest on.
struct Record {
    platform: PlatformRow,
    /// Signing secrets that are good now; all but the newest have an end.
    secrets: Vec<SecretRow>,
    stream: Option<StreamRow>,
    waiting: i64,
    /// When the oldest event that waits was queued.
    oldest: Option<i64>,
    given_up: i64,
}

/// The endpoint to examine: the live one, else the one that still has to prove itself.
struct Target<'a> {
    method: Method,
    url: &'a str,
    authorization: Option<&'a [u8]>,
    /// Whether it has given a state back before.
    proven: bool,
}

impl<'a> Target<'a> {
    fn of(stream: &'a StreamRow) -> Result<Option<Self>, Error> {
        let live = stream.endpoint_url.as_deref().map(|url| (url, stream.authorization_sealed.as_deref()));
        let next = stream.next_method()?.zip(stream.next_url.as_deref());
        Ok(match (live, next) {
            (Some((url, authorization)), next) if stream.state()?.is_live() || next.is_none() => {
                Some(Self { method: stream.method()?, url, authorization, proven: true })
            }
            (_, Some((method, url))) => Some(Self { method, url, authorization: stream.next_authorization.as_deref(), proven: false }),
            _ => None,
        })
    }
}

/// What is wrong with a platform's endpoint and stream, and what to do. Takes as long as the endpoint takes to answer some messages.
///
/// # Errors
/// [`Error::NotFound`] for an unknown platform, [`Error::Unavailable`] when there is no key to sign a SET with.
pub async fn examine_platform(app: &Arc<App>, platform: &str, actor: &Actor) -> Result<Vec<Finding>, Error> {
    let (id, now) = (platform.to_owned(), app.clock.now());
    let entry = super::add_operator::entry(app, "platform.doctor", platform, actor);
    // On record before anything is sent.
    let record = app.db.write("examine_platform", move |tx: &mut Tx<'_>| -> Result<Record, Error> {
        let platform = platforms::by_id(tx, &id)?.ok_or(Error::NotFound("platform"))?;
        audit::insert(tx, &entry)?;
        let (waiting, oldest) = deliveries::backlog(tx, Some(&id))?;
        Ok(Record {
            platform,
            secrets: platforms::live_secrets(tx, &id, "webhook_out", now)?,
            stream: streams::of_platform(tx, &id)?,
            waiting,
            oldest,
            given_up: deliveries::given_up(tx, &id)?,
        })
    });
    let record = record.await?;
    let mut findings = Vec::new();
    if let Some(stream) = &record.stream {
        match Target::of(stream)? {
            Some(target) if target.method.pushes() => endpoint::examine(app, &record, &target, &mut findings).await?,
            _ if stream.method()? == Method::Poll => findings.push(stream::polled(stream)),
            _ => {}
        }
    }
    stream::examine(&record, app.settings.alarm_after, now, &mut findings)?;
    Ok(findings)
}
