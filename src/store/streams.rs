//! Platforms' streams. What an endpoint must prove and when is decided in the service; every change of an endpoint names the
//! generation it saw.

use diesel::prelude::*;

use super::schema::{platforms, streams};
use super::{StoreError, Tx};
use crate::domain::stream::{Method, StreamState};
use crate::domain::time::Timestamp;

/// One stream. Holds a sealed secret.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = streams)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct StreamRow {
    pub platform_id: String,
    pub state: String,
    pub method: String,
    pub endpoint_url: Option<String>,
    pub authorization_sealed: Option<Vec<u8>>,
    pub events: Option<String>,
    pub generation: i64,
    pub next_method: Option<String>,
    pub next_url: Option<String>,
    pub next_authorization: Option<Vec<u8>>,
    pub challenge_at: Option<i64>,
    pub challenge_digest: Option<String>,
    pub challenge_attempts: i64,
    pub challenge_note: Option<String>,
    pub live_since: Option<i64>,
    pub last_success_at: Option<i64>,
    pub last_failure_at: Option<i64>,
    pub failures: i64,
    pub last_note: Option<String>,
    pub probe_at: Option<i64>,
    pub probed_at: Option<i64>,
    pub probe_answered_at: Option<i64>,
    pub probe_failures: i64,
    pub probe_note: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub updated_by: String,
}

impl StreamRow {
    /// A stream that has no endpoint yet.
    pub fn new(platform: &str, method: Method, now: Timestamp) -> Self {
        Self {
            platform_id: platform.to_owned(),
            state: StreamState::Unverified.as_str().to_owned(),
            method: method.as_str().to_owned(),
            endpoint_url: None,
            authorization_sealed: None,
            events: None,
            generation: 0,
            next_method: None,
            next_url: None,
            next_authorization: None,
            challenge_at: None,
            challenge_digest: None,
            challenge_attempts: 0,
            challenge_note: None,
            live_since: None,
            last_success_at: None,
            last_failure_at: None,
            failures: 0,
            last_note: None,
            probe_at: None,
            probed_at: None,
            probe_answered_at: None,
            probe_failures: 0,
            probe_note: None,
            created_at: now.millis(),
            updated_at: now.millis(),
            updated_by: String::new(),
        }
    }

    /// The state, parsed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn state(&self) -> Result<StreamState, StoreError> {
        self.state.parse().map_err(|_| StoreError::Corrupt("stream state"))
    }

    /// The live method, parsed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn method(&self) -> Result<Method, StoreError> {
        self.method.parse().map_err(|_| StoreError::Corrupt("stream method"))
    }

    /// The method of the endpoint that still has to prove itself.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn next_method(&self) -> Result<Option<Method>, StoreError> {
        self.next_method.as_deref().map(|m| m.parse().map_err(|_| StoreError::Corrupt("stream method"))).transpose()
    }

    /// The types it carries; none stands for all.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn types(&self) -> Result<Option<Vec<String>>, StoreError> {
        self.events.as_deref().map(|e| serde_json::from_str(e).map_err(|_| StoreError::Corrupt("stream events"))).transpose()
    }
}

/// Everything about a stream that a decision changes; what is measured stays.
#[derive(AsChangeset)]
#[diesel(table_name = streams, treat_none_as_null = true)]
struct Decided<'a> {
    state: &'a str,
    method: &'a str,
    endpoint_url: Option<&'a str>,
    authorization_sealed: Option<&'a [u8]>,
    events: Option<&'a str>,
    generation: i64,
    next_method: Option<&'a str>,
    next_url: Option<&'a str>,
    next_authorization: Option<&'a [u8]>,
    challenge_at: Option<i64>,
    challenge_digest: Option<&'a str>,
    challenge_attempts: i64,
    challenge_note: Option<&'a str>,
    live_since: Option<i64>,
    probe_at: Option<i64>,
    updated_at: i64,
    updated_by: &'a str,
}

/// Adds a stream.
///
/// # Errors
/// [`StoreError::Duplicate`] when the platform has one.
pub fn insert(tx: &mut Tx<'_>, row: &StreamRow) -> Result<(), StoreError> {
    let row = StreamRow { updated_by: tx.name.to_owned(), ..row.clone() };
    diesel::insert_into(streams::table).values(&row).execute(tx.conn)?;
    Ok(())
}

/// Records what was decided about a stream, from exactly the generation it was decided on; the row's own is the next one.
///
/// # Errors
/// [`StoreError::Stale`] when the stream was changed meanwhile.
pub fn decide(tx: &mut Tx<'_>, seen: i64, row: &StreamRow, now: Timestamp) -> Result<(), StoreError> {
    let decided = Decided {
        state: &row.state,
        method: &row.method,
        endpoint_url: row.endpoint_url.as_deref(),
        authorization_sealed: row.authorization_sealed.as_deref(),
        events: row.events.as_deref(),
        generation: seen + 1,
        next_method: row.next_method.as_deref(),
        next_url: row.next_url.as_deref(),
        next_authorization: row.next_authorization.as_deref(),
        challenge_at: row.challenge_at,
        challenge_digest: row.challenge_digest.as_deref(),
        challenge_attempts: row.challenge_attempts,
        challenge_note: row.challenge_note.as_deref(),
        live_since: row.live_since,
        probe_at: row.probe_at,
        updated_at: now.millis(),
        updated_by: tx.name,
    };
    let n = diesel::update(streams::table.find(&row.platform_id).filter(streams::generation.eq(seen))).set(decided).execute(tx.conn)?;
    StoreError::expect_one(n, "stream")
}

