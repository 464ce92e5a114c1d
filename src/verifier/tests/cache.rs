//! Lists that are kept: when they are fetched again, and that none is relied on after its end.

use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn uri() -> String {
    format!("{ISS}/status/1")
}

fn made(edit: impl FnOnce(&mut Value), at: Timestamp) -> StatusList {
    verifier().status_list(&list_token(&[(7, ListValue::Invalid)], edit), &uri(), at).unwrap()
}

fn secs(n: i64) -> Timestamp {
    Timestamp::from_secs(NOW.secs() + n)
}

#[test]
fn a_list_ages_through_its_ttl_to_its_end() {
    let mut lists = ListCache::new();
    assert_eq!(lists.due(&uri(), NOW), Due::Required);
    assert!(lists.put(made(|_| (), NOW), NOW));
    for (after, due) in [
        (0, Due::Nothing),
        (44, Due::Nothing),
        (45, Due::Background),
        (59, Due::Background),
        (60, Due::First),
        (86_399, Due::First),
        (86_400, Due::Required),
    ] {
        assert_eq!(lists.due(&uri(), secs(after)), due, "{after} s");
        assert_eq!(lists.get(&uri(), secs(after)).is_some(), due < Due::Required, "{after} s");
    }
    assert_eq!(lists.due(&format!("{ISS}/status/2"), NOW), Due::Required);
}

#[test]
fn the_ttl_has_bounds() {
    let until_first = |ttl: Value| {
        let mut lists = ListCache::new();
        lists.put(made(|c| c["ttl"] = ttl, NOW), NOW);
        (1..90_000).find(|n| lists.due(&uri(), secs(*n)) >= Due::First)
    };
    assert_eq!(until_first(json!(1)), Some(1));
    assert_eq!(until_first(json!(u64::MAX)), Some(3600));
    let mut lists = ListCache::new();
    lists.put(made(|c| drop(c.as_object_mut().unwrap().remove("ttl")), NOW), NOW);
    assert_eq!((lists.due(&uri(), secs(299)), lists.due(&uri(), secs(300))), (Due::Background, Due::First));
    // An end that comes before the ttl's is the end.
    let mut lists = ListCache::new();
    lists.put(made(|c| c["exp"] = json!(NOW.secs() + 40), NOW), NOW);
    assert_eq!((lists.due(&uri(), secs(29)), lists.due(&uri(), secs(30))), (Due::Nothing, Due::Background));
    assert_eq!((lists.due(&uri(), secs(39)), lists.due(&uri(), secs(40))), (Due::Background, Due::Required));
}

#[test]
fn an_older_copy_brings_no_badge_back() {
    let mut lists = ListCache::new();
    assert!(lists.put(made(|c| c["iat"] = json!(NOW.secs() + 10), secs(10)), secs(10)));
    let old = verifier().status_list(&list_token(&[], |_| ()), &uri(), secs(20)).unwrap();
    assert!(!lists.put(old, secs(20)));
    assert_eq!(lists.get(&uri(), secs(20)).unwrap().get(7), Some(ListValue::Invalid));
    let answer = verifier().verify_cached(&attestation(|_| ()), &lists, None, secs(20));
    assert_eq!(answer.status, VerifyStatus::Revoked);
    // A list of the same second is a new copy of it.
    assert!(lists.put(made(|c| c["iat"] = json!(NOW.secs() + 10), secs(50)), secs(50)));
    assert_eq!(lists.due(&uri(), secs(80)), Due::Nothing);
}

#[test]
fn only_one_fetches_in_the_background() {
    let mut lists = ListCache::new();
    lists.begun(&uri(), NOW);
    assert_eq!((lists.due(&uri(), NOW), lists.next_refresh()), (Due::Required, None));
    lists.put(made(|_| (), NOW), NOW);
    assert_eq!(lists.next_refresh(), Some((uri().as_str(), secs(45))));
    lists.begun(&uri(), secs(46));
    assert_eq!((lists.due(&uri(), secs(55)), lists.due(&uri(), secs(56))), (Due::Nothing, Due::Background));
    assert_eq!(lists.next_refresh(), Some((uri().as_str(), secs(56))));
    // It is no excuse for an answer from a list whose ttl is over.
    lists.begun(&uri(), secs(59));
    assert_eq!(lists.due(&uri(), secs(60)), Due::First);
}

