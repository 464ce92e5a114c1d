//! Gives every event and every version of a status list its place in the transparency log, exactly once, and signs a
//! checkpoint over what is there. Any number of processes may do it at once.
//!
//! What is new is read from one snapshot of the database, so that a list's version and the events it reflects belong
//! together, and is appended by a transaction that succeeds only if the log still stands where the snapshot saw it.

use std::collections::HashMap;
use std::sync::Arc;

use super::log::named;
use super::{App, Error};
use crate::domain::badge::EventKind;
use crate::domain::status::ListValue;
use crate::domain::time::Timestamp;
use crate::domain::tlog::checkpoint::{Checkpoint, origin_of};
use crate::domain::tlog::leaf::{EventLeaf, Leaf, LedgerRow, ListLeaf, ListWord, VERSION, digest, row_digest};
use crate::domain::tlog::note::{SignedNote, VerifierKey};
use crate::domain::tlog::proof::verify_consistency;
use crate::domain::tlog::replay::ListContent;
use crate::domain::tlog::tree::{NewNode, Tree, appended, leaf_hash};
use crate::store::ledger::{self, EventRow};
use crate::store::log::{self, CheckpointRow, LeafRow, LogState, StoredTiles};
use crate::store::status_lists::{self, ListRow};
use crate::store::{StoreError, Tx, attestations, badges};
use crate::verifier;

/// Events taken at once.
const BATCH: i64 = 500;

/// Logs everything that waits and signs; returns how many leaves were added by this call.
///
/// # Errors
/// [`Error`] when the database or the key is away (the next round continues), or when the ledger or the log is damaged: then
/// nothing is appended or signed until somebody looked (`gosbadge log verify`).
pub async fn sequence_log(app: &Arc<App>) -> Result<usize, Error> {
    let mut added = 0;
    loop {
        let (n, more) = append(app).await?;
        added += n;
        if !more {
            break;
        }
    }
    sign_checkpoint(app).await?;
    Ok(added)
}

/// What one append will write.
struct Plan {
    old: LogState,
    seq: i64,
    leaves: Vec<LeafRow>,
    nodes: Vec<NewNode>,
    more: bool,
}

/// Appends one batch; how many leaves, and whether more may wait.
async fn append(app: &Arc<App>) -> Result<(usize, bool), Error> {
    let now = app.clock.now();
    let plan = app.db.read("plan_log", move |tx| plan(tx, now)).await?;
    let (n, more) = (plan.leaves.len(), plan.more);
    if n == 0 {
        return Ok((0, false));
    }
    match app.db.write("append_to_log", move |tx| log::append(tx, &plan.old, plan.seq, &plan.leaves, &plan.nodes)).await {
        Ok(()) => Ok((n, more)),
        // Another process took these events; it will also take what came since, or the next round does.
        Err(StoreError::Stale(_)) => Ok((0, false)),
        Err(e) => Err(e.into()),
    }
}

fn plan(tx: &mut Tx<'_>, now: Timestamp) -> Result<Plan, Error> {
    let old = log::state(tx)?;
    let events = ledger::after(tx, old.seq, BATCH)?;
    let last = events.last().map_or(old.seq, |e| e.seq);
    // Sequence numbers have no gaps; one means that an event was deleted, and a log that passed over it would hide that.
    let gapless = events.iter().zip(old.seq + 1..).all(|(e, expected)| e.seq == expected);
    let more = i64::try_from(events.len()) == Ok(BATCH);
    if !gapless || (!more && ledger::head(tx)? != last) {
        return Err(Error::Internal(format!("the ledger has a gap after event {}: run `gosbadge log verify`", old.seq)));
    }
    let mut leaves = event_leaves(tx, &events)?;
    // A list's version is of the newest event, so it waits until all events have their leaves.
    if !more && !events.is_empty() {
        leaves.extend(list_leaves(tx, last, now)?);
    }
    let rows: Vec<LeafRow> = leaves.iter().zip(old.size..).map(|(leaf, idx)| row(leaf, idx)).collect();
    let hashes: Vec<_> = rows.iter().map(|r| leaf_hash(&r.entry)).collect();
    let size = u64::try_from(old.size).map_err(|_| super::damaged("log size"))?;
    let nodes = appended(&mut StoredTiles(tx), size, &hashes).map_err(StoreError::from)?;
    Ok(Plan { old, seq: last, leaves: rows, nodes, more })
}

