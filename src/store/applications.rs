//! Applications and the pushed requests that start them.

use diesel::prelude::*;

use super::schema::{applications, pushed_requests};
use super::{StoreError, Tx};
use crate::domain::application::{ApplicationState, StartKind};
use crate::domain::community::CommunitySnapshot;
use crate::domain::ids::ApplicationId;
use crate::domain::refusal::RefusalCode;
use crate::domain::time::Timestamp;

/// One application.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = applications)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct ApplicationRow {
    pub id: String,
    pub platform_id: String,
    pub community_number: String,
    pub community_uri: String,
    pub community_name: String,
    pub community_screen_name: Option<String>,
    pub details: String,
    pub redirect_uri: String,
    pub platform_state: Option<String>,
    pub code_challenge: String,
    pub state: String,
    pub refusal_code: Option<String>,
    pub idp: Option<String>,
    pub representative: Option<String>,
    pub mandate: Option<String>,
    pub identity_at: Option<i64>,
    pub authority_id: Option<String>,
    pub branch_name: Option<String>,
    pub branch_kpp: Option<String>,
    pub badge_id: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
    pub updated_at: i64,
    pub updated_by: String,
    pub start: String,
    pub link_digest: Option<String>,
}

impl ApplicationRow {
    /// The state, parsed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn state(&self) -> Result<ApplicationState, StoreError> {
        self.state.parse().map_err(|_| StoreError::Corrupt("application state"))
    }

    /// How it began, parsed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn start(&self) -> Result<StartKind, StoreError> {
        self.start.parse().map_err(|_| StoreError::Corrupt("application start"))
    }

    /// The id, parsed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn id(&self) -> Result<ApplicationId, StoreError> {
        self.id.parse().map_err(|_| StoreError::Corrupt("application id"))
    }

    /// The refusal, parsed.
    pub fn refusal(&self) -> Option<RefusalCode> {
        self.refusal_code.as_deref().and_then(|c| c.parse().ok())
    }

    /// The community as pushed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn community(&self) -> Result<CommunitySnapshot, StoreError> {
        Ok(CommunitySnapshot {
            id: self.community_number.parse().map_err(|_| StoreError::Corrupt("community number"))?,
            uri: self.community_uri.clone(),
            name: self.community_name.clone(),
            screen_name: self.community_screen_name.clone(),
        })
    }
}

/// What identity confirmation adds to an application.
///
/// `None` is written too: a second sign-in for another organisation must leave nothing of the first.
#[derive(AsChangeset)]
#[diesel(table_name = applications, treat_none_as_null = true)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct IdentityChange {
    pub idp: Option<String>,
    pub representative: Option<String>,
    pub mandate: Option<String>,
    pub identity_at: Option<i64>,
    pub authority_id: Option<String>,
    pub branch_name: Option<String>,
    pub branch_kpp: Option<String>,
}

