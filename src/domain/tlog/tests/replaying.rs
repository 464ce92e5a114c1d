//! The replay: what a true history leads to, and that every bent one is found.

use crate::domain::badge::EventKind::{self, *};
use crate::domain::status::ListValue;
use crate::domain::tlog::leaf::{EventLeaf, Leaf, ListLeaf, ListWord};
use crate::domain::tlog::replay::Replay;

fn event(seq: i64, badge: &str, version: i64, ev: EventKind, place: Option<u32>) -> Leaf {
    Leaf::Event(EventLeaf {
        badge: badge.to_owned(),
        code: None,
        community: format!("c-{badge}"),
        ev,
        idx: place,
        jti: place.map(|p| format!("att_{p}")),
        list: place.map(|_| 1),
        row: String::new(),
        seq,
        sha256: None,
        t: seq,
        v: 1,
        version,
    })
}

/// The version the replay itself would log.
fn list(replay: &Replay, n: i64) -> ListLeaf {
    let content = replay.content(1, 1024).unwrap();
    ListLeaf {
        ev: ListWord::StatusList,
        invalid: content.invalid,
        list: 1,
        n,
        seq: replay.seq(),
        sha256: content.sha256,
        size: 1024,
        suspended: content.suspended,
        t: 0,
        v: 1,
    }
}

fn run(leaves: &[Leaf]) -> (Replay, Vec<String>) {
    let mut replay = Replay::default();
    let faults = leaves.iter().flat_map(|l| replay.take(l)).collect();
    (replay, faults)
}

fn history() -> Vec<Leaf> {
    vec![
        event(1, "a", 1, Issued, Some(0)),
        event(2, "b", 1, Issued, Some(1)),
        event(3, "a", 2, Renewed, Some(2)),
        event(4, "a", 3, Suspended, Some(2)),
        event(5, "a", 4, Reinstated, Some(2)),
        event(6, "x", 1, Abandoned, None),
        event(7, "a", 5, Suspended, Some(2)),
        event(8, "a", 6, Revoked, Some(2)),
        event(9, "b", 2, Expired, Some(1)),
    ]
}

#[test]
fn a_true_history_is_accepted_and_says_what_the_lists_must_say() {
    let (mut replay, faults) = run(&history());
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(
        [0, 1, 2, 3].map(|i| replay.value(1, i)),
        [Some(ListValue::Invalid), Some(ListValue::Valid), Some(ListValue::Invalid), None]
    );
    let version = list(&replay, 1);
    assert_eq!((version.invalid, version.suspended), (2, 0));
    assert_eq!(replay.take(&Leaf::List(version.clone())), Vec::<String>::new());
    assert_eq!(replay.version(1), Some((1, version.sha256.as_str())));
    // A list that un-revokes: fewer marks than the events demand.
    let bent = ListLeaf { n: 2, invalid: 1, sha256: "other".to_owned(), ..version };
    let said = replay.take(&Leaf::List(bent));
    assert!(said.len() == 1 && said[0].contains("does not say what the events say"), "{said:?}");
}

#[test]
fn every_bent_history_is_found() {
    for gone in 0..history().len() - 1 {
        let mut leaves = history();
        leaves.remove(gone);
        assert!(!run(&leaves).1.is_empty(), "without leaf {gone}");
    }
    for (bent, word) in [
        (event(10, "a", 7, Reinstated, Some(2)), "after being revoked"),
        (event(11, "c", 1, Issued, Some(9)), "event 11 follows event 9"),
        (event(10, "c", 1, Issued, Some(0)), "given out twice"),
        (event(10, "c", 1, Issued, None), "without an attestation"),
        (event(10, "c", 2, Issued, Some(9)), "version 2 instead of 1"),
        (event(10, "c", 1, Revoked, Some(9)), "after being nothing"),
        (event(9, "c", 1, Issued, Some(9)), "event 9 follows event 9"),
    ] {
        let (mut replay, _) = run(&history());
        let said = replay.take(&bent).join("; ");
        assert!(said.contains(word), "{said} should say {word}");
    }
    let (mut replay, _) = run(&history());
    for (bent, word) in [
        (ListLeaf { n: 2, ..list(&replay, 1) }, "follows version 0"),
        (ListLeaf { seq: 3, n: 3, ..list(&replay, 3) }, "stands after event 9"),
        (ListLeaf { size: 1, n: 4, sha256: String::new(), ..list(&replay, 4) }, "does not say"),
        (ListLeaf { size: 0, n: 5, ..list(&replay, 5) }, "too small"),
    ] {
        let said = replay.take(&Leaf::List(bent)).join("; ");
        assert!(said.contains(word), "{said} should say {word}");
    }
}
