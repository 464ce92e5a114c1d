//! Signed statements of who is who in the federation: our own entity configuration, the hosted ones of communities, and our
//! subordinate statements about them (OpenID Federation 1.1, "Entity Statement").

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::kept::{Document, Statement};
use super::{Standing, community_of, standing};
use crate::domain::attestation::{self, AttestationClaims};
use crate::domain::ids::CommunityId;
use crate::domain::signing_key::KeyPurpose;
use crate::domain::time::Timestamp;
use crate::service::keyrings::Known;
use crate::service::{App, Error, authorization_server, damaged};

/// `typ` of an entity statement; its media type is `application/` and this.
pub const TYP: &str = "entity-statement+jwt";

/// Life of statements that change with keys and settings alone.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// Life of a community's configuration: whoever keeps a copy believes for as long that the mark in it is the current one.
const COMMUNITY_LIFE: Duration = Duration::from_secs(6 * 3600);

/// Our own entity configuration.
///
/// # Errors
/// [`Error::Unavailable`] when nothing can be signed.
pub fn own_configuration(app: &App) -> Result<Arc<Statement>, Error> {
    let keys = app.keys.known();
    signed(app, Document::Own, stamp(&keys, ""), KeyPurpose::Badge, |now| {
        let iss = &app.settings.issuer;
        let kind = attestation::trust_mark_type(iss);
        let mut claims = statement(iss, iss, now, LIFE, &keys, KeyPurpose::Badge);
        let metadata = json!({
            "federation_entity": own_metadata(app),
            // Where key sets are linked; `federation_entity` must have none ("Federation Entity" metadata).
            "oauth_authorization_server": authorization_server::metadata(app),
        });
        claims.insert("metadata".to_owned(), metadata);
        // An empty list would let anybody issue our kind of badge.
        claims.insert("trust_mark_issuers".to_owned(), json!({ &kind: [iss] }));
        if let Some(d) = &app.settings.federation.delegation {
            claims.insert("trust_mark_owners".to_owned(), json!({ &kind: { "sub": d.owner, "jwks": d.owner_jwks } }));
        }
        claims
    })
}

fn own_metadata(app: &App) -> Value {
    let (iss, settings) = (&app.settings.issuer, &app.settings.federation);
    let mut entity = json!({
        "organization_name": settings.organization_name,
        "information_uri": format!("{iss}/"),
        "federation_fetch_endpoint": format!("{iss}/federation/fetch"),
        "federation_list_endpoint": format!("{iss}/federation/list"),
        "federation_trust_mark_status_endpoint": format!("{iss}/federation/trust-mark-status"),
        "federation_trust_mark_list_endpoint": format!("{iss}/federation/trust-mark-list"),
        "federation_trust_mark_endpoint": format!("{iss}/federation/trust-mark"),
        "federation_historical_keys_endpoint": format!("{iss}/federation/historical-keys"),
    });
    if !settings.contacts.is_empty() {
        entity["contacts"] = json!(settings.contacts);
    }
    entity
}

/// The entity configuration of a community, with the mark that holds now. One that had a badge and has none in force has a
/// configuration without marks: it stays an entity of the federation ("trust_marks" is optional), and everybody who asks sees
/// that it says nothing of itself. Its metadata names no organisation then: the entity would claim by itself what nobody
/// vouches for any more.
///
/// # Errors
/// [`Error::NotFound`] for a community that never had a badge.
pub async fn community_configuration(app: &Arc<App>, community: &str) -> Result<Arc<Statement>, Error> {
    let community: CommunityId = community.parse().map_err(|_| Error::NotFound("entity"))?;
    let stands = standing(app, community).await?.ok_or(Error::NotFound("entity"))?;
    let mark = stands.mark.as_ref().map_or("", |m| m.id.as_str());
    let keys = app.keys.known();
    let stamp = stamp(&keys, &format!("{} {} {mark}", stands.badge, stands.version));
    let document = Document::Community(community.bits());
    if let Some(kept) = app.statements.get(document, &stamp, app.clock.now()) {
        return Ok(kept);
    }
    let (name, trust_marks) = marks(app, stands)?;
    signed(app, document, stamp, KeyPurpose::Community, |now| {
        let (iss, sub) = (&app.settings.issuer, attestation::subject(&app.settings.issuer, community));
        let mut claims = statement(&sub, &sub, now, COMMUNITY_LIFE, &keys, KeyPurpose::Community);
        let mut entity = json!({ "information_uri": sub });
        if let Some(name) = name {
            entity["organization_name"] = name.into();
        }
        claims.insert("metadata".to_owned(), json!({ "federation_entity": entity }));
        claims.insert("authority_hints".to_owned(), json!([iss]));
        if let Some(marks) = trust_marks {
            claims.insert("trust_marks".to_owned(), marks);
        }
        claims
    })
}

