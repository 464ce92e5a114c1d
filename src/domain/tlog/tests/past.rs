//! History against memory: whatever happened in whatever order, a list at any second of the past says what it said then.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::domain::badge::EventKind;
use crate::domain::reason::ReasonCode;
use crate::domain::status::ListValue;
use crate::domain::status_list::StatusBits;
use crate::domain::time::Timestamp;
use crate::domain::tlog::leaf::{EventLeaf, digest};
use crate::domain::tlog::past::{first_second, version_at, write_places};
use crate::domain::tlog::replay::ListContent;

const LISTS: std::ops::RangeInclusive<i64> = 1..=2;
const SIZE: u32 = 64;

/// A badge as the model has it: alive or ended, and its places.
#[derive(Clone, Default)]
struct Badge {
    version: i64,
    suspended: bool,
    ended: bool,
    places: Vec<(i64, u32)>,
    /// Also those that were closed for good.
    ever: Vec<(i64, u32)>,
}

/// A world that remembers: every event, and each list's bytes at each version.
#[derive(Default)]
struct World {
    now: i64,
    seq: i64,
    badges: Vec<Badge>,
    next: BTreeMap<i64, u32>,
    says: BTreeMap<(i64, u32), ListValue>,
    events: Vec<EventLeaf>,
    /// Of each list: when, after which event, and the bytes.
    versions: BTreeMap<i64, Vec<(i64, i64, Vec<u8>)>>,
}

impl World {
    fn bytes(&self, list: i64) -> Vec<u8> {
        let mut bits = StatusBits::new(SIZE);
        for ((_, idx), value) in self.says.iter().filter(|((l, _), _)| *l == list) {
            bits.set(*idx, *value).unwrap();
        }
        bits.as_bytes().to_vec()
    }

    fn happens(&mut self, who: usize, kind: EventKind, place: Option<(i64, u32)>, code: Option<ReasonCode>) {
        self.seq += 1;
        let badge = &mut self.badges[who];
        badge.version += 1;
        // A renewal because of a compromised key closes what was before it.
        if kind == EventKind::Renewed && code == Some(ReasonCode::KeyCompromise) {
            self.says.extend(badge.places.drain(..).map(|p| (p, ListValue::Invalid)));
        }
        badge.places.extend(place);
        badge.ever.extend(place);
        let carried = badge.places.last().copied();
        let value = match kind {
            EventKind::Suspended => Some(ListValue::Suspended),
            EventKind::Revoked | EventKind::Superseded => Some(ListValue::Invalid),
            EventKind::Reinstated => Some(ListValue::Valid),
            _ => None,
        };
        badge.suspended = kind == EventKind::Suspended || (badge.suspended && kind != EventKind::Reinstated);
        badge.ended = matches!(kind, EventKind::Revoked | EventKind::Expired | EventKind::Superseded);
        if let Some(value) = value {
            self.says.extend(badge.places.iter().map(|p| (*p, value)));
        }
        self.events.push(EventLeaf {
            badge: format!("b{who}"),
            code,
            community: String::new(),
            ev: kind,
            idx: carried.map(|(_, idx)| idx),
            jti: None,
            list: carried.map(|(list, _)| list),
            row: String::new(),
            seq: self.seq,
            sha256: None,
            t: self.now,
            v: 1,
            version: badge.version,
        });
    }

    /// One step of somebody: what a number makes of who, what and when.
    fn step(&mut self, (who, what, later, log): (usize, u8, i64, bool)) {
        self.now += later;
        if who >= self.badges.len() {
            self.badges.push(Badge::default());
            self.adds(self.badges.len() - 1, EventKind::Issued, what, None);
        } else {
            let badge = self.badges[who].clone();
            match what {
                _ if badge.ended => {}
                0..=2 if badge.suspended => self.happens(who, EventKind::Reinstated, None, None),
                0..=2 => self.happens(who, EventKind::Suspended, None, None),
                3 => self.happens(who, EventKind::Revoked, None, Some(ReasonCode::KeyCompromise)),
                4 => self.happens(who, EventKind::Expired, None, None),
                _ if badge.suspended => {}
                5 => self.happens(who, EventKind::Superseded, None, None),
                6 | 7 => self.adds(who, EventKind::Renewed, what, Some(ReasonCode::KeyCompromise)),
                _ => self.adds(who, EventKind::Renewed, what, None),
            }
        }
        if log {
            self.log();
        }
    }