/// Records an application.
///
/// # Errors
/// [`StoreError`].
pub fn insert(tx: &mut Tx<'_>, row: &ApplicationRow) -> Result<(), StoreError> {
    diesel::insert_into(applications::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// Records the one-time `request_uri` of an application.
///
/// # Errors
/// [`StoreError`].
pub fn insert_request(tx: &mut Tx<'_>, row: &ApplicationRow, request_digest: &str, expires: Timestamp) -> Result<(), StoreError> {
    use pushed_requests as p;
    diesel::insert_into(p::table)
        .values((
            p::digest.eq(request_digest),
            p::platform_id.eq(&row.platform_id),
            p::application_id.eq(&row.id),
            p::expires_at.eq(expires.millis()),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The application with this id.
///
/// # Errors
/// [`StoreError`].
pub fn by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<ApplicationRow>, StoreError> {
    Ok(applications::table.find(id).select(ApplicationRow::as_select()).first(tx.conn).optional()?)
}

/// Holds the application until the transaction ends: others that ask for the same wait.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such application.
pub fn lock(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    // An update instead of FOR UPDATE, which SQLite does not have (and, with one writer, does not need).
    let n = diesel::update(applications::table.find(id)).set(applications::updated_by.eq(tx.name)).execute(tx.conn)?;
    StoreError::expect_one(n, "application")
}

/// Whether a `request_uri` was ever pushed.
///
/// # Errors
/// [`StoreError`].
pub fn request_exists(tx: &mut Tx<'_>, digest: &str) -> Result<bool, StoreError> {
    Ok(diesel::select(diesel::dsl::exists(pushed_requests::table.find(digest))).get_result(tx.conn)?)
}

/// The application a `request_uri` was pushed for, used or not.
///
/// # Errors
/// [`StoreError`].
pub fn of_request(tx: &mut Tx<'_>, digest: &str) -> Result<Option<ApplicationRow>, StoreError> {
    use pushed_requests as p;
    let id: Option<String> = p::table.find(digest).select(p::application_id).first(tx.conn).optional()?;
    id.map_or(Ok(None), |id| by_id(tx, &id))
}

/// The application that this link leads to.
///
/// # Errors
/// [`StoreError`].
pub fn of_link(tx: &mut Tx<'_>, link_digest: &str) -> Result<Option<ApplicationRow>, StoreError> {
    let row = applications::table.filter(applications::link_digest.eq(link_digest)).select(ApplicationRow::as_select());
    Ok(row.first(tx.conn).optional()?)
}

/// Lets an open application live on.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such application.
pub fn live_until(tx: &mut Tx<'_>, id: &str, until: Timestamp) -> Result<(), StoreError> {
    let n = diesel::update(applications::table.find(id)).set(applications::expires_at.eq(until.millis())).execute(tx.conn)?;
    StoreError::expect_one(n, "application")
}

/// Consumes a `request_uri` of this platform: `None` when unknown, used, expired or another platform's.
///
/// # Errors
/// [`StoreError`].
pub fn consume_request(tx: &mut Tx<'_>, digest: &str, platform: &str, now: Timestamp) -> Result<Option<ApplicationRow>, StoreError> {
    use pushed_requests as p;
    let changed = diesel::update(p::table.find(digest))
        .filter(p::platform_id.eq(platform).and(p::used_at.is_null()).and(p::expires_at.gt(now.millis())))
        .set(p::used_at.eq(Some(now.millis())))
        .execute(tx.conn)?;
    if changed == 0 {
        return Ok(None);
    }
    let id: String = p::table.find(digest).select(p::application_id).first(tx.conn)?;
    by_id(tx, &id)
}

/// Moves an application from one of the states it may leave for `to`.
///
/// # Errors
/// [`StoreError::Stale`] when it stands elsewhere.
pub fn advance(tx: &mut Tx<'_>, id: &str, to: ApplicationState, now: Timestamp) -> Result<(), StoreError> {
    let from: Vec<&str> = ApplicationState::ALL.into_iter().filter(|s| s.may_become(to)).map(ApplicationState::as_str).collect();
    let n = diesel::update(applications::table.find(id))
        .filter(applications::state.eq_any(from).and(applications::expires_at.gt(now.millis())))
        .set((applications::state.eq(to.as_str()), applications::updated_at.eq(now.millis()), applications::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "application")
}

/// Writes what the community is called now.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such application.
pub fn set_community(tx: &mut Tx<'_>, id: &str, community: &CommunitySnapshot) -> Result<(), StoreError> {
    use applications as a;
    let change = (
        a::community_uri.eq(&community.uri),
        a::community_name.eq(&community.name),
        a::community_screen_name.eq(community.screen_name.as_deref()),
    );
    StoreError::expect_one(diesel::update(a::table.find(id)).set(change).execute(tx.conn)?, "application")
}

/// Writes what identity confirmation found.
///
/// # Errors
/// [`StoreError::Stale`] when there is no such application.
pub fn set_identity(tx: &mut Tx<'_>, id: &str, change: &IdentityChange) -> Result<(), StoreError> {
    let n = diesel::update(applications::table.find(id)).set(change).execute(tx.conn)?;
    StoreError::expect_one(n, "application")
}

/// Ends an application with a refusal code.
///
/// # Errors
/// [`StoreError::Stale`] when it has ended already.
pub fn refuse(tx: &mut Tx<'_>, id: &str, code: RefusalCode, now: Timestamp) -> Result<(), StoreError> {
    advance(tx, id, ApplicationState::Refused, now)?;
    diesel::update(applications::table.find(id)).set(applications::refusal_code.eq(Some(code.as_str()))).execute(tx.conn)?;
    Ok(())
}

/// Ends every open application of a community that began in one of these ways with a code, those excepted that name it `called`;
/// returns how many.
///
/// # Errors
/// [`StoreError`].
pub fn refuse_open_of(
    tx: &mut Tx<'_>,
    platform: &str,
    number: &str,
    starts: &[StartKind],
    called: Option<&str>,
    code: RefusalCode,
    now: Timestamp,
) -> Result<usize, StoreError> {
    use applications as a;
    let open: Vec<&str> = ApplicationState::ALL.into_iter().filter(|s| !s.is_final()).map(ApplicationState::as_str).collect();
    // No community has an empty name, so without an exception nothing is excepted.
    let others = a::community_name.ne(called.unwrap_or_default());
    let starts: Vec<&str> = starts.iter().map(|s| s.as_str()).collect();
    Ok(diesel::update(a::table.filter(a::platform_id.eq(platform).and(a::community_number.eq(number)).and(a::state.eq_any(open))))
        .filter(others.and(a::start.eq_any(starts)))
        .set((
            a::state.eq(ApplicationState::Refused.as_str()),
            a::refusal_code.eq(Some(code.as_str())),
            a::updated_at.eq(now.millis()),
            a::updated_by.eq(tx.name),
        ))
        .execute(tx.conn)?)
}

/// Remembers the last obstacle of an application that can go on.
///
/// # Errors
/// [`StoreError`].
pub fn note_obstacle(tx: &mut Tx<'_>, id: &str, code: Option<RefusalCode>) -> Result<(), StoreError> {
    diesel::update(applications::table.find(id)).set(applications::refusal_code.eq(code.map(RefusalCode::as_str))).execute(tx.conn)?;
    Ok(())
}

/// Links the badge an application led to.
///
/// # Errors
/// [`StoreError`].
pub fn set_badge(tx: &mut Tx<'_>, id: &str, badge: &str) -> Result<(), StoreError> {
    diesel::update(applications::table.find(id)).set(applications::badge_id.eq(Some(badge))).execute(tx.conn)?;
    Ok(())
}
