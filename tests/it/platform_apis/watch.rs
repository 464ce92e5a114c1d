//! Communities of badges in force are looked at again: what is gone is suspended, what comes back is reinstated, what stays away loses
//! its badge; an outage of the platform is not a loss, and what operators decide stands.

use std::time::Duration;

use gosbadge::service::watch_communities::{Watched, watch_communities};
use serde_json::json;

use crate::harness::{Harness, Issued};

const COMMUNITY: &str = "218000001";
const HOUR: Duration = Duration::from_secs(3600);
const SETTINGS: [(&str, &str); 4] = [
    ("GOSBADGE__PLATFORM_API__LOOK_AGAIN", "6h"),
    ("GOSBADGE__PLATFORM_API__GRACE", "2d"),
    ("GOSBADGE__PLATFORM_API__VK__TOKEN", "token-of-the-test"),
    // The rounds are the test's.
    ("GOSBADGE__JOBS__IN_PROCESS", "false"),
];

async fn start() -> (Harness, Issued) {
    let h = Harness::start_with(&SETTINGS).await;
    let issued = h.issue(COMMUNITY, "kindergarten-head").await;
    assert_eq!(round(&h, Duration::ZERO).await, Watched::default(), "a fresh badge is looked at later");
    (h, issued)
}

/// What the platform says of the community from now on.
async fn standing(h: &Harness, word: &str) {
    let url = format!("{}/api/communities/{COMMUNITY}/standing/{word}", h.ready().platform_url);
    assert_eq!(h.http.post(url).send().await.unwrap().status(), 204);
}

/// A round after some time.
async fn round(h: &Harness, after: Duration) -> Watched {
    h.clock.advance(after);
    h.app().view.refresh(h.app()).await.unwrap();
    watch_communities(h.app()).await.unwrap()
}

/// State and reason of the badge, as `POST /v1/verify` tells them.
async fn verdict(h: &Harness) -> (String, String) {
    h.app().view.refresh(h.app()).await.unwrap();
    let (_, answer) = h.verify(json!({ "community": { "platform": "demo", "id": COMMUNITY } })).await;
    (answer["status"].as_str().unwrap().to_owned(), answer["reason"].as_str().unwrap_or_default().to_owned())
}

