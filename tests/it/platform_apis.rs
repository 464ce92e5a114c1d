//! The adapters of the platforms' own interfaces against the stand-ins, which enforce the rules of the real ones: credentials and
//! signatures, limits, every error code, pages that are closed, deleted, blocked or keep us out, and answers that are none.

mod look;
mod watch;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use gosbadge::adapters::platform::Connection;
use gosbadge::adapters::platform::max::MaxApi;
use gosbadge::adapters::platform::ok::{OkApi, OkCredentials};
use gosbadge::adapters::platform::vk::VkApi;
use gosbadge::domain::community::CommunityNumber;
use gosbadge::ports::PlatformApi;
use gosbadge::ports::platform_api::ApiFault::{self, Ours, Theirs, TryAgain};
use gosbadge::ports::platform_api::Visibility;
use gosbadge::sandbox::platform_api::{self as stand_in, Interface, Page, PlatformApiConfig, Shelf, Standing};

use crate::harness::HeldClock;

const SECOND: Duration = Duration::from_secs(1);

/// A stand-in with six pages, and an adapter to it.
struct Set {
    api: Arc<stand_in::PlatformApi>,
    shelf: Arc<Shelf>,
    clock: Arc<HeldClock>,
    connection: Connection,
    server: actix_web::dev::ServerHandle,
}

fn page(number: u64, screen_name: Option<&str>, standing: Standing) -> Page {
    Page {
        number,
        name: format!("Страница № {number}"),
        screen_name: screen_name.map(str::to_owned),
        description: "О странице\nгосбейдж".to_owned(),
        status: "Короткая строка".to_owned(),
        site: "https://ds12.example.ru".to_owned(),
        standing,
    }
}

fn set_up(interface: Interface, per_second: usize) -> Set {
    let shelf = Arc::new(Shelf::default());
    for page in [
        page(1, Some("ds12"), Standing::Open),
        page(2, None, Standing::Closed),
        page(3, Some("gone"), Standing::Deleted),
        page(4, Some("bad"), Standing::Banned),
        page(5, Some("private"), Standing::KeepsOut),
    ] {
        shelf.put(page);
    }
    let clock = HeldClock::new();
    let path = if matches!(interface, Interface::Ok { .. }) { "/fb.do" } else { "" };
    let pages: Arc<dyn stand_in::Pages> = shelf.clone();
    let api = stand_in::PlatformApi::new(PlatformApiConfig { interface, pages, per_second, clock: clock.clone() });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}{path}", listener.local_addr().unwrap());
    let server = stand_in::start(&api, listener).unwrap();
    let handle = server.handle();
    tokio::spawn(server);
    let connection = Connection {
        platform: "p".to_owned(),
        url,
        per_second: u32::try_from(per_second).unwrap(),
        connect_timeout: 5 * SECOND,
        timeout: 10 * SECOND,
        max_response_bytes: 65_536,
        roots_pem: None,
        allow_http: true,
    };
    Set { api, shelf, clock, connection, server: handle }
}

impl Set {
    fn vk(&self, token: &str) -> VkApi {
        VkApi::new(&self.connection, token.to_owned(), "https://vk.com/club".to_owned(), self.clock.clone()).unwrap()
    }

    fn ok(&self, key: &str, secret: &str, token: Option<&str>) -> OkApi {
        let credentials = OkCredentials {
            application_key: key.to_owned(),
            application_secret: secret.to_owned(),
            access_token: token.map(str::to_owned),
        };
        OkApi::new(&self.connection, credentials, "https://ok.ru/group/".to_owned(), self.clock.clone()).unwrap()
    }

    fn max(&self, token: &str) -> MaxApi {
        MaxApi::new(&self.connection, token.to_owned(), "https://max.ru/-".to_owned(), self.clock.clone()).unwrap()
    }

    async fn stop(self) {
        self.server.stop(false).await;
    }
}

fn vk_set() -> Set {
    set_up(Interface::Vk { token: "service-token".to_owned() }, 3)
}

fn ok_set(access_token: Option<&str>) -> Set {
    let (application_key, application_secret) = ("CKEY".to_owned(), "s3cret".to_owned());
    set_up(Interface::Ok { application_key, application_secret, access_token: access_token.map(str::to_owned) }, 3)
}

fn numbers(all: &[u64]) -> Vec<CommunityNumber> {
    all.iter().map(|n| n.to_string().parse().unwrap()).collect()
}

