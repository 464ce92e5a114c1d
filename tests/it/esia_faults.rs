//! An identity provider that is slow, broken, lying about the time or changing its keys, at every place where it is asked: each time
//! the person reads the truth about it soon, no badge comes of it, and afterwards the same application goes on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::flow::Page;
use crate::harness::{End, Harness, Person, VERIFIER, parameter};

const COMMUNITY: &str = "218000001";
const PERSONA: &str = "kindergarten-head";
/// What one exchange with the provider may take where a test waits for it to take too long.
const TIMEOUT: Duration = Duration::from_secs(4);
/// A page rendered on a busy machine.
const SLACK: Duration = Duration::from_secs(3);

impl Harness {
    /// Switches faults on at the stand-in, in the place of all others.
    pub async fn set_faults(&self, faults: Value) {
        let answer = self.http.put(format!("{}/sandbox/faults", self.ready().esia_url)).json(&faults).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{faults}: {}", answer.text().await.unwrap());
    }

    /// Faults as the stand-in lists them, with how often they struck.
    pub async fn faults(&self) -> Vec<Value> {
        let answer = self.http.get(format!("{}/sandbox/faults", self.ready().esia_url)).send().await.unwrap();
        let list: Value = answer.json().await.unwrap();
        list["faults"].as_array().unwrap().clone()
    }

    /// Switches all faults off.
    pub async fn clear_faults(&self) {
        self.set_faults(json!([])).await;
    }
}

/// One application that meets fault after fault.
pub struct Trial {
    pub h: Harness,
    pub application: String,
    pub person: Person,
    next: String,
    errors: u64,
    /// How long a walk may take.
    limit: Duration,
}

impl Trial {
    /// With a provider one waits for in earnest: nothing here is to fail by slowness alone.
    pub async fn start() -> Self {
        Self::on(Harness::start().await, Duration::from_secs(20)).await
    }

    /// With little patience.
    async fn hurried() -> Self {
        let timeout = format!("{}s", TIMEOUT.as_secs());
        Self::on(Harness::start_with(&[("GOSBADGE__IDP__ESIA__TIMEOUT", &timeout)]).await, TIMEOUT + SLACK).await
    }

    async fn on(h: Harness, limit: Duration) -> Self {
        // The look at the provider that every start takes is over, and meets none of the faults.
        let metrics = format!("{}/metrics", h.ready().admin_url);
        let looked =
            async || h.http.get(&metrics).send().await.unwrap().text().await.unwrap().contains("gosbadge_idp_healthy{").then_some(());
        h.until("the provider was looked at", looked).await;
        let (application, next) = h.begin(COMMUNITY).await;
        let errors = gosbadge::telemetry::error_count();
        Self { h, application, person: Person::new(), next, errors, limit }
    }

    /// Signs in while the faults are on; where that ends.
    pub async fn walk_with(&mut self, faults: &Value) -> End {
        self.h.set_faults(faults.clone()).await;
        let begun = Instant::now();
        let end = self.person.walk(&self.next, PERSONA).await;
        assert!(begun.elapsed() < self.limit, "{faults}: {:?}", begun.elapsed());
        let struck = self.h.faults().await;
        assert!(struck.iter().all(|fault| fault["struck"] != 0), "not met: {struck:?}");
        self.h.assert_no_badge(COMMUNITY).await;
        assert_eq!(self.h.count("SELECT COUNT(*) AS n FROM authorization_codes"), 0, "{faults}");
        assert_eq!(gosbadge::telemetry::error_count(), self.errors, "{faults}: an ERROR was logged");
        self.next = self.h.url(&format!("/applications/{}/login", self.application));
        end
    }

    /// The fault ends on our page, with this code and a way to try again.
    pub async fn expect(&mut self, code: &str, faults: Value) {
        let end = self.walk_with(&faults).await;
        assert_eq!(end.location, None, "{faults}");
        let page = Page::of(&end);
        assert_eq!(page.text(".code"), code, "{faults}");
        assert_ne!(end.status, 500, "{faults}");
        // Where only the organisation's record could not be read, the sign-in itself still holds.
        let signed_in = faults["where"] == "organisation" || faults["where"] == "system_token";
        let path = if signed_in && ["F17", "F18", "F20"].contains(&code) { "organisation" } else { "login" };
        assert_eq!(page.one("a.button", "href"), format!("/applications/{}/{path}", self.application), "{faults}");
    }

    /// Without faults the same application leads to a badge.
    pub async fn end_well(mut self) {
        self.h.clear_faults().await;
        let end = self.person.walk(&self.next, PERSONA).await;
        let code = parameter(end.location.as_deref().unwrap_or_else(|| panic!("{}", end.body)), "code").unwrap();
        let (status, body) = self.h.redeem(&code, VERIFIER).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(self.h.application(&self.application).await["state"], "issued");
        self.h.stop().await;
    }
}

/// Signs people in whom the stand-in describes beyond the ten of the contract, each in a set-up of their own.
#[tokio::test(flavor = "multi_thread")]
async fn every_further_persona_ends_as_promised() {
    let h = Harness::start().await;
    let further = h.ready().personas[10..].to_vec();
    assert!(further.len() >= 10);
    h.stop().await;
    for persona in further {
        let h = Harness::start().await;
        let walk = h.walk(COMMUNITY, &persona.id).await;
        if persona.expect == "issued" {
            assert_eq!(h.redeem(&walk.code(), VERIFIER).await.0, 200, "{}", persona.id);
        } else {
            assert_eq!(walk.end.location, None, "{}", persona.id);
            assert_eq!(Page::of(&walk.end).text(".code"), persona.expect, "{}", persona.id);
            h.assert_no_badge(COMMUNITY).await;
        }
        h.stop().await;
    }
}

