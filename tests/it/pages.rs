//! Pages anybody may open: the front page, the check of a link, and a community's badge in each state.

use std::time::Duration;

use gosbadge::service::Actor;
use gosbadge::service::add_platform::{NewPlatform, replace_platform};
use gosbadge::service::sweep;
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::harness::{Harness, Issued};

struct Page {
    status: u16,
    text: String,
    doc: Html,
}

impl Page {
    fn all(&self, css: &str) -> Vec<String> {
        let selector = Selector::parse(css).unwrap();
        self.doc.select(&selector).map(|e| e.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    fn h1(&self) -> String {
        self.all("h1").remove(0)
    }
}

async fn open(h: &Harness, url: &str, language: &str) -> Page {
    let request = h.http.get(url).header("accept", "text/html").header("accept-language", language);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    assert!(answer.headers().contains_key("content-security-policy"));
    let text = answer.text().await.unwrap();
    let doc = Html::parse_document(&text);
    Page { status, text, doc }
}

fn check_url(h: &Harness, link: &str) -> String {
    let mut url = url::Url::parse(&h.url("/check")).unwrap();
    url.query_pairs_mut().append_pair("link", link);
    url.into()
}

async fn check(h: &Harness, link: &str) -> Page {
    open(h, &check_url(h, link), "ru").await
}

async fn check_json(h: &Harness, link: &str) -> (u16, Value) {
    let answer = h.http.get(check_url(h, link)).header("accept", "application/json").send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// A badge on a platform with addresses like those people know.
async fn on_a_real_address(h: &mut Harness) -> Issued {
    let new = NewPlatform {
        id: "demo".parse().unwrap(),
        name: "Площадка".to_owned(),
        base_url: "https://vk.example".to_owned(),
        redirect_uris: vec!["https://vk.example/gosbadge/callback".to_owned()],
        community_prefixes: vec!["https://vk.example/".to_owned()],
        jwks: None,
        webhook_url: None,
        certificate: None,
        communities: None,
    };
    let secrets = replace_platform(h.app(), new, &Actor::system()).await.unwrap();
    let ready = &mut h.dev.ready;
    ready.platform.client_secret = secrets.client_secret.unwrap();
    ready.platform.redirect_uri = "https://vk.example/gosbadge/callback".to_owned();
    ready.platform_url = "https://vk.example".to_owned();
    h.issue("218000001", "kindergarten-head").await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_form_of_a_link() {
    let mut h = Harness::start().await;
    let issued = on_a_real_address(&mut h).await;
    let forms = [
        "https://vk.example/club218000001",
        "http://vk.example/club218000001",
        "vk.example/club218000001",
        "  vk.example/club218000001/ ",
        "https://m.vk.example/club218000001",
        "m.vk.example/public218000001",
        "https://www.vk.example/club218000001/",
        "https://VK.example/Club218000001?w=wall-1_2#x",
        "vk.example/ds12",
        "https://vk.example/DS12/",
        "https://vk.example/218000001",
    ];
    for link in forms {
        let page = check(&h, link).await;
        assert_eq!(page.status, 200, "{link}");
        assert!(page.text.contains("Ромашка") && page.text.contains("/c/"), "{link}: {}", page.h1());
        let (status, answer) = check_json(&h, link).await;
        assert_eq!((status, answer["official"].as_bool(), answer["status"].as_str()), (200, Some(true), Some("active")), "{link} {answer}");
        assert_eq!(answer["badge"], issued.badge);
    }
    let english = open(&h, &format!("{}&lang=en", check_url(&h, forms[0])), "ru").await;
    assert_eq!(english.doc.root_element().attr("lang"), Some("en"));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_lead_nowhere() {
    let mut h = Harness::start().await;
    on_a_real_address(&mut h).await;
    for link in ["vk.example/club5", "https://vk.example/somebody", "https://vk.example/club218000001x", "vk.example/club218000001/topic"] {
        let page = check(&h, link).await;
        assert_eq!(page.status, 200, "{link}");
        assert!(!page.text.contains("Ромашка"), "{link}");
        let (status, answer) = check_json(&h, link).await;
        assert_eq!((status, answer["official"].as_bool(), answer["status"].as_str()), (200, Some(false), Some("unknown")), "{answer}");
    }
    let tricks = [
        "привет",
        "https://example.org/club218000001",
        "https://vk.example.evil.org/club218000001",
        "https://vk.example@evil.org/club218000001",
        "javascript:alert(1)",
        "https://vk.example",
        "https://evil.org/?https://vk.example/club218000001",
        "<script>alert(1)</script>",
        "218000001",
    ];
    for link in tricks {
        let page = check(&h, link).await;
        assert_eq!(page.status, 400, "{link}");
        assert!(page.text.contains("https://vk.example/club123456"), "advice with an example: {link}");
        assert!(!page.text.contains("<script"), "{link}");
        let (status, answer) = check_json(&h, link).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("invalid-request")), "{link} {answer}");
    }
    let unclear = check(&h, "привет").await;
    let selector = Selector::parse("input[name=link]").unwrap();
    assert_eq!(unclear.doc.select(&selector).next().unwrap().attr("value"), Some("привет"), "the text stays in the form");
    let empty = h.http.get(h.url("/check")).send().await.unwrap();
    assert_eq!((empty.status().as_u16(), empty.headers()["location"].to_str().unwrap()), (303, "/"));
    assert_eq!(check_json(&h, "").await.0, 400);
    assert_eq!(check(&h, &"x".repeat(5000)).await.status, 400);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_badge_in_each_state() {
    let h = Harness::start().await;
    let (first, second) = (h.issue("218000001", "kindergarten-head").await, h.issue("218000002", "kindergarten-head").await);
    let page_of = async |badge: &str| {
        let shown: Value = h.http.get(h.url(&format!("/v1/badges/{badge}"))).send().await.unwrap().json().await.unwrap();
        shown["page"].as_str().unwrap().to_owned()
    };
    let (first_page, second_page) = (page_of(&first.badge).await, page_of(&second.badge).await);
    let link = format!("{}/club218000001", h.ready().platform_url);
    let mut headings = vec![check(&h, &link).await.h1()];
    for (action, state, word, events) in [
        ("", "active", "Подтверждена", 1),
        ("suspend", "suspended", "Приостановлен", 2),
        ("reinstate", "active", "Подтверждена", 3),
        ("revoke", "revoked", "Отозван", 4),
    ] {
        if !action.is_empty() {
            h.clock.advance(Duration::from_secs(60));
            assert_eq!(h.admin(&first.badge, action, json!({ "reason": "court_decision" })).await.0, 200);
        }
        let page = open(&h, &first_page, "ru").await;
        assert_eq!(page.status, 200, "{state}");
        assert!(page.all("main").remove(0).contains(word), "{state}: {}", page.all("main").remove(0));
        assert!(page.text.contains("1029900000019") || page.text.contains("ОГРН"), "who stands behind it");
        assert_eq!(page.all("ol.history li").len(), events, "{state}: {}", page.text);
        assert_eq!(check_json(&h, &link).await.1["status"], state);
        if state != "active" {
            headings.push(check(&h, &link).await.h1());
        }
    }
    let revoked = open(&h, &first_page, "en").await;
    assert_eq!(revoked.doc.root_element().attr("lang"), Some("en"));
    assert!(revoked.text.contains("Revoked") && revoked.text.contains("court"), "date and reason stay visible");
    assert_eq!(check_json(&h, &link).await.1["official"], false);

    // Time counts before the sweep has noted it, and the page says when it ended either way.
    h.clock.advance(Duration::from_secs(91 * 24 * 3600));
    let before = open(&h, &second_page, "ru").await;
    sweep::sweep(h.app()).await.unwrap();
    let after = open(&h, &second_page, "ru").await;
    for page in [&before, &after] {
        assert_eq!(page.status, 200);
        assert!(page.all("main").remove(0).contains("стёк"), "expired: {}", page.all("main").remove(0));
    }
    assert_eq!(before.all(".plaque"), after.all(".plaque"), "the same day, whenever the sweep came by");
    assert!(before.all(".plaque")[0].contains("стёк"), "{:?}", before.all(".plaque"));
    headings.push(check(&h, &format!("{}/club218000002", h.ready().platform_url)).await.h1());
    let count = headings.len();
    headings.sort();
    headings.dedup();
    assert_eq!((count, headings.len()), (4, 4), "each state has its own verdict: {headings:?}");
    assert_eq!(open(&h, &first_page, "ru").await.status, 200, "a revoked one stays visible for ever");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_front_page_and_its_files() {
    let h = Harness::start().await;
    let russian = open(&h, &h.url("/"), "de").await;
    assert_eq!((russian.status, russian.doc.root_element().attr("lang")), (200, Some("ru")), "Russian first");
    let english = open(&h, &h.url("/?lang=en"), "ru").await;
    assert_eq!(english.doc.root_element().attr("lang"), Some("en"), "the address decides");
    assert_eq!(open(&h, &h.url("/"), "en-GB,en;q=0.9").await.doc.root_element().attr("lang"), Some("en"));
    let form = Selector::parse("form[action='/check'] input[name=link]").unwrap();
    assert_eq!(russian.doc.select(&form).count(), 1);

    let linked = Selector::parse("link[href], img[src]").unwrap();
    let mut files: Vec<_> = russian.doc.select(&linked).filter_map(|e| e.attr("href").or(e.attr("src")).map(str::to_owned)).collect();
    assert!(files.iter().any(|f| f.ends_with(".css")), "{files:?}");
    files.push("/badge/v1.svg".to_owned());
    for file in files.iter().filter(|f| f.starts_with('/') && f.contains('.')) {
        let answer = h.http.get(h.url(file)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{file}");
        let kind = if file.ends_with(".css") { "text/css; charset=utf-8" } else { "image/svg+xml" };
        assert_eq!(
            (answer.headers()["content-type"].to_str().unwrap(), answer.headers()["x-content-type-options"].to_str().unwrap()),
            (kind, "nosniff")
        );
        assert!(answer.headers()["cache-control"].to_str().unwrap().starts_with("public, max-age="));
        assert!(!answer.bytes().await.unwrap().is_empty());
    }
    h.stop().await;
}
