//! The transparency log at rest: leaves, hashes of full tiles, checkpoints, cosignatures. Appending and recording a
//! checkpoint name the state they expect, so that two processes cannot give one index to two leaves.

use diesel::prelude::*;

use super::schema::{log_checkpoints, log_cosignatures, log_leaves, log_nodes, log_state};
use super::{StoreError, Tx};
use crate::domain::time::Timestamp;
use crate::domain::tlog::Hash;
use crate::domain::tlog::tile::Tile;
use crate::domain::tlog::tree::{DamagedTile, NewNode, Tiles};

/// Where the log stands.
#[derive(Clone, PartialEq, Eq, Debug, Queryable, Selectable)]
#[diesel(table_name = log_state)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct LogState {
    pub origin: String,
    pub size: i64,
    pub seq: i64,
    pub checkpoint_size: i64,
}

/// One leaf.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = log_leaves)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct LeafRow {
    pub idx: i64,
    pub kind: String,
    pub subject: String,
    pub number: i64,
    pub hash: Vec<u8>,
    pub entry: Vec<u8>,
}

/// One signed checkpoint.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = log_checkpoints)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct CheckpointRow {
    pub size: i64,
    pub root: Vec<u8>,
    pub note: String,
    pub at: i64,
}

/// What a witness signed.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = log_cosignatures)]
#[expect(missing_docs, reason = "columns are documented in the migration")]
pub struct CosignatureRow {
    pub size: i64,
    pub witness: String,
    pub line: String,
    pub at: i64,
}

/// Where the log stands.
///
/// # Errors
/// [`StoreError`].
pub fn state(tx: &mut Tx<'_>) -> Result<LogState, StoreError> {
    Ok(log_state::table.find(1).select(LogState::as_select()).first(tx.conn)?)
}

