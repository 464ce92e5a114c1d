//! What a platform is told of one event of a badge: the JSON of a webhook, and the same as a signed Security Event Token. How
//! it travels is not here.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{App, Error};
use crate::domain::badge::{BadgeState, EventKind};
use crate::domain::lang::Lang;
use crate::domain::reason::ReasonCode;
use crate::domain::time::Timestamp;
use crate::ports::signer::KeyPurpose;
use crate::store::Tx;
use crate::store::attestations::{self, AttestationRow};
use crate::store::badges::{self, BadgeFacts};
use crate::store::ledger::{self, EventRow};
use crate::store::reproofs;

/// Whether the message of such an event brings the badge's newest attestation along.
const fn carries_attestation(kind: EventKind) -> bool {
    matches!(kind, EventKind::Issued | EventKind::Renewed | EventKind::Reinstated)
}

/// Reads all together, and one by one where a damaged record is among them.
fn each_apart<K>(
    tx: &mut Tx<'_>,
    all: &[K],
    read: impl Fn(&mut Tx<'_>, &[K]) -> Result<Vec<EventMessage>, Error>,
) -> Result<Vec<Result<EventMessage, Error>>, Error> {
    match read(tx, all) {
        Ok(messages) => return Ok(messages.into_iter().map(Ok).collect()),
        Err(Error::Internal(_)) => {}
        Err(e) => return Err(e),
    }
    let mut one = |key| match read(tx, std::slice::from_ref(key)) {
        Ok(message) => Ok(message.into_iter().next().ok_or_else(|| super::damaged("event"))),
        Err(e @ Error::Internal(_)) => Ok(Err(e)),
        Err(e) => Err(e),
    };
    all.iter().map(&mut one).collect()
}

/// An event with everything its message says.
pub(super) struct EventMessage {
    pub event: EventRow,
    kind: EventKind,
    /// `badge.issued` and the like.
    type_name: &'static str,
    facts: BadgeFacts,
    /// For the events that carry it.
    attestation: Option<AttestationRow>,
    /// By when control has to be proven again, for the event that says so.
    reprove_by: Option<Timestamp>,
}

impl EventMessage {
    /// Reads the messages of the events with these numbers, in this order. Damaged records are told apart from a database that is
    /// away: one of them must not hold up the others for ever.
    ///
    /// # Errors
    /// [`Error`] when the database is away.
    pub(super) fn of_seqs(tx: &mut Tx<'_>, seqs: &[i64]) -> Result<Vec<Result<Self, Error>>, Error> {
        each_apart(tx, seqs, |tx, seqs| {
            let mut found: HashMap<i64, EventRow> = ledger::by_seqs(tx, seqs.to_vec())?.into_iter().map(|e| (e.seq, e)).collect();
            let rows = seqs.iter().map(|seq| found.remove(seq).ok_or_else(|| super::damaged("event of a delivery")));
            Self::read(tx, rows.collect::<Result<_, _>>()?)
        })
    }

    /// The same of events that are at hand.
    ///
    /// # Errors
    /// As [`Self::of_seqs`].
    pub(super) fn of_rows(tx: &mut Tx<'_>, events: &[EventRow]) -> Result<Vec<Result<Self, Error>>, Error> {
        each_apart(tx, events, |tx, events| Self::read(tx, events.to_vec()))
    }

    /// Reads what the messages of these events need, all together; [`Error::Internal`] when any of the records is damaged.
    fn read(tx: &mut Tx<'_>, events: Vec<EventRow>) -> Result<Vec<Self>, Error> {
        let of = |events: &[&EventRow]| events.iter().map(|e| e.badge_id.clone()).collect::<Vec<_>>();
        let facts = badges::facts_of(tx, of(&events.iter().collect::<Vec<_>>()))?;
        let carrying: Vec<&EventRow> = events.iter().filter(|e| e.kind.parse().is_ok_and(carries_attestation)).collect();
        let attestations = if carrying.is_empty() { HashMap::new() } else { attestations::newest_active_of(tx, of(&carrying))? };
        let mut messages = Vec::with_capacity(events.len());
        for event in events {
            let kind: EventKind = event.kind.parse().map_err(|_| super::damaged("event kind"))?;
            let type_name = kind.webhook_type().ok_or_else(|| super::damaged("event kind"))?;
            let facts = facts.get(&event.badge_id).ok_or_else(|| super::damaged("badge of an event"))?.clone();
            // One that is in force no more is not handed out.
            let attestation =
                attestations.get(&event.badge_id).filter(|a| carries_attestation(kind) && Some(&a.id) == event.attestation_id.as_ref());
            let demanded = kind == EventKind::Updated && event.state == BadgeState::Active.as_str();
            let term = if demanded { reproofs::term(tx, &event.badge_id)? } else { None };
            messages.push(Self { kind, type_name, facts, attestation: attestation.cloned(), reprove_by: term.map(|t| t.by), event });
        }
        Ok(messages)
    }

    /// `{"type","timestamp","data"}`; `audience` is the platform's own address.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is no key to sign the SET with.
    pub(super) fn webhook(&self, app: &App, audience: &str) -> Result<Value, Error> {
        let (badge, community, authority) = &self.facts;
        let mut data = json!({
            "badge": badge.id,
            "version": self.event.version,
            // The state right after this event, not whatever it has become since.
            "status": self.event.state,
            "reason": self.event.reason,
            "community": { "platform": community.platform_id, "id": community.number, "uri": community.uri, "name": community.name },
            "authority": { "ogrn": authority.ogrn, "name": authority.short_name, "kind": authority.kind },
            "set": self.set(app, audience)?,
        });
        if let (Some(by), Value::Object(o)) = (self.reprove_by, &mut data) {
            o.insert("reprove_by".to_owned(), json!(by));
        }
        if let (Some(token), Value::Object(o)) = (self.attestation.as_ref().and_then(|a| a.token.as_ref()), &mut data) {
            o.insert("attestation".to_owned(), token.clone().into());
        }
        Ok(json!({ "type": self.type_name, "timestamp": Timestamp::from_millis(self.event.at), "data": data }))
    }

    /// The event as a Security Event Token (RFC 8417, CAEP credential-change): signed by us, provable offline. A SET has neither
    /// `sub` nor `exp` (SSF 1.0).
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is no key to sign with.
    pub(super) fn set(&self, app: &App, audience: &str) -> Result<String, Error> {
        let change_type = match self.kind {
            EventKind::Issued => "create",
            EventKind::Revoked | EventKind::Superseded => "revoke",
            EventKind::Expired => "delete",
            _ => "update",
        };
        let at = Timestamp::from_millis(self.event.at).secs();
        let initiating = match self.event.actor_kind.as_str() {
            "operator" | "cli" => "admin",
            "representative" => "user",
            "platform" => "policy",
            _ => "system",
        };
        let mut event = json!({
            "credential_type": "verifiable-credential",
            "change_type": change_type,
            "event_timestamp": at,
            "initiating_entity": initiating,
            "status": self.event.state,
            "reason": self.event.reason,
            "version": self.event.version,
        });
        // Fixed texts of fixed codes: whatever an operator wrote stays with us.
        if let Some(reason) = self.event.reason.as_deref().and_then(|r| r.parse::<ReasonCode>().ok()) {
            event["reason_admin"] = json!({ "ru": reason.title(Lang::Ru), "en": reason.title(Lang::En) });
        }
        let claims = json!({
            "iss": app.settings.issuer,
            "aud": audience,
            "iat": at,
            "jti": self.event.id,
            "txn": self.event.id,
            "sub_id": { "format": "jwt_id", "iss": app.settings.issuer, "jti": self.event.attestation_id },
            "events": { "https://schemas.openid.net/secevent/caep/event-type/credential-change": event },
        });
        Ok(app.keys.sign_jwt(KeyPurpose::Status, "secevent+jwt", &claims.to_string())?.token)
    }
}
