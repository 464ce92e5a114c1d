//! Platforms come, get their secrets, exchange them, and can be shut out.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::{Actor, App, Error, configure_stream};
use crate::domain::client_certificate::CertificateRule;
use crate::domain::community::PlatformId;
use crate::domain::community_ranges::CommunityRanges;
use crate::domain::digest::{self, SecretKind};
use crate::domain::time::Timestamp;
use crate::domain::webhook_signature::WebhookSecret;
use crate::ports::vault::SealFor;
use crate::store::platforms::{self, PlatformRow, SecretRow};
use crate::store::streams::{self, StreamRow};
use crate::store::{StoreError, audit};

/// A platform to register.
pub struct NewPlatform {
    /// Short name.
    pub id: PlatformId,
    /// Name for people.
    pub name: String,
    /// Its own address.
    pub base_url: String,
    /// Exact redirect addresses.
    pub redirect_uris: Vec<String>,
    /// Prefixes of its communities' addresses.
    pub community_prefixes: Vec<String>,
    /// Keys for `private_key_jwt`; without them the platform uses `client_secret_basic`.
    pub jwks: Option<String>,
    /// Where events are to be pushed; it has to prove itself first, when the service runs.
    pub webhook_url: Option<String>,
    /// What its certificates must be like, where it authenticates with them.
    pub certificate: Option<CertificateRule>,
    /// Numbers of the communities it may speak for; none: any.
    pub communities: Option<CommunityRanges>,
}

/// What the platform's engineer gets, this once.
pub struct PlatformSecrets {
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret; none with `private_key_jwt`.
    pub client_secret: Option<String>,
    /// With which the platform signs messages to us.
    pub inbound_webhook_secret: String,
    /// With which we sign messages to the platform.
    pub outgoing_webhook_secret: String,
}

/// Which secret to exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecretPurpose {
    /// OAuth client secret.
    Client,
    /// Messages from the platform.
    WebhookIn,
    /// Messages to the platform.
    WebhookOut,
}

impl SecretPurpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::Client, Self::WebhookIn, Self::WebhookOut];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::WebhookIn => "webhook_in",
            Self::WebhookOut => "webhook_out",
        }
    }
}

/// Registers a platform.
///
/// # Errors
/// [`Error::InvalidRequest`] naming what is wrong, [`Error::Conflict`] when the id is taken.
pub async fn add_platform(app: &Arc<App>, new: NewPlatform, actor: &Actor) -> Result<PlatformSecrets, Error> {
    record(app, new, actor, false).await
}

/// Registers a platform, or gives a known one new addresses and new secrets; the old secrets stop working at once.
///
/// # Errors
/// [`Error::InvalidRequest`] naming what is wrong.
pub async fn replace_platform(app: &Arc<App>, new: NewPlatform, actor: &Actor) -> Result<PlatformSecrets, Error> {
    record(app, new, actor, true).await
}

/// Every platform, by id, with its stream.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn list_platforms(app: &Arc<App>) -> Result<Vec<(PlatformRow, Option<StreamRow>)>, Error> {
    app.db
        .read("list_platforms", |tx| -> Result<_, StoreError> {
            let all = platforms::list(tx)?;
            all.into_iter().map(|p| Ok((p.clone(), streams::of_platform(tx, &p.id)?))).collect()
        })
        .await
        .map_err(Error::from)
}

