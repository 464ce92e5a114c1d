//! The one way to ESIA's host: one time limit for a whole step, few repetitions where they are safe, a limit on size while
//! reading, no redirects, no decompression, no proxy of the environment. What is asked and what the answers mean is elsewhere.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use oauth2::http::HeaderMap;
use oauth2::http::StatusCode;
use oauth2::http::header::{CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Client, Response};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::server_clock::{Measured, ServerClock};
use super::settings::{EsiaSettings, EsiaSettingsError};
use crate::adapters::http_date;
use crate::adapters::outbound::{self, NoAnswer, Peer, TransportFault, read_whole};
use crate::domain::time::Timestamp;
use crate::ports::{Clock, Entropy};

/// Tries after the first.
const FURTHER_TRIES: u32 = 2;
/// The pause before the second try, doubled before the third; up to as much again is added by chance.
const PAUSE: Duration = Duration::from_millis(100);
/// A connection left idle longer is not used again: one that ESIA closes at that moment would break a request that must not
/// be repeated.
const IDLE: Duration = Duration::from_secs(10);

/// Who answers here.
const ESIA: Peer = Peer { name: "ESIA", section: "idp.esia", address: "idp.esia.base_url" };

/// Whether a request may be sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// A second one changes nothing: reads, and tokens of the system itself.
    Safe,
    /// It works once (the code is used up even if the answer is lost), so only when no connection came about.
    Unsent,
}

/// HTTP client for ESIA.
pub(super) struct Transport {
    client: Client,
    max_bytes: usize,
    timeout: Duration,
    own_clock: Arc<dyn Clock>,
    clock: ServerClock,
    entropy: Arc<dyn Entropy>,
}

impl Transport {
    pub(super) fn new(s: &EsiaSettings, own_clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, EsiaSettingsError> {
        let client = outbound::client()
            .connect_timeout(s.connect_timeout)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("gosbadge/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| EsiaSettingsError::new("base_url", format!("the HTTP client does not start: {e}")))?;
        let (max_bytes, timeout) = (s.max_response_bytes, s.timeout);
        Ok(Self { client, max_bytes, timeout, own_clock, clock: ServerClock::default(), entropy })
    }

    /// ESIA's idea of `now`, for stamping requests only.
    pub(super) fn server_time(&self, now: Timestamp) -> Timestamp {
        self.clock.there(now)
    }

    /// What is known of ESIA's clock.
    pub(super) const fn clock(&self) -> &ServerClock {
        &self.clock
    }

    /// The last measurement of ESIA's clock, once.
    pub(super) fn take_measured(&self) -> Option<Measured> {
        self.clock.take_last()
    }

    /// Begins a step of a login: all its requests together have `idp.esia.timeout`.
    pub(super) fn step(&self, now: Timestamp) -> Step<'_> {
        Step { transport: self, now, began: Instant::now() }
    }
}

/// [`Transport`] during one step, begun at one instant of the caller's clock.
#[derive(Clone, Copy)]
pub(super) struct Step<'t> {
    transport: &'t Transport,
    pub now: Timestamp,
    began: Instant,
}

/// One try's end, and how long the host asks to be left alone.
struct Outcome {
    result: Result<HttpResponse, NoAnswer>,
    retry_after: Option<Duration>,
}

impl From<NoAnswer> for Outcome {
    fn from(fault: NoAnswer) -> Self {
        Self { result: Err(fault), retry_after: None }
    }
}

impl<'t> Step<'t> {
    /// ESIA's idea of now, for stamping requests only.
    pub(super) fn server_time(&self) -> Timestamp {
        self.transport.server_time(self.our_time())
    }

