//! Nothing begun is lost: somebody who went back from a provider that does not answer, who came with the wrong account, or whose
//! organisation could not be read at first goes on with the same application.

use gosbadge::ports::vault::SealFor;
use gosbadge::store::evidence;
use serde_json::{Value, json};

use crate::flow::Page;
use crate::harness::{Harness, Person, VERIFIER, parameter};

const COMMUNITY: &str = "218000001";

#[tokio::test(flavor = "multi_thread")]
async fn a_used_link_leads_back_to_the_application_it_began() {
    let h = Harness::start().await;
    let (application, authorize) = h.begin(COMMUNITY).await;
    let mut person = Person::new();
    assert_eq!(person.get(&authorize, None).await.status, 302);
    // The provider did not answer; the person presses «back» and opens the link again.
    let again = person.get(&authorize, None).await;
    assert_eq!((again.status, again.location.as_deref()), (400, None), "a request_uri works once");
    let page = Page::of(&again).one("a.button", "href");
    assert_eq!(page, format!("/applications/{application}"));
    let standing = person.get(&h.url(&page), None).await;
    let resume = Page::of(&standing).one("a.button", "href");
    let end = person.walk(&h.url(&resume), "kindergarten-head").await;
    let code = parameter(end.location.as_deref().unwrap(), "code").unwrap();
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 200);
    // Another browser learns nothing, nor does this one once the application is over.
    let stranger = Person::new().get(&authorize, None).await;
    assert!(stranger.status == 400 && !stranger.body.contains(&application));
    let over = person.get(&authorize, None).await;
    assert!(over.status == 400 && !over.body.contains(&application));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_could_not_be_read_needs_no_second_sign_in() {
    let h = Harness::start().await;
    let (application, authorize) = h.begin(COMMUNITY).await;
    let mut person = Person::new();
    h.set_faults(json!([{ "where": "organisation", "kind": "error", "code": "007008" }])).await;
    let end = person.walk(&authorize, "kindergarten-head").await;
    assert_eq!((end.status, Page::of(&end).text(".code").as_str()), (503, "F18"));
    assert_eq!(h.application(&application).await["state"], "identity_confirmed");
    // Reloaded, the page still says so and leads on.
    let reloaded = person.get(&end.url, None).await;
    assert_eq!((reloaded.status, Page::of(&reloaded).text(".code").as_str()), (503, "F18"));
    let choice = h.url(&Page::of(&reloaded).one("a.button", "href"));
    // ESIA is still away: the same page again, and nothing is lost.
    let form = Page::of(&person.get(&choice, None).await);
    let fields = [("csrf", form.one("input[name=csrf]", "value")), ("organisation", form.one("input[name=organisation]", "value"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(person.post(&choice, &fields).await.status, 503);
    h.clear_faults().await;
    // Nobody else may press the button.
    assert_eq!(Person::new().post(&choice, &fields).await.location, None);
    let back = person.post(&choice, &fields).await.location.unwrap();
    assert_eq!(h.redeem(&parameter(&back, "code").unwrap(), VERIFIER).await.0, 200);
    h.stop().await;
}

/// What the newest evidence of an application holds, unsealed.
async fn evidence_of(h: &Harness, application: &str) -> Option<Value> {
    let id = application.to_owned();
    let row = h.app().db.read("evidence_of", move |tx| evidence::latest(tx, &id)).await.unwrap()?;
    let plain = h.app().vault.open(SealFor::Evidence, &row.id, &row.sealed).unwrap();
    Some(serde_json::from_slice(&plain).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_s_session_does_not_outlive_its_use() {
    let h = Harness::start().await;
    // The record was read and does not pass: the session has served.
    let (application, authorize) = h.begin(COMMUNITY).await;
    let end = Person::new().walk(&authorize, "private-school-head").await;
    assert_eq!(Page::of(&end).text(".code"), "F13");
    assert_eq!(evidence_of(&h, &application).await.unwrap()["session"], "");
    // It is kept while a choice is due, and goes with everything else when the person goes without choosing.
    let (application, authorize) = h.begin("218000002").await;
    let mut person = Person::new();
    let choice = person.walk(&authorize, "two-organisations").await;
    assert_ne!(evidence_of(&h, &application).await.unwrap()["session"], "");
    let page = Page::of(&choice);
    let (action, csrf) = (page.one("button[formaction]", "formaction"), page.one("input[name=csrf]", "value"));
    assert_eq!(person.post(&h.url(&action), &[("csrf", &csrf)]).await.status, 302);
    assert_eq!(evidence_of(&h, &application).await, None);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_account_is_signed_out_at_the_provider() {
    let h = Harness::start().await;
    let (application, authorize) = h.begin(COMMUNITY).await;
    let mut person = Person::new();
    let end = person.walk(&authorize, "employee").await;
    let page = Page::of(&end);
    let form = "form[action$=\"/logout\"]";
    let (action, csrf) = (page.one(form, "action"), page.one(&format!("{form} input[name=csrf]"), "value"));
    assert_eq!(person.post(&h.url(&action), &[("csrf", "guessed")]).await.status, 403);
    assert_eq!(Person::new().post(&h.url(&action), &[("csrf", &csrf)]).await.location, None);
    let logout = person.post(&h.url(&action), &[("csrf", &csrf)]).await.location.unwrap();
    assert!(logout.starts_with(&format!("{}/idp/ext/Logout?client_id=GOSBADGE&redirect_url=", h.ready().esia_url)), "{logout}");
    let back = person.get(&logout, None).await.location.unwrap();
    assert_eq!(back, h.url(&format!("/applications/{application}")));
    assert!(person.get(&back, None).await.body.contains("F04"));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_for_operators() {
    let h = Harness::start().await;
    h.issue(COMMUNITY, "kindergarten-head").await;
    let metrics = h.http.get(format!("{}/metrics", h.ready().admin_url)).send().await.unwrap();
    assert!(metrics.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text; version=1.0.0"));
    let text = metrics.text().await.unwrap();
    assert!(text.lines().any(|l| l == "gosbadge_logins_total{idp=\"esia\",outcome=\"ok\"} 1"), "{text}");
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert_eq!(h.http.get(h.url("/metrics")).send().await.unwrap().status(), 404);
    h.stop().await;
}