async fn record(app: &Arc<App>, new: NewPlatform, actor: &Actor, may_replace: bool) -> Result<PlatformSecrets, Error> {
    check(&new)?;
    if let Some(url) = &new.webhook_url {
        app.sink.check(url).map_err(Error::InvalidRequest)?;
    }
    let (now, webhook_url) = (app.clock.now(), new.webhook_url.clone());
    let row = row_of(new, now)?;
    let (client_row, client_secret) = make(app, &row.id, SecretPurpose::Client, now)?;
    let (in_row, inbound) = make(app, &row.id, SecretPurpose::WebhookIn, now)?;
    let (out_row, outgoing) = make(app, &row.id, SecretPurpose::WebhookOut, now)?;
    let with_secret = row.auth_method == "client_secret_basic";
    let entry = super::add_operator::entry(app, "platform.add", &row.id, actor);
    let client_id = row.client_id.clone();
    let inner = Arc::clone(app);
    app.db
        .write("add_platform", move |tx| -> Result<(), Error> {
            if platforms::by_id(tx, &row.id)?.is_none() {
                platforms::insert(tx, &row)?;
            } else if may_replace {
                platforms::replace(tx, &row)?;
                for purpose in SecretPurpose::ALL {
                    platforms::expire_secrets(tx, &row.id, purpose.as_str(), now)?;
                }
            } else {
                return Err(Error::Conflict(format!("a platform {:?} exists already", row.id)));
            }
            for secret in [&in_row, &out_row].into_iter().chain(with_secret.then_some(&client_row)) {
                platforms::insert_secret(tx, secret)?;
            }
            if let Some(url) = webhook_url {
                configure_stream::name_webhook(&inner, tx, &row.id, &url, now)?;
            }
            Ok(audit::insert(tx, &entry)?)
        })
        .await?;
    app.stream_bell.notify_one();
    Ok(PlatformSecrets {
        client_id,
        client_secret: with_secret.then_some(client_secret),
        inbound_webhook_secret: inbound,
        outgoing_webhook_secret: outgoing,
    })
}

fn row_of(new: NewPlatform, now: Timestamp) -> Result<PlatformRow, Error> {
    let json = |v: &[String]| serde_json::to_string(v).map_err(|e| Error::Internal(e.to_string()));
    let auth_method = match (&new.jwks, &new.certificate) {
        (None, None) => "client_secret_basic",
        (Some(_), None) => "private_key_jwt",
        (None, Some(rule)) => rule.method(),
        (Some(_), Some(_)) => {
            return Err(Error::InvalidRequest("a platform authenticates with keys or with certificates, not both".to_owned()));
        }
    };
    let certificate = new.certificate.map(|rule| serde_json::to_string(&rule)).transpose().map_err(|e| Error::Internal(e.to_string()))?;
    Ok(PlatformRow {
        id: new.id.to_string(),
        name: new.name,
        base_url: new.base_url,
        client_id: new.id.to_string(),
        auth_method: auth_method.to_owned(),
        redirect_uris: json(&new.redirect_uris)?,
        community_prefixes: json(&new.community_prefixes)?,
        jwks: new.jwks,
        state: "active".to_owned(),
        created_at: now.millis(),
        updated_at: now.millis(),
        updated_by: "add_platform".to_owned(),
        certificate,
        communities: new.communities.map(|c| c.to_string()),
    })
}

fn check(new: &NewPlatform) -> Result<(), Error> {
    let invalid = |what: &str| Err(Error::InvalidRequest(what.to_owned()));
    let absolute =
        |u: &String| Url::parse(u).is_ok_and(|p| matches!(p.scheme(), "https" | "http") && p.fragment().is_none() && p.has_host());
    if new.name.trim().is_empty() || new.name.chars().count() > 100 {
        return invalid("the name must be 1 to 100 characters");
    }
    if !absolute(&new.base_url) || new.base_url.ends_with('/') {
        return invalid("the base URL must be an absolute address without a trailing slash, like https://vk.com");
    }
    if new.redirect_uris.is_empty() || !new.redirect_uris.iter().all(absolute) {
        return invalid("give at least one redirect URI; each must be an absolute address without a fragment");
    }
    if new.community_prefixes.is_empty() || !new.community_prefixes.iter().all(|p| absolute(p) && p.ends_with('/')) {
        return invalid("give at least one community prefix; each must be an absolute address that ends in /, like https://vk.com/");
    }
    if let Some(jwks) = &new.jwks {
        let usable = serde_json::from_str::<jsonwebtoken::jwk::JwkSet>(jwks).is_ok_and(|set| {
            !set.keys.is_empty() && set.keys.iter().all(|k| !matches!(k.algorithm, jsonwebtoken::jwk::AlgorithmParameters::OctetKey(_)))
        });
        if !usable {
            return invalid("the JWK set must hold at least one key, public keys only");
        }
    }
    Ok(())
}