fn words(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

const SEEN: Watched = Watched { seen: 1, changed: 0 };
const CHANGED: Watched = Watched { seen: 1, changed: 1 };
const QUARTER: Duration = Duration::from_secs(900);

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_community_is_suspended_comes_back_and_in_the_end_loses_its_badge() {
    let (h, issued) = start().await;
    assert_eq!(round(&h, 6 * HOUR).await, SEEN);
    assert_eq!(round(&h, HOUR).await, Watched::default(), "not before its time");
    // Closed is no loss.
    standing(&h, "closed").await;
    assert_eq!(round(&h, 5 * HOUR).await, SEEN);
    standing(&h, "deleted").await;
    assert_eq!(round(&h, 6 * HOUR).await, SEEN);
    assert_eq!(verdict(&h).await, words("active", ""), "one look is not believed");
    assert_eq!(round(&h, QUARTER).await, CHANGED);
    assert_eq!(verdict(&h).await, words("suspended", "community_deleted"));
    // It comes back within the grace.
    standing(&h, "open").await;
    assert_eq!(round(&h, 6 * HOUR).await, CHANGED);
    assert_eq!(verdict(&h).await, words("active", ""));
    // It goes for good.
    standing(&h, "deleted").await;
    for (after, expected) in [(6 * HOUR, SEEN), (QUARTER, CHANGED), (6 * HOUR, SEEN), (41 * HOUR, SEEN)] {
        assert_eq!(round(&h, after).await, expected);
    }
    assert_eq!(verdict(&h).await, words("suspended", "community_deleted"));
    assert_eq!(round(&h, 6 * HOUR).await, CHANGED);
    assert_eq!(verdict(&h).await, words("revoked", "community_deleted"));
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM community_looks"), 0, "nobody looks at what has ended");
    assert_eq!(round(&h, 48 * HOUR).await, Watched::default());
    // Each change is an event of the badge's and an entry of the audit.
    let events = format!("SELECT COUNT(*) AS n FROM events WHERE badge_id = '{}' AND actor_kind = 'system'", issued.badge);
    assert_eq!(h.count(&events), 4);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM audit WHERE actor_kind = 'system' AND action LIKE 'badge.%' AND outcome = 'ok'"), 4);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_community_is_suspended_under_another_reason() {
    let (h, _) = start().await;
    standing(&h, "banned").await;
    assert_eq!((round(&h, 6 * HOUR).await, round(&h, QUARTER).await), (SEEN, CHANGED));
    assert_eq!(verdict(&h).await, words("suspended", "platform_request"));
    standing(&h, "open").await;
    assert_eq!(round(&h, 6 * HOUR).await, CHANGED);
    assert_eq!(verdict(&h).await, words("active", ""));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_does_not_answer_has_lost_nobody() {
    let (h, _) = start().await;
    standing(&h, "deleted").await;
    // Its interface is away. Nothing follows, however long.
    let h = h.restart(&[SETTINGS[0], SETTINGS[1], SETTINGS[3], ("GOSBADGE__PLATFORM_API__VK__URL", "http://127.0.0.1:9")]).await;
    for _ in 0..5 {
        assert_eq!(round(&h, 6 * HOUR).await, Watched::default());
    }
    assert_eq!(verdict(&h).await, words("active", ""));
    // Here again, it is asked, and the community is there.
    let h = h.restart(&SETTINGS).await;
    assert_eq!(round(&h, 6 * HOUR).await, SEEN);
    assert_eq!(verdict(&h).await, words("active", ""));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_decides_stands() {
    let (h, issued) = start().await;
    standing(&h, "deleted").await;
    assert_eq!((round(&h, 6 * HOUR).await, round(&h, QUARTER).await), (SEEN, CHANGED));
    // Reinstated by hand: not suspended again for the same loss.
    let (status, _) = h.admin(&issued.badge, "reinstate", json!({ "reason": "operator_decision" })).await;
    assert_eq!(status, 200);
    for _ in 0..3 {
        assert_eq!(round(&h, 6 * HOUR).await, SEEN);
    }
    assert_eq!(verdict(&h).await, words("active", ""));
    // Suspended by hand, then the community is seen again: not lifted.
    let (status, _) = h.admin(&issued.badge, "suspend", json!({ "reason": "community_captured" })).await;
    assert_eq!(status, 200);
    standing(&h, "open").await;
    for _ in 0..3 {
        assert_eq!(round(&h, 6 * HOUR).await, SEEN);
    }
    assert_eq!(verdict(&h).await, words("suspended", "community_captured"));
    h.stop().await;
}

/// Whoever hides a captured page and shows it again must not get its badge back.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_comes_back_does_not_undo_what_was_decided_meanwhile() {
    let (h, issued) = start().await;
    standing(&h, "deleted").await;
    assert_eq!((round(&h, 6 * HOUR).await, round(&h, QUARTER).await), (SEEN, CHANGED));
    // Suspended already, and now for good, whatever the reason given is called.
    let (status, shown) = h.admin(&issued.badge, "suspend", json!({ "reason": "community_deleted" })).await;
    assert_eq!((status, shown["version"].as_i64(), shown["changed"].as_bool()), (200, Some(3), Some(true)), "{shown}");
    let (_, shown) = h.admin(&issued.badge, "suspend", json!({ "reason": "community_deleted" })).await;
    assert_eq!(shown["changed"], false, "once");
    standing(&h, "open").await;
    for _ in 0..3 {
        assert_eq!(round(&h, 6 * HOUR).await, SEEN);
    }
    assert_eq!(verdict(&h).await, words("suspended", "community_deleted"));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_the_platform_says_nothing_of_is_not_lost() {
    let h = Harness::start_with(&SETTINGS).await;
    // One the stand-in's interface does not know: left out of its answers.
    h.issue("777", "kindergarten-head").await;
    assert_eq!(round(&h, Duration::ZERO).await, Watched::default());
    for _ in 0..5 {
        assert_eq!(round(&h, 6 * HOUR).await.changed, 0);
    }
    assert_eq!(h.status_of("777").await, "active");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_look_once() {
    let (h, _) = start().await;
    h.clock.advance(6 * HOUR);
    let (a, b) = tokio::join!(watch_communities(h.app()), watch_communities(h.app()));
    assert_eq!(a.unwrap().seen + b.unwrap().seen, 1);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_service_looks_by_itself() {
    let h = Harness::start_with(&SETTINGS[..3]).await;
    h.issue(COMMUNITY, "kindergarten-head").await;
    h.clock.advance(Duration::from_secs(600));
    h.until("the first look is planned", async || (h.count("SELECT COUNT(*) AS n FROM community_looks") == 1).then_some(())).await;
    standing(&h, "deleted").await;
    h.clock.advance(6 * HOUR);
    h.until("it is missed", async || {
        (h.count("SELECT COUNT(*) AS n FROM community_looks WHERE lost_since IS NOT NULL") == 1).then_some(())
    })
    .await;
    h.clock.advance(QUARTER);
    h.until("it is suspended", async || (h.status_of(COMMUNITY).await == "suspended").then_some(())).await;
    h.stop().await;
}
