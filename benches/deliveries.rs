//! How soon a platform hears: revocations under load, a backlog drained, and what a dead and a slow neighbour cost a third.
//!
//! `cargo bench --bench deliveries [-- REVOCATIONS [BACKLOG]]` (1 000 and 10 000); on PostgreSQL with the variables of the tests,
//! `GOSBADGE_TEST_DB=postgres GOSBADGE_TEST_POSTGRES=postgres://…`. The whole development set-up runs in this process. Ends with
//! status 1 when the 99th percentile from a revocation's call to its receipt is a second or longer, a backlog drains more
//! slowly than 500 a second, or bad neighbours cost a third more than [`UNFAIR`].
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a bench stands outside the ports and may fail loudly")]

#[path = "../tests/it/database.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod database;
#[path = "../tests/it/harness.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod harness;
#[path = "../tests/it/many_events.rs"]
mod many_events;
#[path = "deliveries/receiver.rs"]
mod receiver;

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gosbadge::service::Actor;
use gosbadge::service::add_platform::{NewPlatform, add_platform};
use serde_json::json;

use database::Database;
use harness::Harness;
use receiver::Receiver;

/// Callers at once.
const CALLERS: usize = 8;
/// Changes measured alone, and as many beside bad neighbours.
const CHANGES: usize = 300;
/// What a third may wait longer beside them: more than this machine's own unrest is their doing.
const UNFAIR: f64 = 1.2;
/// Turns of being alone and not: whatever else drifts meanwhile drifts in both.
const ROUNDS: usize = 6;

fn main() -> ExitCode {
    let args: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let (revocations, backlog) = (args.first().copied().unwrap_or(1000), args.get(1).copied().unwrap_or(10_000));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(revocations, backlog))
}

async fn measure(revocations: usize, backlog: usize) -> ExitCode {
    let h = Harness::start().await;
    let receiver = Receiver::start();
    set(&h, json!({ "method": "push_webhook", "endpoint_url": receiver.url })).await;
    live(&h, 1).await;
    println!("{}", if harness::on_postgres() { "PostgreSQL" } else { "SQLite" });
    let badges = issue(&h, revocations + 41).await;
    receiver.until(badges.len()).await;

    let (first, changed) = (&badges[..revocations], &badges[badges.len() - 1]);
    let (calls, times) = revoke(&h, &receiver, first).await;
    let worst = percentile(&times, 99);
    println!(
        "{revocations} revocations by {CALLERS} callers, call to answer: median {}, p99 {}; call to receipt: median {}, p99 {}",
        ms(percentile(&calls, 50)),
        ms(percentile(&calls, 99)),
        ms(percentile(&times, 50)),
        ms(worst)
    );

    let rate = drain(&h, &receiver, backlog).await;
    println!("a backlog of {backlog} drains at {rate:.0} a second");

    let neighbours = neighbours(&h).await;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for round in 0..2 * ROUNDS {
        // The one that comes first differs from round to round.
        let quiet = [true, false, false, true][round % 4];
        neighbours.rest(&h, quiet).await;
        let times = changes(&h, &receiver, changed, CHANGES / ROUNDS).await;
        if quiet { alone.extend(times) } else { beside.extend(times) }
    }
    let mut fair = true;
    for p in [50, 90] {
        let (a, b) = (percentile(&alone, p), percentile(&beside, p));
        println!(
            "{CHANGES} changes, call to receipt, percentile {p}: {} alone, {} beside a dead and a hanging platform: ratio {:.2}",
            ms(a),
            ms(b),
            b.as_secs_f64() / a.as_secs_f64()
        );
        fair &= b.as_secs_f64() <= a.as_secs_f64() * UNFAIR;
    }
    if worst < Duration::from_secs(1) && rate >= 500.0 && fair { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn ms(d: Duration) -> String {
    format!("{:.1} ms", d.as_secs_f64() * 1000.0)
}

fn percentile(times: &[Duration], p: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * p / 100).min(sorted.len() - 1)]
}

async fn set(h: &Harness, stream: serde_json::Value) {
    let platform = &h.ready().platform;
    set_of(h, &platform.client_id, &platform.client_secret, stream).await;
}

async fn set_of(h: &Harness, id: &str, secret: &str, stream: serde_json::Value) {
    let request = h.http.put(h.url("/v1/stream")).basic_auth(id, Some(secret));
    assert_eq!(request.body(stream.to_string()).send().await.unwrap().status(), 200);
}

/// Waits until so many streams are live and none has an endpoint that still has to prove itself.
async fn live(h: &Harness, streams: i64) {
    let mut db = Database::open(&h.database);
    let all = async || (db.count("streams WHERE state = 'enabled' AND next_method IS NULL") == streams).then_some(());
    h.until("streams are live", all).await;
}

