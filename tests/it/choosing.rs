//! The steps in which a person decides: choosing one of several organisations, declining, trying again, another language.

use serde_json::json;

use crate::flow::{Page, Walk};
use crate::harness::{End, Harness, Person, VERIFIER, parameter};

const COMMUNITY: &str = "218000001";
const SCHOOL: (&str, &str) = ("1000000404", "1029900004045");
const CULTURE_HOUSE: (&str, &str) = ("1000000505", "1029900005057");

struct Choice {
    walk: Walk,
    page: Page,
    action: String,
    csrf: String,
}

async fn at_choice(h: &Harness) -> Choice {
    assert_eq!(h.ready().personas.iter().find(|p| p.id == "two-organisations").unwrap().expect, "issued");
    let walk = h.walk(COMMUNITY, "two-organisations").await;
    assert_eq!((walk.end.status, walk.end.location.as_deref()), (200, None), "{}", walk.end.body);
    let page = Page::of(&walk.end);
    let action = h.url(&page.one("form.choose", "action"));
    let csrf = page.one("form.choose input[name=csrf]", "value");
    Choice { walk, page, action, csrf }
}

async fn assert_undecided(h: &Harness, application: &str) {
    assert_eq!(h.application(application).await["state"], "identity_confirmed");
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM authorization_codes"), 0);
    h.assert_no_badge(COMMUNITY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_organisations_are_offered_and_neither_is_chosen() {
    let h = Harness::start().await;
    let c = at_choice(&h).await;
    assert_eq!(c.page.text("h1"), "Какой организации принадлежит страница?");
    assert_eq!(c.page.all("input[type=radio][name=organisation]", "value"), [SCHOOL.0, CULTURE_HOUSE.0]);
    assert!(c.page.all("input[checked]", "name").is_empty(), "nobody is chosen for the person");
    let cards = c.page.text("fieldset");
    for shown in [SCHOOL.1, CULTURE_HOUSE.1, "вы руководитель", "вы администратор профиля"] {
        assert!(cards.contains(shown), "{shown}: {cards}");
    }
    for secret in ["Двойнова", "Дарья", "000-000-600 05", "990100500506"] {
        assert!(!c.walk.end.body.contains(secret), "{secret} is on the page");
    }
    assert_undecided(&h, &c.walk.application).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_choices_choose_nothing() {
    let h = Harness::start().await;
    let c = at_choice(&h).await;
    let (person, id) = (&c.walk.person, &c.walk.application);
    // Nothing; then an organisation of somebody else's, one that does not exist, and no number at all.
    for form in [
        vec![("csrf", c.csrf.as_str())],
        vec![("csrf", &c.csrf), ("organisation", "")],
        vec![("csrf", &c.csrf), ("organisation", "1000000202")],
        vec![("csrf", &c.csrf), ("organisation", "1")],
        vec![("csrf", &c.csrf), ("organisation", "1000000404 ")],
        vec![("csrf", &c.csrf), ("organisation", "../1000000404")],
    ] {
        let again = person.post(&c.action, &form).await;
        assert_eq!((again.status, again.location.as_deref()), (422, None), "{form:?}");
        let page = Page::of(&again);
        assert!(page.text("#choose-error").contains("Выберите организацию"), "{form:?}");
        assert_eq!(page.all("input[type=radio]", "value").len(), 2);
    }
    for form in [
        vec![("organisation", SCHOOL.0)],
        vec![("organisation", SCHOOL.0), ("csrf", "")],
        vec![("organisation", SCHOOL.0), ("csrf", &c.csrf[1..])],
        vec![("organisation", SCHOOL.0), ("csrf", &"0".repeat(64))],
    ] {
        let end = person.post(&c.action, &form).await;
        assert_eq!((end.status, end.location.as_deref()), (403, None), "{form:?}");
    }
    let twice = [("csrf", c.csrf.as_str()), ("organisation", SCHOOL.0), ("organisation", CULTURE_HOUSE.0)];
    assert_eq!(person.post(&c.action, &twice).await.status, 422);
    assert_undecided(&h, id).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_browser_can_neither_see_nor_choose() {
    let h = Harness::start().await;
    let c = at_choice(&h).await;
    let other = h.at_callback("218000002", "ministry-head").await.person;
    for person in [&Person::new(), &other] {
        let seen = person.get(&c.action, None).await;
        assert_eq!(seen.status, 404);
        assert!(!seen.body.contains(SCHOOL.1));
        assert_eq!(person.post(&c.action, &[("csrf", c.csrf.as_str()), ("organisation", SCHOOL.0)]).await.status, 403);
        let away = c.action.replace("/organisation", "/return");
        assert_eq!(person.post(&away, &[("csrf", c.csrf.as_str())]).await.status, 403);
        assert_eq!(person.get(&c.action.replace("/organisation", "/login"), None).await.status, 404);
    }
    assert_undecided(&h, &c.walk.application).await;
    h.stop().await;
}

async fn chosen_is_issued(oid: &str, ogrn: &str) {
    let h = Harness::start().await;
    let c = at_choice(&h).await;
    let end = c.walk.person.post(&c.action, &[("csrf", c.csrf.as_str()), ("organisation", oid)]).await;
    assert_eq!(end.status, 302, "{}", end.body);
    let code = parameter(end.location.as_deref().unwrap(), "code").unwrap();
    let (status, body) = h.redeem(&code, VERIFIER).await;
    assert_eq!(status, 200, "{body}");
    let question = json!({ "attestation": body["authorization_details"][0]["attestation"] });
    let (_, verdict) = h.verify(question).await;
    assert_eq!((verdict["verdict"].as_str(), verdict["authority"]["ogrn"].as_str()), (Some("valid"), Some(ogrn)), "{verdict}");
    // The choice is made: the page is over.
    assert_eq!(c.walk.person.get(&c.action, None).await.status, 410);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_school_is_chosen() {
    chosen_is_issued(SCHOOL.0, SCHOOL.1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_culture_house_is_chosen() {
    chosen_is_issued(CULTURE_HOUSE.0, CULTURE_HOUSE.1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declining_the_choice_ends_the_application() {
    let h = Harness::start().await;
    let c = at_choice(&h).await;
    let cancel = h.url(&c.page.one("button[formaction]", "formaction"));
    // The button sends the whole form, a marked organisation too.
    let end = c.walk.person.post(&cancel, &[("csrf", c.csrf.as_str()), ("organisation", SCHOOL.0)]).await;
    let back = end.location.unwrap();
    let value = |name| parameter(&back, name);
    assert_eq!((value("error").as_deref(), value("gosbadge_code").as_deref()), (Some("access_denied"), Some("F01")), "{back}");
    assert_eq!((value("code"), value("state").as_deref()), (None, Some("platform-state-1")));
    assert_eq!(h.application(&c.walk.application).await["state"], "refused");
    let late = c.walk.person.post(&c.action, &[("csrf", c.csrf.as_str()), ("organisation", SCHOOL.0)]).await;
    assert_eq!((late.status, late.location.as_deref()), (410, None));
    h.assert_no_badge(COMMUNITY).await;
    h.stop().await;
}

/// Refuses consent at the identity provider and comes back.
async fn deny(person: &Person, authorize: &str, language: &str) -> End {
    let to_idp = person.get(authorize, None).await.location.unwrap();
    let request = person.http.get(&to_idp).header("x-sandbox-persona", "kindergarten-head").header("x-sandbox-decision", "deny");
    let answer = request.send().await.unwrap();
    let callback = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(parameter(&callback, "error").is_some(), "{callback}");
    let answer = person.http.get(&callback).header("accept-language", language).header("accept", "text/html").send().await.unwrap();
    let (status, location) = (answer.status().as_u16(), answer.headers().get("location").map(|l| l.to_str().unwrap().to_owned()));
    End { status, location, body: answer.text().await.unwrap(), url: callback }
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_refused_and_given_at_the_second_try() {
    let h = Harness::start().await;
    let (application, authorize) = h.begin(COMMUNITY).await;
    let mut person = Person::new();
    let end = deny(&person, &authorize, "ru").await;
    let page = Page::of(&end);
    assert_eq!((end.status, page.text(".code").as_str(), page.text("h1").as_str()), (403, "F01", "Нет согласия на передачу данных"));
    let seen = h.application(&application).await;
    assert_eq!((seen["state"].as_str(), seen["gosbadge_code"].as_str()), (Some("started"), Some("F01")), "{seen}");

    let retry = page.one("a.button", "href");
    assert_eq!(retry, format!("/applications/{application}/login"));
    // The spent answer stays spent: reloading shows the same refusal, in this browser alone.
    let again = person.get(&end.url, None).await;
    assert_eq!((again.status, again.location.as_deref(), Page::of(&again).text(".code").as_str()), (403, None, "F01"));
    assert_eq!(Person::new().get(&end.url, None).await.status, 400);
    let end = person.walk(&h.url(&retry), "kindergarten-head").await;
    let code = parameter(end.location.as_deref().unwrap(), "code").unwrap();
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 200);
    assert_eq!(h.application(&application).await["state"], "issued");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_refused_for_good() {
    let h = Harness::start().await;
    let (application, authorize) = h.begin(COMMUNITY).await;
    let mut person = Person::new();
    let end = deny(&person, &authorize, "ru").await;
    let (action, csrf) = Page::of(&end).return_form();
    let form = [("csrf", csrf.as_str())];
    let back = person.post(&h.url(&action), &form).await.location.unwrap();
    assert_eq!(parameter(&back, "gosbadge_code").as_deref(), Some("F01"));
    // Pressed twice: the same way back.
    assert_eq!(person.post(&h.url(&action), &form).await.location.unwrap(), back);
    assert_eq!(h.application(&application).await["state"], "refused");
    assert_eq!(person.walk(&h.url(&format!("/applications/{application}/login")), "kindergarten-head").await.status, 410);
    h.assert_no_badge(COMMUNITY).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_speak_english_when_asked() {
    let h = Harness::start().await;
    let (application, authorize) = h.begin("218000002").await;
    let person = Person::new();
    let end = deny(&person, &authorize, "en-GB,en;q=0.9,ru;q=0.5").await;
    let page = Page::of(&end);
    assert_eq!((page.one("html", "lang").as_str(), page.text("h1").as_str()), ("en", "You did not agree to share the data"));
    // A link to this page in the other language would open the callback a second time.
    assert!(!end.body.contains("/oauth/callback"), "the page leads back to a spent address");
    let status = person.get(&h.url(&format!("/applications/{application}?lang=en")), None).await;
    assert_eq!((status.status, Page::of(&status).one("html", "lang").as_str()), (200, "en"));

    let c = at_choice(&h).await;
    let english = c.walk.person.get(&format!("{}?lang=en", c.action), None).await;
    assert_eq!(Page::of(&english).text("h1"), "Which organisation does the page belong to?");
    h.stop().await;
}
