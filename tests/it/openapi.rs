//! The OpenAPI document: every route is in it and nothing else, and every error it names is provoked, while nothing is answered
//! that it does not name.

mod everywhere;
mod own_start;
mod particular;
mod probe;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use self::probe::Probe;
use crate::harness::Harness;

/// `get /v1/stream` and the like, as `src/http/routes.rs` registers them; pictures and styles are no operations.
fn routes() -> BTreeSet<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/routes.rs");
    let text = std::fs::read_to_string(file).unwrap();
    let mut found = BTreeSet::new();
    for start in [".route(\"", "resource(\""] {
        for part in text.split(start).skip(1) {
            let (path, rest) = part.split_once('"').unwrap();
            let rest = rest.split(".to(").next().unwrap();
            let method = rest.rsplit("web::").next().unwrap().trim_end_matches("()").to_owned();
            found.insert(format!("{method} {}", path.replace(":.*", "")));
        }
    }
    assert!(found.len() > 50, "{found:?}");
    found
}

async fn document(h: &Harness) -> Value {
    let answer = h.http.get(h.url("/openapi.json")).send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_in_the_document_and_nothing_else() {
    let h = Harness::start().await;
    let document = document(&h).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        documented.extend(item.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
    }
    let routes = routes();
    let missing: Vec<_> = routes.difference(&documented).collect();
    let invented: Vec<_> = documented.difference(&routes).collect();
    assert!(missing.is_empty() && invented.is_empty(), "missing {missing:?}, invented {invented:?}");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_error_can_be_had_and_no_other() {
    let h = Harness::start_with(&[
        ("GOSBADGE__HTTP__BODY_TIMEOUT", "1s"),
        ("GOSBADGE__STATUS__REFRESH_INTERVAL", "60s"),
        ("GOSBADGE__STATUS__MAX_VIEW_AGE", "90s"),
    ])
    .await;
    let p = Probe::new(&h, document(&h).await).await;
    everywhere::all(&p).await;
    own_start::all(&p).await;
    particular::all(&p).await;
    everywhere::without_a_database(&p).await;
    let (missing, undocumented) = p.compare();
    assert!(missing.is_empty() && undocumented.is_empty(), "not provoked: {missing:#?}\nnot documented: {undocumented:#?}");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_type_of_a_problem_leads_to_what_it_means() {
    let h = Harness::start().await;
    let answer = h.http.get(h.url("/v1/badges/bdg_unknown")).send().await.unwrap();
    let problem: Value = answer.json().await.unwrap();
    let kind = problem["type"].as_str().unwrap();
    let leads = crate::harness::plain_client().get(kind).send().await.unwrap();
    assert_eq!((leads.status().as_u16(), leads.headers()["location"].to_str().unwrap()), (302, "/docs#error-not-found"));
    let page = h.http.get(h.url("/docs")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("id=\"error-not-found\"") && page.contains("POST /v1/webhooks/{platform}"));
    assert_eq!(h.http.get(h.url("/problems/no-such-code")).send().await.unwrap().status(), 404);
    h.stop().await;
}
