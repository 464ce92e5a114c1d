//! Attacks on the way back from the identity provider: altered, replayed, foreign and late answers. Each is refused, and
//! whoever was attacked can go on.

use std::time::Duration;

use crate::flow::{AtCallback, Page, with_parameter};
use crate::harness::{End, Harness, Person, VERIFIER, parameter};

const COMMUNITY: &str = "218000001";
const OTHER: &str = "218000002";

/// The page for an answer that fits no sign-in of this browser: it leads nowhere.
fn assert_lost(end: &End) {
    assert_eq!((end.status, end.location.as_deref()), (400, None), "{}", end.body);
    let page = Page::of(end);
    assert_eq!(page.text(".code"), "F19");
    assert!(page.all("main a, main form", "href").is_empty());
}

/// The person behind `a` is not harmed: their own answer still works.
async fn assert_completes(h: &Harness, a: &AtCallback) {
    let end = a.person.get(&a.callback, None).await;
    let code = parameter(end.location.as_deref().unwrap_or_else(|| panic!("{} {}", end.status, end.body)), "code").unwrap();
    let (status, body) = h.redeem(&code, VERIFIER).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(h.application(&a.application).await["state"], "issued");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_or_missing_state_is_refused() {
    let h = Harness::start().await;
    let a = h.at_callback(COMMUNITY, "kindergarten-head").await;
    let state = parameter(&a.callback, "state").unwrap();
    let upper = state.to_uppercase();
    let altered = ["", "x", &state[1..], &format!("{state} "), upper.as_str(), "00000000-0000-4000-8000-000000000000"];
    for value in altered.into_iter().filter(|v| *v != state) {
        assert_lost(&a.person.get(&with_parameter(&a.callback, "state", Some(value)), None).await);
    }
    assert_lost(&a.person.get(&with_parameter(&a.callback, "state", None), None).await);
    let twice = a.person.get(&format!("{}&state={state}", a.callback), None).await;
    assert_eq!((twice.status, twice.location.as_deref()), (400, None));
    let nul = a.person.get(&with_parameter(&a.callback, "state", Some(&format!("{state}\u{0}"))), None).await;
    assert_eq!((nul.status, nul.location.as_deref()), (400, None));
    h.assert_no_badge(COMMUNITY).await;
    assert_completes(&h, &a).await;
    h.stop().await;
}

/// Login CSRF: the attacker's answer in the victim's browser would bind the attacker's identity to the victim's request.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_of_use_in_its_own_browser_only() {
    let h = Harness::start().await;
    let attacker = h.at_callback(COMMUNITY, "kindergarten-head").await;
    let victim = h.at_callback(OTHER, "ministry-head").await;
    assert_lost(&Person::new().get(&attacker.callback, None).await);
    assert_lost(&victim.person.get(&attacker.callback, None).await);
    h.assert_no_badge(COMMUNITY).await;
    h.assert_no_badge(OTHER).await;
    assert_completes(&h, &victim).await;
    assert_completes(&h, &attacker).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_cookie_of_wrong_form_is_no_browser() {
    let h = Harness::start().await;
    let a = h.at_callback(COMMUNITY, "kindergarten-head").await;
    for cookie in ["", "short", "' OR 1=1 --", &"a".repeat(43)] {
        let request = h.http.get(&a.callback).header("cookie", format!("gosbadge_browser={cookie}"));
        assert_eq!(request.send().await.unwrap().status(), 400, "{cookie}");
    }
    assert_completes(&h, &a).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_answer_gives_nothing_again() {
    let h = Harness::start().await;
    let a = h.at_callback(COMMUNITY, "kindergarten-head").await;
    let first = a.person.get(&a.callback, None).await;
    let code = parameter(first.location.as_deref().unwrap(), "code").unwrap();
    assert_lost(&a.person.get(&a.callback, None).await);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM authorization_codes"), 1);
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 200);
    assert_lost(&a.person.get(&a.callback, None).await);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_opened_twice_at_once_works_once() {
    let h = Harness::start().await;
    let a = h.at_callback(COMMUNITY, "kindergarten-head").await;
    let tries = futures_util::future::join_all((0..6).map(|_| a.person.get(&a.callback, None))).await;
    let codes: Vec<String> = tries.iter().filter_map(|e| e.location.as_deref()).filter_map(|l| parameter(l, "code")).collect();
    assert_eq!(codes.len(), 1, "{:?}", tries.iter().map(|e| e.status).collect::<Vec<_>>());
    assert_eq!(h.redeem(&codes[0], VERIFIER).await.0, 200);
    h.stop().await;
}

/// Code injection: the head's code in the attacker's session would give the attacker's community the head's authority.
async fn injected(settings: &[(&str, &str)], status: u16, refusal: &str) {
    let h = Harness::start_with(settings).await;
    let head = h.at_callback(COMMUNITY, "kindergarten-head").await;
    let attacker = h.at_callback(OTHER, "employee").await;
    let code = parameter(&head.callback, "code");
    let end = attacker.person.get(&with_parameter(&attacker.callback, "code", code.as_deref()), None).await;
    assert_eq!((end.status, end.location.as_deref()), (status, None), "{}", end.body);
    assert_eq!(Page::of(&end).text(".code"), refusal);
    h.assert_no_badge(OTHER).await;
    h.assert_no_badge(COMMUNITY).await;
    let seen = h.application(&attacker.application).await;
    assert_eq!((seen["state"].as_str(), seen["steps_done"].as_array().map(Vec::len)), (Some("started"), Some(0)), "{seen}");
    // The identity provider spends a code at the first try. The head signs in again and goes on.
    let mut person = head.person;
    let end = person.get(&head.callback, None).await;
    assert_eq!(Page::of(&end).text(".code"), "F19");
    let end = person.walk(&h.url(&format!("/applications/{}/login", head.application)), "kindergarten-head").await;
    let code = parameter(end.location.as_deref().unwrap(), "code").unwrap();
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 200);
    h.assert_no_badge(OTHER).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_injected_code_fails_pkce() {
    injected(&[], 400, "F19").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_injected_code_fails_the_nonce_where_there_is_no_pkce() {
    injected(&[("GOSBADGE__IDP__ESIA__PKCE", "off")], 400, "F19").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_code_is_refused_and_the_application_kept() {
    for alter in [|c: &str| c[1..].to_owned(), |c: &str| format!("{c}x"), |_: &str| String::new(), |_: &str| "x.y.z".to_owned()] {
        let h = Harness::start().await;
        let a = h.at_callback(COMMUNITY, "kindergarten-head").await;
        let code = alter(&parameter(&a.callback, "code").unwrap());
        let end = a.person.get(&with_parameter(&a.callback, "code", Some(&code)), None).await;
        assert_eq!((end.status, end.location.as_deref()), (400, None), "{}", end.body);
        let page = Page::of(&end);
        assert_eq!(page.text(".code"), "F19");
        assert_eq!(page.one("a.button", "href"), format!("/applications/{}/login", a.application));
        h.assert_no_badge(COMMUNITY).await;
        h.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_error_and_code_is_an_error() {
    let h = Harness::start().await;
    let a = h.at_callback(COMMUNITY, "kindergarten-head").await;
    let end = a.person.get(&format!("{}&error=access_denied", a.callback), None).await;
    assert_eq!((end.status, end.location.as_deref(), Page::of(&end).text(".code").as_str()), (403, None, "F01"));
    h.assert_no_badge(COMMUNITY).await;
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM authorization_codes"), 0);
    h.stop().await;
}

/// RFC 9207 §2.4.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_issuer_is_refused() {
    let h = Harness::start().await;
    let a = h.at_callback(COMMUNITY, "kindergarten-head").await;
    let end = a.person.get(&with_parameter(&a.callback, "iss", Some("https://evil.example")), None).await;
    assert_eq!((end.status, end.location.as_deref(), Page::of(&end).text(".code").as_str()), (503, None, "F17"));
    h.assert_no_badge(COMMUNITY).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_took_too_long_can_be_repeated() {
    let h = Harness::start().await;
    let mut a = h.at_callback(COMMUNITY, "kindergarten-head").await;
    h.clock.advance(h.dev.config.login.lifetime);
    assert_lost(&a.person.get(&a.callback, None).await);
    h.assert_no_badge(COMMUNITY).await;
    let end = a.person.walk(&h.url(&format!("/applications/{}/login", a.application)), "kindergarten-head").await;
    assert!(parameter(end.location.as_deref().unwrap(), "code").is_some());
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_application_is_over() {
    // Sign-ins as long as the application, so that its end and not theirs is met.
    let h = Harness::start_with(&[("GOSBADGE__APPLICATION__LIFETIME", "15m"), ("GOSBADGE__LOGIN__LIFETIME", "15m")]).await;
    let (application, authorize) = h.begin(COMMUNITY).await;
    let mut person = Person::new();
    h.clock.advance(Duration::from_secs(9 * 60));
    let callback = person.to_callback(&authorize, "kindergarten-head").await;
    h.clock.advance(Duration::from_secs(6 * 60));
    let end = person.get(&callback, None).await;
    assert_eq!((end.status, end.location.as_deref()), (410, None));
    let again = person.walk(&h.url(&format!("/applications/{application}/login")), "kindergarten-head").await;
    assert_eq!((again.status, again.location.as_deref()), (410, None));
    h.assert_no_badge(COMMUNITY).await;
    let seen = h.application(&application).await;
    assert_eq!(seen["state"], "expired", "{seen}");
    h.stop().await;
}

/// The attacker pushes a request for a community of his own and sends the link to a real head. Whatever she does in her
/// browser, the badge comes only with the code's exchange, and the platform exchanges it only in the session that began.
#[tokio::test(flavor = "multi_thread")]
async fn a_kidnapped_link_leads_to_no_badge() {
    let h = Harness::start().await;
    let start = h.http.post(format!("{}/api/communities/{OTHER}/start", h.ready().platform_url)).send().await.unwrap();
    let start: serde_json::Value = start.json().await.unwrap();
    let mut head = Person::new();
    let end = head.walk(start["authorize_url"].as_str().unwrap(), "kindergarten-head").await;
    let back = end.location.unwrap();
    assert!(parameter(&back, "code").is_some());
    h.assert_no_badge(OTHER).await;
    // Her browser arrives at the platform, which did not begin anything with it.
    let arrived = head.get(&back, None).await;
    assert_eq!(arrived.status, 400, "{}", arrived.body);
    h.assert_no_badge(OTHER).await;
    // The attacker's own browser has the session but not the answer.
    let cookie = start["cookie"].as_str().unwrap();
    let guessed = with_parameter(&back, "code", Some("guessed"));
    h.http.get(&guessed).header("cookie", cookie).send().await.unwrap();
    h.assert_no_badge(OTHER).await;
    h.stop().await;
}
