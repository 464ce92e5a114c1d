//! Steps of the login flow that its tests share: walking to a page or a code, asking what is on record, reading forms.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use gosbadge::service::Actor;
use gosbadge::service::add_platform::{NewPlatform, PlatformSecrets, add_platform};
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::harness::{End, Harness, Person, VERIFIER, parameter};

/// A person's way so far.
pub struct Walk {
    pub person: Person,
    pub application: String,
    pub end: End,
}

impl Walk {
    /// The code the platform would get.
    pub fn code(&self) -> String {
        let back = self.end.location.as_deref().unwrap_or_else(|| panic!("expected a way back: {} {}", self.end.status, self.end.body));
        parameter(back, "code").unwrap_or_else(|| panic!("expected a code: {back}"))
    }
}

/// A person sent to the identity provider and back, standing before our callback.
pub struct AtCallback {
    pub person: Person,
    pub application: String,
    /// Our callback with code and state; not opened yet.
    pub callback: String,
}

impl Harness {
    /// Pushes a request; returns the application and the address to open.
    pub async fn begin(&self, community: &str) -> (String, String) {
        let pushed = self.push(community, VERIFIER).await;
        (pushed["application"].as_str().unwrap().to_owned(), self.authorize_url(pushed["request_uri"].as_str().unwrap()))
    }

    /// Push, sign-in, and wherever that leads.
    pub async fn walk(&self, community: &str, persona: &str) -> Walk {
        let (application, authorize) = self.begin(community).await;
        let mut person = Person::new();
        let end = person.walk(&authorize, persona).await;
        Walk { person, application, end }
    }

    pub async fn at_callback(&self, community: &str, persona: &str) -> AtCallback {
        let (application, authorize) = self.begin(community).await;
        let person = Person::new();
        let callback = person.to_callback(&authorize, persona).await;
        AtCallback { person, application, callback }
    }

    /// The application as its platform sees it.
    pub async fn application(&self, id: &str) -> Value {
        let platform = &self.ready().platform;
        let url = self.url(&format!("/v1/applications/{id}"));
        let answer = self.http.get(url).basic_auth(&platform.client_id, Some(&platform.client_secret)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// `status` of `POST /v1/verify` for a community.
    pub async fn status_of(&self, community: &str) -> String {
        let (_, answer) = self.verify(json!({ "community": { "platform": "demo", "id": community } })).await;
        answer["status"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Nobody has heard of a badge for the community, not even as a prepared row.
    pub async fn assert_no_badge(&self, community: &str) {
        assert_eq!(self.status_of(community).await, "unknown", "community {community} has a badge");
        let rows = self.count(&format!(
            "SELECT COUNT(*) AS n FROM badges b JOIN communities c ON c.id = b.community_id WHERE c.number = '{community}'"
        ));
        assert_eq!(rows, 0, "community {community} has a badge on record");
    }

    /// A number out of the database, for what no interface shows: `SELECT COUNT(*) AS n …`.
    pub fn count(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            n: i64,
        }
        let row: Row = match self.database.strip_prefix("sqlite:") {
            Some(path) => diesel::sql_query(sql).get_result(&mut SqliteConnection::establish(path).unwrap()),
            None => diesel::sql_query(sql).get_result(&mut PgConnection::establish(&self.database).unwrap()),
        }
        .unwrap();
        row.n
    }

    /// A form posted with credentials or without; status and JSON.
    pub async fn post_form(&self, path: &str, basic: Option<(&str, &str)>, form: &[(&str, &str)]) -> (u16, Value) {
        let mut request = self.http.post(self.url(path)).form(form);
        if let Some((id, secret)) = basic {
            request = request.basic_auth(id, Some(secret));
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The stand-in platform's credentials.
    pub fn basic(&self) -> Option<(&str, &str)> {
        Some((&self.ready().platform.client_id, &self.ready().platform.client_secret))
    }

    /// Registers a second platform, `other`, with the stand-in platform's addresses.
    pub async fn second_platform(&self, jwks: Option<String>) -> PlatformSecrets {
        let new = NewPlatform {
            id: "other".parse().unwrap(),
            name: "Другая площадка".to_owned(),
            base_url: self.ready().platform_url.clone(),
            redirect_uris: vec![self.ready().platform.redirect_uri.clone()],
            community_prefixes: vec![format!("{}/", self.ready().platform_url)],
            jwks,
            webhook_url: None,
            certificate: None,
            communities: None,
        };
        add_platform(&Arc::clone(self.app()), new, &Actor::system()).await.unwrap()
    }
}

/// An address with one parameter changed, or dropped with `None`.
pub fn with_parameter(url: &str, name: &str, value: Option<&str>) -> String {
    let mut url = url::Url::parse(url).unwrap();
    let kept: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(n, _)| n != name).collect();
    url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(value.map(|v| (name, v)));
    url.into()
}

/// A page of the flow, parsed.
pub struct Page(Html);

impl Page {
    pub fn of(end: &End) -> Self {
        Self(Html::parse_document(&end.body))
    }

    /// Text of the first match, white space folded.
    pub fn text(&self, selector: &str) -> String {
        let found = self.0.select(&Selector::parse(selector).unwrap()).next().unwrap_or_else(|| panic!("no {selector}"));
        found.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// An attribute of every match.
    pub fn all(&self, selector: &str, attribute: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        self.0.select(&selector).filter_map(|e| e.value().attr(attribute)).map(str::to_owned).collect()
    }

    pub fn one(&self, selector: &str, attribute: &str) -> String {
        let mut all = self.all(selector, attribute);
        assert_eq!(all.len(), 1, "{selector} {attribute}: {all:?}");
        all.remove(0)
    }

    /// Where the way back to the platform is posted, and its form token.
    pub fn return_form(&self) -> (String, String) {
        let form = "form[action$=\"/return\"]";
        (self.one(form, "action"), self.one(&format!("{form} input[name=csrf]"), "value"))
    }
}
