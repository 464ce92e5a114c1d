//! Proofs of control of a community as they stand on an application: the platform's word, what a choice of organisation binds and
//! voids, and applications from before there were proofs.

use std::time::Duration;

use gosbadge::domain::control::{ProofKind, ProofStatus};
use gosbadge::domain::ids::ProofId;
use gosbadge::domain::time::Timestamp;
use gosbadge::ports::Clock as _;
use gosbadge::store::proofs::{self, ProofRow};
use serde_json::{Value, json};

use crate::database::Database;
use crate::flow::Page;
use crate::harness::{Harness, Person, VERIFIER, parameter};

const COMMUNITY: &str = "218000001";
const SCHOOL: &str = "1000000404";
const CULTURE_HOUSE: &str = "1000000505";

/// Type and status of each proof.
fn standing(application: &Value) -> Vec<(String, String)> {
    let word = |p: &Value, name: &str| p[name].as_str().unwrap().to_owned();
    application["proofs"].as_array().unwrap().iter().map(|p| (word(p, "type"), word(p, "status"))).collect()
}

fn pair(kind: &str, status: &str) -> (String, String) {
    (kind.to_owned(), status.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_s_push_is_the_proof_and_the_attestation_says_so_with_its_day() {
    let h = Harness::start_with(&[("GOSBADGE__APPLICATION__LIFETIME", "3d")]).await;
    let pushed_on = h.clock.now();
    let (application, authorize) = h.begin(COMMUNITY).await;
    let begun = h.application(&application).await;
    let proof = &begun["proofs"][0];
    assert_eq!((proof["type"].as_str(), proof["status"].as_str()), (Some("platform_push"), Some("valid")), "{begun}");
    assert_eq!((&proof["token"], &proof["error"]), (&Value::Null, &Value::Null));
    assert_eq!((&proof["validated_at"], &proof["expires_at"]), (&begun["created_at"], &begun["expires_at"]));
    assert_eq!(begun["proofs"].as_array().unwrap().len(), 1);
    assert_eq!(begun["steps_done"], json!([]), "a proof without an organisation is no step done");

    // The person signs in the day after.
    let mut person = Person::new();
    assert_eq!(person.get(&authorize, None).await.status, 302);
    h.clock.advance(Duration::from_secs(25 * 3600));
    let end = person.walk(&h.url(&format!("/applications/{application}/login")), "kindergarten-head").await;
    let (status, body) = h.redeem(&parameter(end.location.as_deref().unwrap(), "code").unwrap(), VERIFIER).await;
    assert_eq!(status, 200, "{body}");
    let claims = claims_of(body["authorization_details"][0]["attestation"].as_str().unwrap());
    assert_eq!(claims["assurance"]["control"], json!({ "method": "platform_push", "at": pushed_on.day() }));
    assert_eq!(claims["assurance"]["representation"]["at"], h.clock.now().day());
    assert_eq!(standing(&h.application(&application).await), [pair("platform_push", "valid")]);
    // The start in plain JSON is the same authenticated word of the platform.
    let (by_rest, _) = h.rest_start("218000002").await;
    assert_eq!(standing(&h.application(&by_rest).await), [pair("platform_push", "valid")]);
    h.stop().await;
}

fn claims_of(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// A proof as somebody else than the platform would give it.
async fn give(h: &Harness, application: &str, kind: ProofKind, status: ProofStatus, lives: Duration) {
    let now = h.clock.now();
    let row = ProofRow {
        id: ProofId::new(now, h.app().entropy.bytes()).to_string(),
        application_id: application.to_owned(),
        kind: kind.as_str().to_owned(),
        status: status.as_str().to_owned(),
        token: (status == ProofStatus::Pending).then(|| "gosbadge-one-time-text".to_owned()),
        error: None,
        authority_id: None,
        login_id: None,
        created_at: now.millis(),
        validated_at: (status == ProofStatus::Valid).then_some(now.millis()),
        expires_at: now.plus(lives).millis(),
        updated_at: now.millis(),
        updated_by: "test".to_owned(),
        page: None,
        sealed: None,
        looked_at: None,
    };
    h.app().db.write("give_proof", move |tx| proofs::insert(tx, &row)).await.unwrap();
}

/// Signs in as somebody with two organisations and chooses one.
async fn choose(h: &Harness, person: &mut Person, at: &str, organisation: &str) {
    let end = person.walk(at, "two-organisations").await;
    let page = Page::of(&end);
    let (action, csrf) = (h.url(&page.one("form.choose", "action")), page.one("form.choose input[name=csrf]", "value"));
    let back = person.post(&action, &[("csrf", &csrf), ("organisation", organisation)]).await;
    assert!(back.location.is_some_and(|l| parameter(&l, "code").is_some()), "{} {}", back.status, back.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_given_for_one_organisation_is_void_when_another_is_chosen() {
    let h = Harness::start().await;
    let (application, authorize) = h.begin(COMMUNITY).await;
    give(&h, &application, ProofKind::PlatformToken, ProofStatus::Valid, Duration::from_secs(3600)).await;
    give(&h, &application, ProofKind::SiteLink, ProofStatus::Pending, Duration::from_secs(600)).await;
    let mut person = Person::new();
    choose(&h, &mut person, &authorize, SCHOOL).await;
    let held = [pair("platform_push", "valid"), pair("platform_token", "valid"), pair("site_link", "pending")];
    assert_eq!(standing(&h.application(&application).await), held);
    // The one-time text is its person's: the platform is not told.
    let seen = h.application(&application).await.to_string();
    assert!(!seen.contains("one-time-text"), "{seen}");

    // The same organisation again: nothing changes.
    h.clock.advance(Duration::from_secs(1));
    let again = h.url(&format!("/applications/{application}/login"));
    choose(&h, &mut person, &again, SCHOOL).await;
    assert_eq!(standing(&h.application(&application).await), held);

    h.clock.advance(Duration::from_secs(1));
    // Another one: what was shown for the first is worth nothing to it. The platform's word is about the sitting and stays.
    choose(&h, &mut person, &again, CULTURE_HOUSE).await;
    let now = h.application(&application).await;
    let voided = [pair("platform_push", "valid"), pair("platform_token", "invalid"), pair("site_link", "invalid")];
    assert_eq!(standing(&now), voided);
    assert_eq!((&now["proofs"][1]["error"], &now["proofs"][2]["error"]), (&json!("other_organisation"), &json!("other_organisation")));
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM control_proofs WHERE token IS NOT NULL"), 0, "its text is forgotten");
    let bound = "SELECT COUNT(*) AS n FROM control_proofs p JOIN applications a ON a.id = p.application_id \
                 WHERE p.kind = 'platform_push' AND p.authority_id = a.authority_id AND p.login_id IS NOT NULL";
    assert_eq!(h.count(bound), 1, "bound to the organisation and the sign-in that chose it");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_whose_time_is_up_is_over_and_only_one_of_a_kind_is_open() {
    let h = Harness::start().await;
    let (application, _) = h.begin(COMMUNITY).await;
    give(&h, &application, ProofKind::PlatformToken, ProofStatus::Pending, Duration::from_secs(600)).await;
    let id = application.clone();
    let row = h.app().db.read("proofs", move |tx| proofs::of_application(tx, &id)).await.unwrap().remove(1);
    let twin = ProofRow { id: ProofId::new(h.clock.now(), [9; 10]).to_string(), ..row.clone() };
    let twice = h.app().db.write("give_proof", move |tx| proofs::insert(tx, &twin)).await;
    assert!(matches!(twice, Err(gosbadge::store::StoreError::Duplicate)));
    h.clock.advance(Duration::from_secs(600));
    assert_eq!(standing(&h.application(&application).await)[1], pair("platform_token", "invalid"));
    // A status never goes where the domain does not let it.
    let now: Timestamp = h.clock.now();
    let moves = h.app().db.write("advance_proof", move |tx| {
        proofs::advance(tx, &row.id, ProofStatus::Invalid, Some("expired"), now)?;
        proofs::advance(tx, &row.id, ProofStatus::Valid, None, now)
    });
    assert!(matches!(moves.await, Err(gosbadge::store::StoreError::Stale(_))));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_from_before_there_were_proofs_go_on() {
    let h = Harness::start().await;
    let (application, _) = h.begin(COMMUNITY).await;
    // As the release before left it.
    let mut database = Database::open(&h.database);
    database.run(include_str!("../../migrations/sqlite/2026-11-29-000014_lookups/down.sql"));
    database.run(include_str!("../../migrations/sqlite/2026-11-29-000013_site_looks/down.sql"));
    database.run(include_str!("../../migrations/sqlite/2026-11-29-000010_further_proofs/down.sql"));
    database.run(include_str!("../../migrations/sqlite/2026-11-28-000008_control_proofs/down.sql"));
    database.run(
        "DELETE FROM __diesel_schema_migrations WHERE version IN ('20261128000008', '20261129000010', '20261129000013', '20261129000014')",
    );
    drop(database);
    let h = h.restart(&[]).await;
    let seen = h.application(&application).await;
    assert_eq!(standing(&seen), [pair("platform_push", "valid")]);
    assert_eq!(seen["proofs"][0]["validated_at"], seen["created_at"]);
    let ids = Database::open(&h.database).lines("SELECT id AS v FROM control_proofs");
    assert!(ids.iter().all(|id| id.parse::<ProofId>().is_ok()), "{ids:?}");
    h.stop().await;
}
