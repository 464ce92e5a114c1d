//! Proving control of a community beyond the platform's own word: what its tests share, and who may see and use the page.

mod operators;
mod site;
mod site_again;
mod text;
mod vk_id;

use std::time::Duration;

use serde_json::Value;

use crate::database::Database;
use crate::flow::Page;
use crate::harness::{End, Harness, Person, parameter};

pub const COMMUNITY: &str = "218000001";
pub const INTERFACE: (&str, &str) = ("GOSBADGE__PLATFORM_API__VK__TOKEN", "token-of-the-test");
/// Between two looks for one application.
pub const PAUSE: Duration = Duration::from_secs(10);

/// Somebody whose organisation is chosen and who has to prove control now.
pub struct Applicant {
    pub person: Person,
    pub application: String,
}

impl Harness {
    /// Starts an application at the portal; the address that leads into it.
    pub async fn name_community(&self, person: &Person, community: &str) -> String {
        let link = format!("{}/club{community}", self.ready().platform_url);
        let form = [("platform", "demo"), ("link", link.as_str()), ("name", "Детский сад № 12 «Ромашка»")];
        let end = person.post(&self.url("/apply"), &form).await;
        assert_eq!(end.status, 303, "{}", end.body);
        end.location.unwrap()
    }

    /// Signs in for an application by its link.
    pub async fn sign_in_by(&self, person: &mut Person, application: &str, link: &str, persona: &str) -> End {
        person.walk(&self.url(&format!("/login?application={application}&link={link}")), persona).await
    }

    /// Starts an application and signs in as somebody with one organisation.
    pub async fn applicant(&self, community: &str, persona: &str) -> Applicant {
        let mut person = Person::new();
        let into = self.name_community(&person, community).await;
        let application = url::Url::parse(&into).unwrap().path_segments().unwrap().next_back().unwrap().to_owned();
        let end = self.sign_in_by(&mut person, &application, &parameter(&into, "link").unwrap(), persona).await;
        assert_eq!(end.status, 200, "{}", end.body);
        // The platform's interface permits three questions in a second.
        self.clock.advance(Duration::from_secs(1));
        Applicant { person, application }
    }

    /// Signs in as the community's administrator and writes a description.
    pub async fn describe(&self, community: &str, about: &str) -> u16 {
        let (person, club) = (Person::new(), format!("{}/club{community}", self.ready().platform_url));
        person.post(&format!("{club}/signin"), &[]).await;
        let page = Page::of(&person.get(&format!("{club}/settings"), None).await);
        let csrf = page.one("form[action$=describe] input[name=csrf]", "value");
        person.post(&format!("{club}/describe"), &[("csrf", &csrf), ("about", about)]).await.status
    }

    /// Signs in as the community's administrator and names a site as its own.
    pub async fn names_site(&self, community: &str, site: &str) {
        let (person, club) = (Person::new(), format!("{}/club{community}", self.ready().platform_url));
        person.post(&format!("{club}/signin"), &[]).await;
        let page = Page::of(&person.get(&format!("{club}/settings"), None).await);
        let csrf = page.one("form[action$=describe] input[name=csrf]", "value");
        assert_eq!(person.post(&format!("{club}/describe"), &[("csrf", &csrf), ("site", site)]).await.status, 303);
    }

    /// What the platform says of the community from now on.
    pub async fn stand(&self, community: &str, word: &str) {
        let url = format!("{}/api/communities/{community}/standing/{word}", self.ready().platform_url);
        assert_eq!(self.http.post(url).send().await.unwrap().status(), 204);
    }
}

impl Applicant {
    pub fn at(&self, h: &Harness, path: &str) -> String {
        h.url(&format!("/applications/{}{path}", self.application))
    }

    /// The page about control, by whoever's browser.
    pub async fn page(&self, h: &Harness) -> Page {
        let end = self.person.get(&self.at(h, "/control"), None).await;
        assert_eq!(end.status, 200, "{} {}", end.status, end.body);
        Page::of(&end)
    }

    /// Sends one of the page's forms; the redirect is not followed.
    pub async fn send(&self, h: &Harness, kind: &str, fields: &[(&str, &str)]) -> End {
        let csrf = self.page(h).await.all("input[name=csrf]", "value").remove(0);
        let mut form = vec![("csrf", csrf.as_str())];
        form.extend_from_slice(fields);
        self.person.post(&self.at(h, &format!("/control/{kind}")), &form).await
    }

    /// Presses the button and comes back to the page.
    pub async fn done(&self, h: &Harness, kind: &str, fields: &[(&str, &str)]) {
        let end = self.send(h, kind, fields).await;
        assert_eq!((end.status, end.location), (303, Some(self.at(h, "/control"))), "{}", end.body);
    }

    /// Begins with a text in the community; the text.
    pub async fn text(&self, h: &Harness) -> String {
        self.done(h, "platform_token", &[("do", "begin")]).await;
        self.page(h).await.text("#token")
    }