fn row(leaf: &Leaf, idx: i64) -> LeafRow {
    let (kind, subject, number) = match leaf {
        Leaf::Event(e) => ("event", e.badge.clone(), e.seq),
        Leaf::List(l) => ("status-list", l.list.to_string(), l.n),
    };
    let entry = leaf.to_bytes();
    LeafRow { idx, kind: kind.to_owned(), subject, number, hash: leaf_hash(&entry).to_vec(), entry }
}

/// What the leaves of these events must say, from the rows as they are now.
pub(super) fn event_leaves(tx: &mut Tx<'_>, events: &[EventRow]) -> Result<Vec<Leaf>, Error> {
    let ids: Vec<String> = events.iter().map(|e| e.badge_id.clone()).collect();
    let communities: HashMap<String, String> = badges::by_ids(tx, &ids)?.into_iter().map(|b| (b.id, b.community_id)).collect();
    let ids: Vec<String> = events.iter().filter_map(|e| e.attestation_id.clone()).collect();
    let known: HashMap<String, _> = attestations::by_ids(tx, &ids)?.into_iter().map(|a| (a.id.clone(), a)).collect();
    let leaf = |e: &EventRow| {
        let attestation = e.attestation_id.as_ref().and_then(|id| known.get(id));
        let idx = attestation.map(|a| u32::try_from(a.idx)).transpose().map_err(|_| super::damaged("status index"))?;
        let kind: EventKind = e.kind.parse().map_err(|_| super::damaged("event kind"))?;
        Ok(Leaf::Event(EventLeaf {
            badge: e.badge_id.clone(),
            code: e.reason.as_deref().map(str::parse).transpose().map_err(|_| super::damaged("reason code"))?,
            community: communities.get(&e.badge_id).cloned().unwrap_or_default(),
            ev: kind,
            idx,
            jti: e.attestation_id.clone(),
            list: attestation.map(|a| a.list_id),
            row: row_digest(&LedgerRow {
                actor: e.actor.as_deref(),
                actor_kind: &e.actor_kind,
                at: e.at,
                attestation_id: e.attestation_id.as_deref(),
                badge_id: &e.badge_id,
                id: &e.id,
                kind: &e.kind,
                reason: e.reason.as_deref(),
                seq: e.seq,
                state: &e.state,
                version: e.version,
            }),
            seq: e.seq,
            sha256: attestation.and_then(|a| a.token.as_deref()).map(|t| digest(t.as_bytes())),
            t: e.at,
            v: VERSION,
            version: e.version,
        }))
    };
    events.iter().map(leaf).collect()
}

/// A version of each list in force whose content is not that of its newest leaf. A list that was retired has no further ones:
/// its last was logged before (`retire_lists`), and what changes afterwards is no longer published.
fn list_leaves(tx: &mut Tx<'_>, seq: i64, now: Timestamp) -> Result<Vec<Leaf>, Error> {
    let mut leaves = Vec::new();
    for row in status_lists::all(tx)?.iter().filter(|l| l.retired_at.is_none()) {
        let (content, before) = contents(tx, row)?;
        if before.as_ref().is_none_or(|b| b.sha256 != content.sha256) {
            leaves.push(Leaf::List(ListLeaf {
                ev: ListWord::StatusList,
                invalid: content.invalid,
                list: row.id,
                n: before.map_or(0, |b| b.n) + 1,
                seq,
                sha256: content.sha256,
                size: u32::try_from(row.size).map_err(|_| super::damaged("status list size"))?,
                suspended: content.suspended,
                t: now.millis(),
                v: VERSION,
            }));
        }
    }
    Ok(leaves)
}

/// What a list says now, and its newest version in the log.
pub(super) fn contents(tx: &mut Tx<'_>, list: &ListRow) -> Result<(ListContent, Option<ListLeaf>), Error> {
    let value = |(idx, value): (i64, i64)| {
        let read = u32::try_from(idx).ok().zip(u8::try_from(value).ok());
        read.map(|(idx, value)| (idx, ListValue::from_bits(value))).ok_or_else(|| super::damaged("status value"))
    };
    let marked = attestations::marked_places(tx, list.id)?.into_iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let size = u32::try_from(list.size).map_err(|_| super::damaged("status list size"))?;
    let content = ListContent::of(size, marked).ok_or_else(|| super::damaged("status index"))?;
    let newest = log::newest_of_list(tx, list.id)?.map(|row| version(&row)).transpose()?;
    Ok((content, newest))
}

/// The version of a list that a leaf tells of.
pub(super) fn version(row: &LeafRow) -> Result<ListLeaf, Error> {
    match Leaf::parse(&row.entry) {
        Some(Leaf::List(leaf)) => Ok(leaf),
        _ => Err(super::damaged("leaf of a status list")),
    }
}

