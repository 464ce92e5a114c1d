//! The callback door: messages in the form of VK's Callback API, for platforms that send nothing else. Its secret stands in the body
//! and nothing is signed, so a copy can only be told by its `event_id`; the Standard Webhooks door is the better one.
//!
//! Type, group and what the event changed are read, and nothing about the person who did it.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::community_events::{Word, act};
use super::new_application::must_speak_for;
use super::receive_webhook::checked;
use super::{Actor, App, Error};
use crate::domain::community::{CommunityNumber, CommunityRef, PlatformId};
use crate::domain::community_event::{CommunityEvent, Names};
use crate::domain::digest;
use crate::ports::vault::SealFor;
use crate::store::callback_servers::{self, CallbackServerRow};
use crate::store::inbound::InboundRow;
use crate::store::{StoreError, platforms};

/// What VK wants to hear of a message that was taken.
const OK: &str = "ok";

/// VK's level of an administrator; 1 is a moderator, 2 an editor, 0 nobody special.
const ADMINISTRATOR: i64 = 3;

/// A message as received.
pub struct Called {
    /// Platform named in the path.
    pub platform: String,
    /// Body, byte for byte.
    pub body: Vec<u8>,
    /// Who sent it, for the audit trail.
    pub actor: Actor,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    group_id: u64,
    #[serde(default)]
    event_id: Option<String>,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    object: Value,
}

/// Checks, records and does what a message means; the text to answer.
///
/// # Errors
/// [`Error::BadWebhook`] when nobody with this secret may speak for the community; [`Error::InvalidRequest`] for a message out of
/// form; [`Error::Conflict`] when its `event_id` came before with another body. Nothing is recorded then.
pub async fn receive_callback(app: &Arc<App>, called: Called) -> Result<String, Error> {
    let message: Envelope = serde_json::from_slice(&called.body).map_err(|e| Error::InvalidRequest(format!("body: {e}")))?;
    let community: CommunityNumber = message.group_id.to_string().parse().map_err(|e| Error::InvalidRequest(format!("group_id: {e}")))?;
    let servers = servers(app, &called.platform, &community).await?;
    if message.kind == "confirmation" {
        let server = servers.into_iter().next();
        return server.map(|s| s.confirmation).ok_or_else(|| stranger("no server is registered here for this group"));
    }
    let word = authenticate(app, &servers, message.secret.as_deref().unwrap_or_default())?;
    let event_id = message.event_id.filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()));
    let event_id = event_id.ok_or_else(|| Error::InvalidRequest("event_id must be 1 to 128 printable characters".to_owned()))?;
    // Of the many things a group can be set to report, most say nothing about its badge.
    let Some(event) = event(&message.kind, &message.object)? else { return Ok(OK.to_owned()) };
    let platform: PlatformId = called.platform.parse().map_err(|_| super::damaged("platform id"))?;
    let community = CommunityRef { platform, id: community };
    must_speak_for(app, &community).await?;
    let row = InboundRow {
        platform_id: called.platform,
        // The space keeps these apart from the ids of the other door, which have none.
        webhook_id: format!("callback {} {event_id}", community.id),
        kind: event.message_type().to_owned(),
        body_digest: digest::sha256_hex(&called.body),
        response: String::new(),
        received_at: app.clock.now().millis(),
    };
    act(app, row, community, event, called.actor, word).await?;
    Ok(OK.to_owned())
}

fn stranger(why: &str) -> Error {
    Error::BadWebhook(why.to_owned())
}

/// Who may speak for the community; nobody of a platform that is unknown or shut out.
async fn servers(app: &Arc<App>, platform: &str, community: &CommunityNumber) -> Result<Vec<CallbackServerRow>, Error> {
    let (platform, community, now) = (platform.to_owned(), community.to_string(), app.clock.now());
    let read = app.db.read("callback_servers", move |tx| -> Result<_, StoreError> {
        let active = platforms::by_id(tx, &platform)?.is_some_and(|p| p.state == "active");
        if active { callback_servers::live(tx, &platform, &community, now) } else { Ok(Vec::new()) }
    });
    read.await.map_err(Error::from)
}

/// Whose word the message is: the secret of a single community's server is entered by those who administer it.
fn authenticate(app: &App, servers: &[CallbackServerRow], sent: &str) -> Result<Word, Error> {
    for server in servers {
        let secret = app.vault.open(SealFor::WebhookSecret, &server.id, &server.sealed).map_err(|_| super::damaged("callback secret"))?;
        // Digests of both, so that the comparison takes the same time whatever was sent.
        if digest::equal(&digest::sha256_hex(&secret), &digest::sha256_hex(sent.as_bytes())) {
            return Ok(if server.community_number.is_empty() { Word::Platform } else { Word::Administrator });
        }
    }
    Err(stranger("secret is not the one registered for this group"))
}

/// What VK's event says of the community, if anything. VK itself has no events for a captured or deleted community; a platform
/// that knows sends our own types in the same envelope.
fn event(kind: &str, object: &Value) -> Result<Option<CommunityEvent>, Error> {
    Ok(match kind {
        "group_change_settings" => {
            let names = Names { name: new_value(object, "title")?, screen_name: new_value(object, "screen_name")? };
            (!names.is_empty()).then_some(CommunityEvent::Renamed(checked(names)?))
        }
        "group_officers_edit" => {
            let level = |member: &str| {
                let bad = || Error::InvalidRequest(format!("object.{member} must be a number from 0 to 3"));
                object[member].as_i64().filter(|l| (0..=ADMINISTRATOR).contains(l)).ok_or_else(bad)
            };
            let (before, after) = (level("level_old")?, level("level_new")?);
            (before != after && before.max(after) == ADMINISTRATOR).then_some(CommunityEvent::AdministratorsChanged)
        }
        "community.compromised" => Some(CommunityEvent::Captured),
        "community.deleted" => Some(CommunityEvent::Deleted),
        _ => None,
    })
}

/// `object.changes.<setting>.new_value`, where that setting changed.
fn new_value(object: &Value, setting: &str) -> Result<Option<String>, Error> {
    match &object["changes"][setting] {
        Value::Null => Ok(None),
        change => {
            let value = change["new_value"].as_str().map(str::to_owned);
            value.map(Some).ok_or_else(|| Error::InvalidRequest(format!("object.changes.{setting}.new_value must be a string")))
        }
    }
}
