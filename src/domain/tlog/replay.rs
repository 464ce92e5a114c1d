//! The leaves replayed in order: what they must be like, and what every status list must therefore say. Needs nothing but the
//! public log, so anybody can do it.

use std::collections::{BTreeMap, HashMap};

use super::leaf::{EventLeaf, Leaf, ListLeaf, digest};
use crate::domain::badge::{BadgeState, EventKind};
use crate::domain::reason::ReasonCode;
use crate::domain::status::ListValue;
use crate::domain::status_list::StatusBits;

/// Where a badge stands by its leaves.
#[derive(Clone, Debug)]
pub struct Standing {
    /// State after the newest event.
    pub state: BadgeState,
    /// Version after the newest event.
    pub version: i64,
    /// Its community, by our id.
    pub community: String,
    /// Places of its attestations: list, index.
    pub places: Vec<(i64, u32)>,
}

/// What the leaves so far come to.
#[derive(Default, Debug)]
pub struct Replay {
    seq: i64,
    badges: HashMap<String, Standing>,
    /// Every place an event named, and what it must say.
    places: BTreeMap<i64, BTreeMap<u32, ListValue>>,
    versions: BTreeMap<i64, (i64, String)>,
    /// The badge each community has in force.
    holders: HashMap<String, String>,
}

impl Replay {
    /// The newest event.
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// A badge, if an event named it.
    pub fn badge(&self, id: &str) -> Option<&Standing> {
        self.badges.get(id)
    }

    /// Lists that events or versions named.
    pub fn lists(&self) -> Vec<i64> {
        let mut all: Vec<i64> = self.places.keys().chain(self.versions.keys()).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What must stand at a place; `None` when no event named it.
    pub fn value(&self, list: i64, idx: u32) -> Option<ListValue> {
        self.places.get(&list)?.get(&idx).copied()
    }

    /// Places of a list that events named.
    pub fn places(&self, list: i64) -> impl Iterator<Item = (u32, ListValue)> {
        self.places.get(&list).into_iter().flatten().map(|(i, v)| (*i, *v))
    }

    /// Newest version of a list and the hash it was logged with.
    pub fn version(&self, list: i64) -> Option<(i64, &str)> {
        self.versions.get(&list).map(|(n, hash)| (*n, hash.as_str()))
    }

    /// Takes the next leaf; says what is wrong with it, in words that fit after "leaf 17: ".
    pub fn take(&mut self, leaf: &Leaf) -> Vec<String> {
        match leaf {
            Leaf::Event(e) => self.event(e),
            Leaf::List(l) => self.list(l),
        }
    }

    fn event(&mut self, e: &EventLeaf) -> Vec<String> {
        let mut faults = Vec::new();
        if e.seq != self.seq + 1 {
            faults.push(format!("event {} follows event {}", e.seq, self.seq));
        }
        self.seq = e.seq;
        let before = self.badges.get(&e.badge);
        let expected = before.map_or(0, |b| b.version) + 1;
        if e.version != expected {
            faults.push(format!("badge {} goes to version {} instead of {expected}", e.badge, e.version));
        }
        let from = before.map(|b| b.state);
        if !may_follow(from, e.ev) {
            faults.push(format!("badge {} is {} after being {}", e.badge, e.ev.as_str(), from.map_or("nothing", BadgeState::as_str)));
        }
        if before.is_some_and(|b| b.community != e.community) {
            faults.push(format!("badge {} moves to another community", e.badge));
        }
        let mut places = before.map(|b| b.places.clone()).unwrap_or_default();
        if let (Some(list), Some(idx)) = (e.list, e.idx) {
            let adds = matches!(e.ev, EventKind::Issued | EventKind::Renewed);
            let ours = places.contains(&(list, idx));
            if adds && self.value(list, idx).is_some() {
                faults.push(format!("place {idx} of list {list} is given out twice"));
            } else if adds {
                if replaces(e) {
                    for (list, idx) in places.drain(..) {
                        self.places.entry(list).or_default().insert(idx, ListValue::Invalid);
                    }
                }
                places.push((list, idx));
                self.places.entry(list).or_default().insert(idx, ListValue::Valid);
            } else if !ours {
                faults.push(format!("badge {} has no place {idx} in list {list}", e.badge));
            }
        } else if matches!(e.ev, EventKind::Issued | EventKind::Renewed) {
            faults.push(format!("badge {} is {} without an attestation", e.badge, e.ev.as_str()));
        }
        let state = leads_to(from, e.ev);
        if state.is_final() {
            if self.holders.get(&e.community) == Some(&e.badge) {
                self.holders.remove(&e.community);
            }
        } else if let Some(other) = self.holders.insert(e.community.clone(), e.badge.clone()).filter(|b| *b != e.badge) {
            faults.push(format!("community {} has two badges in force: {other} and {}", e.community, e.badge));
        }
        if let Some(value) = marks(e.ev) {
            for (list, idx) in &places {
                self.places.entry(*list).or_default().insert(*idx, value);
            }
        }
        let standing = Standing { state, version: e.version, community: e.community.clone(), places };
        self.badges.insert(e.badge.clone(), standing);
        faults
    }

    fn list(&mut self, l: &ListLeaf) -> Vec<String> {
        let mut faults = Vec::new();
        let before = self.versions.get(&l.list).map_or(0, |(n, _)| *n);
        if l.n != before + 1 {
            faults.push(format!("version {} of status list {} follows version {before}", l.n, l.list));
        }
        if l.seq != self.seq {
            faults.push(format!("version {} of status list {} is of event {}, but stands after event {}", l.n, l.list, l.seq, self.seq));
        }
        match self.content(l.list, l.size) {
            Some(content) if content.sha256 != l.sha256 || (content.invalid, content.suspended) != (l.invalid, l.suspended) => {
                faults.push(format!(
                    "version {} of status list {} does not say what the events say: {} invalid and {} suspended instead of {} and {}",
                    l.n, l.list, l.invalid, l.suspended, content.invalid, content.suspended
                ));
            }
            Some(_) => {}
            None => faults.push(format!("version {} of status list {} is too small for its places", l.n, l.list)),
        }
        self.versions.insert(l.list, (l.n, l.sha256.clone()));
        faults
    }

    /// What a list of `size` entries must say by the events so far; `None` when it is too small.
    pub fn content(&self, list: i64, size: u32) -> Option<ListContent> {
        ListContent::of(size, self.places(list))
    }
}

/// The content of a list as its leaf tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListContent {
    /// Hash of the bytes.
    pub sha256: String,
    /// Entries that say INVALID.
    pub invalid: u32,
    /// Entries that say SUSPENDED.
    pub suspended: u32,
}