/// Signs a checkpoint when leaves were added since the last one. Signs nothing that does not extend it.
async fn sign_checkpoint(app: &Arc<App>) -> Result<(), Error> {
    let Some((old, checkpoint)) = app.db.read("plan_checkpoint", next_checkpoint).await? else { return countersign(app).await };
    let origin = if old.origin.is_empty() { origin_of(&app.settings.issuer) } else { old.origin.clone() };
    let checkpoint = Checkpoint { origin, ..checkpoint };
    let text = checkpoint.text();
    let signed = app.keys.sign_note(text.as_bytes())?;
    let keys = named(&signed.iter().map(|s| s.public).collect::<Vec<_>>(), &checkpoint.origin, &app.settings.issuer)?;
    let note = SignedNote { signatures: keys.iter().zip(&signed).map(|(k, s)| k.line(&s.signature)).collect(), text }.to_string();
    for key in &keys {
        verifier::log::checkpoint(&note, std::slice::from_ref(key))
            .map_err(|e| Error::Internal(format!("own checkpoint does not verify: {e}")))?;
    }
    let row = CheckpointRow {
        size: i64::try_from(checkpoint.size).map_err(|_| super::damaged("log size"))?,
        root: checkpoint.root.to_vec(),
        note,
        at: app.clock.now().millis(),
    };
    match app.db.write("record_checkpoint", move |tx| log::record_checkpoint(tx, &old, &checkpoint.origin, &row)).await {
        // Stale: another process recorded this one or a later one; both extend the same tree.
        Ok(()) | Err(StoreError::Stale(_)) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

/// The newest checkpoint is also signed by keys that came after it, so that whoever knows the present ones alone can read it,
/// however long nothing happens.
async fn countersign(app: &Arc<App>) -> Result<(), Error> {
    let newest = app
        .db
        .read("newest_checkpoint", |tx| -> Result<_, StoreError> {
            let state = log::state(tx)?;
            let Some(row) = log::checkpoint(tx, state.checkpoint_size)? else { return Ok(None) };
            let lines: String = log::cosignatures(tx, row.size)?.into_iter().map(|c| c.line + "\n").collect();
            Ok(Some((state.origin, row.size, row.note + &lines)))
        })
        .await
        .map_err(Error::from)?;
    let Some((origin, size, note)) = newest else { return Ok(()) };
    let note = SignedNote::parse(&note).ok_or_else(|| super::damaged("checkpoint"))?;
    let signed_by = |key: &VerifierKey| note.signatures.iter().any(|s| s.claim(key, &note.text).is_some());
    if named(app.keys.known().signing_log_keys(), &origin, &app.settings.issuer)?.iter().all(signed_by) {
        return Ok(());
    }
    let (signed, now) = (app.keys.sign_note(note.text.as_bytes())?, app.clock.now());
    let keys = named(&signed.iter().map(|s| s.public).collect::<Vec<_>>(), &origin, &app.settings.issuer)?;
    for (key, signature) in keys.iter().zip(&signed).filter(|(key, _)| !signed_by(key)) {
        let (name, line) = (key.to_string(), key.line(&signature.signature).to_string());
        match app.db.write("countersign_checkpoint", move |tx| log::insert_cosignature(tx, size, &name, &line, now)).await {
            Ok(()) | Err(StoreError::Duplicate) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

/// The checkpoint that is due, its name left open.
fn next_checkpoint(tx: &mut Tx<'_>) -> Result<Option<(LogState, Checkpoint)>, Error> {
    let state = log::state(tx)?;
    if state.size == state.checkpoint_size {
        return Ok(None);
    }
    let size = u64::try_from(state.size).map_err(|_| super::damaged("log size"))?;
    let last = log::checkpoint(tx, state.checkpoint_size)?;
    let mut tiles = StoredTiles(tx);
    let mut tree = Tree::new(&mut tiles, size);
    let root = tree.root().map_err(StoreError::from)?;
    if state.checkpoint_size >= 0 {
        let refuse = || {
            Error::Internal(format!(
                "the log does not extend its checkpoint of {} leaves: run `gosbadge log verify`",
                state.checkpoint_size
            ))
        };
        let last = last.ok_or_else(refuse)?;
        let old = u64::try_from(last.size).map_err(|_| super::damaged("log size"))?;
        let old_root = last.root.try_into().map_err(|_| super::damaged("root of a checkpoint"))?;
        let proof = tree.consistency(old).map_err(StoreError::from)?.ok_or_else(refuse)?;
        verify_consistency(old, size, &proof, &old_root, &root).map_err(|_| refuse())?;
    }
    Ok(Some((state, Checkpoint { origin: String::new(), size, root })))
}