async fn issue(h: &Harness, n: usize) -> Vec<String> {
    let next = AtomicUsize::new(1);
    let caller = async || {
        let mut mine = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number > n {
                return mine;
            }
            mine.push(h.issue(&number.to_string(), "kindergarten-head").await.badge);
        }
    };
    join_all((0..CALLERS).map(|_| caller())).await.into_iter().flatten().collect()
}

async fn change(h: &Harness, badge: &str, action: &str) {
    let (status, answer) = h.admin(badge, action, json!({ "reason": "operator_decision" })).await;
    assert_eq!(status, 200, "{answer}");
}

/// How long each call took, and each way to the platform.
async fn revoke(h: &Harness, receiver: &Receiver, badges: &[String]) -> (Vec<Duration>, Vec<Duration>) {
    let caller = async |from: usize| {
        let mut times = Vec::new();
        for badge in badges.iter().skip(from).step_by(CALLERS) {
            let called = Instant::now();
            change(h, badge, "revoke").await;
            times.push((badge, called, called.elapsed()));
        }
        times
    };
    let called = join_all((0..CALLERS).map(caller)).await;
    let (mut calls, mut times) = (Vec::new(), Vec::new());
    for (badge, called, answered) in called.into_iter().flatten() {
        calls.push(answered);
        times.push(receiver.receipt(badge, "badge.revoked").await - called);
    }
    (calls, times)
}

/// One change after the other of one badge.
async fn changes(h: &Harness, receiver: &Receiver, badge: &str, many: usize) -> Vec<Duration> {
    assert!(many.is_multiple_of(2), "the badge is in force at the end, as at the beginning");
    let mut times = Vec::new();
    for n in 0..many {
        let (action, kind) = if n % 2 == 0 { ("suspend", "badge.suspended") } else { ("reinstate", "badge.reinstated") };
        receiver.forget(badge, kind);
        let called = Instant::now();
        change(h, badge, action).await;
        times.push(receiver.receipt(badge, kind).await - called);
    }
    times
}

async fn drain(h: &Harness, receiver: &Receiver, backlog: usize) -> f64 {
    let stream = |state: &str| json!({ "method": "push_webhook", "endpoint_url": receiver.url, "state": state });
    set(h, stream("paused")).await;
    let versions = i64::try_from(backlog / 40).unwrap() + 1;
    let queued = many_events::queue_events(&h.database, "demo", versions).await;
    let begun = Instant::now();
    let goal = receiver.count() + queued;
    set(h, stream("enabled")).await;
    receiver.until(goal).await;
    f64::from(u32::try_from(queued).unwrap()) / begun.elapsed().as_secs_f64()
}

/// A dead and a hanging platform, each with everything so far to be told.
struct Neighbours(Vec<(String, String, Receiver)>);

async fn neighbours(h: &Harness) -> Neighbours {
    let mut all = Vec::new();
    for id in ["dead", "slow"] {
        let receiver = Receiver::start();
        let new = NewPlatform {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            base_url: format!("https://{id}.example"),
            redirect_uris: vec![format!("https://{id}.example/callback")],
            community_prefixes: vec![format!("https://{id}.example/")],
            jwks: None,
            webhook_url: Some(receiver.url.clone()),
            certificate: None,
            communities: None,
        };
        let secrets = add_platform(h.app(), new, &Actor::system()).await.unwrap();
        all.push((secrets.client_id, secrets.client_secret.unwrap(), receiver));
    }
    live(h, 3).await;
    all[0].2.stop().await;
    all[1].2.hang();
    let neighbours = Neighbours(all);
    neighbours.rest(h, true).await;
    let mut db = Database::open(&h.database);
    for id in ["dead", "slow"] {
        db.run(&format!(
            "INSERT INTO deliveries (id, event_seq, platform_id, badge_id, version, state, attempts, next_at, lease_until, created_at)
             SELECT '{id}' || id, event_seq, '{id}', badge_id, version, 'pending', 0, 0, 0, created_at FROM deliveries
             WHERE platform_id = 'demo'"
        ));
    }
    neighbours
}

impl Neighbours {
    /// Nothing is sent to them, or everything is.
    async fn rest(&self, h: &Harness, quiet: bool) {
        for (id, secret, receiver) in &self.0 {
            let state = if quiet { "paused" } else { "enabled" };
            set_of(h, id, secret, json!({ "method": "push_webhook", "endpoint_url": receiver.url, "state": state })).await;
        }
        // What was on its way to the dead one has failed by now.
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
}