    fn adds(&mut self, who: usize, kind: EventKind, what: u8, code: Option<ReasonCode>) {
        let list = i64::from(what % 2) + 1;
        let next = self.next.entry(list).or_default();
        if *next < SIZE {
            let idx = *next;
            *next += 1;
            self.happens(who, kind, Some((list, idx)), code);
        }
    }

    /// What the sequencer does: a version of each list that says something new.
    fn log(&mut self) {
        for list in LISTS {
            let bytes = self.bytes(list);
            let versions = self.versions.entry(list).or_default();
            if versions.last().is_none_or(|(.., last)| *last != bytes) {
                versions.push((self.now, self.seq, bytes));
            }
        }
    }

    /// The list at a second as the service rebuilds it: by one version's time, and the events up to it of those badges that have
    /// a place in the list.
    fn recalled(&self, list: i64, second: i64) -> Option<Vec<u8>> {
        let versions = &self.versions[&list];
        let time_of = |n: i64| Ok::<_, ()>(Timestamp::from_millis(versions[usize::try_from(n).unwrap() - 1].0));
        let newest = i64::try_from(versions.len()).unwrap();
        let n = version_at(newest, Timestamp::from_secs(second), time_of).unwrap()?;
        let (at, seq, _) = &versions[usize::try_from(n).unwrap() - 1];
        let until = versions.get(usize::try_from(n).unwrap()).map(|v| first_second(Timestamp::from_millis(v.0)));
        assert!(first_second(Timestamp::from_millis(*at)) <= second && until.is_none_or(|u| second < u), "in force at that second");

        let mut bits = StatusBits::new(SIZE);
        for (who, badge) in self.badges.iter().enumerate().filter(|(_, b)| b.ever.iter().any(|p| p.0 == list)) {
            assert!(badge.version > 0);
            let own = self.events.iter().filter(|e| e.badge == format!("b{who}") && e.seq <= *seq).cloned();
            write_places(&mut bits, list, own).unwrap();
        }
        Some(bits.as_bytes().to_vec())
    }
}

proptest! {
    #[test]
    fn a_list_at_any_second_says_what_it_said_then(
        steps in proptest::collection::vec((0usize..12, 0u8..11, prop_oneof![Just(0), Just(1), 0i64..3000], any::<bool>()), 1..80),
    ) {
        let mut world = World { now: 10_000, ..World::default() };
        // What each list said at the beginning of each second, noted down as time went by.
        let mut noted: BTreeMap<(i64, i64), Option<Vec<u8>>> = BTreeMap::new();
        world.log();
        for step in steps {
            let then = world.now;
            let before: Vec<_> = LISTS.map(|l| (l, world.versions[&l].last().map(|v| v.2.clone()))).collect();
            world.now += step.2;
            for second in first_second(Timestamp::from_millis(then + 1))..=Timestamp::from_millis(world.now - 1).secs() {
                noted.extend(before.iter().map(|(l, bytes)| ((*l, second), bytes.clone())));
            }
            world.step((step.0, step.1, 0, step.3));
        }
        for ((list, second), bytes) in noted {
            prop_assert_eq!(world.recalled(list, second), bytes, "list {} at {}", list, second);
        }
        for list in LISTS {
            prop_assert_eq!(world.recalled(list, 9), None, "before its first version");
            let last = world.versions[&list].last().unwrap().2.clone();
            prop_assert_eq!(world.recalled(list, world.now / 1000 + 1), Some(last.clone()));
            let values = world.says.iter().filter(|((l, _), _)| *l == list).map(|((_, idx), v)| (*idx, *v));
            if world.bytes(list) == last {
                prop_assert_eq!(ListContent::of(SIZE, values).unwrap().sha256, digest(&last));
            }
        }
    }

    #[test]
    fn the_newest_version_not_after_an_instant(times in proptest::collection::vec(0i64..50, 0..30), at in -1i64..51) {
        let mut times = times;
        times.sort_unstable();
        let found = version_at(times.len() as i64, Timestamp::from_millis(at), |n| {
            Ok::<_, ()>(Timestamp::from_millis(times[usize::try_from(n).unwrap() - 1]))
        });
        let expected = times.iter().filter(|t| **t <= at).count() as i64;
        prop_assert_eq!(found, Ok((expected > 0).then_some(expected)));
    }
}
