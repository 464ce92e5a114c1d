//! What the transparency log shows to everybody: its newest checkpoint with what witnesses signed, its tiles, and the proof
//! beside each badge. Only what a checkpoint covers is shown.

use std::sync::Arc;

use super::log::named;
use super::{App, Error, look_up};
use crate::domain::tlog::proof_file::ProofFile;
use crate::domain::tlog::tile::{Asset, bundle};
use crate::domain::tlog::tree::{Tiles as _, Tree};
use crate::store::log::{self, StoredTiles};
use crate::store::{StoreError, Tx, ledger};

/// The log's keys, as auditors and witnesses are given them: the one that signs, then the one that will sign next and signs
/// beside it already.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn key_lines(app: &Arc<App>) -> Result<String, Error> {
    let state = app.db.read("log_key", log::state).await.map_err(Error::from)?;
    let keys = named(app.keys.known().signing_log_keys(), &state.origin, &app.settings.issuer)?;
    Ok(keys.iter().map(|k| format!("{k}\n")).collect())
}

/// The newest checkpoint.
///
/// # Errors
/// [`Error::NotFound`] before the first.
pub async fn checkpoint(app: &Arc<App>) -> Result<String, Error> {
    app.db.read("log_checkpoint", |tx| newest(tx)?.map(|(_, note)| note).ok_or(Error::NotFound("checkpoint"))).await
}

/// Size of the newest checkpoint, and its note with cosignatures.
fn newest(tx: &mut Tx<'_>) -> Result<Option<(i64, String)>, StoreError> {
    let size = log::state(tx)?.checkpoint_size;
    let Some(row) = log::checkpoint(tx, size)? else { return Ok(None) };
    let lines: String = log::cosignatures(tx, size)?.into_iter().map(|c| c.line + "\n").collect();
    Ok(Some((size, row.note + &lines)))
}

/// Leaves the newest checkpoint covers.
///
/// # Errors
/// [`Error`] when the database is away.
pub async fn size(app: &Arc<App>) -> Result<u64, Error> {
    let state = app.db.read("log_size", log::state).await.map_err(Error::from)?;
    Ok(covered(state.checkpoint_size))
}

fn covered(checkpoint_size: i64) -> u64 {
    u64::try_from(checkpoint_size).unwrap_or(0)
}

/// A tile or an entry bundle, as it is served.
///
/// # Errors
/// [`Error::NotFound`] for what no checkpoint covers yet.
pub async fn asset(app: &Arc<App>, asset: Asset) -> Result<Vec<u8>, Error> {
    app.db
        .read("log_tile", move |tx| {
            let size = covered(log::state(tx)?.checkpoint_size);
            match asset {
                Asset::Hashes(t) | Asset::Entries(t) if !t.within(size) => Err(Error::NotFound("tile")),
                Asset::Hashes(t) => Ok(StoredTiles(tx).tile(t).map_err(StoreError::from)?.concat()),
                Asset::Entries(t) => {
                    let start = i64::try_from(t.start()).map_err(|_| Error::NotFound("tile"))?;
                    let rows = log::leaves(tx, start, start + i64::from(t.width))?;
                    bundle(rows.iter().map(|r| r.entry.as_slice())).map_err(|_| super::damaged("leaf"))
                }
            }
        })
        .await
}

/// The proof that the newest attestation of a community is in the log.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or no checkpoint covers it yet.
pub async fn proof(app: &Arc<App>, community: String) -> Result<String, Error> {
    let record = look_up::community_record(app, community).await?;
    let attestation = record.attestation.ok_or(Error::NotFound("attestation"))?;
    app.db
        .read("log_proof", move |tx| {
            const NOT_YET: Error = Error::NotFound("proof");
            let event = ledger::recording(tx, &attestation.id)?.ok_or(NOT_YET)?;
            let leaf = log::leaf_of_event(tx, &event.badge_id, event.seq)?.ok_or(NOT_YET)?;
            let (size, checkpoint) = newest(tx)?.ok_or(NOT_YET)?;
            let index = u64::try_from(leaf.idx).map_err(|_| super::damaged("leaf"))?;
            let mut tiles = StoredTiles(tx);
            let proof = Tree::new(&mut tiles, covered(size)).inclusion(index).map_err(StoreError::from)?.ok_or(NOT_YET)?;
            Ok(ProofFile { extra: Some(leaf.entry), index, proof, checkpoint }.to_string())
        })
        .await
}
