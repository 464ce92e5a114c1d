//! Tests of reading official sites: hostile addresses, names that turn inward, pages that send on, and pages without an end.

use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::*;
use crate::adapters::guarded_resolver::tests::{INWARD, Scripted};
use crate::adapters::test_server::{Received, Reply, serve};

const HTML: &str = "content-type: text/html; charset=windows-1251\r\n";
const PAGE: &str = "<head><meta name=gosbadge content=m></head><a href=https://vk.com/club1>";

/// Addresses that must never be called; PORT stands for the canary's port.
const HOSTILE: &str = include_str!("../../../tests/it/streams/refused_endpoints.json");

fn limits(allow_loopback: bool) -> SiteLimits {
    let second = Duration::from_secs(1);
    SiteLimits { connect_timeout: 10 * second, timeout: 10 * second, max_bytes: 10_000, allow_loopback }
}

fn reader(allow_loopback: bool) -> HttpSiteReader {
    HttpSiteReader::new(limits(allow_loopback)).unwrap()
}

#[actix_web::test]
async fn no_hostile_address_is_ever_connected_to() {
    let hostile: Vec<String> = serde_json::from_str(HOSTILE).unwrap();
    assert!(hostile.len() >= 60);
    let canary = serve(|_| Reply::new(200, HTML, PAGE));
    let port = canary.url.rsplit_once(':').unwrap().1.to_owned();
    let reader = reader(false);
    // Beside what no webhook may go to: another port than a site's, and an address without a name.
    let further = ["https://example.com:8443/", "https://93.184.216.34/", "https://[2606:2800::1]/", "https://127.0.0.1:PORT/"];
    for url in hostile.iter().map(String::as_str).chain(further) {
        let url = url.replace("PORT", &port);
        assert!(!reader.may_read(&url), "{url:?}");
        assert_eq!(reader.read(&url).await, Err(SiteFault::Forbidden), "{url:?}");
    }
    for good in ["https://ds12.example.ru/", "https://xn--e1afmkfd.xn--p1ai/contacts?a=1", "https://школа.рф:443/"] {
        assert!(reader.may_read(good), "{good}");
    }
    assert_eq!(canary.hits.load(Ordering::SeqCst), 0);
}

#[actix_web::test]
async fn a_name_that_leads_inward_is_not_followed() {
    let canary = serve(|_| Reply::new(200, HTML, PAGE));
    let answers = Scripted::new([INWARD.to_vec(), vec!["127.0.0.1"]]);
    let reader = HttpSiteReader::with_resolver(limits(false), answers).unwrap();
    for _ in 0..2 {
        assert_eq!(reader.read("https://rebind.example.ru/").await, Err(SiteFault::Forbidden));
    }
    assert_eq!(canary.hits.load(Ordering::SeqCst), 0);
}

/// By the rules of development, where this machine stands for a public one that a test can have.
#[actix_web::test]
async fn a_name_that_turns_inward_is_not_followed_although_it_was_read_before() {
    let server = serve(|r: &Received| match r.path.as_str() {
        "/" => Reply::new(200, HTML, PAGE),
        _ => Reply::new(302, "location: /\r\n", ""),
    });
    let port = server.url.rsplit_once(':').unwrap().1.to_owned();
    let (here, inward) = (|| vec!["127.0.0.1"], || vec!["10.0.0.1", "169.254.169.254", "fd00::1"]);
    let answers = Scripted::new([here(), inward(), here(), inward()]);
    let reader = HttpSiteReader::with_resolver(limits(true), Arc::clone(&answers) as Arc<dyn Resolve>).unwrap();
    let url = format!("http://rebind.localhost:{port}/");
    assert!(reader.read(&url).await.is_ok());
    assert_eq!(reader.read(&url).await, Err(SiteFault::Forbidden));
    assert_eq!((server.hits.load(Ordering::SeqCst), answers.left()), (1, 2), "asked again for the second reading");
    // Nor when it turns between a page and the one that page sends on to.
    assert_eq!(reader.read(&format!("{url}moved")).await, Err(SiteFault::Forbidden));
    assert_eq!((server.hits.load(Ordering::SeqCst), answers.left()), (2, 0));
}

#[actix_web::test]
async fn a_page_is_read_as_a_visitor_without_a_past_would() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let store = Arc::clone(&seen);
    let server = serve(move |r: &Received| {
        store.lock().unwrap().push(r.head.to_ascii_lowercase());
        Reply::new(200, &format!("{HTML}set-cookie: session=1; path=/\r\n"), PAGE)
    });
    let reader = reader(true);
    for _ in 0..2 {
        let page = reader.read(&format!("{}/about", server.url)).await.unwrap();
        assert_eq!((page.links, page.marks), (vec!["https://vk.com/club1".to_owned()], vec!["m".to_owned()]));
    }
    for head in seen.lock().unwrap().iter() {
        assert!(head.starts_with("get /about ") && head.contains("user-agent: gosbadge/"), "{head}");
        assert!(!head.contains("cookie") && !head.contains("authorization") && !head.contains("referer"), "{head}");
    }
}