impl ListContent {
    /// The content of a list of `size` entries with these values; `None` when one lies outside.
    pub fn of(size: u32, values: impl IntoIterator<Item = (u32, ListValue)>) -> Option<Self> {
        let (mut bits, mut invalid, mut suspended) = (StatusBits::new(size), 0, 0);
        for (idx, value) in values {
            bits.set(idx, value).ok()?;
            match value {
                ListValue::Invalid => invalid += 1,
                ListValue::Suspended => suspended += 1,
                ListValue::Valid | ListValue::Other => {}
            }
        }
        Some(Self { sha256: digest(bits.as_bytes()), invalid, suspended })
    }
}

/// A renewal because of a compromised key takes the place of everything the badge had before: those places say INVALID for
/// ever, and later events do not touch them.
fn replaces(e: &EventLeaf) -> bool {
    e.ev == EventKind::Renewed && e.code == Some(ReasonCode::KeyCompromise)
}

fn leads_to(from: Option<BadgeState>, kind: EventKind) -> BadgeState {
    match kind {
        EventKind::Issued | EventKind::Renewed | EventKind::Reinstated => BadgeState::Active,
        EventKind::Updated => from.unwrap_or(BadgeState::Active),
        EventKind::Suspended => BadgeState::Suspended,
        EventKind::Revoked => BadgeState::Revoked,
        EventKind::Superseded => BadgeState::Superseded,
        EventKind::Expired => BadgeState::Expired,
        EventKind::Abandoned => BadgeState::Abandoned,
    }
}

/// What an event writes at every place of the badge; expiry writes nothing, a token's own `exp` says it.
const fn marks(kind: EventKind) -> Option<ListValue> {
    match kind {
        EventKind::Suspended => Some(ListValue::Suspended),
        EventKind::Reinstated => Some(ListValue::Valid),
        EventKind::Revoked | EventKind::Superseded => Some(ListValue::Invalid),
        EventKind::Issued | EventKind::Renewed | EventKind::Expired | EventKind::Updated | EventKind::Abandoned => None,
    }
}

const fn may_follow(from: Option<BadgeState>, kind: EventKind) -> bool {
    use BadgeState as S;
    matches!(
        (from, kind),
        (None, EventKind::Issued | EventKind::Abandoned)
            | (
                Some(S::Active),
                EventKind::Renewed
                    | EventKind::Updated
                    | EventKind::Suspended
                    | EventKind::Revoked
                    | EventKind::Expired
                    | EventKind::Superseded
            )
            | (Some(S::Suspended), EventKind::Reinstated | EventKind::Updated | EventKind::Revoked | EventKind::Expired)
    )
}