/// Moves the log from exactly the state `old` to `size` leaves up to event `seq`, and stores what is new.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else appended meanwhile; nothing is stored then.
pub fn append(tx: &mut Tx<'_>, old: &LogState, seq: i64, leaves: &[LeafRow], nodes: &[NewNode]) -> Result<(), StoreError> {
    // First, so that a second sequencer waits here and then finds another state.
    let size = old.size + i64::try_from(leaves.len()).map_err(|_| StoreError::Corrupt("log size"))?;
    let expected = log_state::table.find(1).filter(log_state::size.eq(old.size).and(log_state::seq.eq(old.seq)));
    let n = diesel::update(expected)
        .set((log_state::size.eq(size), log_state::seq.eq(seq), log_state::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "log")?;
    for row in leaves {
        diesel::insert_into(log_leaves::table).values(row).execute(tx.conn)?;
    }
    for node in nodes {
        let place = i64::try_from(node.index).map_err(|_| StoreError::Corrupt("log node"))?;
        let row = (log_nodes::level.eq(i64::from(node.level)), log_nodes::idx.eq(place), log_nodes::hash.eq(node.hash.to_vec()));
        diesel::insert_into(log_nodes::table).values(row).execute(tx.conn)?;
    }
    Ok(())
}

/// Records a checkpoint that follows exactly the one `old` knows, and with the first one the log's name.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else recorded one meanwhile.
pub fn record_checkpoint(tx: &mut Tx<'_>, old: &LogState, origin: &str, row: &CheckpointRow) -> Result<(), StoreError> {
    if row.size <= old.checkpoint_size {
        return Err(StoreError::Stale("checkpoint"));
    }
    let expected = log_state::table.find(1).filter(
        log_state::checkpoint_size.eq(old.checkpoint_size).and(log_state::origin.eq(&old.origin)).and(log_state::size.ge(row.size)),
    );
    let n = diesel::update(expected)
        .set((log_state::checkpoint_size.eq(row.size), log_state::origin.eq(origin), log_state::updated_by.eq(tx.name)))
        .execute(tx.conn)?;
    StoreError::expect_one(n, "checkpoint")?;
    diesel::insert_into(log_checkpoints::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// Leaves `from..to`, in order.
///
/// # Errors
/// [`StoreError`].
pub fn leaves(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<Vec<LeafRow>, StoreError> {
    Ok(log_leaves::table
        .filter(log_leaves::idx.ge(from).and(log_leaves::idx.lt(to)))
        .order(log_leaves::idx)
        .select(LeafRow::as_select())
        .load(tx.conn)?)
}

/// Number of leaves, counted.
///
/// # Errors
/// [`StoreError`].
pub fn count_leaves(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    Ok(log_leaves::table.count().get_result(tx.conn)?)
}

/// The leaf of an event.
///
/// # Errors
/// [`StoreError`].
pub fn leaf_of_event(tx: &mut Tx<'_>, badge: &str, seq: i64) -> Result<Option<LeafRow>, StoreError> {
    let one = log_leaves::kind.eq("event").and(log_leaves::subject.eq(badge)).and(log_leaves::number.eq(seq));
    Ok(log_leaves::table.filter(one).select(LeafRow::as_select()).first(tx.conn).optional()?)
}

/// The newest leaf of a status list.
///
/// # Errors
/// [`StoreError`].
pub fn newest_of_list(tx: &mut Tx<'_>, list: i64) -> Result<Option<LeafRow>, StoreError> {
    Ok(log_leaves::table
        .filter(log_leaves::kind.eq("status-list").and(log_leaves::subject.eq(list.to_string())))
        .order(log_leaves::number.desc())
        .select(LeafRow::as_select())
        .first(tx.conn)
        .optional()?)
}

/// The leaf of one version of a status list.
///
/// # Errors
/// [`StoreError`].
pub fn version_of_list(tx: &mut Tx<'_>, list: i64, n: i64) -> Result<Option<LeafRow>, StoreError> {
    let one = log_leaves::kind.eq("status-list").and(log_leaves::subject.eq(list.to_string())).and(log_leaves::number.eq(n));
    Ok(log_leaves::table.filter(one).select(LeafRow::as_select()).first(tx.conn).optional()?)
}

/// The checkpoint of that size.
///
/// # Errors
/// [`StoreError`].
pub fn checkpoint(tx: &mut Tx<'_>, size: i64) -> Result<Option<CheckpointRow>, StoreError> {
    Ok(log_checkpoints::table.find(size).select(CheckpointRow::as_select()).first(tx.conn).optional()?)
}

/// Checkpoints of more than `after` leaves, smallest first.
///
/// # Errors
/// [`StoreError`].
pub fn checkpoints_after(tx: &mut Tx<'_>, after: i64, limit: i64) -> Result<Vec<CheckpointRow>, StoreError> {
    Ok(log_checkpoints::table
        .filter(log_checkpoints::size.gt(after))
        .order(log_checkpoints::size)
        .limit(limit)
        .select(CheckpointRow::as_select())
        .load(tx.conn)?)
}

/// Cosignatures of the checkpoint of that size.
///
/// # Errors
/// [`StoreError`].
pub fn cosignatures(tx: &mut Tx<'_>, size: i64) -> Result<Vec<CosignatureRow>, StoreError> {
    Ok(log_cosignatures::table
        .filter(log_cosignatures::size.eq(size))
        .order(log_cosignatures::witness)
        .select(CosignatureRow::as_select())
        .load(tx.conn)?)
}

/// The largest checkpoint a witness signed; 0 for none.
///
/// # Errors
/// [`StoreError`].
pub fn witnessed(tx: &mut Tx<'_>, witness: &str) -> Result<i64, StoreError> {
    let newest: Option<i64> = log_cosignatures::table
        .filter(log_cosignatures::witness.eq(witness))
        .order(log_cosignatures::size.desc())
        .select(log_cosignatures::size)
        .first(tx.conn)
        .optional()?;
    Ok(newest.unwrap_or(0))
}

/// Records a cosignature.
///
/// # Errors
/// [`StoreError::Duplicate`] when the witness signed that checkpoint before.
pub fn insert_cosignature(tx: &mut Tx<'_>, size: i64, witness: &str, line: &str, now: Timestamp) -> Result<(), StoreError> {
    let row = CosignatureRow { size, witness: witness.to_owned(), line: line.to_owned(), at: now.millis() };
    diesel::insert_into(log_cosignatures::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// Why a tile cannot be had from the database.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Hashes are missing or out of form.
    #[error(transparent)]
    Damaged(#[from] DamagedTile),
}

impl From<TileError> for StoreError {
    fn from(e: TileError) -> Self {
        match e {
            TileError::Store(e) => e,
            TileError::Damaged(_) => Self::Corrupt("tile of the transparency log"),
        }
    }
}

/// The tiles of the stored log.
pub struct StoredTiles<'a, 'c>(pub &'a mut Tx<'c>);

impl Tiles for StoredTiles<'_, '_> {
    type Error = TileError;

    fn tile(&mut self, tile: Tile) -> Result<Vec<Hash>, TileError> {
        let start = i64::try_from(tile.start()).map_err(|_| DamagedTile(tile))?;
        let end = start + i64::from(tile.width);
        let rows: Vec<Vec<u8>> = if tile.level == 0 {
            let range = log_leaves::idx.ge(start).and(log_leaves::idx.lt(end));
            log_leaves::table.filter(range).order(log_leaves::idx).select(log_leaves::hash).load(self.0.conn)
        } else {
            let range = log_nodes::level.eq(i64::from(tile.level)).and(log_nodes::idx.ge(start)).and(log_nodes::idx.lt(end));
            log_nodes::table.filter(range).order(log_nodes::idx).select(log_nodes::hash).load(self.0.conn)
        }
        .map_err(StoreError::from)?;
        let hashes: Option<Vec<Hash>> = rows.into_iter().map(|h| h.try_into().ok()).collect();
        hashes.filter(|h| h.len() == usize::from(tile.width)).ok_or_else(|| DamagedTile(tile).into())
    }
}
