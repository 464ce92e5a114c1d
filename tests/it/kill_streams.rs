//! `kill -9` of the real process while it delivers ten thousand events to an endpoint that misbehaves in every way: each arrives
//! at least once, in order per badge, and none is lost.

mod receiver;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use self::receiver::Receiver;
use crate::database::Database;
use crate::harness::plain_client;
use crate::kill_load::{Client, Process, platform_add};
use crate::many_events::queue_events;
use crate::place::Place;

const BADGES: usize = 40;
const KILLS: usize = 3;

const SETTINGS: [(&str, &str); 2] = [
    ("GOSBADGE__WEBHOOKS__TIMEOUT", "1s"),
    // Thirty quick attempts: what misbehaves one time in ten does not do so thirty times in a row.
    (
        "GOSBADGE__WEBHOOKS__RETRY_SCHEDULE",
        "100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms \
         100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms 100ms",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_events_survive_three_kills_and_a_bad_endpoint() {
    survive("push_webhook", 251).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_security_event_tokens_survive_them_too() {
    survive("push_set", 31).await;
}

/// Of each badge so many versions, its issue included; an odd number, so that each ends in force.
async fn survive(method: &'static str, versions: i64) {
    let backlog = BADGES * usize::try_from(versions).unwrap();
    let dir = TempDir::new().unwrap();
    let place = Place::new(&dir);
    let receiver = Receiver::start().await;
    let platform = platform_add(&place, &receiver.base());
    let process = Process::start_with(&place, &SETTINGS).await;
    receiver.trust(&platform, &process).await;
    let keeper = tokio::spawn(keep_stream(method, place.port, platform.clone(), receiver.base()));
    while Database::open(&place.database).count(&format!("streams WHERE state = 'enabled' AND method = '{method}'")) == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let client = Client::new(&process, &platform, &receiver.base());
    for n in 1..=BADGES {
        assert!(client.issue(u32::try_from(n).unwrap()).await.is_ok());
    }
    process.kill();
    drop(process);
    queue_events(&place.database, "own", versions).await;
    receiver.misbehave(backlog);

    let all = backlog + KILLS;
    for round in 1..=KILLS + 1 {
        let process = Process::start_with(&place, &SETTINGS).await;
        let (begun, goal) = (Instant::now(), if round > KILLS { all } else { backlog * round / (KILLS + 1) });
        while receiver.taken() < goal {
            assert!(begun.elapsed() < Duration::from_secs(180), "round {round}: {} of {goal} arrived", receiver.taken());
            tokio::time::sleep(Duration::from_millis(20)).await;
            if round == 2 && receiver.taken() > backlog * 3 / 8 {
                receiver.restart_once().await;
            }
        }
        if round == 2 {
            receiver.restart_once().await;
        }
        if round <= KILLS {
            // The last thing it does is to acknowledge one more.
            let client = Client::new(&process, &platform, &receiver.base());
            assert!(client.issue(u32::try_from(BADGES + round).unwrap()).await.is_ok());
        }
        process.kill();
    }
    keeper.abort();
    receiver.check(BADGES, versions, KILLS);
    let mut db = Database::open(&place.database);
    db.assert_consistent();
    assert_eq!(db.count("deliveries WHERE platform_id = 'own' AND state = 'dead'"), 0);
    println!("{}", receiver.report());
}

/// What a platform does that watches its stream: whatever is not as it wants it, an endpoint that was shut by a 410 above all, is set.
async fn keep_stream(method: &'static str, port: u16, platform: Value, base: String) {
    let http = plain_client();
    let (id, secret) = (platform["client_id"].as_str().unwrap(), platform["client_secret"].as_str());
    let url = format!("http://127.0.0.1:{port}/v1/stream");
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        // The service is dead now and then.
        let Ok(answer) = http.get(&url).basic_auth(id, secret).send().await else { continue };
        let Ok(stream) = answer.json::<Value>().await else { continue };
        if (stream["state"] == "disabled" || stream["method"] != method) && stream["pending"].is_null() {
            let wanted = json!({ "method": method, "endpoint_url": format!("{base}/hook") });
            let _ = http.put(&url).basic_auth(id, secret).body(wanted.to_string()).send().await;
        }
    }
}
