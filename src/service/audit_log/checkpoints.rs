//! Checkpoints under audit: those on record and those somebody kept. First they are read and their signatures checked, then
//! the walk tells the root at each size, then neighbours are proven consistent from the stored tiles.

use std::collections::BTreeMap;

use super::{Error, Kept, LogKeys, Report};
use crate::domain::digest::hex;
use crate::domain::tlog::Hash;
use crate::domain::tlog::note::{Signature, VerifierKey};
use crate::domain::tlog::proof::verify_consistency;
use crate::domain::tlog::tree::{Growing, Tree};
use crate::store::Tx;
use crate::store::log::{self, CheckpointRow, LogState, StoredTiles};
use crate::verifier::log as signatures;

const PAGE: i64 = 1000;

/// Roots that checkpoints claim, by size.
#[derive(Default)]
pub(super) struct Wanted {
    roots: BTreeMap<u64, Vec<(String, Hash)>>,
    /// Sizes on record, in order, with their claimed roots.
    recorded: Vec<(u64, Hash)>,
}

pub(super) fn read(
    tx: &mut Tx<'_>,
    state: &LogState,
    keys: &LogKeys,
    witnesses: &[VerifierKey],
    kept: &[Kept],
    report: &mut Report,
) -> Result<Wanted, Error> {
    let (mut wanted, mut after) = (Wanted::default(), -1);
    loop {
        let page = log::checkpoints_after(tx, after, PAGE)?;
        for row in &page {
            after = row.size;
            report.checkpoints += 1;
            if let Some((size, root)) = recorded(row, keys, report) {
                wanted.roots.entry(size).or_default().push((place(row.size), root));
                wanted.recorded.push((size, root));
            }
            cosignatures(tx, row, witnesses, report)?;
        }
        if page.is_empty() {
            break;
        }
    }
    if after != state.checkpoint_size {
        report.find(
            place(state.checkpoint_size),
            format!("the newest checkpoint by the log's own state; on record it is that of {after} leaves"),
        );
    }
    for k in kept {
        report.checkpoints += 1;
        match signatures::checkpoint(&k.note, &keys.good) {
            Ok((c, _)) => wanted.roots.entry(c.size).or_default().push((k.name.clone(), c.root)),
            Err(e) => report.find(k.name.clone(), e.to_string()),
        }
    }
    Ok(wanted)
}

fn place(size: i64) -> String {
    format!("checkpoint {size}")
}

fn recorded(row: &CheckpointRow, keys: &LogKeys, report: &mut Report) -> Option<(u64, Hash)> {
    let before = |(key, at): &(VerifierKey, i64)| (row.at < *at).then(|| key.clone());
    let read = signatures::checkpoint(&row.note, &keys.good).or_else(|e| {
        let then_good: Vec<_> = keys.compromised.iter().filter_map(before).collect();
        signatures::checkpoint(&row.note, &then_good).map_err(|_| e)
    });
    let checkpoint = match read {
        Ok((checkpoint, _)) => checkpoint,
        Err(e) => {
            report.find(place(row.size), e.to_string());
            return None;
        }
    };
    if u64::try_from(row.size) != Ok(checkpoint.size) || row.root != checkpoint.root {
        report.find(place(row.size), "its row says another size or root than its signed note");
    }
    Some((checkpoint.size, checkpoint.root))
}

fn cosignatures(tx: &mut Tx<'_>, row: &CheckpointRow, witnesses: &[VerifierKey], report: &mut Report) -> Result<(), Error> {
    for cosignature in log::cosignatures(tx, row.size)? {
        report.cosignatures += 1;
        // Of a witness that is not configured any more the key stands in the row.
        let key = witnesses.iter().find(|w| w.to_string() == cosignature.witness).cloned();
        let key = key.or_else(|| cosignature.witness.parse().ok());
        let text = row.note.rfind("\n\n").map_or("", |at| &row.note[..=at]);
        let holds = key.zip(Signature::parse(&cosignature.line)).is_some_and(|(key, line)| signatures::signed_by(text, &line, &key));
        if !holds {
            report.find(place(row.size), format!("the cosignature of {} does not hold", cosignature.witness));
        }
    }
    Ok(())
}

impl Wanted {
    /// Holds what is claimed for this size against the tree built from the leaves.
    pub(super) fn meet(&mut self, tree: &Growing, report: &mut Report) {
        let Some(claims) = self.roots.remove(&tree.size()) else { return };
        let root = tree.root();
        for (place, claimed) in claims.into_iter().filter(|(_, claimed)| *claimed != root) {
            report
                .find(place, format!("forked: its root over {} leaves is {}, the leaves give {}", tree.size(), hex(&claimed), hex(&root)));
        }
    }

    /// After the walk: sizes that were never met, and consistency of neighbours by proof, as an auditor outside sees it.
    pub(super) fn settle(self, tx: &mut Tx<'_>, tree: &Growing, report: &mut Report) -> Result<(), Error> {
        for (size, claims) in &self.roots {
            for (place, _) in claims {
                report.find(place.clone(), format!("covers {size} leaves, the log has {}", tree.size()));
            }
        }
        for pair in self.recorded.windows(2) {
            let [(old, old_root), (new, new_root)] = [pair[0], pair[1]];
            if new > tree.size() {
                continue;
            }
            let mut tiles = StoredTiles(tx);
            let proof = Tree::new(&mut tiles, new).consistency(old);
            let holds = match proof {
                Ok(Some(proof)) => verify_consistency(old, new, &proof, &old_root, &new_root).is_ok(),
                _ => false,
            };
            if !holds {
                report.find(format!("checkpoint {new}"), format!("is not proven to extend checkpoint {old}"));
            }
        }
        Ok(())
    }
}
