//! `GET /status/{n}?time=…`: the list as it was in force then.

use std::io::Read as _;
use std::time::Duration;

use gosbadge::domain::status::ListValue;
use gosbadge::domain::time::Timestamp;
use gosbadge::ports::Clock as _;

use super::{BY_HAND, change, etag, get, issue, log, place, read, refusal};
use crate::database::Database;
use crate::harness::Harness;

const STEP: Duration = Duration::from_millis(2500);

/// What the list says of both badges at a second; the token must speak for that second.
async fn then(h: &Harness, second: i64) -> [ListValue; 2] {
    let list = read(h, &format!("/status/1?time={second}"), Timestamp::from_secs(second)).await;
    assert!(list.issued_at().secs() <= second && second < list.expires_at().secs(), "{second}: {list:?}");
    [list.get(0).unwrap(), list.get(1).unwrap()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_recalled_as_it_was() {
    use ListValue::{Invalid, Suspended, Valid};
    let h = Harness::start_with(&[BY_HAND]).await;
    let begun = h.clock.now().secs();
    h.clock.advance(STEP);
    let (one, two) = (issue(&h, "218000001").await, issue(&h, "218000002").await);
    assert_eq!([place(&one.attestation), place(&two.attestation)], [(1, 0), (1, 1)]);
    log(&h).await;
    let mut noted = vec![(h.clock.now().secs() + 1, [Valid, Valid])];
    for (badge, action, says) in [
        (&one.badge, "suspend", [Suspended, Valid]),
        (&two.badge, "revoke", [Suspended, Invalid]),
        (&one.badge, "reinstate", [Valid, Invalid]),
        (&one.badge, "suspend", [Suspended, Invalid]),
        (&one.badge, "revoke", [Invalid, Invalid]),
    ] {
        h.clock.advance(STEP);
        change(&h, badge, action).await;
        log(&h).await;
        noted.push((h.clock.now().secs() + 1, says));
    }
    // An attestation that comes later changes nothing about what was.
    h.clock.advance(STEP);
    issue(&h, "218000003").await;
    log(&h).await;
    for (second, says) in noted.iter().chain(noted.iter().rev()) {
        assert_eq!(then(&h, *second).await, *says, "at {second}");
    }
    // Each version that is over ends where the next one begins.
    let mut end = None;
    for (second, _) in &noted[..noted.len() - 1] {
        let list = read(&h, &format!("/status/1?time={second}"), Timestamp::from_secs(*second)).await;
        assert!(end.is_none_or(|end| end == list.issued_at()), "no second belongs to two versions or to none");
        assert_eq!(list.ttl(), None, "what is over is not fetched again");
        end = Some(list.expires_at());
    }

    // The newest version is the list that is served; for the time before that was signed it is told for itself.
    let now = h.clock.now().secs();
    assert_eq!(get(&h, &format!("/status/1?time={now}")).await.headers()["etag"].to_str().unwrap(), etag(&h, 1).await);
    h.clock.advance(Duration::from_secs(120));
    h.app().view.refresh(h.app()).await.unwrap();
    let last = read(&h, &format!("/status/1?time={now}"), Timestamp::from_secs(now)).await;
    let current = read(&h, "/status/1", h.clock.now()).await;
    assert_eq!((last.get(0), last.expires_at()), (Some(Invalid), current.issued_at()));

    for (time, expected) in [
        (begun.to_string(), 404),
        ("0".to_owned(), 404),
        ((h.clock.now().secs() + 1).to_string(), 404),
        ("99999999999999999999".to_owned(), 404),
        (String::new(), 400),
        ("x".to_owned(), 400),
        ("-1".to_owned(), 400),
        ("%2B1".to_owned(), 400),
        ("1.5".to_owned(), 400),
        (format!("{now}&time={now}"), 400),
    ] {
        let code = if expected == 404 { "not-found" } else { "invalid-request" };
        assert_eq!(refusal(&h, &format!("/status/1?time={time}")).await, (expected, code.to_owned()), "{time}");
    }
    for path in [format!("/status/2?time={now}"), format!("/status/x?time={now}")] {
        assert_eq!(refusal(&h, &path).await.0, 404, "{path}");
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_the_past_is_served_like_any_other() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let issued = issue(&h, "218000001").await;
    log(&h).await;
    let second = h.clock.now().secs() + 1;
    h.clock.advance(STEP);
    change(&h, &issued.badge, "revoke").await;
    log(&h).await;
    let path = format!("/status/1?time={second}");
    let plain = get(&h, &path).await;
    let header = |name: &str| plain.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
    assert_eq!(header("content-type").as_deref(), Some("application/statuslist+jwt"));
    assert_eq!(header("access-control-allow-origin").as_deref(), Some("*"));
    let (tag, max_age) = (header("etag").unwrap(), header("cache-control").unwrap());
    assert_eq!(max_age, "public, max-age=86400");
    let token = plain.text().await.unwrap();
    let zipped = h.http.get(h.url(&path)).header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    let mut unzipped = String::new();
    flate2::read::GzDecoder::new(&zipped.bytes().await.unwrap()[..]).read_to_string(&mut unzipped).unwrap();
    assert_eq!(unzipped, token, "signed once, and kept");
    let again = h.http.get(h.url(&path)).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);

    // Whoever asks together is answered together.
    let many = (0..40).map(|_| get(&h, &path));
    assert!(futures_util::future::join_all(many).await.iter().all(|a| a.status() == 200));

    // Records that do not give what was logged are never served. Nothing is kept by a service that begins anew.
    Database::open(&h.database).run("UPDATE events SET kind = 'suspended' WHERE kind = 'revoked'");
    let second = h.clock.now().secs() + 1;
    h.clock.advance(Duration::from_secs(120));
    let h = h.restart(&[BY_HAND]).await;
    assert_eq!(refusal(&h, &format!("/status/1?time={second}")).await, (500, "internal".to_owned()));
    Database::open(&h.database).run("UPDATE events SET kind = 'revoked' WHERE kind = 'suspended'");
    assert_eq!(read(&h, &format!("/status/1?time={second}"), Timestamp::from_secs(second)).await.get(0), Some(ListValue::Invalid));
    h.stop().await;
}

/// While the log stands still nobody can tell what the list said since; and afterwards nobody is told a revoked badge was valid.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_logged_late_is_never_denied() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let one = issue(&h, "218000001").await;
    log(&h).await;
    h.clock.advance(Duration::from_secs(60));
    let before = h.clock.now().secs() - 1;
    change(&h, &one.badge, "revoke").await;
    let after = h.clock.now().secs() + 5;
    h.clock.advance(Duration::from_secs(600));
    h.app().view.refresh(h.app()).await.unwrap();
    let list = read(&h, &format!("/status/1?time={before}"), Timestamp::from_secs(before)).await;
    assert_eq!(list.get(0), Some(ListValue::Valid), "before the change the log has it");
    assert_eq!(refusal(&h, &format!("/status/1?time={after}")).await.0, 503);
    log(&h).await;
    h.clock.advance(Duration::from_secs(60));
    h.app().view.refresh(h.app()).await.unwrap();
    assert_eq!(refusal(&h, &format!("/status/1?time={after}")).await.0, 404, "no version speaks for that second");
    let late = h.clock.now().secs() - 30;
    assert_eq!(read(&h, &format!("/status/1?time={late}"), Timestamp::from_secs(late)).await.get(0), Some(ListValue::Invalid));
    h.stop().await;
}
