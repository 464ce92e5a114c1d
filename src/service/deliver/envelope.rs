//! Makes of leased deliveries what is sent: read, signed, addressed to the stream's live endpoint.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::stream::Method;
use crate::domain::time::Timestamp;
use crate::domain::webhook_signature::WebhookSecret;
use crate::ports::event_sink::OutgoingMessage;
use crate::ports::vault::SealFor;
use crate::service::event_message::EventMessage;
use crate::service::{App, Error, damaged};
use crate::store::Tx;
use crate::store::deliveries::DeliveryRow;
use crate::store::platforms::{self, PlatformRow, SecretRow};
use crate::store::streams::{self, StreamRow};

/// How long the events of a platform that was shut out a moment ago rest.
const SHUT_OUT_PAUSE: Duration = Duration::from_secs(600);

/// One leased delivery, ready.
pub(super) struct Envelope {
    pub row: DeliveryRow,
    /// Of the endpoint it goes to.
    pub generation: i64,
    pub sealed: Sealed,
}

/// What is in it.
pub(super) enum Sealed {
    Message(OutgoingMessage),
    /// Not to be sent before, and why.
    Waits(Timestamp, &'static str),
    /// Records it needs cannot be read.
    Broken,
}

/// Where a platform's messages go, and what signs them.
pub(in crate::service) struct Address {
    pub platform: PlatformRow,
    pub secrets: Vec<WebhookSecret>,
}

impl Address {
    /// Opens a platform's signing secrets.
    ///
    /// # Errors
    /// [`Error::Internal`] when one does not open.
    pub(in crate::service) fn open(app: &App, platform: PlatformRow, secrets: &[SecretRow]) -> Result<Self, Error> {
        let open = |row: &SecretRow| -> Result<WebhookSecret, Error> {
            let sealed = row.sealed.as_deref().ok_or_else(|| damaged("webhook secret"))?;
            let plain = app.vault.open(SealFor::WebhookSecret, &row.id, sealed).map_err(|_| damaged("webhook secret"))?;
            WebhookSecret::from_bytes(plain).map_err(|_| damaged("webhook secret"))
        };
        Ok(Self { platform, secrets: secrets.iter().map(open).collect::<Result<_, _>>()? })
    }

    /// A signed message. The `webhook-*` headers go along with a SET too: whoever checks them needs no keys of ours.
    pub(in crate::service) fn message(&self, to: To<'_>, id: &str, body: String, now: Timestamp) -> OutgoingMessage {
        let signatures: Vec<String> = self.secrets.iter().map(|s| s.sign(id, now, body.as_bytes())).collect();
        let mut headers =
            vec![("webhook-id", id.to_owned()), ("webhook-timestamp", now.secs().to_string()), ("webhook-signature", signatures.join(" "))];
        if to.method == Method::PushSet {
            headers.push(("accept", "application/json".to_owned()));
        }
        headers.extend(to.authorization.map(|a| ("authorization", a)));
        let content_type = if to.method == Method::PushSet { "application/secevent+jwt" } else { "application/json" };
        OutgoingMessage { url: to.url.to_owned(), content_type, headers, body }
    }
}

/// An endpoint.
pub(in crate::service) struct To<'a> {
    pub method: Method,
    pub url: &'a str,
    /// In clear, for the header.
    pub authorization: Option<String>,
}

/// Opens the header a platform wants on its messages.
///
/// # Errors
/// [`Error::Internal`] when it does not open.
pub(in crate::service) fn authorization(app: &App, platform: &str, sealed: Option<&[u8]>) -> Result<Option<String>, Error> {
    let open = |sealed: &[u8]| {
        let plain = app.vault.open(SealFor::StreamAuthorization, platform, sealed).map_err(|_| damaged("stream authorization"))?;
        String::from_utf8(plain).map_err(|_| damaged("stream authorization"))
    };
    sealed.map(open).transpose()
}

/// Everything read for one lease, on one snapshot.
struct Material {
    platform: PlatformRow,
    stream: StreamRow,
    secrets: Vec<SecretRow>,
    /// One damaged row must not hold up the others for ever.
    messages: Vec<(DeliveryRow, Result<EventMessage, Error>)>,
}

/// Makes envelopes of leased deliveries, in the same order.
///
/// # Errors
/// [`Error`] when the database is away or there is no key to sign with.
pub(super) async fn envelopes(app: &Arc<App>, platform: &str, rows: Vec<DeliveryRow>) -> Result<Vec<Envelope>, Error> {
    let (id, now) = (platform.to_owned(), app.clock.now());
    let m = app.db.read("delivery_material", move |tx| material(tx, &id, rows, now)).await?;
    let method = m.stream.method()?;
    let (generation, url) = (m.stream.generation, m.stream.endpoint_url.as_deref());
    let authorization = authorization(app, platform, m.stream.authorization_sealed.as_deref())?;
    let address = Address::open(app, m.platform, &m.secrets)?;
    let seal = |(row, message): (DeliveryRow, Result<EventMessage, Error>)| -> Result<Envelope, Error> {
        let sealed = match (url, message) {
            _ if address.platform.state != "active" => Sealed::Waits(now.plus(SHUT_OUT_PAUSE), "the platform is disabled"),
            (None, _) => Sealed::Waits(now.plus(SHUT_OUT_PAUSE), "there is no endpoint"),
            (Some(url), Ok(message)) => {
                let body = match method {
                    Method::PushSet => message.set(app, &address.platform.base_url)?,
                    _ => message.webhook(app, &address.platform.base_url)?.to_string(),
                };
                let to = To { method, url, authorization: authorization.clone() };
                Sealed::Message(address.message(to, &row.id, body, now))
            }
            (Some(_), Err(e)) => {
                tracing::error!(delivery = %row.id, detail = e.operator_detail(), "event cannot be prepared");
                Sealed::Broken
            }
        };
        Ok(Envelope { row, generation, sealed })
    };
    m.messages.into_iter().map(seal).collect()
}

fn material(tx: &mut Tx<'_>, platform: &str, rows: Vec<DeliveryRow>, now: Timestamp) -> Result<Material, Error> {
    let seqs: Vec<i64> = rows.iter().map(|row| row.event_seq).collect();
    let messages = EventMessage::of_seqs(tx, &seqs)?;
    Ok(Material {
        platform: platforms::by_id(tx, platform)?.ok_or_else(|| damaged("platform of a delivery"))?,
        stream: streams::of_platform(tx, platform)?.ok_or_else(|| damaged("stream of a delivery"))?,
        secrets: platforms::live_secrets(tx, platform, "webhook_out", now)?,
        messages: rows.into_iter().zip(messages).collect(),
    })
}
