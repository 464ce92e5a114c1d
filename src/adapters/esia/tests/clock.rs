//! ESIA's clock, and what an examination finds.

use super::*;
use crate::domain::refusal::RefusalCode::F18;

/// A host whose clock is ahead of [`NOW`] by so many seconds.
fn host_ahead(seconds: i64) -> TestServer {
    let date = date_header(Timestamp::from_secs(NOW.secs() + seconds));
    serve(move |_| Reply::new(404, &date, ""))
}

async fn stamp(esia: &EsiaProvider) -> String {
    let url = Url::parse(&esia.begin(&secrets(), NOW).await.unwrap()).unwrap();
    url.query_pairs().find(|(k, _)| k == "timestamp").unwrap().1.into_owned()
}

#[actix_web::test]
async fn requests_are_stamped_by_esias_clock_where_ours_is_off() {
    for (ahead, expected) in [
        (300, "2026.11.23 17:17:57 +0000"),
        (-300, "2026.11.23 17:07:57 +0000"),
        (0, "2026.11.23 17:12:57 +0000"),
        (10 * 86_400, "2026.11.23 17:12:57 +0000"),
    ] {
        let server = host_ahead(ahead);
        let esia = provider(settings(&server.url));
        assert_eq!(stamp(&esia).await, "2026.11.23 17:12:57 +0000", "nothing is known yet");
        esia.examine(NOW).await;
        // The answer took a moment, and the Date is known to half a second only.
        let got = stamp(&esia).await;
        let near = ["56", "57", "58"].map(|s| format!("{}{s}{}", &expected[..17], &expected[19..]));
        assert!(near.contains(&got), "{ahead}: {got}");
    }
}

#[actix_web::test]
async fn the_latest_measurement_counts_and_tokens_are_not_checked_by_it() {
    let ahead = Arc::new(Mutex::new(300_i64));
    let told = Arc::clone(&ahead);
    let mut old = access_claims();
    old["exp"] = json!(NOW.secs() + 1);
    let (access, id) = (jwt(&header("access"), &old), jwt(&header("id"), &id_claims()));
    let (server, _) = host(access, id, move |r| {
        let date = date_header(Timestamp::from_secs(NOW.secs() + *told.lock().unwrap()));
        r.head.starts_with("HEAD").then(|| Reply::new(200, &date, ""))
    });
    let esia = provider(settings(&server.url));
    assert!(esia.examine(NOW).await.clock_offset_ms.is_some_and(|ms| (299_000..301_000).contains(&ms)));
    assert!(stamp(&esia).await.starts_with("2026.11.23 17:17:5"));
    assert!(esia.complete(callback(), NOW).await.is_ok(), "by ESIA's clock this token has expired, by ours it has not");
    *ahead.lock().unwrap() = 0;
    esia.examine(NOW).await;
    assert!(stamp(&esia).await.starts_with("2026.11.23 17:12:5"));
}

#[actix_web::test]
async fn a_clock_that_is_set_while_esia_answers_is_no_difference() {
    for set_by in [600_000, -600_000] {
        let ours = Arc::new(HandClock::new(NOW));
        let set = Arc::clone(&ours);
        // Both clocks agree, before and after.
        let server = serve(move |_| {
            let now = Timestamp::from_millis(NOW.millis() + set_by);
            set.set(now);
            Reply::new(404, &date_header(now), "")
        });
        let esia = EsiaProvider::new(settings(&server.url), ours, Arc::new(OsEntropy)).unwrap();
        let condition = esia.examine(NOW).await;
        assert!(!condition.troubles.iter().any(|e| e.detail.contains("clock")), "{condition:?}");
        assert!(stamp(&esia).await.starts_with("2026.11.23 17:12:5"), "the stamp is our own clock's");
    }
}

#[actix_web::test]
async fn an_examination_tells_offset_and_certificates() {
    let server = host_ahead(0);
    let condition = provider(settings(&server.url)).examine(NOW).await;
    assert!(condition.clock_offset_ms.is_some_and(|ms| ms.abs() < 1500), "{condition:?}");
    let labels: Vec<_> = condition.certificates.iter().map(|c| c.whose.as_str()).collect();
    let label = |key: &TestKey| format!("signing {}", certificates::fingerprint(&key.cert).unwrap());
    assert_eq!(labels, ["client", &label(&STRANGER), &label(&ESIA)]);
    assert_eq!(label(&ESIA).len(), "signing ".len() + 8);
    let days = condition.certificates[0].ends.secs() / 86_400;
    let expected = certificates::ends(&OURS.cert).unwrap().secs() / 86_400;
    assert_eq!(days, expected);
    // The fixtures' certificates are made today, whenever that is; NOW is a fixed day.
    let ended = condition.certificates[0].ends <= NOW;
    assert_eq!(condition.troubles.len(), usize::from(ended), "{condition:?}");
}

#[actix_web::test]
async fn an_examination_names_what_would_fail() {
    for (ahead, words) in [(300, "300 s behind ESIA's"), (-300, "299 s ahead of ESIA's"), (3 * 86_400, "behind ESIA's")] {
        let server = host_ahead(ahead);
        let condition = provider(settings(&server.url)).examine(NOW).await;
        let e = condition.troubles.iter().find(|e| e.detail.contains("clock")).unwrap_or_else(|| panic!("{condition:?}"));
        assert!(e.code == F17 && e.detail.contains("set this machine's clock"), "{e}");
        // Half a second of rounding either way.
        assert!(e.detail.contains(words) || e.detail.contains(&words.replace("299", "300")), "{e}");
    }
    let away = provider(settings("http://127.0.0.1:1")).examine(NOW).await;
    assert!(away.troubles.iter().any(|e| e.code == F18) && away.clock_offset_ms.is_none(), "{away:?}");
    assert_eq!(away.certificates.len(), 3);
    let broken = serve(|_| Reply::new(502, "", "<html>"));
    assert!(provider(settings(&broken.url)).examine(NOW).await.troubles.iter().any(|e| e.code == F18));
    let timeless = serve(|_| Reply::new(200, "", ""));
    assert_eq!(provider(settings(&timeless.url)).examine(NOW).await.clock_offset_ms, None);
    let redirecting = serve(|_| Reply::new(302, &format!("location: /login\r\n{}", date_header(NOW)), ""));
    assert!(provider(settings(&redirecting.url)).examine(NOW).await.clock_offset_ms.is_some(), "any answer tells the time");
    let late = Timestamp::from_secs(certificates::ends(&OURS.cert).unwrap().secs());
    let ended = provider(settings(&redirecting.url)).examine(late).await;
    assert!(ended.troubles.iter().any(|e| e.detail.contains("our certificate at ESIA has ended")), "{ended:?}");
}
