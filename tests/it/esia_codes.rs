//! Every error code of ESIA known in public, at every place where it can come, driven through the browser: the person's code,
//! page and status, the operator's log line, and the metric. The table is written from the published list and not from
//! the adapter's.

use gosbadge::domain::lang::Lang;
use gosbadge::domain::refusal::RefusalCode;
use gosbadge::domain::refusal_text;
use serde_json::{Value, json};

use crate::flow::Page;
use crate::harness::{End, Person, parameter};
use crate::served::Served;

const COMMUNITY: &str = "218000001";
const PERSONA: &str = "kindergarten-head";

/// The person's fault, the person's choice, ours, or ESIA's own.
const TABLE: [(&str, &str); 39] = [
    ("005029", "F17"),
    ("007002", "F17"),
    ("007003", "F17"),
    ("007004", "F01"),
    ("007005", "F17"),
    ("007006", "F17"),
    ("007007", "F18"),
    ("007008", "F18"),
    ("007009", "F17"),
    ("007011", "F19"),
    ("007012", "F17"),
    ("007013", "F17"),
    ("007014", "F17"),
    ("007015", "F17"),
    ("007019", "F17"),
    ("007023", "F20"),
    ("007038", "F17"),
    ("007039", "F17"),
    ("007040", "F19"),
    ("007046", "F21"),
    ("007053", "F17"),
    ("007055", "F02"),
    ("007060", "F17"),
    ("007061", "F17"),
    ("007062", "F17"),
    ("007194", "F03"),
    ("008010", "F17"),
    ("036700", "F17"),
    ("036701", "F17"),
    ("036702", "F17"),
    ("036703", "F17"),
    ("036704", "F17"),
    ("036705", "F17"),
    ("036706", "F17"),
    ("036707", "F17"),
    ("036716", "F17"),
    ("036726", "F17"),
    ("036727", "F17"),
    ("noGrants", "F17"),
];

/// Where the code comes from, the step that meets it, and how often that step asks again (reads are repeated where a retry can
/// help).
const PLACES: [(&str, &str); 5] =
    [("ac", "complete"), ("te", "complete"), ("person", "complete"), ("roles", "complete"), ("organisation", "organisation")];

fn upstream(code: &str) -> String {
    if code == "noGrants" { "OAuthErrorEnum.noGrants".to_owned() } else { format!("ESIA-{code}") }
}

fn status(code: RefusalCode) -> u16 {
    match code {
        RefusalCode::F19 => 400,
        RefusalCode::F17 | RefusalCode::F18 | RefusalCode::F20 => 503,
        _ => 403,
    }
}

struct Case<'a> {
    service: &'a Served,
    code: &'a str,
    refusal: RefusalCode,
    place: &'a str,
    step: &'a str,
}