#[actix_web::test]
async fn a_page_may_send_on_within_its_host_and_nowhere_else() {
    let canary = serve(|_| Reply::new(200, HTML, PAGE));
    let elsewhere = canary.url.clone();
    let server = serve(move |r: &Received| match r.path.as_str() {
        "/" => Reply::new(302, "location: /start\r\n", ""),
        "/start" => Reply::new(301, "location: index.html#top\r\n", ""),
        "/index.html" => Reply::new(200, HTML, PAGE),
        "/out" => Reply::new(302, &format!("location: {elsewhere}/\r\n"), ""),
        "/name" => Reply::new(302, "location: https://evil.example/\r\n", ""),
        "/circle" => Reply::new(307, "location: /circle\r\n", ""),
        _ => Reply::new(302, "location: file:///etc/passwd\r\n", ""),
    });
    let (reader, at) = (reader(true), |path: &str| format!("{}{path}", server.url));
    assert!(reader.read(&at("/")).await.is_ok());
    for path in ["/out", "/name", "/circle"] {
        assert_eq!(reader.read(&at(path)).await, Err(SiteFault::Redirects), "{path}");
    }
    assert_eq!(reader.read(&at("/file")).await, Err(SiteFault::Forbidden));
    assert_eq!(canary.hits.load(Ordering::SeqCst), 0);
}

#[actix_web::test]
async fn what_is_too_long_too_slow_or_no_page_ends_in_time() {
    let outcome = async |reply: fn() -> Reply| reader(true).read(&serve(move |_| reply()).url).await;
    let impatient = HttpSiteReader::new(SiteLimits { timeout: Duration::from_secs(2), ..limits(true) }).unwrap();
    let hurried = async |reply: fn() -> Reply| impatient.read(&serve(move |_| reply()).url).await;
    assert_eq!(outcome(|| Reply::new(200, HTML, vec![b'x'; 10_001])).await, Err(SiteFault::TooLarge));
    assert_eq!(outcome(|| Reply::new(200, HTML, vec![b'x'; 64 * 1024 * 1024])).await, Err(SiteFault::TooLarge));
    let announced = || Reply::new(200, "content-type: text/html\r\ncontent-length: 999999999\r\n", "x");
    assert_eq!(outcome(announced).await, Err(SiteFault::TooLarge));
    let trickles = || Reply { drip: Duration::from_millis(100), ..Reply::new(200, HTML, vec![b'x'; 9_000]) };
    assert_eq!(hurried(trickles).await, Err(SiteFault::NotReached));
    let silent = || Reply { delay: Duration::from_secs(30), ..Reply::new(200, HTML, "") };
    assert_eq!(hurried(silent).await, Err(SiteFault::NotReached));
    assert_eq!(outcome(|| Reply { hang_up: true, ..Reply::new(200, "", "") }).await, Err(SiteFault::NotReached));
    let faults = [
        (404, SiteFault::NoPage),
        (410, SiteFault::NoPage),
        (403, SiteFault::NotReached),
        (500, SiteFault::NotReached),
        (503, SiteFault::NotReached),
    ];
    for (status, fault) in faults {
        let server = serve(move |_| Reply::new(status, HTML, PAGE));
        assert_eq!(reader(true).read(&server.url).await, Err(fault), "{status}");
    }
    for kind in ["content-type: application/pdf\r\n", "content-type: image/svg+xml\r\n", ""] {
        let server = serve(move |_| Reply::new(200, kind, PAGE));
        assert_eq!(reader(true).read(&server.url).await, Err(SiteFault::NotAPage), "{kind}");
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(reader(true).read(&format!("http://{closed}/")).await, Err(SiteFault::NotReached));
}

#[actix_web::test]
async fn a_page_made_to_be_slow_ends_in_time() {
    // Every attribute of a tag is held against all before it.
    let attributes = || {
        (0_u32..).map(|i| format!(" a{i:x}")).scan(0, |size, a| {
            *size += a.len();
            (*size < 2 * 1024 * 1024).then_some(a)
        })
    };
    let server = serve(move |r: &Received| match r.path.as_str() {
        "/slow" => Reply::new(200, HTML, format!("<a{}>", String::from_iter(attributes()))),
        _ => Reply::new(200, HTML, format!("{}{PAGE}", "<!-- -->".repeat(20_000))),
    });
    let limits = SiteLimits { timeout: Duration::from_secs(60), max_bytes: 3 * 1024 * 1024, ..limits(true) };
    let reader = HttpSiteReader::new(limits).unwrap();
    assert_eq!(reader.read(&format!("{}/slow", server.url)).await, Err(SiteFault::TooLarge));
    assert_eq!(reader.read(&server.url).await.unwrap().links, ["https://vk.com/club1"]);
}
