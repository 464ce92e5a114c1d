//! Platforms and their secrets.

use diesel::prelude::*;

use super::schema::{client_assertions, platform_secrets, platforms};
use super::{StoreError, Tx};
use crate::domain::client_certificate::CertificateRule;
use crate::domain::community::{CommunityNumber, PlatformId};
use crate::domain::community_ranges::CommunityRanges;
use crate::domain::time::Timestamp;

/// A platform, as registered.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = platforms, treat_none_as_null = true)]
pub struct PlatformRow {
    /// Short name, `vk`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The platform's own address, `https://vk.com`.
    pub base_url: String,
    /// OAuth client id.
    pub client_id: String,
    /// `client_secret_basic`, `private_key_jwt`, `tls_client_auth` or `self_signed_tls_client_auth`.
    pub auth_method: String,
    /// JSON array of exact redirect addresses.
    pub redirect_uris: String,
    /// JSON array of address prefixes of its communities.
    pub community_prefixes: String,
    /// Public keys for `private_key_jwt`, a JWK set.
    pub jwks: Option<String>,
    /// `active` or `disabled`.
    pub state: String,
    /// Registered.
    pub created_at: i64,
    /// Last changed.
    pub updated_at: i64,
    /// Transaction that changed it.
    pub updated_by: String,
    /// What its certificates must be like, for mutual TLS (RFC 8705).
    pub certificate: Option<String>,
    /// Numbers of the communities it may speak for; none: any.
    pub communities: Option<String>,
}

impl PlatformRow {
    /// The short name, parsed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn platform_id(&self) -> Result<PlatformId, StoreError> {
        self.id.parse().map_err(|_| StoreError::Corrupt("platform id"))
    }

    /// Exact redirect addresses.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn redirects(&self) -> Result<Vec<String>, StoreError> {
        serde_json::from_str(&self.redirect_uris).map_err(|_| StoreError::Corrupt("redirect addresses"))
    }

    /// What its certificates must be like.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn certificate_rule(&self) -> Result<Option<CertificateRule>, StoreError> {
        let rule = self.certificate.as_deref().map(serde_json::from_str);
        rule.transpose().map_err(|_| StoreError::Corrupt("certificate rule"))
    }

    /// Whether it may speak for a community of its network.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn speaks_for(&self, number: &CommunityNumber) -> Result<bool, StoreError> {
        let Some(text) = &self.communities else { return Ok(true) };
        let ranges: CommunityRanges = text.parse().map_err(|_| StoreError::Corrupt("community numbers"))?;
        Ok(ranges.contains(number))
    }

    /// Prefixes of community addresses.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn prefixes(&self) -> Result<Vec<String>, StoreError> {
        serde_json::from_str(&self.community_prefixes).map_err(|_| StoreError::Corrupt("community prefixes"))
    }
}

/// A secret of a platform: a digest where we only compare, sealed where we must sign.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = platform_secrets)]
pub struct SecretRow {
    /// Row id; also the context of the seal.
    pub id: String,
    /// Platform.
    pub platform_id: String,
    /// `client`, `webhook_in` or `webhook_out`.
    pub purpose: String,
    /// SHA-256 of the secret, hex.
    pub digest: Option<String>,
    /// The secret, sealed.
    pub sealed: Option<Vec<u8>>,
    /// Made.
    pub created_at: i64,
    /// Not accepted from here on.
    pub expires_at: Option<i64>,
}