/// The fault and code of a question that must fail.
async fn refused(api: &dyn PlatformApi, number: u64) -> (ApiFault, Option<i64>) {
    let e = api.communities(&numbers(&[number])).await.unwrap_err();
    for secret in ["service-token", "s3cret", "bot-token", "госбейдж"] {
        assert!(!e.detail.contains(secret) && !format!("{e:?}").contains(secret), "{e:?}");
    }
    (e.fault, e.upstream)
}

async fn visibility(api: &dyn PlatformApi, number: u64) -> Option<Visibility> {
    api.communities(&numbers(&[number])).await.unwrap().pop().map(|c| c.visibility)
}

#[tokio::test(flavor = "multi_thread")]
async fn vk_tells_what_a_community_says_of_itself() {
    let s = vk_set();
    let vk = s.vk("service-token");
    let seen = vk.communities(&numbers(&[1, 2, 3, 4, 5, 77])).await.unwrap();
    let visible: Vec<(&str, Visibility)> = seen.iter().map(|c| (c.id.as_str(), c.visibility)).collect();
    use Visibility::{Blocked, Closed, Deleted, Open};
    assert_eq!(visible, [("1", Open), ("2", Closed), ("3", Deleted), ("4", Blocked)]);
    let first = &seen[0];
    assert_eq!(
        (first.uri.as_str(), first.name.as_str(), first.screen_name.as_deref()),
        ("https://vk.com/club1", "Страница № 1", Some("ds12"))
    );
    assert_eq!(first.texts().map(|(_, text)| text), ["О странице\nгосбейдж", "Короткая строка", "https://ds12.example.ru"]);
    assert_eq!(seen[1].screen_name, None, "its number is no vanity name");
    assert_eq!(s.api.requests(), 1, "one question for all");
    // By vanity name, in whatever case; nothing that could mean several.
    assert_eq!(vk.by_screen_name("DS12").await.unwrap().unwrap().id.as_str(), "1");
    assert!(vk.by_screen_name("nobody").await.unwrap().is_none());
    let asked = s.api.requests();
    for odd in ["", "ds12,bad", "ds12&v=4", "../x", "ds 12"] {
        assert!(vk.by_screen_name(odd).await.unwrap().is_none(), "{odd}");
    }
    assert_eq!(s.api.requests(), asked, "those are not even asked");
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vk_is_never_asked_more_often_than_it_permits() {
    let s = vk_set();
    let vk = s.vk("service-token");
    let mut answered = 0;
    // Ten times a second for ten seconds, as several callers would.
    for _ in 0..100 {
        match vk.communities(&numbers(&[1])).await {
            Ok(_) => answered += 1,
            Err(e) => assert_eq!((matches!(e.fault, TryAgain(Some(_))), e.upstream), (true, None), "VK itself never had to refuse: {e:?}"),
        }
        s.clock.advance(Duration::from_millis(100));
    }
    assert!((25..=30).contains(&answered), "{answered}");
    assert_eq!(s.api.requests(), answered);
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hurries_is_slowed_down_by_vk_s_refusals() {
    let mut s = vk_set();
    s.connection.per_second = 50;
    let vk = s.vk("service-token");
    for _ in 0..3 {
        vk.communities(&numbers(&[1])).await.unwrap();
    }
    assert_eq!(refused(&vk, 1).await, (TryAgain(Some(SECOND)), Some(6)));
    // Nothing is sent until the pause is over.
    let (fault, upstream) = refused(&vk, 1).await;
    assert!(matches!(fault, TryAgain(Some(wait)) if wait <= SECOND) && upstream.is_none());
    assert_eq!(s.api.requests(), 4);
    s.clock.advance(SECOND);
    vk.communities(&numbers(&[1])).await.unwrap();
    // The daily limit is another matter.
    s.api.force(29);
    assert_eq!(refused(&vk, 1).await, (TryAgain(Some(3600 * SECOND)), Some(29)));
    s.clock.advance(3599 * SECOND);
    assert_eq!(refused(&vk, 1).await, (TryAgain(Some(SECOND)), None));
    s.clock.advance(SECOND);
    vk.communities(&numbers(&[1])).await.unwrap();
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_of_vk_says_whose_fault_it_is() {
    let s = vk_set();
    for (codes, whose) in [
        (&[1_i64, 6, 9, 10, 29, 103, 4242][..], "passes"),
        (&[2, 3, 4, 5, 7, 8, 11, 14, 17, 20, 23, 27, 28][..], "ours"),
        (&[15, 18, 203][..], "theirs"),
    ] {
        for code in codes {
            let vk = s.vk("service-token");
            s.api.force(*code);
            let (fault, upstream) = refused(&vk, 1).await;
            let found = match fault {
                TryAgain(_) => "passes",
                Ours => "ours",
                Theirs => "theirs",
            };
            assert_eq!((found, upstream), (whose, Some(*code)));
        }
    }
    // Of one community these say that there is none; of several they say nothing about any.
    for code in [100, 104, 125] {
        let vk = s.vk("service-token");
        s.api.force(code);
        assert_eq!(vk.communities(&numbers(&[1])).await, Ok(Vec::new()));
        s.api.force(code);
        assert_eq!(vk.communities(&numbers(&[1, 2])).await.unwrap_err().fault, Ours);
    }
    assert_eq!(refused(&s.vk("stolen"), 1).await, (Ours, Some(5)));
    assert_eq!(refused(&s.vk("service-token"), 5).await, (Theirs, Some(203)));
    let too_many: Vec<u64> = (1..=501).collect();
    assert_eq!(s.vk("service-token").communities(&numbers(&too_many)).await.unwrap_err().fault, Ours, "none is dropped silently");
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_none_says_nothing_about_a_community() {
    let s = vk_set();
    let bodies = [
        (200, "<html>".to_owned(), TryAgain(None)),
        (200, "{}".to_owned(), TryAgain(None)),
        (200, r#"{"response":{"groups":[{"name":"без номера"}]}}"#.to_owned(), TryAgain(None)),
        (200, format!(r#"{{"response":"{}"}}"#, "x".repeat(70_000)), TryAgain(None)),
        (502, "bad gateway".to_owned(), TryAgain(None)),
        (302, String::new(), Ours),
    ];
    for (status, body, fault) in bodies {
        s.api.garble(status, &body);
        assert_eq!(refused(&s.vk("service-token"), 1).await, (fault, None), "{status} {body:.20}");
    }
    let mut gone = s.connection.clone();
    gone.url = "http://127.0.0.1:9".to_owned();
    let away = VkApi::new(&gone, "service-token".to_owned(), String::new(), s.clock.clone()).unwrap();
    assert_eq!(refused(&away, 1).await, (TryAgain(None), None));
    // The list as VK gave it before 5.194.
    s.api.garble(200, r#"{"response":[{"id":9,"name":"Старая","is_closed":0}]}"#);
    let old = s.vk("service-token").communities(&numbers(&[9])).await.unwrap();
    assert_eq!((old[0].name.as_str(), old[0].visibility), ("Старая", Visibility::Open));
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ok_takes_our_signature_with_and_without_a_session() {
    for token in [None, Some("tkn")] {
        let s = ok_set(token);
        let ok = s.ok("CKEY", "s3cret", token);
        let seen = ok.communities(&numbers(&[1, 2, 4])).await.unwrap();
        let visible: Vec<Visibility> = seen.iter().map(|c| c.visibility).collect();
        assert_eq!(visible, [Visibility::Open, Visibility::Closed, Visibility::Blocked]);
        assert_eq!((seen[0].uri.as_str(), seen[0].screen_name.as_deref()), ("https://ok.ru/group/1", Some("ds12")));
        assert_eq!(seen[0].texts().map(|(_, text)| text), ["О странице\nгосбейдж", "Короткая строка", "https://ds12.example.ru"]);
        // Texts with everything a signature could stumble over.
        s.shelf.put(Page { name: "a=b&c=d %20 + ё".to_owned(), ..page(6, Some("odd"), Standing::Open) });
        assert_eq!(ok.by_screen_name("odd").await.unwrap().unwrap().name, "a=b&c=d %20 + ё");
        s.clock.advance(2 * SECOND);
        assert!(ok.by_screen_name("nobody").await.unwrap().is_none());
        assert_eq!(visibility(&ok, 3).await, None, "a deleted group is not found");
        s.clock.advance(2 * SECOND);
        assert_eq!(refused(&ok, 5).await, (Theirs, Some(7)));
        s.clock.advance(2 * SECOND);
        assert_eq!(refused(&s.ok("CKEY", "wrong", token), 1).await, (Ours, Some(104)));
        assert_eq!(refused(&s.ok("OTHER", "s3cret", token), 1).await, (Ours, Some(101)));
        let other_session = if token.is_some() { None } else { Some("tkn") };
        let expected = if token.is_some() { 451 } else { 103 };
        assert_eq!(refused(&s.ok("CKEY", "s3cret", other_session), 1).await, (Ours, Some(expected)));
        s.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_of_ok_says_whose_fault_it_is() {
    let mut s = ok_set(None);
    for (codes, whose) in [
        (&[1_i64, 2, 8, 11, 12, 26, 30, 31, 9999, 4242][..], "passes"),
        (&[3, 4, 9, 10, 100, 101, 102, 103, 104, 200, 210, 451, 453, 900][..], "ours"),
        (&[7][..], "theirs"),
    ] {
        for code in codes {
            s.api.force(*code);
            let (fault, upstream) = refused(&s.ok("CKEY", "s3cret", None), 1).await;
            let found = match fault {
                TryAgain(_) => "passes",
                Ours => "ours",
                Theirs => "theirs",
            };
            assert_eq!((found, upstream), (whose, Some(*code)));
        }
    }
    for code in [160, 300] {
        s.api.force(code);
        assert_eq!(s.ok("CKEY", "s3cret", None).communities(&numbers(&[1])).await, Ok(Vec::new()));
    }
    // Its limit, met by a client that hurries.
    s.connection.per_second = 50;
    let ok = s.ok("CKEY", "s3cret", None);
    for _ in 0..3 {
        ok.communities(&numbers(&[1])).await.unwrap();
    }
    assert_eq!(refused(&ok, 1).await, (TryAgain(Some(SECOND)), Some(11)));
    s.api.garble(200, "no json");
    assert_eq!(refused(&s.ok("CKEY", "s3cret", None), 1).await, (TryAgain(None), None));
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn max_shows_what_its_bot_was_added_to() {
    let mut s = set_up(Interface::Max { token: "bot-token".to_owned() }, 30);
    let max = s.max("bot-token");
    for (number, expected) in [(1, Visibility::Open), (2, Visibility::Closed), (3, Visibility::Deleted), (4, Visibility::Blocked)] {
        assert_eq!(visibility(&max, number).await, Some(expected));
    }
    assert_eq!(visibility(&max, 77).await, None);
    let seen = max.by_screen_name("ds12").await.unwrap().unwrap();
    assert_eq!((seen.id.as_str(), seen.uri.as_str(), seen.description.as_str()), ("1", "https://max.ru/ds12", "О странице\nгосбейдж"));
    let unnamed = max.communities(&numbers(&[2])).await.unwrap();
    assert_eq!((unnamed[0].uri.as_str(), unnamed[0].screen_name.as_deref()), ("https://max.ru/-2", None));
    let asked = s.api.requests();
    for odd in ["", "-1", "1", "a/b", "a?b", "..", "ё"] {
        assert!(max.by_screen_name(odd).await.unwrap().is_none(), "{odd}");
    }
    assert_eq!(s.api.requests(), asked);
    assert_eq!(refused(&max, 5).await, (Theirs, Some(403)));
    assert_eq!(refused(&s.max("other"), 1).await, (Ours, Some(401)));
    assert_eq!(max.communities(&numbers(&[1, 2])).await.unwrap_err().fault, Ours);
    for (status, fault) in [(400, Ours), (405, Ours), (404, Ours)] {
        s.api.force(status);
        let answer = max.communities(&numbers(&[1])).await;
        if status == 404 { assert_eq!(answer, Ok(Vec::new())) } else { assert_eq!(answer.unwrap_err().fault, fault) }
    }
    for body in [r#"{"chat_id":12,"type":"dialog","status":"active"}"#, r#"{"chat_id":"x"}"#, "[]"] {
        s.api.garble(200, body);
        assert_eq!(refused(&max, 1).await, (TryAgain(None), None), "{body}");
    }
    s.api.garble(200, r#"{"chat_id":-1,"type":"chat","status":"removed"}"#);
    assert_eq!(refused(&max, 1).await, (Theirs, None));
    // `Retry-After` is obeyed.
    s.clock.advance(5 * SECOND);
    s.api.force(429);
    s.connection.per_second = 50;
    let max = s.max("bot-token");
    assert_eq!(refused(&max, 1).await, (TryAgain(Some(2 * SECOND)), Some(429)));
    assert_eq!(refused(&max, 1).await, (TryAgain(Some(2 * SECOND)), None));
    s.stop().await;
}

#[test]
fn settings_that_would_send_credentials_in_clear_are_refused() {
    let c = |url: &str, roots: Option<&[u8]>| Connection {
        platform: "p".to_owned(),
        url: url.to_owned(),
        per_second: 1,
        connect_timeout: SECOND,
        timeout: SECOND,
        max_response_bytes: 4096,
        roots_pem: roots.map(<[u8]>::to_vec),
        allow_http: false,
    };
    let make = |c: &Connection| MaxApi::new(c, "t".to_owned(), String::new(), HeldClock::new()).err().map(|e| e.to_string());
    assert!(make(&c("http://max.example.ru", None)).unwrap().contains("https://"));
    assert!(make(&c("https://max.example.ru", Some(b"no certificate"))).unwrap().contains("root certificates"));
    assert_eq!(make(&c("https://max.example.ru", None)), None);
}
