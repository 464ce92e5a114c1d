//! What the database says now, held against what the events say must be: badges, attestations, places in status lists.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Error, Report};
use crate::domain::status::ListValue;
use crate::domain::tlog::replay::Replay;
use crate::store::attestations::AttestationRow;
use crate::store::badges::BadgeRow;
use crate::store::{Tx, attestations, badges, status_lists};

const PAGE: i64 = 500;

pub(super) fn compare(tx: &mut Tx<'_>, replay: &Replay, report: &mut Report) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let page = badges::page(tx, &after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id.clone();
        page.iter().for_each(|row| badge(row, replay, report));
    }
    let retired: BTreeMap<i64, i64> = status_lists::all(tx)?.into_iter().filter_map(|l| Some((l.id, l.retired_at?))).collect();
    let mut found: BTreeMap<i64, BTreeSet<u32>> = BTreeMap::new();
    after.clear();
    loop {
        let page = attestations::page(tx, &after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id.clone();
        for row in &page {
            // Whoever could retire a list too early could hide what it says.
            if row.state == "active" && retired.get(&row.list_id).is_some_and(|at| *at <= row.expires_at) {
                report.find(format!("status list {}", row.list_id), format!("was retired before attestation {} ended", row.id));
            }
            if let Some(idx) = attestation(row, replay, report) {
                found.entry(row.list_id).or_default().insert(idx);
            }
        }
    }
    for list in replay.lists() {
        report.lists += 1;
        for (idx, _) in replay.places(list).filter(|(idx, _)| !found.get(&list).is_some_and(|f| f.contains(idx))) {
            report.find(format!("status list {list}"), format!("place {idx}: its attestation is missing"));
        }
    }
    Ok(())
}

fn badge(row: &BadgeRow, replay: &Replay, report: &mut Report) {
    let place = format!("badge {}", row.id);
    let Some(standing) = replay.badge(&row.id) else {
        if row.issued_at.is_some() || row.version != 0 || row.state != "prepared" {
            report.find(place, format!("is {} without any event", row.state));
        }
        return;
    };
    if row.state != standing.state.as_str() {
        report.find(place, format!("is {} on record, but {} by its events", row.state, standing.state));
    } else if row.version != standing.version {
        report.find(place, format!("has version {} on record, but {} by its events", row.version, standing.version));
    } else if row.community_id != standing.community {
        report.find(place, "belongs to another community on record than by its events");
    }
}

/// The place an attestation takes, if it is recorded.
fn attestation(row: &AttestationRow, replay: &Replay, report: &mut Report) -> Option<u32> {
    let place = format!("attestation {}", row.id);
    let value = u8::try_from(row.status).map(ListValue::from_bits).unwrap_or(ListValue::Other);
    let Ok(idx) = u32::try_from(row.idx) else {
        report.find(place, "takes a place that cannot be");
        return None;
    };
    if row.state != "active" && row.state != "withdrawn" {
        // Nobody has it: open while it is being issued, closed for ever once it was given up.
        let good = row.token.is_none() && if row.state == "prepared" { value == ListValue::Valid } else { value == ListValue::Invalid };
        if !good {
            report.find(place, format!("is {} and has a token or a status it may not have", row.state));
        }
        return None;
    }
    match replay.value(row.list_id, idx) {
        None => report.find(place.clone(), "is in force without an event that recorded it"),
        Some(must) if must != value => {
            let word = if value == ListValue::Valid { "un-revokes: " } else { "" };
            report.find(
                format!("status list {}", row.list_id),
                format!("{word}place {idx} ({}) says {value:?}, the events say {must:?}", row.id),
            );
        }
        Some(_) => {}
    }
    let payload = row.token.as_deref().and_then(|t| t.split('.').nth(1)).and_then(|p| URL_SAFE_NO_PAD.decode(p).ok());
    if payload.as_deref() != Some(row.claims.as_bytes()) {
        report.find(place, "its claims on record are not those of its token");
    }
    Some(idx)
}