    /// Looks after the pause; what is wrong, by its word, or nothing when control is proven.
    pub async fn look(&self, h: &Harness, kind: &str) -> Option<String> {
        h.clock.advance(PAUSE);
        self.done(h, kind, &[("do", "check")]).await;
        let end = self.person.get(&self.at(h, "/control"), None).await;
        if end.location.as_deref() == Some(&self.at(h, "/confirm")) {
            return None;
        }
        assert_eq!(end.status, 200);
        let id = &self.application;
        let words =
            format!("SELECT error AS v FROM control_proofs WHERE application_id = '{id}' AND kind = '{kind}' AND status <> 'invalid'");
        let word = Database::open(&h.database).lines(&words).remove(0);
        let (heading, shown) = (Page::of(&end).text(".found b"), Page::of(&end).text(".found p"));
        assert!(!heading.is_empty() && shown.len() > 20, "{word} is told to the person");
        Some(word)
    }

    pub fn state(&self, h: &Harness) -> String {
        Database::open(&h.database).lines(&format!("SELECT state AS v FROM applications WHERE id = '{}'", self.application)).remove(0)
    }

    /// Kind, status and error of every proof, oldest first.
    pub fn proofs(&self, h: &Harness) -> Vec<String> {
        let id = &self.application;
        let sql = format!(
            "SELECT kind || ' ' || status || ' ' || COALESCE(error, '') AS v FROM control_proofs WHERE application_id = '{id}' ORDER BY created_at, kind"
        );
        Database::open(&h.database).lines(&sql).iter().map(|l| l.trim().to_owned()).collect()
    }
}

/// A call to the admin surface.
pub async fn administration(h: &Harness, token: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    // The trail is in the order of time, and the clock stands still.
    h.clock.advance(Duration::from_millis(1));
    let url = format!("{}/admin/v1/applications{path}", h.ready().admin_url);
    let request = match body {
        Some(body) => h.http.post(url).body(body.to_string()),
        None => h.http.get(url),
    };
    let answer = request.bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_signed_in_sees_and_uses_the_page() {
    let h = Harness::start_with(&[INTERFACE]).await;
    let a = h.applicant(COMMUNITY, "kindergarten-head").await;
    let token = a.text(&h).await;
    let csrf = a.page(&h).await.all("input[name=csrf]", "value").remove(0);

    // Nobody's browser, and one that has the address and the form's token.
    for stranger in [Person::new(), h.applicant(COMMUNITY, "kindergarten-head").await.person] {
        let seen = stranger.get(&a.at(&h, "/control"), None).await;
        assert_eq!(seen.status, 404, "{}", seen.body);
        assert!(!seen.body.contains(&token));
        for (kind, what) in [("platform_token", "check"), ("platform_token", "begin"), ("site_link", "name"), ("operator", "")] {
            let form = [("csrf", csrf.as_str()), ("do", what), ("page", "https://ds12.example.ru/"), ("explanation", "x")];
            let sent = stranger.post(&a.at(&h, &format!("/control/{kind}")), &form).await;
            assert_eq!(sent.status, 403, "{kind} {what}: {}", sent.body);
        }
    }
    // Without the token of its own form not even the right browser.
    for form in [vec![("do", "check")], vec![("do", "check"), ("csrf", "x")]] {
        assert_eq!(a.person.post(&a.at(&h, "/control/platform_token"), &form).await.status, 403);
    }
    for (kind, what) in [("platform_push", "check"), ("platform_token", "dance"), ("nonsense", "check"), ("site_link", "check")] {
        assert_eq!(a.send(&h, kind, &[("do", what)]).await.status, 404, "{kind} {what}");
    }
    assert_eq!(a.proofs(&h), ["platform_token pending"]);
    // The platform sees nothing of an application that is not its own, whose text it might place.
    let platform = &h.ready().platform;
    let url = h.url(&format!("/v1/applications/{}", a.application));
    let asked = h.http.get(url).basic_auth(&platform.client_id, Some(&platform.client_secret)).send().await.unwrap();
    assert_eq!(asked.status(), 404);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_browser_s_sign_in_takes_the_steps_over() {
    let h = Harness::start_with(&[INTERFACE]).await;
    let mut first = Person::new();
    let into = h.name_community(&first, COMMUNITY).await;
    let application = url::Url::parse(&into).unwrap().path_segments().unwrap().next_back().unwrap().to_owned();
    let link = parameter(&into, "link").unwrap();
    h.sign_in_by(&mut first, &application, &link, "kindergarten-head").await;
    let second = Person::new();
    h.clock.advance(Duration::from_secs(1));
    let begun = second.get(&h.url(&format!("/login?application={application}&link={link}")), None).await;
    // Begun, not signed in: it sees nothing of the first one's.
    let (a, b) = (Applicant { person: first, application: application.clone() }, Applicant { person: second, application });
    let seen = b.person.get(&b.at(&h, "/control"), None).await;
    assert_eq!(seen.status, 400, "{}", seen.body);
    let callback = b.person.get(begun.location.as_deref().unwrap(), Some("kindergarten-head")).await.location.unwrap();
    b.person.get(&callback, Some("kindergarten-head")).await;
    b.page(&h).await;
    let seen = a.person.get(&a.at(&h, "/control"), None).await;
    assert!(seen.status == 400 && seen.body.contains("F19"), "{} {}", seen.status, seen.body);
    // And a sign-in is not good for ever.
    h.clock.advance(Duration::from_secs(31 * 24 * 3600));
    assert!([400, 404, 410].contains(&b.person.get(&b.at(&h, "/control"), None).await.status));
    h.stop().await;
}