impl Case<'_> {
    fn name(&self) -> String {
        format!("{} at {}", self.code, self.place)
    }

    async fn run(&self) {
        let upstream = upstream(self.code);
        let metric =
            format!("gosbadge_idp_errors_total{{idp=\"esia\",step=\"{}\",code=\"{}\",upstream=\"{upstream}\"}}", self.step, self.refusal);
        let before = self.service.metric(&metric).await;
        self.service.set_faults(json!([{ "where": self.place, "kind": "error", "code": self.code }])).await;
        let (application, person, end) = self.service.walk(COMMUNITY, PERSONA).await;
        self.service.set_faults(json!([])).await;

        self.page(&end);
        self.log(&application, &upstream);
        let counted = self.service.metric(&metric).await;
        assert!((counted - before - 1.0).abs() < f64::EPSILON, "{}: {metric} {before} -> {counted}", self.name());
        self.way_on(&application, person, &end).await;
    }

    fn page(&self, end: &End) {
        assert_eq!(end.location, None, "{}", self.name());
        assert_eq!(end.status, status(self.refusal), "{}", self.name());
        let page = Page::of(end);
        let text = refusal_text::text(self.refusal, Lang::Ru);
        assert_eq!(page.text(".code"), self.refusal.as_str(), "{}", self.name());
        assert_eq!(page.text("h1"), text.title, "{}", self.name());
        for part in [text.what_happened, text.what_to_do, text.whom_to_ask] {
            assert!(page.text("main").contains(part), "{}: {part}", self.name());
        }
        // ESIA's own words are for operators.
        assert!(!end.body.contains("ESIA-") && !end.body.contains("OAuthErrorEnum"), "{}", self.name());
    }

    /// One line at WARN that an operator can act on.
    fn log(&self, application: &str, upstream: &str) {
        let lines: Vec<Value> =
            self.service.log().into_iter().filter(|l| l["application"] == application && l["level"] == "WARN").collect();
        assert_eq!(lines.len(), 1, "{}: {lines:?}", self.name());
        let line = &lines[0];
        assert_eq!((line["code"].as_str(), line["upstream"].as_str()), (Some(self.refusal.as_str()), Some(upstream)), "{}", self.name());
        let detail = line["detail"].as_str().unwrap();
        assert!(detail.chars().count() > upstream.len() + 20, "{}: {detail}", self.name());
        assert!(["now", "later", "after_fix", "no"].contains(&line["try_again"].as_str().unwrap_or_default()), "{}: {line}", self.name());
        assert!(!line.to_string().contains("Ромашкина"), "{}", self.name());
    }

    /// An application that can go on does, once the fault is gone; one that ended stays ended.
    async fn way_on(&self, application: &str, mut person: Person, end: &End) {
        let retry = Page::of(end).all("a.button", "href").into_iter().next();
        assert_eq!(retry.is_some(), self.refusal.can_retry(), "{}", self.name());
        let Some(retry) = retry else { return };
        // The record of an organisation is read again without another sign-in.
        let chooses = self.place == "organisation" && self.refusal.is_between_us_and_the_provider();
        let path = if chooses { "organisation" } else { "login" };
        assert_eq!(retry, format!("/applications/{application}/{path}"), "{}", self.name());
        let address = format!("{}{retry}", self.service.text("/public_url"));
        let end = if chooses { choose(&person, &address).await } else { person.walk(&address, PERSONA).await };
        let back = end.location.unwrap_or_else(|| panic!("{}: {}", self.name(), end.body));
        assert!(parameter(&back, "code").is_some(), "{}: {back}", self.name());
    }
}

/// Presses the button of the choice page, where the only organisation stands chosen.
async fn choose(person: &Person, address: &str) -> End {
    let page = person.get(address, None).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let form = Page::of(&page);
    let (csrf, organisation) = (form.one("input[name=csrf]", "value"), form.one("input[name=organisation][checked]", "value"));
    person.post(address, &[("csrf", csrf.as_str()), ("organisation", organisation.as_str())]).await
}

async fn every_code_at(place: &str) {
    let step = PLACES.iter().find(|(p, _)| *p == place).unwrap().1;
    let service = Served::start(&[], &[]);
    for (code, refusal) in TABLE {
        Case { service: &service, code, refusal: refusal.parse().unwrap(), place, step }.run().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_on_the_way_back_from_the_provider() {
    every_code_at("ac").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_in_the_token_answer() {
    every_code_at("te").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_when_the_person_is_read() {
    every_code_at("person").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_when_the_roles_are_read() {
    every_code_at("roles").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_when_the_organisation_is_read() {
    every_code_at("organisation").await;
}

/// Codes nobody has published end as our own fault to look into, and cannot fill the memory of the meter.
#[tokio::test(flavor = "multi_thread")]
async fn unknown_codes_are_ours_to_look_into() {
    let service = Served::start(&[], &[]);
    for n in 0..120 {
        let (_, authorize) = service.begin(COMMUNITY).await;
        let person = Person::new();
        let callback = person.to_callback(&authorize, PERSONA).await;
        let state = parameter(&callback, "state").unwrap();
        let forged =
            format!("{}/oauth/callback?error=access_denied&error_description=ESIA-9{n:05}&state={state}", service.text("/public_url"));
        let end = person.get(&forged, None).await;
        assert_eq!(Page::of(&end).text(".code"), "F17");
    }
    let text = service.http.get(format!("{}/metrics", service.text("/admin_url"))).send().await.unwrap().text().await.unwrap();
    let counted = text.lines().filter(|l| l.starts_with("gosbadge_idp_errors_total{")).count();
    assert!(counted <= 102 && text.contains("upstream=\"other\""), "{counted}");
}