    /// A client for the `oauth2` crate.
    pub(super) const fn client(self, repeat: Repeat) -> StepClient<'t> {
        StepClient { step: self, repeat }
    }

    /// Sends and reads whole. An answer that is not a success comes back as an answer, except where it says nothing.
    #[expect(clippy::disallowed_methods, reason = "a pause of some tenths of a second inside the step's limit")]
    pub(super) async fn send(&self, request: HttpRequest, repeat: Repeat) -> Result<HttpResponse, TransportFault> {
        let mut tries = 0;
        loop {
            let outcome = match tokio::time::timeout_at(self.ends(), self.send_once(request.clone())).await {
                Ok(outcome) => outcome,
                Err(_) => return Err(NoAnswer::TimedOut.of(&ESIA)),
            };
            let Some(pause) = self.pause_before_next(tries, repeat, &outcome) else { return outcome.result.map_err(|e| e.of(&ESIA)) };
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }

    fn ends(&self) -> Instant {
        self.began + self.transport.timeout
    }

    /// The caller's clock, moved on by the time the step has taken.
    fn our_time(&self) -> Timestamp {
        self.now.plus(self.began.elapsed())
    }

    /// How long to wait for the next try; `None` when there is none.
    fn pause_before_next(&self, tries: u32, repeat: Repeat, outcome: &Outcome) -> Option<Duration> {
        let may_pass = match &outcome.result {
            Err(NoAnswer::NoConnection) => true,
            Err(NoAnswer::Broken | NoAnswer::Status(_)) => repeat == Repeat::Safe,
            Ok(answer) => repeat == Repeat::Safe && (answer.status().is_server_error() || answer.status() == StatusCode::TOO_MANY_REQUESTS),
            Err(_) => false,
        };
        if !may_pass || tries >= FURTHER_TRIES {
            return None;
        }
        let [chance] = self.transport.entropy.bytes::<1>();
        let pause = PAUSE * 2_u32.pow(tries) + PAUSE * u32::from(chance) / 255;
        let pause = pause.max(outcome.retry_after.unwrap_or_default());
        // A pause that leaves no time for the answer would only make the person wait.
        (pause < self.ends().saturating_duration_since(Instant::now())).then_some(pause)
    }

    async fn send_once(&self, request: HttpRequest) -> Outcome {
        let Ok(request) = reqwest::Request::try_from(request) else { return NoAnswer::Request.into() };
        let (sent, by_our_clock) = (Instant::now(), self.transport.own_clock.now());
        let mut response = match self.transport.client.execute(request).await {
            Ok(response) => response,
            Err(e) => return NoAnswer::from(e).into(),
        };
        let round_trip = sent.elapsed();
        let told = Measured::of(response.headers(), by_our_clock.plus(round_trip / 2), round_trip);
        if let Some(measured) = told {
            // What our clock was set by meanwhile is no difference between the clocks.
            let set_by = self.transport.own_clock.now().millis().saturating_sub(by_our_clock.plus(round_trip).millis());
            self.transport.clock.note(measured.less_certain_by(set_by));
        }
        let retry_after = retry_after(response.headers(), self.our_time());
        Outcome { result: self.read(&mut response).await, retry_after }
    }

    async fn read(&self, response: &mut Response) -> Result<HttpResponse, NoAnswer> {
        let status = response.status();
        if status.is_redirection() {
            return Err(NoAnswer::Redirect);
        }
        let body = read_whole(response, self.transport.max_bytes).await?;
        // Behind ESIA's front a 5xx is often a page in HTML; one in JSON may carry a code worth reading.
        if is_passing(status) && !says_more(&body) {
            return Err(NoAnswer::Status(status.as_u16()));
        }
        let mut answer = HttpResponse::new(body);
        *answer.status_mut() = status;
        // The content type is not trusted either way: what parses as JSON is JSON.
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(answer)
    }
}

/// Whether a status may be another one in a moment.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// Whether a body is an error of OAuth or of the REST interface.
fn says_more(body: &[u8]) -> bool {
    serde_json::from_slice::<Map<String, Value>>(body)
        .is_ok_and(|m| ["error", "code"].iter().any(|k| m.get(*k).is_some_and(Value::is_string)))
}

/// RFC 9110 §10.2.3: seconds, or a date by the sender's own clock.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let there = headers.get(DATE).and_then(|v| v.to_str().ok()).and_then(http_date::parse).unwrap_or(now);
    Some(http_date::parse(text)?.since(there))
}

/// [`Step`] as the `oauth2` crate wants a client.
pub(super) struct StepClient<'t> {
    step: Step<'t>,
    repeat: Repeat,
}

impl<'c> AsyncHttpClient<'c> for StepClient<'_> {
    type Error = TransportFault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportFault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.step.send(request, self.repeat))
    }
}