#[test]
fn a_clock_set_back_makes_nothing_fresh() {
    let mut lists = ListCache::new();
    lists.put(made(|_| (), secs(7200)), secs(7200));
    assert_eq!((lists.due(&uri(), NOW), lists.get(&uri(), NOW).is_some()), (Due::First, true));
    // Before the list was made it cannot be relied on at all.
    assert_eq!((lists.due(&uri(), secs(-61)), lists.get(&uri(), secs(-61)).is_none()), (Due::Required, true));
}

#[test]
fn what_is_not_kept_is_asked_for() {
    let (verifier, token) = (verifier(), attestation(|_| ()));
    let mut lists = ListCache::new();
    let verdict = verifier.verify_cached(&token, &lists, None, NOW);
    assert_eq!((verdict.status, verdict.code, verdict.list_uri()), (VerifyStatus::Unknown, Some(STATUS_NOT_READ), Some(uri().as_str())));
    let stale = verifier.status_list(&list_token(&[], |_| ()), &uri(), secs(86_400)).unwrap_err();
    let verdict = verdict.without_list(stale);
    assert_eq!((verdict.status, verdict.code), (VerifyStatus::Unknown, Some("status-stale")));
    lists.put(list(&[]), NOW);
    assert!(verifier.verify_cached(&token, &lists, None, NOW).status.is_valid());
    assert_eq!(verifier.verify_cached(&token, &lists, None, secs(86_400)).code, Some(STATUS_NOT_READ));
    // Forgeries are asked nothing about.
    let forged = STRANGER.sign(attestation::TYP, &claims());
    assert_eq!(verifier.verify_cached(&forged, &lists, None, NOW).list_uri(), None);
}

/// Lists that begin `n` minutes after NOW, live an hour, and revoke the badge from the fifth on.
static LISTS: LazyLock<Vec<StatusList>> = LazyLock::new(|| {
    (0..10)
        .map(|n| {
            let (iat, value) = (NOW.secs() + n * 60, if n < 5 { ListValue::Valid } else { ListValue::Invalid });
            let edit = |c: &mut Value| {
                c["iat"] = json!(iat);
                c["exp"] = json!(iat + 3600);
            };
            verifier().status_list(&list_token(&[(7, value)], edit), &uri(), Timestamp::from_secs(iat)).unwrap()
        })
        .collect()
});

proptest! {
    /// Whatever is put when, and wherever the clock jumps.
    #[test]
    fn no_list_outlives_its_end(steps in proptest::collection::vec((0usize..10, -4000i64..9000, any::<bool>()), 1..40)) {
        let mut lists = ListCache::new();
        for (n, at, put) in steps {
            let now = secs(at);
            if put {
                lists.put(LISTS[n].clone(), now);
            } else {
                lists.begun(&uri(), now);
            }
            let kept = lists.get(&uri(), now);
            prop_assert_eq!(kept.is_none(), lists.due(&uri(), now) == Due::Required);
            if let Some(list) = kept {
                prop_assert!(list.expires_at() > now && list.issued_at() <= now.plus(Duration::from_secs(60)));
            }
        }
    }

    /// With a clock that runs forward, what was once seen revoked is not seen valid again.
    #[test]
    fn a_list_is_never_replaced_by_an_older_one(steps in proptest::collection::vec((0usize..10, 1i64..400), 1..40)) {
        let (mut lists, mut at) = (ListCache::new(), 600);
        for (n, later) in steps {
            at += later;
            let before = lists.get(&uri(), secs(at)).map(StatusList::issued_at);
            lists.put(LISTS[n].clone(), secs(at));
            let after = lists.get(&uri(), secs(at)).map(StatusList::issued_at);
            prop_assert!(after >= before);
        }
    }

    /// Age only ever asks for more.
    #[test]
    fn what_is_due_grows_with_age(fetched in 0i64..3000, mut ages in proptest::collection::vec(0i64..8000, 2..20)) {
        let mut lists = ListCache::new();
        lists.put(LISTS[0].clone(), secs(fetched));
        ages.sort_unstable();
        let dues: Vec<_> = ages.iter().map(|age| lists.due(&uri(), secs(fetched + age))).collect();
        prop_assert!(dues.is_sorted());
        let refresh = lists.next_refresh().map(|(_, at)| at);
        prop_assert!(refresh.is_some_and(|at| at >= secs(fetched) && lists.due(&uri(), at) >= Due::Background));
    }
}