/// The attested name of the organisation, and `trust_marks`.
fn marks(app: &App, stands: Standing) -> Result<(Option<String>, Option<Value>), Error> {
    let Some(mark) = stands.mark else { return Ok((None, None)) };
    let claims: AttestationClaims = serde_json::from_str(&mark.claims).map_err(|_| damaged("attestation claims"))?;
    let kind = attestation::trust_mark_type(&app.settings.issuer);
    Ok((Some(claims.organization_name), Some(json!([{ "trust_mark_type": kind, "trust_mark": mark.token }]))))
}

/// Our statement about an immediate subordinate.
///
/// # Errors
/// [`Error::InvalidRequest`] for our own identifier (OpenID Federation 1.1, "Fetch Subordinate Statement Response");
/// [`Error::NotFound`] for everybody who is no subordinate.
pub async fn subordinate_statement(app: &Arc<App>, sub: &str) -> Result<Arc<Statement>, Error> {
    let iss = &app.settings.issuer;
    if sub.strip_suffix('/').unwrap_or(sub) == iss {
        return Err(Error::InvalidRequest("sub is this issuer itself: its entity configuration is at its well-known address".to_owned()));
    }
    let community = community_of(iss, sub).ok_or(Error::NotFound("subordinate"))?;
    let keys = app.keys.known();
    let (document, stamp) = (Document::Subordinate(community.bits()), stamp(&keys, ""));
    // Whoever was a subordinate stays one, so a kept statement needs no second look into the database.
    if let Some(kept) = app.statements.get(document, &stamp, app.clock.now()) {
        return Ok(kept);
    }
    standing(app, community).await?.ok_or(Error::NotFound("subordinate"))?;
    signed(app, document, stamp, KeyPurpose::Badge, |now| {
        let mut claims = statement(iss, sub, now, LIFE, &keys, KeyPurpose::Community);
        // All communities speak with one key of ours. It must never speak for a login server or a client, or for entities
        // below it: `federation_entity` alone is always permitted ("Constraints").
        claims.insert("constraints".to_owned(), json!({ "max_path_length": 0, "allowed_entity_types": [] }));
        claims.insert("source_endpoint".to_owned(), json!(format!("{iss}/federation/fetch")));
        claims
    })
}

/// The claims every statement has; `jwks` are the keys of `purpose`.
fn statement(iss: &str, sub: &str, now: Timestamp, life: Duration, keys: &Known, purpose: KeyPurpose) -> Map<String, Value> {
    let keys: Vec<_> = keys.published(purpose).collect();
    let claims = [
        ("iss", json!(iss)),
        ("sub", json!(sub)),
        ("iat", json!(now.secs())),
        ("exp", json!(now.plus(life).secs())),
        ("jwks", json!({ "keys": keys })),
    ];
    claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What a statement is made from: all keys that may stand in one, the ones that sign first, and `more`.
fn stamp(keys: &Known, more: &str) -> String {
    let published = [KeyPurpose::Badge, KeyPurpose::Community].into_iter().flat_map(|p| keys.published(p));
    published.filter_map(|jwk| jwk["kid"].as_str()).chain([more]).collect::<Vec<_>>().join(" ")
}

/// The kept statement, or a new one with the claims `make` gives.
fn signed(
    app: &App,
    document: Document,
    stamp: String,
    by: KeyPurpose,
    make: impl FnOnce(Timestamp) -> Map<String, Value>,
) -> Result<Arc<Statement>, Error> {
    let now = app.clock.now();
    if let Some(kept) = app.statements.get(document, &stamp, now) {
        return Ok(kept);
    }
    let claims = Value::Object(make(now)).to_string();
    let signed = app.keys.sign_jwt(by, TYP, &claims)?;
    let statement = Arc::new(Statement { token: signed.token, signed_at: now, stamp });
    app.statements.put(document, Arc::clone(&statement));
    Ok(statement)
}
