//! What takes an application that an authority started by itself.

use serde_json::json;

use super::particular::{as_person, end};
use super::probe::{As, Probe};
use crate::flow::Page;
use crate::harness::Person;

pub async fn all(p: &Probe<'_>) {
    proving(p).await;
    deciding(p).await;
    confirming(p).await;
    signing_in(p).await;
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

/// The token of every form of an application in this browser.
async fn form_token(p: &Probe<'_>, person: &Person, application: &str) -> String {
    let page = person.get(&p.h.url(&format!("/applications/{application}")), None).await;
    Page::of(&page).all("input[name=csrf]", "value").remove(0)
}
