//! Several workers over one database: nothing is lost, nothing is settled twice, and a worker that dies is replaced.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gosbadge::cli::wire::{self, NoIdentityProvider, Parts};
use gosbadge::service::App;
use gosbadge::service::deliver::{LaneBell, LaneEnd, deliver_due, run_lane};

use super::receiver::Answer;
use super::{BY_HAND, attempts, attempts_after, change, pending, start};
use crate::harness::Harness;

/// A second process's worth of service over the same database.
async fn another(h: &Harness) -> Arc<App> {
    let parts = Parts { clock: h.clock.clone(), idps: Some(vec![Arc::new(NoIdentityProvider)]), ..Parts::system() };
    wire::app(&h.dev.config, parts).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_the_work() {
    let (h, receiver) = start(&[BY_HAND]).await;
    let second = another(&h).await;
    let mut expected = 0;
    for n in 1..=6 {
        let issued = h.issue(&format!("21800000{n}"), "kindergarten-head").await;
        change(&h, &issued.badge, "suspend").await;
        change(&h, &issued.badge, "revoke").await;
        expected += 3;
    }
    let mut made = 0;
    for _ in 0..20 {
        let (a, b, c) = tokio::join!(deliver_due(h.app()), deliver_due(&second), deliver_due(h.app()));
        made += a.unwrap() + b.unwrap() + c.unwrap();
        if pending(&h).await == 0 {
            break;
        }
    }
    assert_eq!(made, expected, "each was attempted once");
    let mut times = BTreeMap::new();
    let mut versions: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for got in receiver.got() {
        *times.entry(got.id.clone()).or_insert(0) += 1;
        let (badge, version) = got.what();
        versions.entry(badge).or_default().push(version);
    }
    assert_eq!((times.len(), times.values().sum::<i32>()), (18, 18));
    assert!(versions.values().all(|v| *v == [1, 2, 3]), "{versions:?}");
    receiver.stop().await;
    h.stop().await;
}

/// As many go at once as the lane holds, until so many have failed in a row; then one alone finds out whether the endpoint is well.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_is_asked_with_one_message_at_a_time() {
    let (h, receiver) = start(&[BY_HAND, ("GOSBADGE__WEBHOOKS__CONCURRENCY", "4")]).await;
    for n in 1..=12 {
        h.issue(&format!("2180000{n:02}"), "kindergarten-head").await;
    }
    receiver.answer(Answer::Status(503));
    let run = async |doubt| run_lane(h.app(), "demo", &LaneBell::default(), doubt).await.unwrap();
    assert_eq!(run(false).await, LaneEnd::Failing { some_arrived: false });
    let first = receiver.got().len();
    assert!((4..8).contains(&first), "{first} attempts: four in a row failed, and others were on their way");
    for n in 1..=3 {
        assert_eq!(run(true).await, LaneEnd::Failing { some_arrived: false });
        assert_eq!(receiver.got().len(), first + n);
    }
    receiver.answer(Answer::Status(200));
    assert_eq!(run(true).await, LaneEnd::Done);
    assert_eq!(receiver.got().len(), 12, "what has failed waits for its time, everything else arrived");
    h.clock.advance(Duration::from_secs(7));
    assert_eq!(run(false).await, LaneEnd::Done);
    assert_eq!(pending(&h).await, 0);
    receiver.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_workers_lease_runs_out() {
    let (h, receiver) = start(&[BY_HAND]).await;
    let second = another(&h).await;
    h.issue("218000001", "kindergarten-head").await;
    receiver.answer(Answer::Silence);
    tokio::select! {
        _ = deliver_due(&second) => panic!("the endpoint is silent"),
        () = h.until("the message is on its way", async || (receiver.got().len() == 1).then_some(())) => {}
    }
    receiver.answer(Answer::Status(204));
    assert_eq!((attempts(&h).await, pending(&h).await), (0, 1), "the lease still holds");
    assert_eq!(attempts_after(&h, 61).await, 1);
    assert_eq!((pending(&h).await, receiver.got().len()), (0, 2), "at least once");
    assert_eq!(receiver.got()[0].id, receiver.got()[1].id);
    receiver.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_does_not_settle_for_another() {
    let (h, receiver) = start(&[BY_HAND]).await;
    let second = another(&h).await;
    h.issue("218000001", "kindergarten-head").await;
    receiver.answer(Answer::Silence);
    let slow = tokio::spawn(async move { deliver_due(&second).await });
    h.until("the message is on its way", async || (receiver.got().len() == 1).then_some(())).await;
    receiver.answer(Answer::Status(204));
    assert_eq!(attempts_after(&h, 61).await, 1, "taken over");
    assert_eq!(pending(&h).await, 0);
    receiver.stop().await;
    // The first worker's connection breaks now; its failure must not bring the delivered event back.
    assert_eq!(slow.await.unwrap().unwrap(), 1);
    assert_eq!((pending(&h).await, attempts_after(&h, 10_000).await), (0, 0));
    h.stop().await;
}
