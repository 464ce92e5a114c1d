//! A platform starts in plain JSON: the whole way, the link, and what is refused. Repetition is in `rest_start/repeated.rs`, codes
//! are in `rest_start/codes.rs`.

mod codes;
mod repeated;

use std::time::Duration;

use gosbadge::service::Actor;
use gosbadge::service::add_platform::set_platform_state;
use serde_json::{Value, json};

use crate::flow::Page;
use crate::harness::{End, Harness, Person, parameter};

const COMMUNITY: &str = "218000001";

impl Harness {
    /// The body of a start.
    pub fn start_body(&self, community: &str) -> Value {
        let details = self.details(community);
        json!({
            "community": details[0]["community"],
            "control": details[0]["control"],
            "return_url": self.ready().platform.redirect_uri,
            "state": "platform-state-1",
        })
    }

    /// A JSON body posted by a platform; status and body as text.
    pub async fn post_json(&self, path: &str, basic: Option<(&str, &str)>, key: Option<&str>, body: &str) -> (u16, String) {
        let mut request = self.http.post(self.url(path)).header("content-type", "application/json").body(body.to_owned());
        if let Some((id, secret)) = basic {
            request = request.basic_auth(id, Some(secret));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Starts an application by REST; its id and link.
    pub async fn rest_start(&self, community: &str) -> (String, String) {
        let (status, body) =
            self.post_json("/v1/applications", self.basic(), Some(community), &self.start_body(community).to_string()).await;
        assert_eq!(status, 201, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        (body["id"].as_str().unwrap().to_owned(), body["url"].as_str().unwrap().to_owned())
    }

    /// Starts and signs in; the application and the code the person came back with.
    pub async fn rest_code(&self, community: &str) -> (String, String) {
        let (id, link) = self.rest_start(community).await;
        let back = Person::new().walk(&link, "kindergarten-head").await.location.expect("a way back");
        (id, parameter(&back, "code").unwrap_or_else(|| panic!("expected a code: {back}")))
    }

    pub async fn rest_redeem(&self, application: &str, key: Option<&str>, code: &str) -> (u16, String) {
        let path = format!("/v1/applications/{application}/redeem");
        self.post_json(&path, self.basic(), key, &json!({ "code": code }).to_string()).await
    }
}

/// `code` of a problem.
pub fn problem(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {body}"));
    body["code"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_way() {
    let h = Harness::start().await;
    let (status, body) = h.post_json("/v1/applications", h.basic(), Some("k1"), &h.start_body(COMMUNITY).to_string()).await;
    assert_eq!(status, 201, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let (id, link) = (body["id"].as_str().unwrap(), body["url"].as_str().unwrap());
    assert!(link.starts_with(&h.url(&format!("/applications/{id}?link="))), "{link}");
    let standing = h.application(id).await;
    assert_eq!((&standing["start"], &standing["state"]), (&json!("rest"), &json!("started")));
    assert_eq!(standing["expires_at"], body["expires_at"]);

    let back = Person::new().walk(link, "kindergarten-head").await.location.unwrap();
    assert!(back.starts_with(&h.ready().platform.redirect_uri), "{back}");
    assert_eq!(parameter(&back, "application").as_deref(), Some(id));
    assert_eq!(parameter(&back, "state").as_deref(), Some("platform-state-1"));
    assert_eq!(parameter(&back, "iss").as_deref(), Some(h.ready().public_url.as_str()));
    h.assert_no_badge(COMMUNITY).await;

    let (status, text) = h.rest_redeem(id, None, &parameter(&back, "code").unwrap()).await;
    let issued: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &issued["application"], &issued["status"]), (200, &json!(id), &json!("active")), "{text}");
    assert_eq!(issued.as_object().unwrap().len(), 4, "{text}");
    let (_, verdict) =
        h.verify(json!({ "attestation": issued["attestation"], "community": { "platform": "demo", "id": COMMUNITY } })).await;
    assert_eq!((&verdict["verdict"], &verdict["badge"]), (&json!("valid"), &issued["badge"]), "{verdict}");
    let standing = h.application(id).await;
    assert_eq!((&standing["state"], &standing["badge"]), (&json!("issued"), &issued["badge"]));
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM access_tokens"), 0, "nothing was given that nobody got");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_application_says_how_it_began() {
    let h = Harness::start().await;
    let walk = h.walk(COMMUNITY, "kindergarten-head").await;
    assert_eq!(h.application(&walk.application).await["start"], "par");
    assert_eq!(parameter(walk.end.location.as_deref().unwrap(), "application"), None);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_leads_back_with_its_code() {
    let h = Harness::start().await;
    let (id, link) = h.rest_start(COMMUNITY).await;
    let mut person = Person::new();
    let end = person.walk(&link, "private-school-head").await;
    let (action, csrf) = Page::of(&end).return_form();
    let back = person.post(&h.url(&action), &[("csrf", &csrf)]).await.location.unwrap();
    assert_eq!(parameter(&back, "application"), Some(id.clone()));
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&back, "gosbadge_code").as_deref(), Some("F13"));
    assert_eq!(h.application(&id).await["gosbadge_code"], "F13");
    h.stop().await;
}

/// An authority's own application is no platform's to see, redeem or learn of.
#[tokio::test(flavor = "multi_thread")]
async fn a_portal_application_is_not_the_platform_s() {
    let h = Harness::start().await;
    let (id, code) = h.rest_code(COMMUNITY).await;
    crate::database::Database::open(&h.database).run("UPDATE applications SET start = 'portal'");
    let (client, secret) = h.basic().unwrap();
    let answer = h.http.get(h.url(&format!("/v1/applications/{id}"))).basic_auth(client, Some(secret)).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(h.rest_redeem(&id, None, &code).await.0, 404);
    h.assert_no_badge(COMMUNITY).await;
    h.stop().await;
}

fn assert_leaves(h: &Harness, end: &End) {
    assert!(end.status == 302 && end.location.as_deref().is_some_and(|l| l.starts_with(&h.ready().esia_url)), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_lets_in_whoever_holds_it_and_nobody_else() {
    let h = Harness::start().await;
    let (id, link) = h.rest_start(COMMUNITY).await;
    let (other_id, other_link) = h.rest_start("218000002").await;
    let secret = parameter(&link, "link").unwrap();
    let page = h.url(&format!("/applications/{id}"));
    let wrong = [
        page.clone(),
        format!("{page}?link="),
        format!("{page}?link={}", &secret[1..]),
        format!("{page}?link={secret}%00"),
        format!("{page}?link={}", parameter(&other_link, "link").unwrap()),
        h.url(&format!("/applications/{other_id}?link={secret}")),
        h.url(&format!("/applications/app_x?link={secret}")),
    ];
    for url in &wrong {
        let end = Person::new().get(url, None).await;
        assert_eq!((end.status, end.location.as_deref()), (404, None), "{url}");
        assert!(!end.body.contains("Ромашка"), "{url}");
    }
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM logins"), 0);
    // A preview and the person's first browser; both may begin.
    assert_leaves(&h, &Person::new().get(&link, None).await);
    let first = Person::new();
    assert_leaves(&h, &first.get(&link, None).await);
    // The browser that holds the application sees it, with the link or without.
    for url in [&link, &page] {
        let end = first.get(url, None).await;
        assert!(end.status == 200 && end.body.contains("Ромашка"), "{}", end.status);
    }
    // Another machine, also where a choice was left open.
    let mut second = Person::new();
    assert!(second.walk(&link, "two-organisations").await.url.contains("/organisation"));
    let mut third = Person::new();
    let back = third.walk(&link, "kindergarten-head").await.location.unwrap();
    let code = parameter(&back, "code").unwrap();
    // A preview that comes now takes nothing away.
    let late = Person::new().get(&link, None).await;
    assert_eq!((late.status, late.location), (409, None));
    assert_eq!(h.rest_redeem(&id, None, &code).await.0, 200);
    // It ends with the application.
    let late = Person::new().get(&link, None).await;
    assert_eq!((late.status, late.location), (410, None));
    assert_eq!(third.get(&link, None).await.status, 200);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_outlives_a_code_that_nobody_collected() {
    let h = Harness::start().await;
    let (id, link) = h.rest_start(COMMUNITY).await;
    let first = Person::new().walk(&link, "kindergarten-head").await.location.unwrap();
    h.clock.advance(h.dev.config.oauth.code_lifetime);
    let second = Person::new().walk(&link, "kindergarten-head").await.location.unwrap();
    let (first, second) = (parameter(&first, "code").unwrap(), parameter(&second, "code").unwrap());
    assert_eq!(h.rest_redeem(&id, None, &first).await.0, 400);
    assert_eq!(h.rest_redeem(&id, None, &second).await.0, 200);

    let (_, link) = h.rest_start("218000002").await;
    set_platform_state(h.app(), "demo".to_owned(), false, &Actor::system()).await.unwrap();
    assert_eq!(Person::new().get(&link, None).await.status, 404, "a platform that is shut out");
    set_platform_state(h.app(), "demo".to_owned(), true, &Actor::system()).await.unwrap();
    h.clock.advance(h.dev.config.application.lifetime - Duration::from_millis(1));
    assert_eq!(Person::new().get(&link, None).await.status, 302);
    h.clock.advance(Duration::from_millis(1));
    assert_eq!(Person::new().get(&link, None).await.status, 410);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_and_starts_nothing() {
    let h = Harness::start().await;
    let good = h.start_body(COMMUNITY);
    let with = |path: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(path).unwrap() = value;
        body.to_string()
    };
    let mut unknown = good.clone();
    unknown["return_uri"] = json!("x");
    let mut bare = good.clone();
    bare.as_object_mut().unwrap().remove("return_url");
    let redirect = &h.ready().platform.redirect_uri;
    let wrong = [
        (String::new(), "body"),
        ("[]".to_owned(), "body"),
        (format!("{good}x"), "body"),
        (unknown.to_string(), "return_uri"),
        (bare.to_string(), "return_url"),
        (with("/return_url", json!(format!("{redirect}/"))), "return_url"),
        (with("/return_url", json!(format!("{redirect}?x=1"))), "return_url"),
        (with("/return_url", json!("https://evil.example/")), "return_url"),
        (with("/return_url", json!([redirect])), "string"),
        (with("/state", json!("состояние")), "state"),
        (with("/state", json!("a\u{0}b")), "state"),
        (with("/state", json!("x".repeat(1025))), "state"),
        (with("/control", json!("admin")), "control"),
        (with("/community", json!("club1")), "community"),
        (with("/community/id", json!("club1")), "community.id"),
        (with("/community/id", json!(218_000_001)), "community.id"),
        (with("/community/uri", json!("https://evil.example/club1")), "community.uri"),
        (with("/community/name", json!("")), "community.name"),
        (with("/community/name", json!("a\u{0}b")), "community.name"),
        (with("/community/screen_name", json!(7)), "community.screen_name"),
    ];
    for (body, says) in wrong {
        let (status, answer) = h.post_json("/v1/applications", h.basic(), Some("k"), &body).await;
        assert_eq!((status, problem(&answer).as_str()), (400, "invalid-request"), "{body}: {answer}");
        assert!(answer.contains(says), "{body}: {answer}");
    }
    let foreign = json!({ "platform": "other", "id": "1", "uri": "x", "name": "x" });
    assert!(h.post_json("/v1/applications", h.basic(), Some("k"), &with("/community", foreign)).await.1.contains("community.platform"));
    let stranger = Some((h.ready().platform.client_id.as_str(), "wrong"));
    for basic in [None, stranger] {
        assert_eq!(h.post_json("/v1/applications", basic, Some("k"), &good.to_string()).await.0, 401);
    }
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM applications"), 0);
    // What was refused spent nothing, not even the key.
    assert_eq!(h.post_json("/v1/applications", h.basic(), Some("k"), &good.to_string()).await.0, 201);
    h.stop().await;
}
