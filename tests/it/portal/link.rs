//! The link into an authority's own application: looking begins nothing, signing in is for whoever holds it, and each browser sees
//! its own.

use std::time::Duration;

use gosbadge::service::Actor;
use gosbadge::service::add_platform::set_platform_state;

use super::{COMMUNITY, secret};
use crate::flow::{Page, with_parameter};
use crate::harness::{Harness, Person};

#[tokio::test(flavor = "multi_thread")]
async fn looking_begins_nothing_and_the_button_leads_to_the_sign_in() {
    let h = Harness::start().await;
    let started = h.apply(COMMUNITY).await;
    let preview = h.http.get(&started.link).send().await.unwrap();
    assert_eq!(preview.status(), 200);
    assert!(preview.headers().get("set-cookie").is_none());
    let mut person = Person::new();
    let page = Page::of(&person.get(&started.link, None).await);
    assert_eq!(page.text("textarea"), started.link);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM logins"), 0);
    // By the link alone; without it nobody sees anything.
    for url in [
        h.url(&format!("/applications/{}", started.id)),
        with_parameter(&started.link, "link", Some("x")),
        h.url(&format!("/login?application={}", started.id)),
        h.url(&format!("/login?application={}&link=x", started.id)),
        h.url("/login"),
    ] {
        let end = Person::new().get(&url, None).await;
        assert_eq!((end.status, end.location), (404, None), "{url}");
        assert!(!end.body.contains("Ромашка"), "{url}");
    }
    let end = h.sign_in(&mut person, &started, "kindergarten-head").await;
    assert_eq!((end.status, h.word("state", &started.id).as_str()), (200, "organisation_chosen"), "{}", end.body);
    assert_eq!(end.url, h.url(&format!("/applications/{}", started.id)));
    assert_eq!(Page::of(&end).one("main .buttons a.button", "href"), format!("/applications/{}/control", started.id));
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM authorization_codes"), 0, "there is no platform to give a code to");
    h.assert_no_badge(COMMUNITY).await;
    // The platform sees nothing of it.
    let (client, password) = h.basic().unwrap();
    let url = h.url(&format!("/v1/applications/{}", started.id));
    assert_eq!(h.http.get(url).basic_auth(client, Some(password)).send().await.unwrap().status(), 404);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_signs_in_elsewhere_and_each_browser_sees_its_own() {
    let h = Harness::start().await;
    let started = h.apply(COMMUNITY).await;
    // The secretary presses the button, meets the sign-in of Gosuslugi, and passes the link on.
    let secretary = Person::new();
    let to_idp = secretary.get(&h.sign_in_address(&secretary, &started).await, None).await;
    assert!(to_idp.location.unwrap().starts_with(&h.ready().esia_url));
    let mut head = Person::new();
    let choice = h.sign_in(&mut head, &started, "two-organisations").await;
    assert!(choice.url.ends_with("/organisation"), "{}", choice.url);
    // The secretary's browser sees where the application stands, and not what the head may choose from.
    let page = h.url(&format!("/applications/{}", started.id));
    let seen = secretary.get(&page, None).await;
    assert!(seen.status == 200 && seen.body.contains("в другом браузере"), "{}", seen.body);
    assert_eq!(Page::of(&seen).one("main .buttons a.button", "href"), format!("/login?application={}", started.id));
    let peek = secretary.get(&choice.url, None).await;
    assert_eq!((peek.status, Page::of(&peek).text(".code").as_str()), (400, "F19"));
    assert!(!peek.body.contains("Школа"), "{}", peek.body);
    // Nor may it choose.
    let form = Page::of(&choice);
    let fields = [("csrf", form.one("form.choose input[name=csrf]", "value")), ("organisation", "1000000404".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(secretary.post(&choice.url, &fields).await.status, 403);
    let next = head.post(&choice.url, &fields).await;
    assert_eq!(next.location.as_deref(), Some(page.as_str()), "{}", next.body);
    let own = head.get(&page, None).await;
    assert!(Page::of(&own).text(".facts").contains("Организация"), "{}", own.body);
    let seen = secretary.get(&page, None).await;
    assert!(!Page::of(&seen).text(".facts").contains("Организация"), "{}", seen.body);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_three_days_for_somebody_and_then_has_its_whole_time() {
    let day = Duration::from_secs(24 * 3600);
    let h = Harness::start().await;
    let started = h.apply(COMMUNITY).await;
    let other = h.apply("218000002").await;
    h.clock.advance(3 * day - Duration::from_secs(60));
    let mut person = Person::new();
    assert_eq!(h.sign_in(&mut person, &started, "kindergarten-head").await.status, 200);
    h.clock.advance(Duration::from_secs(60));
    let late = Page::of(&Person::new().get(&other.link, None).await);
    assert_eq!((late.one("main .buttons a.button", "href").as_str(), late.all("textarea", "id").len()), ("/apply", 0));
    let door = h.url(&format!("/login?application={}&link={}", other.id, secret(&other)));
    assert_eq!(Person::new().get(&door, None).await.location, Some(other.link.clone()));
    // A week later, on another machine, and in the browser of then.
    h.clock.advance(7 * day);
    gosbadge::service::sweep::sweep(h.app()).await.unwrap();
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM evidence"), 0, "the sign-in is forgotten when it serves no more");
    let again = Page::of(&person.get(&h.url(&format!("/applications/{}", started.id)), None).await);
    assert_eq!(again.one("main .buttons a.button", "href"), format!("/login?application={}", started.id));
    let mut elsewhere = Person::new();
    assert_eq!(h.sign_in(&mut elsewhere, &started, "kindergarten-head").await.status, 200);
    h.clock.advance(4 * day);
    let over = elsewhere.get(&started.link, None).await;
    assert_eq!(Page::of(&over).one("main .buttons a.button", "href"), "/apply");
    assert!(over.body.contains("Срок заявки истёк"), "{}", over.body);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_shut_out_begins_no_sign_in() {
    let h = Harness::start().await;
    let started = h.apply(COMMUNITY).await;
    let door = h.sign_in_address(&Person::new(), &started).await;
    set_platform_state(h.app(), "demo".to_owned(), false, &Actor::system()).await.unwrap();
    assert_eq!(Person::new().get(&door, None).await.status, 404);
    set_platform_state(h.app(), "demo".to_owned(), true, &Actor::system()).await.unwrap();
    assert_eq!(Person::new().get(&door, None).await.status, 302);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_up_and_refusals_lead_to_a_new_application_and_not_to_a_platform() {
    let h = Harness::start().await;
    let started = h.apply(COMMUNITY).await;
    let mut person = Person::new();
    h.sign_in(&mut person, &started, "kindergarten-head").await;
    let page = h.url(&format!("/applications/{}", started.id));
    let (action, csrf) = Page::of(&person.get(&page, None).await).return_form();
    assert_eq!(Person::new().post(&h.url(&action), &[("csrf", &csrf)]).await.status, 403);
    let end = person.post(&h.url(&action), &[("csrf", &csrf)]).await;
    assert_eq!(end.location.as_deref(), Some(page.as_str()));
    let over = Page::of(&person.get(&page, None).await);
    assert_eq!(over.one("main .buttons a.button", "href"), "/apply");
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM evidence"), 0);

    for (persona, code) in [("employee", "F04"), ("private-school-head", "F13")] {
        let started = h.apply("218000002").await;
        let mut person = Person::new();
        let end = h.sign_in(&mut person, &started, persona).await;
        let refusal = Page::of(&end);
        assert_eq!(refusal.text(".code"), code, "{}", end.body);
        assert_eq!(refusal.all("main form[action$=\"/return\"]", "action"), Vec::<String>::new(), "{code}");
        assert_eq!(refusal.all("main a[href='/apply']", "href").len(), 1, "{code}");
        let over = person.get(&started.link, None).await;
        assert!(over.body.contains(code) && Page::of(&over).one("main .buttons a.button", "href") == "/apply", "{}", over.body);
    }
    h.stop().await;
}
