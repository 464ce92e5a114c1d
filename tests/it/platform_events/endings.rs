//! Where each message ends: the badge's state, the event its platform is told, the page people see.

use std::time::Duration;

use gosbadge::service::sweep::sweep;
use serde_json::{Value, json};

use super::{COMMUNITY, NAME, Stand};
use crate::harness::{Person, VERIFIER, parameter};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn standing(state: &str, reason: Option<&str>, version: u64, history: &[&str]) -> (String, Option<String>, u64, Vec<String>) {
    (state.to_owned(), reason.map(str::to_owned), version, history.iter().map(|s| (*s).to_owned()).collect())
}

const ACTIVE: &str = "Официальная страница";
const SUSPENDED: &str = "Знак приостановлен";
const REVOKED: &str = "Знак отозван";
const RENAMED: &str = "Страница переименована";
const MANDATE_LOST: &str = "Право представителя действовать за организацию не подтверждено";
const CAPTURED: &str = "Страницей завладел посторонний";
const DELETED: &str = "Страница удалена";

/// What people read at the head of the page: how the badge stands and why, and no other state or reason.
async fn assert_page(s: &Stand, badge: &str, state: &str, reason: Option<&str>) {
    let (head, _) = s.shown(badge).await;
    let known = [ACTIVE, SUSPENDED, REVOKED, RENAMED, MANDATE_LOST, CAPTURED, DELETED];
    let said: Vec<&str> = known.into_iter().filter(|words| head.contains(words)).collect();
    assert_eq!(said, [Some(state), reason].into_iter().flatten().collect::<Vec<_>>(), "{head}");
}