/// Registers a platform.
///
/// # Errors
/// [`StoreError::Duplicate`] when the id or client id is taken.
pub fn insert(tx: &mut Tx<'_>, row: &PlatformRow) -> Result<(), StoreError> {
    diesel::insert_into(platforms::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// Replaces everything about a known platform but the day it was registered.
///
/// # Errors
/// [`StoreError::Stale`] when there is none.
pub fn replace(tx: &mut Tx<'_>, row: &PlatformRow) -> Result<(), StoreError> {
    let old = by_id(tx, &row.id)?.ok_or(StoreError::Stale("platform"))?;
    let row = PlatformRow { created_at: old.created_at, ..row.clone() };
    let n = diesel::update(platforms::table.find(&row.id)).set(&row).execute(tx.conn)?;
    StoreError::expect_one(n, "platform")
}

/// Adds a secret.
///
/// # Errors
/// [`StoreError`].
pub fn insert_secret(tx: &mut Tx<'_>, row: &SecretRow) -> Result<(), StoreError> {
    diesel::insert_into(platform_secrets::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// Every platform, by id.
///
/// # Errors
/// [`StoreError`].
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<PlatformRow>, StoreError> {
    Ok(platforms::table.order(platforms::id).select(PlatformRow::as_select()).load(tx.conn)?)
}

/// The platform with this id.
///
/// # Errors
/// [`StoreError`].
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<PlatformRow>, StoreError> {
    Ok(platforms::table.find(id).select(PlatformRow::as_select()).first(tx.conn).optional()?)
}

/// The platform with this OAuth client id.
///
/// # Errors
/// [`StoreError`].
pub fn by_client_id(tx: &mut Tx<'_>, client_id: &str) -> Result<Option<PlatformRow>, StoreError> {
    Ok(platforms::table.filter(platforms::client_id.eq(client_id)).select(PlatformRow::as_select()).first(tx.conn).optional()?)
}

/// Secrets of a purpose that are in force now, newest first.
///
/// # Errors
/// [`StoreError`].
pub fn live_secrets(tx: &mut Tx<'_>, platform: &str, purpose: &str, now: Timestamp) -> Result<Vec<SecretRow>, StoreError> {
    use platform_secrets as s;
    Ok(s::table
        .filter(s::platform_id.eq(platform).and(s::purpose.eq(purpose)))
        .filter(s::expires_at.is_null().or(s::expires_at.gt(now.millis())))
        .order((s::created_at.desc(), s::id.desc()))
        .select(SecretRow::as_select())
        .load(tx.conn)?)
}

/// Lets the live secrets of a purpose run out at `at`.
///
/// # Errors
/// [`StoreError`].
pub fn expire_secrets(tx: &mut Tx<'_>, platform: &str, purpose: &str, at: Timestamp) -> Result<(), StoreError> {
    use platform_secrets as s;
    diesel::update(s::table.filter(s::platform_id.eq(platform).and(s::purpose.eq(purpose))))
        .filter(s::expires_at.is_null().or(s::expires_at.gt(at.millis())))
        .set(s::expires_at.eq(Some(at.millis())))
        .execute(tx.conn)?;
    Ok(())
}

/// Holds a platform until the transaction ends: others that change it wait.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such platform.
pub fn lock(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    let n = diesel::update(platforms::table.find(id)).set(platforms::updated_by.eq(tx.name)).execute(tx.conn)?;
    StoreError::expect_one(n, "platform")
}

/// Sets the numbers of the communities a platform may speak for.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such platform.
pub fn set_communities(tx: &mut Tx<'_>, id: &str, communities: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
    let n = diesel::update(platforms::table.find(id))
        .set((platforms::communities.eq(communities), platforms::updated_at.eq(now.millis()), platforms::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "platform")
}

/// Sets how a platform authenticates by certificate.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such platform.
pub fn set_certificate(tx: &mut Tx<'_>, id: &str, method: &str, rule: &str, now: Timestamp) -> Result<(), StoreError> {
    let n = diesel::update(platforms::table.find(id))
        .set((
            platforms::auth_method.eq(method),
            platforms::certificate.eq(Some(rule)),
            platforms::updated_at.eq(now.millis()),
            platforms::updated_by.eq(tx.name),
        ))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "platform")
}

/// Sets whether a platform may do anything.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such platform.
pub fn set_state(tx: &mut Tx<'_>, id: &str, state: &str, now: Timestamp) -> Result<(), StoreError> {
    let n = diesel::update(platforms::table.find(id))
        .set((platforms::state.eq(state), platforms::updated_at.eq(now.millis()), platforms::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "platform")
}

/// Remembers a client assertion's `jti`; a second use is [`StoreError::Duplicate`].
///
/// # Errors
/// [`StoreError`].
pub fn remember_assertion(tx: &mut Tx<'_>, digest: &str, expires: Timestamp) -> Result<(), StoreError> {
    use client_assertions as a;
    diesel::insert_into(a::table).values((a::digest.eq(digest), a::expires_at.eq(expires.millis()))).execute(tx.conn)?;
    Ok(())
}