/// The browser itself meets these; the person comes back later.
#[tokio::test(flavor = "multi_thread")]
async fn the_sign_in_page_breaks() {
    let mut trial = Trial::start().await;
    let end = trial.walk_with(&json!({"where": "ac", "kind": "status"})).await;
    assert_eq!((end.status, end.body.contains("Технические работы")), (503, true));
    let end = trial.walk_with(&json!({"where": "ac", "kind": "not_json"})).await;
    assert_eq!(end.status, 200);
    trial.expect("F18", json!({"where": "ac", "kind": "error", "code": "007008"})).await;
    trial.expect("F21", json!({"where": "ac", "kind": "error", "code": "007046", "persona": PERSONA})).await;
    trial.expect("F17", json!({"where": "ac", "kind": "error", "code": "noGrants"})).await;
    trial.end_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_our_own_affair() {
    for fault in [
        json!({"where": "any", "kind": "clock_skew", "seconds": 3600}),
        json!({"where": "any", "kind": "clock_skew", "seconds": -7200}),
        json!({"where": "te", "kind": "clock_skew", "seconds": 7200}),
        // Within the window for requests, and further than a token may lie in the future.
        json!({"where": "any", "kind": "clock_skew", "seconds": 200}),
    ] {
        // The service learns the time from each answer, so each clock gets a service that has learnt none.
        let mut trial = Trial::start().await;
        trial.expect("F17", fault).await;
        trial.h.stop().await;
    }
}

/// A request refused for its time teaches the time: the next one is stamped by ESIA's clock and goes through.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_learnt() {
    let mut trial = Trial::start().await;
    trial.expect("F17", json!({"where": "any", "kind": "clock_skew", "seconds": -1800})).await;
    let end = trial.person.walk(&trial.next, PERSONA).await;
    let code = parameter(end.location.as_deref().unwrap_or_else(|| panic!("{}", end.body)), "code").unwrap();
    assert_eq!(trial.h.redeem(&code, VERIFIER).await.0, 200);
    // And when ESIA's clock is set right again, that is learnt as well.
    trial.h.clear_faults().await;
    let (application, authorize) = trial.h.begin("218000002").await;
    let refused = trial.person.walk(&authorize, "city-admin").await;
    assert_eq!(Page::of(&refused).text(".code"), "F17");
    let end = trial.person.walk(&trial.h.url(&format!("/applications/{application}/login")), "city-admin").await;
    assert!(parameter(end.location.as_deref().unwrap_or_else(|| panic!("{}", end.body)), "code").is_some());
    trial.h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_issuers_that_change_are_our_own_affair() {
    let mut trial = Trial::start().await;
    for fault in [
        json!({"where": "te", "kind": "rotated_certificate"}),
        json!({"where": "system_token", "kind": "rotated_certificate", "published": true}),
        json!({"where": "te", "kind": "wrong_issuer"}),
        json!({"where": "system_token", "kind": "wrong_issuer", "issuer": "http://esia.gosuslugi.ru"}),
    ] {
        trial.expect("F17", fault).await;
    }
    trial.end_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hits_one_person_leaves_others_alone() {
    let h = Harness::start().await;
    h.set_faults(json!([
        {"where": "te", "kind": "error", "code": "007008", "persona": "ministry-head"},
        {"where": "roles", "kind": "disconnect", "persona": "city-admin"},
        {"where": "organisation", "kind": "error", "code": "005029", "persona": "two-organisations"},
    ]))
    .await;
    for (community, persona, code) in [("218000003", "ministry-head", "F18"), ("218000004", "city-admin", "F18")] {
        assert_eq!(Page::of(&h.walk(community, persona).await.end).text(".code"), code);
    }
    h.issue(COMMUNITY, PERSONA).await;
    h.stop().await;
}

/// Everything that can go wrong on the way, at one place where the service itself asks.
async fn broken_at(place: &str) {
    let mut trial = Trial::hurried().await;
    for (code, mut fault) in [
        ("F18", json!({"kind": "status"})),
        ("F18", json!({"kind": "status", "status": 502})),
        ("F18", json!({"kind": "slow", "seconds": 20})),
        ("F18", json!({"kind": "drip", "seconds": 1})),
        ("F18", json!({"kind": "truncated"})),
        ("F18", json!({"kind": "not_json"})),
        ("F18", json!({"kind": "huge"})),
        ("F18", json!({"kind": "gzip_bomb"})),
        ("F18", json!({"kind": "disconnect"})),
        ("F17", json!({"kind": "redirect"})),
        ("F17", json!({"kind": "redirect", "to": "http://169.254.169.254/latest/meta-data/"})),
        ("F18", json!({"kind": "error", "code": "007008"})),
        ("F17", json!({"kind": "error", "code": "008010"})),
    ] {
        fault["where"] = json!(place);
        trial.expect(code, fault).await;
    }
    trial.end_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_endpoint_breaks() {
    broken_at("te").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_endpoint_breaks_for_the_system() {
    broken_at("system_token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_persons_record_breaks() {
    broken_at("person").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_roles_breaks() {
    broken_at("roles").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organisations_record_breaks() {
    broken_at("organisation").await;
}
