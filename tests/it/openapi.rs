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
    let found = routes_in(&std::fs::read_to_string(file).unwrap());
    assert!(found.len() > 50, "{found:?}");
    found
}

/// A resource may have several methods; what answers OPTIONS is named otherwise and is none of them.
fn routes_in(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for start in [".route(\"", "resource(\""] {
        for part in text.split(start).skip(1) {
            let (path, rest) = part.split_once('"').unwrap();
            // Up to what is registered next, or the end of the statement.
            let own = [".route(\"", "resource(\"", ";"].iter().fold(rest, |own, next| own.split(next).next().unwrap());
            let methods = own.split("web::").filter_map(|m| Some(m.split_once("().to(")?.0));
            found.extend(methods.map(|method| format!("{method} {}", path.replace(":.*", ""))));
        }
    }
    found
}

#[test]
fn every_method_of_a_resource_is_found() {
    let text = r#"
        cfg.service(resource("/a").app_data(web::PayloadConfig::new(1)).route(web::get().to(a::b)).route(web::post().to(a::c)))
            .service(resource("/d/{path:.*}").route(web::put().to(d)))
            .route("/e", web::get().to(e));
        cfg.route("/e", web::delete().to(e));
    "#;
    let found = routes_in(text);
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["delete /e", "get /a", "get /e", "post /a", "put /d/{path}"]);
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
        ("GOSBADGE__HTTP__BODY_TIMEOUT", "5s"),
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
