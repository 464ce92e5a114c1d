//! The official site and the community name each other, and the one-time text in the page's head says for whom.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};

use super::{Applicant, COMMUNITY, INTERFACE};
use crate::flow::Page;
use crate::harness::Harness;

/// A school's web site: one page, under any path, and how often it was asked.
pub struct Site {
    pub url: String,
    pub page: Arc<Mutex<(u16, String)>>,
    asked: Arc<Mutex<usize>>,
    pub server: actix_web::dev::ServerHandle,
}

impl Site {
    pub fn start() -> Self {
        let (page, asked) = (Arc::new(Mutex::new((200, String::new()))), Arc::new(Mutex::new(0)));
        let (given, count) = (page.clone(), asked.clone());
        let server = HttpServer::new(move || {
            let (given, count) = (given.clone(), count.clone());
            App::new().default_service(web::to(move || {
                *count.lock().unwrap() += 1;
                let (status, body) = given.lock().unwrap().clone();
                let status = actix_web::http::StatusCode::from_u16(status).unwrap();
                async move { HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body) }
            }))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        // By a name: the stand-in platform has the address.
        let url = format!("http://localhost:{}/", server.addrs()[0].port());
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, page, asked, server: handle }
    }

    pub fn says(&self, head: &str, body: &str) {
        *self.page.lock().unwrap() = (200, format!("<!doctype html><html><head>{head}</head><body>{body}</body></html>"));
    }

    pub fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

pub async fn name(a: &Applicant, h: &Harness, page: &str) -> String {
    a.done(h, "site_link", &[("do", "name"), ("page", page)]).await;
    a.page(h).await.text("#mark")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_and_a_community_that_name_each_other_prove_control_with_the_text() {
    let h = Harness::start_with(&[INTERFACE]).await;
    let (a, site) = (h.applicant(COMMUNITY, "kindergarten-head").await, Site::start());
    let mark = name(&a, &h, &site.url).await;
    assert!(mark.starts_with("<meta name=\"gosbadge\" content=\"gosbadge-") && mark.ends_with("\">"), "{mark}");
    let link = format!("<p>Мы в сети: <a href=\"{}/club{COMMUNITY}\">сообщество</a></p>", h.ready().platform_url);

    // Nobody's server is asked that the community does not name.
    assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("no_link_back"));
    assert_eq!(site.asked(), 0);
    h.describe(COMMUNITY, &format!("Детский сад. Учредитель: {}", site.url)).await;
    assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("no_link_back"), "whoever a description names is not the community");
    h.names_site(COMMUNITY, &site.url).await;
    site.says("", "Детский сад");
    assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("no_link_to_community"));
    // A link to another community, and one that is only written.
    for body in [link.replace(COMMUNITY, "218000002"), format!("{}/club{COMMUNITY}", h.ready().platform_url), format!("<!-- {link} -->")] {
        site.says(&mark, &body);
        assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("no_link_to_community"), "{body}");
    }
    // Links both ways are what anybody's site and community may have: they say nothing of who asks.
    site.says("", &link);
    assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("text_not_on_site"));
    site.says("", &format!("{link}<p>комментарий посетителя: {mark}</p>"));
    assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("text_not_on_site"));
    let other = h.applicant(COMMUNITY, "kindergarten-head").await;
    site.says(&name(&other, &h, &site.url).await, &link);
    assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("text_not_on_site"), "another application's");

    site.says(&format!("<title>Сад</title>{mark}"), &link);
    assert_eq!(a.look(&h, "site_link").await, None);
    assert_eq!((a.state(&h).as_str(), a.proofs(&h)), ("control_proven", vec!["site_link valid".to_owned()]));
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM control_proofs WHERE token IS NOT NULL"), 1, "the other one's alone");
    site.server.stop(false).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vanity_name_of_today_is_a_link_and_that_of_yesterday_is_none() {
    let h = Harness::start_with(&[INTERFACE]).await;
    let (a, site) = (h.applicant(COMMUNITY, "kindergarten-head").await, Site::start());
    let mark = name(&a, &h, &site.url).await;
    h.names_site(COMMUNITY, &format!("({})", site.url)).await;
    let link = |screen_name: &str| format!("<link rel=me href=\"{}/{screen_name}\">{mark}", h.ready().platform_url);
    site.says(&link("minprimer"), "");
    assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("no_link_to_community"));
    site.says(&link("DS12_Romashka"), "");
    assert_eq!(a.look(&h, "site_link").await, None);
    site.server.stop(false).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_official_site_is_not_taken_and_says_why() {
    let h = Harness::start_with(&[INTERFACE]).await;
    let a = h.applicant(COMMUNITY, "kindergarten-head").await;
    let club = format!("{}/club{COMMUNITY}", h.ready().platform_url);
    for (page, why) in [
        ("", "не адрес сайта"),
        ("не сайт", "не адрес сайта"),
        ("http://ds12.example.ru/", "не адрес сайта"),
        ("https://u:p@ds12.example.ru/", "не адрес сайта"),
        ("https://10.0.0.1/", "не адрес сайта"),
        ("https://169.254.169.254/latest/meta-data/", "не адрес сайта"),
        ("https://metadata.google.internal/", "не адрес сайта"),
        ("https://router.local/", "не адрес сайта"),
        ("https://93.184.216.34/", "не адрес сайта"),
        ("https://ds12.example.ru:8443/", "не адрес сайта"),
        ("file:///etc/passwd", "не адрес сайта"),
        ("https://vk.com/club218000001", "социальной сети"),
        ("https://m.vk.com/", "социальной сети"),
        ("https://narod.ru/", "социальной сети"),
        ("https://sites.google.com/view/ds12", "социальной сети"),
        (club.as_str(), "социальной сети"),
    ] {
        let end = a.send(&h, "site_link", &[("do", "name"), ("page", page)]).await;
        assert_eq!(end.status, 422, "{page}: {}", end.body);
        let shown = Page::of(&end);
        assert!(shown.text("#page-error").contains(why), "{page}: {}", shown.text("#page-error"));
        assert_eq!(shown.one("input[name=page]", "value"), page, "what was typed stays");
    }
    assert!(a.proofs(&h).is_empty());
    // As people type it, and as they copy it.
    name(&a, &h, "ds12.example.ru").await;
    assert_eq!(a.page(&h).await.one("input[name=page]", "value"), "https://ds12.example.ru/");
    let mark = name(&a, &h, "https://ds12.example.ru/contacts#top").await;
    assert_eq!(a.page(&h).await.one("input[name=page]", "value"), "https://ds12.example.ru/contacts");
    assert_eq!(name(&a, &h, "https://школа.example.рф").await, mark, "the line stays the same");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_does_not_answer_well_is_told_apart() {
    let h = Harness::start_with(&[INTERFACE, ("GOSBADGE__SITE__MAX_BYTES", "4096")]).await;
    let (a, site) = (h.applicant(COMMUNITY, "kindergarten-head").await, Site::start());
    name(&a, &h, &site.url).await;
    h.names_site(COMMUNITY, &site.url).await;
    site.says("", &"x".repeat(5000));
    assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("site_too_large"));
    *site.page.lock().unwrap() = (503, String::new());
    assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("site_not_reached"));
    site.server.stop(false).await;
    assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("site_not_reached"));
    // A part of a host belongs to one body, the next to another.
    h.clock.advance(Duration::from_secs(1));
    h.names_site(COMMUNITY, &format!("{}school12/", site.url)).await;
    name(&a, &h, &format!("{}school13/", site.url)).await;
    assert_eq!(a.look(&h, "site_link").await.as_deref(), Some("no_link_back"));
    h.stop().await;
}
