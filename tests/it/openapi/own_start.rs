//! What takes an application that an authority started by itself.

use std::time::Duration;

use serde_json::json;

use super::particular::{as_person, end};
use super::probe::{As, Probe};
use crate::flow::Page;
use crate::harness::Person;

/// The stand-in platform answers three questions in one.
const SECOND: Duration = Duration::from_secs(1);

pub async fn all(p: &Probe<'_>) {
    proving(p).await;
    deciding(p).await;
    confirming(p).await;
    signing_in(p).await;
    mending(p).await;
    waiting(p).await;
}

/// A sign-in that was begun and not finished, and an application that is over.
async fn proving(p: &Probe<'_>) {
    let started = p.h.apply("218000001").await;
    let person = Person::new();
    let address = p.h.sign_in_address(&person, &started).await;
    assert_eq!(person.get(&address, None).await.status, 302);
    let (show, act) = (p.operation("get /applications/{id}/control"), p.operation("post /applications/{id}/control/{kind}"));
    as_person(p, &show, &person, &started.id, None).await;
    // A foreign site posts; and the browser itself does, when the application is over.
    p.ask(&act, p.request(&act, As::Entitled, "platform_token").form(&[("csrf", "guessed")])).await;
    let csrf = form_token(p, &person, &started.id).await;
    end(p, &started.id);
    as_person(p, &show, &person, &started.id, None).await;
    let url = p.h.url(&format!("/applications/{}/control/platform_token", started.id));
    p.ask(&act, person.http.post(url).form(&[("csrf", csrf.as_str()), ("do", "begin")])).await;
    let back = p.operation("get /oauth/platform/{platform}/callback");
    p.ask(&back, p.request(&back, As::Entitled, "vk").query(&[("state", "x"), ("code", "x")])).await;
}

async fn deciding(p: &Probe<'_>) {
    let decide = "post /admin/v1/applications/{id}/decide";
    let (by_platform, _) = p.h.begin("218000061").await;
    p.send(decide, &by_platform, r#"{"decision":"approve"}"#).await; // nobody asked
    let started = p.h.apply("218000002").await;
    let mut person = Person::new();
    p.h.sign_in(&mut person, &started, "kindergarten-head").await;
    let page = person.get(&p.h.url(&format!("/applications/{}/control", started.id)), None).await;
    let csrf = Page::of(&page).one("form[action$=operator] input[name=csrf]", "value");
    let url = p.h.url(&format!("/applications/{}/control/operator", started.id));
    let asked = person.post(&url, &[("csrf", &csrf), ("explanation", "Страница наша с 2019 года.")]).await;
    assert_eq!(asked.status, 303, "{}", asked.body);
    assert_eq!(p.send(decide, &started.id, r#"{"decision":"approve"}"#).await.0, 200);
    p.send(decide, &started.id, r#"{"decision":"approve"}"#).await; // the same operator
}

/// The community's present badge is suspended before the last step.
async fn confirming(p: &Probe<'_>) {
    let badge = p.h.issue("218000003", "kindergarten-head").await.badge;
    let (started, person) = p.h.at_the_last_step("218000003", "kindergarten-head").await;
    assert_eq!(p.h.admin(&badge, "suspend", json!({ "reason": "operator_decision" })).await.0, 200);
    let (show, press) = (p.operation("get /applications/{id}/confirm"), p.operation("post /applications/{id}/confirm"));
    as_person(p, &show, &person, &started.id, None).await;
    let csrf = form_token(p, &person, &started.id).await;
    as_person(p, &press, &person, &started.id, Some(&[("csrf", &csrf), ("seen", "x")])).await;
    p.ask(&press, p.request(&press, As::Entitled, "app").form(&[("csrf", "guessed"), ("seen", "x")])).await;
}

/// The link of an application whose badge is just being collected by its platform.
async fn signing_in(p: &Probe<'_>) {
    let (application, link) = p.h.rest_start("218000064").await;
    assert_eq!(Person::new().walk(&link, "kindergarten-head").await.status, 302);
    let secret = crate::harness::parameter(&link, "link").unwrap();
    let login = p.operation("get /login");
    p.ask(&login, p.request(&login, As::Nobody, "").query(&[("application", application.as_str()), ("link", &secret)])).await;
}

/// Forms that come back with what to mend, and a last step that says what is wrong with the community.
async fn mending(p: &Probe<'_>) {
    let apply = p.operation("post /apply");
    assert_eq!(p.ask(&apply, p.request(&apply, As::Nobody, "").form(&[("link", "")])).await.0, 422);
    let walk = p.h.walk("218000065", "two-organisations").await;
    let csrf = Page::of(&walk.end).one("form[action$=organisation] input[name=csrf]", "value");
    let choose = p.operation("post /applications/{id}/organisation");
    assert_eq!(as_person(p, &choose, &walk.person, &walk.application, Some(&[("csrf", &csrf)])).await.0, 422);

    p.h.clock.advance(SECOND);
    let (started, person) = p.h.at_the_last_step("218000004", "kindergarten-head").await;
    let page = Page::of(&p.h.last_step(&person, &started).await);
    let value = |name: &str| page.one(&format!("form.confirm input[name={name}]"), "value");
    let form = [("csrf", value("csrf")), ("seen", value("seen"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    p.h.stand("218000004", "closed").await;
    let (show, press) = (p.operation("get /applications/{id}/confirm"), p.operation("post /applications/{id}/confirm"));
    p.h.clock.advance(SECOND);
    assert_eq!(as_person(p, &show, &person, &started.id, None).await.0, 409);
    assert_eq!(as_person(p, &press, &person, &started.id, Some(&form)).await.0, 409);
}

/// What was looked at a moment ago, and a network that starts too much; the latter last, because it goes on for an hour.
async fn waiting(p: &Probe<'_>) {
    p.h.clock.advance(SECOND);
    let started = p.h.apply("218000005").await;
    let mut person = Person::new();
    p.h.sign_in(&mut person, &started, "kindergarten-head").await;
    let page = person.get(&p.h.url(&format!("/applications/{}/control", started.id)), None).await;
    let csrf = Page::of(&page).all("input[name=csrf]", "value").remove(0);
    let act = p.operation("post /applications/{id}/control/{kind}");
    let send = async |kind: &str, field: (&str, &str)| {
        let url = p.h.url(&format!("/applications/{}/control/{kind}", started.id));
        p.ask(&act, person.http.post(url).form(&[("csrf", csrf.as_str()), field])).await.0
    };
    assert_eq!(send("operator", ("explanation", "")).await, 422);
    assert_eq!(send("platform_token", ("do", "begin")).await, 303);
    assert_eq!(send("platform_token", ("do", "check")).await, 303);
    assert_eq!(send("platform_token", ("do", "check")).await, 429);

    let apply = p.operation("post /apply");
    let link = format!("{}/club5", p.h.ready().platform_url);
    let form = [("platform", "other"), ("name", "Школа"), ("link", link.as_str())];
    let mut starts = 0;
    while p.ask(&apply, p.request(&apply, As::Nobody, "").form(&form)).await.0 != 429 {
        starts += 1;
        assert!(starts <= 100, "nothing stops it");
    }
}

/// The token of every form of an application in this browser.
async fn form_token(p: &Probe<'_>, person: &Person, application: &str) -> String {
    let page = person.get(&p.h.url(&format!("/applications/{application}")), None).await;
    Page::of(&page).all("input[name=csrf]", "value").remove(0)
}