/// Holds a platform's stream until the transaction ends: what the platform says does not fail because we verified or probed at that
/// moment. Holds nothing where there is none.
///
/// # Errors
/// [`StoreError`].
pub fn lock(tx: &mut Tx<'_>, platform: &str) -> Result<(), StoreError> {
    diesel::update(streams::table.find(platform)).set(streams::updated_by.eq(tx.name)).execute(tx.conn)?;
    Ok(())
}

/// A platform's stream.
///
/// # Errors
/// [`StoreError`].
pub fn of_platform(tx: &mut Tx<'_>, platform: &str) -> Result<Option<StreamRow>, StoreError> {
    Ok(streams::table.find(platform).select(StreamRow::as_select()).first(tx.conn).optional()?)
}

/// Every stream of a platform that is not shut out.
///
/// # Errors
/// [`StoreError`].
pub fn of_active_platforms(tx: &mut Tx<'_>) -> Result<Vec<StreamRow>, StoreError> {
    let active = platforms::table.filter(platforms::state.eq("active")).select(platforms::id);
    Ok(streams::table
        .filter(streams::platform_id.eq_any(active))
        .order(streams::platform_id)
        .select(StreamRow::as_select())
        .load(tx.conn)?)
}

/// Takes the sending of a verification event upon oneself until `until`; whoever saw the same `challenge_at` and is slower gets false.
///
/// # Errors
/// [`StoreError`].
pub fn claim_challenge(tx: &mut Tx<'_>, row: &StreamRow, digest: &str, until: Timestamp) -> Result<bool, StoreError> {
    use streams as s;
    let mine = s::table.find(&row.platform_id).filter(s::generation.eq(row.generation).and(s::challenge_at.eq(row.challenge_at)));
    let set = (
        s::challenge_at.eq(Some(until.millis())),
        s::challenge_digest.eq(Some(digest)),
        s::challenge_attempts.eq(s::challenge_attempts + 1),
        s::updated_by.eq(tx.name),
    );
    Ok(diesel::update(mine).set(set).execute(tx.conn)? == 1)
}

/// Notes how a verification event fared, and when it is sent again, if ever.
///
/// # Errors
/// [`StoreError`]; nothing is noted of an endpoint that was replaced meanwhile.
pub fn note_challenge(tx: &mut Tx<'_>, row: &StreamRow, again: Option<Timestamp>, note: &str) -> Result<(), StoreError> {
    use streams as s;
    diesel::update(s::table.find(&row.platform_id).filter(s::generation.eq(row.generation)))
        .set((s::challenge_at.eq(again.map(Timestamp::millis)), s::challenge_note.eq(Some(note)), s::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    Ok(())
}

/// What came of messages to a live endpoint since the last note.
#[derive(Default)]
pub struct Fared {
    /// When one was last accepted.
    pub accepted_at: Option<Timestamp>,
    /// When one last failed, with what is known of it.
    pub failed: Option<(Timestamp, String)>,
    /// Failures since the last acceptance, or since the last note.
    pub failures: i64,
}

/// Notes how deliveries fared.
///
/// # Errors
/// [`StoreError`].
pub fn note_deliveries(tx: &mut Tx<'_>, platform: &str, generation: i64, fared: &Fared) -> Result<(), StoreError> {
    use streams as s;
    let of = || s::table.find(platform).filter(s::generation.eq(generation));
    if let Some(at) = fared.accepted_at {
        diesel::update(of()).set((s::last_success_at.eq(Some(at.millis())), s::failures.eq(0))).execute(tx.conn)?;
    }
    if let Some((at, note)) = &fared.failed {
        diesel::update(of())
            .set((s::last_failure_at.eq(Some(at.millis())), s::last_note.eq(Some(note)), s::failures.eq(s::failures + fared.failures)))
            .execute(tx.conn)?;
    }
    Ok(())
}

/// Forgets how the last endpoint fared: another one is live.
///
/// # Errors
/// [`StoreError`].
pub fn forget_measured(tx: &mut Tx<'_>, platform: &str) -> Result<(), StoreError> {
    use streams as s;
    let (none, nothing) = (None::<i64>, None::<String>);
    diesel::update(s::table.find(platform))
        .set((
            (s::last_success_at.eq(none), s::last_failure_at.eq(none), s::failures.eq(0), s::last_note.eq(nothing.clone())),
            (s::probed_at.eq(none), s::probe_answered_at.eq(none), s::probe_failures.eq(0), s::probe_note.eq(nothing)),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Takes a look at a live endpoint upon oneself; whoever saw the same `probe_at` and is slower gets false.
///
/// # Errors
/// [`StoreError`].
pub fn claim_probe(tx: &mut Tx<'_>, row: &StreamRow, now: Timestamp, next: Timestamp) -> Result<bool, StoreError> {
    use streams as s;
    let mine = s::table.find(&row.platform_id).filter(s::generation.eq(row.generation).and(s::probe_at.eq(row.probe_at)));
    let set = (s::probe_at.eq(Some(next.millis())), s::probed_at.eq(Some(now.millis())));
    Ok(diesel::update(mine).set(set).execute(tx.conn)? == 1)
}

/// Notes how the look fared: acknowledged, or what was wrong.
///
/// # Errors
/// [`StoreError`]; nothing is noted of an endpoint that was replaced meanwhile.
pub fn note_probe(tx: &mut Tx<'_>, row: &StreamRow, trouble: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
    use streams as s;
    let of = || s::table.find(&row.platform_id).filter(s::generation.eq(row.generation));
    match trouble {
        None => diesel::update(of())
            .set((s::probe_answered_at.eq(Some(now.millis())), s::probe_failures.eq(0), s::probe_note.eq(None::<String>)))
            .execute(tx.conn)?,
        Some(note) => {
            diesel::update(of()).set((s::probe_failures.eq(s::probe_failures + 1), s::probe_note.eq(Some(note)))).execute(tx.conn)?
        }
    };
    Ok(())
}