fn make(app: &App, platform: &str, purpose: SecretPurpose, now: Timestamp) -> Result<(SecretRow, String), Error> {
    let id = app.entropy.uuid();
    let (digest, sealed, text) = match purpose {
        SecretPurpose::Client => {
            let secret = app.entropy.token();
            (Some(digest::of_secret(SecretKind::ClientSecret, &secret)), None, secret)
        }
        SecretPurpose::WebhookIn | SecretPurpose::WebhookOut => {
            let bytes = app.entropy.bytes::<32>().to_vec();
            let sealed = app.vault.seal(SealFor::WebhookSecret, &id, &bytes);
            let secret = WebhookSecret::from_bytes(bytes).map_err(|e| Error::Internal(e.to_string()))?;
            (None, Some(sealed), secret.reveal())
        }
    };
    let row = SecretRow {
        id,
        platform_id: platform.to_owned(),
        purpose: purpose.as_str().to_owned(),
        digest,
        sealed,
        created_at: now.millis(),
        expires_at: None,
    };
    Ok((row, text))
}

/// Makes a new secret; the old ones stay good for `overlap`, so that both sides can change without a gap.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn rotate_secret(
    app: &Arc<App>,
    platform: String,
    purpose: SecretPurpose,
    overlap: Duration,
    actor: &Actor,
) -> Result<String, Error> {
    let now = app.clock.now();
    let (row, text) = make(app, &platform, purpose, now)?;
    let entry = super::add_operator::entry(app, "platform.rotate_secret", &platform, actor);
    app.db
        .write("rotate_secret", move |tx| -> Result<(), Error> {
            let known = platforms::by_id(tx, &platform)?.ok_or(Error::NotFound("platform"))?;
            if purpose == SecretPurpose::Client && known.auth_method != "client_secret_basic" {
                return Err(Error::Conflict(format!("this platform authenticates with {} and has no client secret", known.auth_method)));
            }
            // Two rotations at once take turns, and a third secret never lives: which of the older two the platform uses is not known
            // here, so neither is cut off unasked.
            platforms::lock(tx, &platform)?;
            let live = platforms::live_secrets(tx, &platform, purpose.as_str(), now)?;
            if live.len() >= 2 && !overlap.is_zero() {
                let until =
                    live.iter().filter_map(|s| s.expires_at).min().map_or_else(String::new, |at| Timestamp::from_millis(at).to_string());
                return Err(Error::Conflict(format!(
                    "two secrets are good already, the older until {until}; wait, or end both at once with no overlap"
                )));
            }
            platforms::expire_secrets(tx, &platform, purpose.as_str(), now.plus(overlap))?;
            platforms::insert_secret(tx, &row)?;
            Ok(audit::insert(tx, &entry)?)
        })
        .await?;
    Ok(text)
}

/// Sets which communities of its network a platform may speak for; none: any.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn set_communities(app: &Arc<App>, platform: String, communities: Option<CommunityRanges>, actor: &Actor) -> Result<(), Error> {
    let now = app.clock.now();
    let entry = super::add_operator::entry(app, "platform.set_communities", &platform, actor);
    let written = app.db.write("set_communities", move |tx| {
        platforms::set_communities(tx, &platform, communities.map(|c| c.to_string()).as_deref(), now)?;
        audit::insert(tx, &entry)
    });
    written.await.map_err(known)
}

/// A change of a platform that is not there.
fn known(e: StoreError) -> Error {
    match e {
        StoreError::Stale(_) => Error::NotFound("platform"),
        other => other.into(),
    }
}

/// Shuts a platform out, or lets it in again. Its badges stay as they are.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn set_platform_state(app: &Arc<App>, platform: String, active: bool, actor: &Actor) -> Result<(), Error> {
    let now = app.clock.now();
    let (state, action) = if active { ("active", "platform.enable") } else { ("disabled", "platform.disable") };
    let entry = super::add_operator::entry(app, action, &platform, actor);
    app.db
        .write("set_platform_state", move |tx| {
            platforms::set_state(tx, &platform, state, now)?;
            audit::insert(tx, &entry)
        })
        .await
        .map_err(known)
}
