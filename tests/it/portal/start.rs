//! The form of `/apply`: what may be pasted, what is wrong, and that sending it twice or without end does no harm.

use std::time::Duration;

use gosbadge::service::Actor;
use gosbadge::service::add_platform::{NewPlatform, add_platform, set_platform_state};

use super::{COMMUNITY, problem};
use crate::flow::Page;
use crate::harness::{Harness, Person};

const TOKEN: (&str, &str) = ("GOSBADGE__PLATFORM_API__VK__TOKEN", "token-of-the-test");

/// Status, and when to come again.
fn held_off(answer: &reqwest::Response) -> (u16, &str) {
    (answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_link_starts_one_application_and_nothing_else() {
    let h = Harness::start_with(&[TOKEN]).await;
    let front = Person::new().get(&h.url("/"), None).await;
    assert_eq!(Page::of(&front).all("main a[href='/apply']", "href").len(), 1);
    let base = h.ready().platform_url.clone();
    let host = base.strip_prefix("http://").unwrap();
    for link in [
        format!("{base}/club{COMMUNITY}"),
        format!("  {host}/public{COMMUNITY}?from=menu "),
        format!("{base}/ds12_romashka"),
        format!("{base}/anything?w=wall-{COMMUNITY}_42"),
        format!("https://m.vk.com/club{COMMUNITY}"),
    ] {
        let end = h.fill_in(&Person::new(), &[("platform", ""), ("link", &link)]).await;
        assert_eq!(end.status, 303, "{link}: {}", end.body);
        let page = Person::new().get(&end.location.unwrap(), None).await;
        assert_eq!(page.status, 200);
        // As the platform says, whatever was pasted.
        let facts = Page::of(&page).text(".facts");
        assert!(facts.contains("Детский сад № 12 «Ромашка» | Примерный") && facts.contains(&format!("{base}/club{COMMUNITY}")), "{facts}");
    }
    let end = h.fill_in(&Person::new(), &[("platform", "demo"), ("link", "@DS12_Romashka")]).await;
    assert_eq!(end.status, 303, "{}", end.body);
    let begun = format!("SELECT COUNT(*) AS n FROM applications WHERE start = 'portal' AND community_number = '{COMMUNITY}'");
    assert_eq!(h.count(&begun), 6);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM control_proofs") + h.count("SELECT COUNT(*) AS n FROM logins"), 0);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_and_what_was_typed_is_kept() {
    let h = Harness::start_with(&[TOKEN]).await;
    let base = h.ready().platform_url.clone();
    h.second_platform(None).await;
    let own = |number: &str| format!("{base}/club{number}");
    let stand = async |word: &str| {
        let url = format!("{base}/api/communities/{COMMUNITY}/standing/{word}");
        assert!(h.http.post(url).send().await.unwrap().status().is_success());
    };
    let cases = [
        ("", String::new(), "open", "link-missing"),
        ("", "   ".to_owned(), "open", "link-missing"),
        ("", "https://example.org/club1".to_owned(), "open", "link-not-understood"),
        ("demo", "привет".to_owned(), "open", "link-not-understood"),
        ("nowhere", own(COMMUNITY), "open", "link-not-understood"),
        ("", "@ds12_romashka".to_owned(), "open", "platform-needed"),
        ("", own("218000077"), "open", "no-such-community"),
        ("demo", "@nobody_here".to_owned(), "open", "no-such-community"),
        ("", own(COMMUNITY), "closed", "community-closed"),
        ("", own(COMMUNITY), "deleted", "community-deleted"),
        ("", own(COMMUNITY), "banned", "community-blocked"),
        ("other", format!("{base}/ds12_romashka"), "open", "number-needed"),
        ("other", own(COMMUNITY), "open", "name-needed"),
    ];
    for (platform, link, standing, code) in cases {
        stand(standing).await;
        let end = h.fill_in(&Person::new(), &[("platform", platform), ("link", &link)]).await;
        assert_eq!((end.status, problem(&end).as_str()), (422, code), "{platform} {link}: {}", end.body);
        let page = Page::of(&end);
        assert_eq!(page.one("input[name=link]", "value"), link.trim(), "{code}");
        assert_eq!(page.all("option[selected]", "value"), if matches!(platform, "" | "nowhere") { vec![] } else { vec![platform] });
        assert_eq!(page.all("input[name=name]", "value").len(), usize::from(code == "name-needed"), "{code}");
    }
    stand("open").await;
    // Four questions in a second are one too many for the platform: it is away for the moment, and nothing is lost.
    let mut last = None;
    for _ in 0..4 {
        last = Some(Person::new().post(&h.url("/apply"), &[("link", &own("218000002"))]).await);
    }
    let end = last.unwrap();
    assert_eq!((end.status, problem(&end).as_str()), (503, "platform-away"));
    assert_eq!(Page::of(&end).one("input[name=link]", "value"), own("218000002"));
    let away = h.http.post(h.url("/apply")).form(&[("link", own("218000002"))]).send().await.unwrap();
    assert_eq!(held_off(&away), (503, "5"));
    // Shut out, and outside of what a platform is registered for.
    set_platform_state(h.app(), "demo".to_owned(), false, &Actor::system()).await.unwrap();
    let end = h.fill_in(&Person::new(), &[("platform", "demo"), ("link", &own(COMMUNITY))]).await;
    assert_eq!(problem(&end), "platform-disabled");
    let form = Page::of(&Person::new().get(&h.url("/apply"), None).await);
    assert_eq!(form.all("option", "value"), ["", "other"], "one that takes no applications is not offered");
    let narrow = NewPlatform {
        id: "narrow".parse().unwrap(),
        name: "Узкая".to_owned(),
        base_url: "https://narrow.example".to_owned(),
        redirect_uris: vec!["https://narrow.example/cb".to_owned()],
        community_prefixes: vec!["https://narrow.example/".to_owned()],
        jwks: None,
        webhook_url: None,
        certificate: None,
        communities: Some("100-200".parse().unwrap()),
    };
    add_platform(h.app(), narrow, &Actor::system()).await.unwrap();
    let named = |link: &'static str| [("platform", ""), ("link", link), ("name", "Школа")];
    assert_eq!(problem(&h.fill_in(&Person::new(), &named("narrow.example/club201")).await), "community-not-served");
    assert_eq!(h.fill_in(&Person::new(), &named("narrow.example/club200")).await.status, 303);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_cannot_be_asked_takes_the_name_from_the_form() {
    let h = Harness::start().await;
    h.second_platform(None).await;
    let link = format!("{}/PUBLIC5?x=1", h.ready().platform_url);
    let fields = |name: &'static str| [("platform", "other"), ("name", name)];
    let send = async |name| {
        let fields = fields(name);
        h.fill_in(&Person::new(), &[&fields[..], &[("link", link.as_str())]].concat()).await
    };
    for name in ["Шк\u{202e}ола", &"я".repeat(301)] {
        let end = send(Box::leak(name.to_owned().into_boxed_str())).await;
        assert_eq!((end.status, problem(&end).as_str()), (422, "name-not-usable"), "{name}");
        assert_eq!(Page::of(&end).one("input[name=name]", "value"), name);
    }
    let end = send("  Школа\u{a0}№ 7 <b> ").await;
    assert_eq!(end.status, 303, "{}", end.body);
    let page = Person::new().get(&end.location.unwrap(), None).await;
    let facts = Page::of(&page).text(".facts");
    assert!(facts.contains("Школа № 7 <b>") && facts.contains("/public5") && facts.contains("Другая площадка"), "{facts}");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_twice_the_form_starts_one_application() {
    let h = Harness::start_with(&[TOKEN]).await;
    let own = |number: &str| format!("{}/club{number}", h.ready().platform_url);
    let once = Page::of(&Person::new().get(&h.url("/apply"), None).await).one("input[name=once]", "value");
    let person = Person::new();
    let send = async |number: &str, once: &str| {
        h.clock.advance(Duration::from_secs(1));
        person.post(&h.url("/apply"), &[("once", once), ("link", &own(number))]).await.location.unwrap()
    };
    let first = send(COMMUNITY, &once).await;
    assert_eq!(send(COMMUNITY, &once).await, first);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM applications"), 1);
    // Both clicks at the same moment.
    let twin = Page::of(&Person::new().get(&h.url("/apply"), None).await).one("input[name=once]", "value");
    h.clock.advance(Duration::from_secs(1));
    let (url, link) = (h.url("/apply"), own("218000003"));
    let fields = [("once", twin.as_str()), ("link", link.as_str())];
    let (a, b) = tokio::join!(person.post(&url, &fields), person.post(&url, &fields));
    assert!(a.location.is_some() && a.location == b.location, "{} {}", a.status, b.status);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM applications"), 2);
    // Gone back and another page named: another application. A value of one's own making is no link.
    let other = send("218000002", &once).await;
    assert!(!other.contains(&once), "{other}");
    assert!(!send(COMMUNITY, "guess").await.contains("link=guess"));
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM applications"), 4);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_fills_the_table() {
    let h = Harness::start().await;
    h.second_platform(None).await;
    let link = format!("{}/club5", h.ready().platform_url);
    let send = async || {
        let fields = [("platform", "other"), ("name", "Школа"), ("link", link.as_str())];
        h.http.post(h.url("/apply")).form(&fields).send().await.unwrap()
    };
    for _ in 0..100 {
        assert_eq!(send().await.status(), 303);
    }
    let stopped = send().await;
    assert_eq!(held_off(&stopped), (429, "3600"), "the rest of the hour");
    let text = stopped.text().await.unwrap();
    assert!(text.contains("too-many") && text.contains(&link), "{text}");
    h.clock.advance(Duration::from_millis(1_799_001));
    let later = send().await;
    assert_eq!(held_off(&later), (429, "1801"));
    h.clock.advance(Duration::from_millis(1_800_999));
    assert_eq!(send().await.status(), 303);
    // What nobody signed in for is gone after a few days.
    h.clock.advance(Duration::from_secs(4 * 24 * 3600 + 1));
    gosbadge::service::sweep::sweep(h.app()).await.unwrap();
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM applications"), 0);
    h.stop().await;
}