/// The body confirms the community again, called `name`; whether a badge came of it.
async fn confirm(s: &Stand, name: &str) -> bool {
    let mut details = s.h.details(COMMUNITY);
    details[0]["community"]["name"] = json!(name);
    let mut parameters = s.h.push_parameters(COMMUNITY, VERIFIER);
    parameters.retain(|(n, _)| *n != "authorization_details");
    parameters.push(("authorization_details", details.to_string()));
    let pushed: Value = s.h.push_form(&parameters).await.json().await.unwrap();
    let authorize = s.h.authorize_url(pushed["request_uri"].as_str().unwrap());
    let end = Person::new().walk(&authorize, "kindergarten-head").await;
    let Some(code) = end.location.and_then(|l| parameter(&l, "code")) else { return false };
    s.h.redeem(&code, VERIFIER).await.0 == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_community_is_suspended_until_it_is_called_the_same_again() {
    let s = Stand::start(&[]).await;
    let issued = s.h.issue(COMMUNITY, "kindergarten-head").await;
    s.renamed("e1", "Скидки и розыгрыши").await;
    assert_eq!(s.badge(&issued.badge).await, standing("suspended", Some("community_renamed"), 2, &["issued", "suspended"]));
    assert_eq!(s.told("badge.suspended", 2).await["reason"], "community_renamed");
    assert_eq!(s.h.verify(json!({ "attestation": issued.attestation })).await.1["status"], "suspended");
    assert_page(&s, &issued.badge, SUSPENDED, Some(RENAMED)).await;

    s.renamed("e2", "Ещё что-то").await;
    assert_eq!(s.badge(&issued.badge).await.2, 2, "nothing new about the badge");
    s.renamed("e3", &NAME.replace(' ', "  ")).await;
    let history = ["issued", "suspended", "reinstated"];
    assert_eq!(s.badge(&issued.badge).await, standing("active", None, 3, &history));
    assert!(s.told("badge.reinstated", 3).await["attestation"].is_string());
    assert_eq!(s.h.verify(json!({ "attestation": issued.attestation })).await.1["status"], "active");
    // The page is an official one again, and what happened stays to be read.
    assert_page(&s, &issued.badge, ACTIVE, None).await;
    let (_, history) = s.shown(&issued.badge).await;
    assert!(["Знак снова действует", RENAMED, SUSPENDED].iter().all(|words| history.contains(words)), "{history}");
    s.renamed("e4", NAME).await;
    assert_eq!(s.badge(&issued.badge).await.2, 3);

    // The address counts as well as the name.
    let moved = |to: &str| json!({ "user_id": 1, "changes": { "screen_name": { "old_value": "ds12", "new_value": to } } });
    s.tell("e5", "group_change_settings", moved("skidki")).await;
    assert_eq!(s.badge(&issued.badge).await.0, "suspended");
    s.renamed("e6", NAME).await;
    assert_eq!(s.badge(&issued.badge).await.0, "suspended", "the name alone is not all that was confirmed");
    s.tell("e7", "group_change_settings", moved("DS12")).await;
    assert_eq!(s.badge(&issued.badge).await.0, "active");
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_holds_once_its_body_confirms_it() {
    let s = Stand::start(&[]).await;
    let issued = s.h.issue(COMMUNITY, "kindergarten-head").await;
    let new = "Детский сад № 12 «Василёк»";
    s.renamed("e1", new).await;
    assert!(confirm(&s, new).await, "the same body confirms what was renamed");
    let history = ["issued", "suspended", "reinstated", "renewed"];
    assert_eq!(s.badge(&issued.badge).await, standing("active", None, 4, &history));
    assert_eq!(s.json(&format!("/v1/badges/{}", issued.badge)).await["community"]["name"], new);
    assert!(s.page(&issued.badge).await.contains(new));
    assert_page(&s, &issued.badge, ACTIVE, None).await;
    // What counts from now on is the new name.
    s.renamed("e2", new).await;
    assert_eq!(s.badge(&issued.badge).await.0, "active");
    s.renamed("e3", NAME).await;
    assert_eq!(s.badge(&issued.badge).await.0, "suspended");
    s.stop().await;
}

/// Whoever captured a page could give it its name back.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_given_back_does_not_undo_what_a_person_has_to_settle() {
    let s = Stand::start(&[]).await;
    let badge = s.h.issue(COMMUNITY, "kindergarten-head").await.badge;
    s.renamed("e1", "Скидки").await;
    s.tell("e2", "community.compromised", json!({})).await;
    let history = ["issued", "suspended", "updated"];
    assert_eq!(s.badge(&badge).await, standing("suspended", Some("community_captured"), 3, &history));
    assert_eq!(s.told("badge.updated", 3).await["status"], "suspended");
    s.renamed("e3", NAME).await;
    assert!(!confirm(&s, NAME).await, "nor does a new confirmation");
    assert_eq!(s.badge(&badge).await.0, "suspended");
    assert_eq!(s.h.admin(&badge, "reinstate", json!({ "reason": "operator_decision" })).await.0, 200);
    assert_eq!(s.badge(&badge).await.0, "active");

    // The same for an operator's own reason on top of a new name.
    s.renamed("e4", "Скидки").await;
    let (status, shown) = s.h.admin(&badge, "suspend", json!({ "reason": "identity_error" })).await;
    assert_eq!((status, shown["reason"].as_str()), (200, Some("identity_error")), "{shown}");
    s.renamed("e5", NAME).await;
    assert!(!confirm(&s, NAME).await);
    assert_eq!(s.badge(&badge).await.1.as_deref(), Some("identity_error"));
    s.stop().await;
}

/// The same reason given by a person is another matter than the one that passes.
#[tokio::test(flavor = "multi_thread")]
async fn an_operators_suspension_stands_under_any_reason() {
    let s = Stand::start(&[]).await;
    let badge = s.h.issue(COMMUNITY, "kindergarten-head").await.badge;
    s.renamed("e1", "Скидки").await;
    assert_eq!(s.h.admin(&badge, "suspend", json!({ "reason": "community_renamed" })).await.0, 200);
    s.renamed("e2", NAME).await;
    assert!(!confirm(&s, NAME).await);
    assert_eq!(s.badge(&badge).await.0, "suspended");
    s.stop().await;
}

/// The secret of a single community's server is known to those who administer it, a captor among them.
#[tokio::test(flavor = "multi_thread")]
async fn what_administrators_know_gives_no_badge_back() {
    let s = Stand::start(&[]).await;
    let badge = s.h.issue(COMMUNITY, "kindergarten-head").await.badge;
    let own = super::register(&s.h, Some(COMMUNITY), "ffff0000").await;
    let named = |id: &str, to: &str| {
        let mut message = s.message(id, "group_change_settings", &json!({ "changes": { "title": { "new_value": to } } }));
        message["secret"] = json!(own);
        message
    };
    assert_eq!(s.call(&named("e1", "Скидки")).await.0, 200);
    assert_eq!(s.badge(&badge).await.0, "suspended", "it may take away");
    assert_eq!(s.call(&named("e2", NAME)).await.0, 200);
    assert_eq!(s.badge(&badge).await.0, "suspended");
    // Nor does it prepare the ground for the platform's own next word.
    s.tell("e3", "group_change_settings", json!({ "changes": { "screen_name": { "new_value": "ds12" } } })).await;
    assert_eq!(s.badge(&badge).await.0, "suspended");
    s.renamed("e4", NAME).await;
    assert_eq!(s.badge(&badge).await.0, "active");
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_before_administrators_changed_leaves_no_first_badge() {
    let s = Stand::start(&[]).await;
    let pushed = s.h.push(COMMUNITY, VERIFIER).await;
    s.administrator_came("e1").await;
    let end = Person::new().walk(&s.h.authorize_url(pushed["request_uri"].as_str().unwrap()), "kindergarten-head").await;
    assert!(end.location.is_none(), "{end:?}");
    assert!(confirm(&s, NAME).await, "begun after it");
    s.stop().await;
}

/// Suspended, a body cannot prove anything; brought back, it gets its time.
#[tokio::test(flavor = "multi_thread")]
async fn a_badge_that_comes_back_gets_time_for_its_proof() {
    let s = Stand::start(&[]).await;
    let badge = s.h.issue(COMMUNITY, "kindergarten-head").await.badge;
    s.administrator_came("e1").await;
    s.tell("e2", "community.compromised", json!({})).await;
    s.h.clock.advance(20 * DAY);
    assert_eq!(s.h.admin(&badge, "reinstate", json!({ "reason": "operator_decision" })).await.0, 200);
    sweep(s.h.app()).await.unwrap();
    assert_eq!(s.badge(&badge).await.0, "active");
    s.h.clock.advance(14 * DAY);
    sweep(s.h.app()).await.unwrap();
    assert_eq!(s.badge(&badge).await.1.as_deref(), Some("mandate_lost"));
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_let_a_new_name_stand() {
    let s = Stand::start(&[]).await;
    let badge = s.h.issue(COMMUNITY, "kindergarten-head").await.badge;
    s.renamed("e1", "Детсад 12").await;
    assert_eq!(s.h.admin(&badge, "reinstate", json!({ "reason": "operator_decision" })).await.0, 200);
    s.renamed("e2", "Детсад 12").await;
    assert_eq!(s.badge(&badge).await.0, "active", "the same name said again is no news");
    s.renamed("e3", "Скидки").await;
    assert_eq!(s.badge(&badge).await.0, "suspended");
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn captured_and_deleted_communities_lose_their_badge_at_once() {
    let s = Stand::start(&[]).await;
    let issued = s.h.issue(COMMUNITY, "kindergarten-head").await;
    s.tell("e1", "community.compromised", json!({})).await;
    assert_eq!(s.badge(&issued.badge).await, standing("suspended", Some("community_captured"), 2, &["issued", "suspended"]));
    assert_eq!(s.told("badge.suspended", 2).await["reason"], "community_captured");
    assert_page(&s, &issued.badge, SUSPENDED, Some(CAPTURED)).await;
    assert!(!confirm(&s, NAME).await, "only an operator gives it back");

    s.tell("e2", "community.deleted", json!({})).await;
    let history = ["issued", "suspended", "revoked"];
    assert_eq!(s.badge(&issued.badge).await, standing("revoked", Some("community_deleted"), 3, &history));
    assert_eq!(s.told("badge.revoked", 3).await["reason"], "community_deleted");
    assert_eq!(s.h.verify(json!({ "attestation": issued.attestation })).await.1["status"], "revoked");
    assert_page(&s, &issued.badge, REVOKED, Some(DELETED)).await;
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_administrators_have_to_prove_control_in_time() {
    let s = Stand::start(&[]).await;
    let issued = s.h.issue(COMMUNITY, "kindergarten-head").await;
    s.administrator_came("e1").await;
    assert_eq!(s.badge(&issued.badge).await, standing("active", None, 2, &["issued", "updated"]));
    let shown = s.json(&format!("/v1/badges/{}", issued.badge)).await;
    let told = s.told("badge.updated", 2).await;
    assert_eq!((&told["status"], &told["reprove_by"]), (&json!("active"), &shown["reprove_by"]));
    assert!(shown["reprove_by"].is_string(), "{shown}");
    let page = s.page(&issued.badge).await;
    assert!(page.contains("Управление страницей нужно подтвердить заново до"), "{page}");

    // Somebody else comes a week later: what was to be proven until then is to be proven until then.
    s.h.clock.advance(7 * DAY);
    s.administrator_came("e2").await;
    assert_eq!(s.badge(&issued.badge).await.2, 2);
    assert_eq!(s.json(&format!("/v1/badges/{}", issued.badge)).await["reprove_by"], shown["reprove_by"]);

    s.h.clock.advance(7 * DAY);
    // Several workers, the service's own among them: it happens once.
    for swept in futures_util::future::join_all((0..4).map(|_| sweep(s.h.app()))).await {
        swept.unwrap();
    }
    let history = ["issued", "updated", "suspended"];
    assert_eq!(s.badge(&issued.badge).await, standing("suspended", Some("mandate_lost"), 3, &history));
    assert_eq!(s.told("badge.suspended", 3).await["reason"], "mandate_lost");
    assert_page(&s, &issued.badge, SUSPENDED, Some(MANDATE_LOST)).await;

    assert!(confirm(&s, NAME).await, "late is better than never");
    assert_eq!(s.badge(&issued.badge).await.0, "active");
    assert_page(&s, &issued.badge, ACTIVE, None).await;
    assert!(!s.shown(&issued.badge).await.0.contains("подтвердить заново"), "nothing is demanded any more");
    assert_eq!(s.json(&format!("/v1/badges/{}", issued.badge)).await["reprove_by"], Value::Null);
    s.h.clock.advance(15 * DAY);
    assert_eq!(sweep(s.h.app()).await.unwrap().unproven, 0);
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_in_time_settles_it_and_an_older_one_does_not() {
    let s = Stand::start(&[]).await;
    let badge = s.h.issue(COMMUNITY, "kindergarten-head").await.badge;
    let deadline = async || s.json(&format!("/v1/badges/{badge}")).await["reprove_by"].clone();

    // Begun before the change, finished after it: the platform's word for the old administrator.
    let pushed = s.h.push(COMMUNITY, VERIFIER).await;
    s.h.clock.advance(Duration::from_secs(1));
    s.administrator_came("e1").await;
    let end = Person::new().walk(&s.h.authorize_url(pushed["request_uri"].as_str().unwrap()), "kindergarten-head").await;
    let code = parameter(&end.location.unwrap(), "code").unwrap();
    assert_eq!(s.h.redeem(&code, VERIFIER).await.0, 200);
    assert!(deadline().await.is_string());

    assert!(confirm(&s, NAME).await);
    assert_eq!(deadline().await, Value::Null);
    s.h.clock.advance(15 * DAY);
    assert_eq!(sweep(s.h.app()).await.unwrap().unproven, 0);
    assert_eq!(s.badge(&badge).await.0, "active");
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_is_the_operators() {
    let s = Stand::start(&[
        ("GOSBADGE__PLATFORM_EVENTS__RENAMED", "record"),
        ("GOSBADGE__PLATFORM_EVENTS__ADMINISTRATORS_CHANGED", "suspend"),
        ("GOSBADGE__PLATFORM_EVENTS__DELETED", "suspend"),
        ("GOSBADGE__PLATFORM_EVENTS__CAPTURED", "revoke"),
    ])
    .await;
    let badge = s.h.issue(COMMUNITY, "kindergarten-head").await.badge;
    let mut history = vec!["issued"];
    // Recorded, and nothing else: nobody is told and the page stays as it is.
    s.renamed("e1", "Скидки").await;
    assert_eq!(s.badge(&badge).await, standing("active", None, 1, &history));
    assert_page(&s, &badge, ACTIVE, None).await;

    s.administrator_came("e2").await;
    history.push("suspended");
    assert_eq!(s.badge(&badge).await, standing("suspended", Some("mandate_lost"), 2, &history));
    // The next version after the first: there was none between.
    assert_eq!(s.told("badge.suspended", 2).await["reason"], "mandate_lost");
    assert_page(&s, &badge, SUSPENDED, Some(MANDATE_LOST)).await;

    // Of two attestations of one moment either could be the newest.
    s.h.clock.advance(Duration::from_secs(1));
    assert!(confirm(&s, NAME).await);
    history.extend(["reinstated", "renewed"]);
    assert_eq!(s.badge(&badge).await, standing("active", None, 4, &history));
    assert_eq!(s.told("badge.reinstated", 3).await["status"], "active");
    assert!(s.told("badge.renewed", 4).await["attestation"].is_string());
    assert_page(&s, &badge, ACTIVE, None).await;

    s.tell("e3", "community.deleted", json!({})).await;
    history.push("suspended");
    assert_eq!(s.badge(&badge).await, standing("suspended", Some("community_deleted"), 5, &history));
    assert_eq!(s.told("badge.suspended", 5).await["reason"], "community_deleted");
    assert_page(&s, &badge, SUSPENDED, Some(DELETED)).await;

    s.tell("e4", "community.compromised", json!({})).await;
    history.push("revoked");
    assert_eq!(s.badge(&badge).await, standing("revoked", Some("community_captured"), 6, &history));
    assert_eq!(s.told("badge.revoked", 6).await["reason"], "community_captured");
    assert_page(&s, &badge, REVOKED, Some(CAPTURED)).await;
    s.stop().await;
}
