//! The leaves under audit, in order: each made anew from the ledger, hashed, replayed and put into a new tree.

use std::collections::HashMap;

use super::checkpoints::Wanted;
use super::{Error, Report};
use crate::domain::digest::hex;
use crate::domain::tlog::Hash;
use crate::domain::tlog::leaf::{EventLeaf, Leaf};
use crate::domain::tlog::replay::Replay;
use crate::domain::tlog::tile::Tile;
use crate::domain::tlog::tree::{Growing, Tiles as _, leaf_hash, root_over};
use crate::service::sequence_log::event_leaves;
use crate::store::log::{self, LeafRow, LogState, StoredTiles};
use crate::store::{Tx, ledger};

/// Leaves read at once; a whole number of tiles.
const PAGE: i64 = 1024;

/// Walks all leaves.
pub(super) fn leaves(tx: &mut Tx<'_>, state: &LogState, wanted: &mut Wanted, report: &mut Report) -> Result<(Replay, Growing), Error> {
    let (mut replay, mut tree, mut levels) = (Replay::default(), Growing::default(), vec![Vec::new()]);
    wanted.meet(&tree, report);
    let count = log::count_leaves(tx)?;
    if count != state.size {
        report.find("log", format!("has {count} leaves on record, its state says {}", state.size));
    }
    let mut next = 0;
    loop {
        let page = log::leaves(tx, next, next + PAGE)?;
        let expected = expected(tx, &page)?;
        for row in &page {
            if row.idx != next {
                break;
            }
            next += 1;
            leaf(row, &expected, &mut replay, report);
            let hash = leaf_hash(&row.entry);
            if row.hash != hash {
                report.find(format!("leaf {}", row.idx), "its stored hash is not that of its entry");
            }
            tree.push(hash);
            tiles(tx, &mut levels, hash, tree.size(), report)?;
            wanted.meet(&tree, report);
        }
        if next % PAGE != 0 || page.is_empty() {
            break;
        }
    }
    if next < count.max(state.size) {
        report.find(format!("leaf {next}"), "is missing: what follows it cannot be rebuilt");
    }
    if replay.seq() != state.seq {
        report.find("log", format!("its state says that event {} has its leaf; the last one that has is {}", state.seq, replay.seq()));
    }
    report.leaves = tree.size();
    report.root = hex(&tree.root());
    report.events = replay.seq();
    Ok((replay, tree))
}

/// The leaves the ledger gives for the events these rows are about.
fn expected(tx: &mut Tx<'_>, page: &[LeafRow]) -> Result<HashMap<i64, EventLeaf>, Error> {
    // By the entries: the rows' own numbers are under audit too.
    let seq = |row: &LeafRow| match Leaf::parse(&row.entry) {
        Some(Leaf::Event(e)) => Some(e.seq),
        _ => None,
    };
    let numbers: Vec<i64> = page.iter().filter_map(seq).collect();
    let (Some(first), Some(last)) = (numbers.iter().min(), numbers.iter().max()) else { return Ok(HashMap::new()) };
    let events: Vec<_> = ledger::after(tx, first - 1, PAGE)?.into_iter().filter(|e| e.seq <= *last).collect();
    let mut made = HashMap::new();
    for event in events {
        // One by one: a row nobody can read any more must not hide the others.
        if let Ok(leaves) = event_leaves(tx, std::slice::from_ref(&event)) {
            made.extend(leaves.into_iter().filter_map(|l| match l {
                Leaf::Event(e) => Some((event.seq, e)),
                Leaf::List(_) => None,
            }));
        }
    }
    Ok(made)
}

fn leaf(row: &LeafRow, expected: &HashMap<i64, EventLeaf>, replay: &mut Replay, report: &mut Report) {
    let place = format!("leaf {}", row.idx);
    let Some(leaf) = Leaf::parse(&row.entry) else {
        report.find(place, "its entry cannot be read");
        return;
    };
    for fault in replay.take(&leaf) {
        report.find(place.clone(), fault);
    }
    let told = match &leaf {
        Leaf::Event(e) => ("event", e.badge.clone(), e.seq),
        Leaf::List(l) => ("status-list", l.list.to_string(), l.n),
    };
    if (row.kind.as_str(), row.subject.clone(), row.number) != told {
        report.find(place, "its row says it is about something else than its entry");
    }
    let Leaf::Event(logged) = leaf else { return };
    match expected.get(&logged.seq) {
        None => report.find(
            format!("event {}", logged.seq),
            format!("is missing or cannot be read: leaf {} says badge {} was {} then", row.idx, logged.badge, logged.ev.as_str()),
        ),
        Some(made) if *made != logged => {
            let what = format!("was altered after leaf {} was written ({}): {}", row.idx, logged.badge, differences(&logged, made));
            report.find(format!("event {}", logged.seq), what);
        }
        Some(_) => {}
    }
}

/// Which members differ, and how.
fn differences(logged: &EventLeaf, made: &EventLeaf) -> String {
    let members = |leaf: &EventLeaf| match serde_json::to_value(leaf) {
        Ok(serde_json::Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let (logged, made) = (members(logged), members(made));
    let mut names: Vec<&String> = logged.keys().chain(made.keys()).filter(|n| logged.get(*n) != made.get(*n)).collect();
    names.sort();
    names.dedup();
    let shown = |v: Option<&serde_json::Value>| v.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    let all = names.iter().map(|n| match n.as_str() {
        "row" => "the row is not the one that was logged".to_owned(),
        n => format!("{n} is {} instead of {}", shown(made.get(n)), shown(logged.get(n))),
    });
    all.collect::<Vec<_>>().join(", ")
}

/// Rebuilds the hashes of full tiles beside the walk and compares those on record.
fn tiles(tx: &mut Tx<'_>, levels: &mut Vec<Vec<Hash>>, leaf: Hash, size: u64, report: &mut Report) -> Result<(), Error> {
    levels[0].push(leaf);
    let mut level = 0;
    while levels[level].len() == 256 {
        let root = root_over(&levels[level]);
        levels[level].clear();
        level += 1;
        if levels.len() == level {
            levels.push(Vec::new());
        }
        levels[level].push(root);
        let Ok(tile_level) = u8::try_from(level) else { break };
        let index = (size >> (8 * level)) - 1;
        let width = u16::try_from(index % 256 + 1).unwrap_or(256);
        let stored = StoredTiles(tx).tile(Tile { level: tile_level, index: index / 256, width });
        if stored.ok().and_then(|h| h.last().copied()) != Some(root) {
            report.find(format!("tile level {level}"), format!("hash {index} is not that of the leaves below it"));
        }
    }
    Ok(())
}

/// Events that wait for their leaf: replayed too, so that the records can be held against them. The newest event there is.
pub(super) fn waiting(tx: &mut Tx<'_>, replay: &mut Replay, report: &mut Report) -> Result<i64, Error> {
    loop {
        let events = ledger::after(tx, replay.seq(), PAGE)?;
        if events.is_empty() {
            return Ok(replay.seq());
        }
        for event in events {
            report.waiting += 1;
            let leaves = event_leaves(tx, std::slice::from_ref(&event));
            let Some(leaf) = leaves.ok().and_then(|l| l.into_iter().next()) else {
                report.find(format!("event {}", event.seq), "cannot be read");
                return Ok(event.seq);
            };
            for fault in replay.take(&leaf) {
                report.find(format!("event {}", event.seq), fault);
            }
        }
    }
}
