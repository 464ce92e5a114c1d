//! What the view holds: for every list in force its bits, and at every place what is known of the attestation there. An
//! attestation is found by its place, which it names itself, so that nothing is hashed, nothing is searched, and everything
//! about ended attestations goes away with their list.

use std::collections::btree_map::Entry::Vacant;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::published::Published;
use super::{Entry, verify_status};
use crate::domain::badge::BadgeState;
use crate::domain::ids::{AttestationId, BadgeId};
use crate::domain::reason::ReasonCode;
use crate::domain::status::{ListValue, VerifyStatus};
use crate::domain::status_list::StatusBits;
use crate::domain::time::Timestamp;
use crate::service::{Error, damaged};
use crate::store::attestations::ViewRow;
use crate::store::status_lists::ListRow;

/// One attestation in 40 bytes: ids as bytes, which unlike numbers of 128 bits need no alignment.
#[derive(Clone, Copy, Default)]
struct Slot {
    id: [u8; 16],
    badge: [u8; 16],
    version: u32,
    /// `None` where no attestation is recorded.
    status: Option<VerifyStatus>,
    reason: Option<ReasonCode>,
}

/// One list in force.
pub(super) struct List {
    pub bits: StatusBits,
    /// The bits as they stand in a token; `None` when they were changed since.
    pub lst: Option<Arc<str>>,
    pub published: Option<Arc<Published>>,
    slots: Vec<Slot>,
    size: u32,
}

impl List {
    fn new(size: u32) -> Self {
        Self { bits: StatusBits::new(size), lst: None, published: None, slots: Vec::new(), size }
    }

    fn put(&mut self, idx: u32, value: ListValue) -> Result<(), Error> {
        if self.bits.get(idx) != Some(value) {
            self.bits.set(idx, value).map_err(|_| damaged("status index"))?;
            self.lst = None;
        }
        Ok(())
    }

    fn fill(&mut self, idx: u32, slot: Slot) -> Result<(), Error> {
        if idx >= self.size {
            return Err(damaged("status index"));
        }
        let at = idx as usize;
        if at >= self.slots.len() {
            // Reserved whole, so that it never has to be moved; memory is taken only where something is written.
            self.slots.reserve_exact(self.size as usize - self.slots.len());
            self.slots.resize(at + 1, Slot::default());
        }
        self.slots[at] = slot;
        Ok(())
    }
}

/// Everything in memory.
#[derive(Default)]
pub(super) struct Memory {
    /// The newest event that is taken in.
    pub seq: i64,
    pub refreshed_at: Option<Timestamp>,
    pub lists: BTreeMap<i64, List>,
    pub retired: BTreeSet<i64>,
}

impl Memory {
    /// Takes over which lists there are.
    pub fn lists(&mut self, rows: &[ListRow]) -> Result<(), Error> {
        for row in rows {
            if row.retired_at.is_some() {
                self.lists.remove(&row.id);
                self.retired.insert(row.id);
            } else if let Vacant(place) = self.lists.entry(row.id) {
                place.insert(List::new(u32::try_from(row.size).map_err(|_| damaged("status list size"))?));
            }
        }
        Ok(())
    }

    /// Takes over what is recorded of one attestation.
    pub fn take(&mut self, row: &ViewRow) -> Result<(), Error> {
        let Some((list, idx)) = self.place(row.list_id, row.idx)? else { return Ok(()) };
        let id: AttestationId = row.id.parse().map_err(|_| damaged("attestation id"))?;
        let badge: BadgeId = row.badge_id.parse().map_err(|_| damaged("badge id"))?;
        let state: BadgeState = row.badge_state.parse().map_err(|_| damaged("badge state"))?;
        let value = ListValue::from_bits(u8::try_from(row.status).map_err(|_| damaged("status value"))?);
        let slot = Slot {
            id: id.bits().to_be_bytes(),
            badge: badge.bits().to_be_bytes(),
            version: u32::try_from(row.version).map_err(|_| damaged("badge version"))?,
            status: Some(match row.attestation_state.as_str() {
                "active" => verify_status(state),
                "withdrawn" => VerifyStatus::Revoked,
                _ => VerifyStatus::Unknown,
            }),
            reason: row.reason.as_deref().and_then(|r| r.parse().ok()),
        };
        list.fill(idx, slot)?;
        list.put(idx, value)
    }

    /// Writes a place of which nothing is recorded.
    pub fn mark(&mut self, list: i64, idx: i64, value: ListValue) -> Result<(), Error> {
        self.place(list, idx)?.map_or(Ok(()), |(list, idx)| list.put(idx, value))
    }

    /// A place of a list in force; `None` when the list is retired: nobody asks about its places any more.
    fn place(&mut self, list: i64, idx: i64) -> Result<Option<(&mut List, u32)>, Error> {
        let idx = u32::try_from(idx).map_err(|_| damaged("status index"))?;
        match self.lists.get_mut(&list) {
            Some(list) => Ok(Some((list, idx))),
            None if self.retired.contains(&list) => Ok(None),
            None => Err(damaged("status list")),
        }
    }

    /// What is known of an attestation that says it has this place.
    pub fn entry(&self, list: i64, idx: u32, id: AttestationId) -> Option<Entry> {
        let slot = self.lists.get(&list)?.slots.get(idx as usize)?;
        (slot.id == id.bits().to_be_bytes()).then_some(Entry {
            badge: BadgeId::from_bits(u128::from_be_bytes(slot.badge)),
            status: slot.status?,
            reason: slot.reason,
            version: i64::from(slot.version),
        })
    }
}
