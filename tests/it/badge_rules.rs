//! What a second confirmation may and may not do to a badge: another authority's, a suspended one, the same again, and the
//! badges of one authority on several communities.

use serde_json::{Value, json};

use crate::flow::Page;
use crate::harness::{Harness, Issued, Person, VERIFIER, parameter};

const COMMUNITY: &str = "218000001";

async fn verdict(h: &Harness, issued: &Issued) -> (String, String) {
    let (_, answer) = h.verify(json!({ "attestation": issued.attestation })).await;
    let word = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    (word("verdict"), word("status"))
}

fn words(verdict: &(String, String)) -> (&str, &str) {
    (&verdict.0, &verdict.1)
}

/// Ends at the refusal page with `code`; no code for the platform, and the platform is told.
async fn assert_obstacle(h: &Harness, persona: &str, code: &str) {
    let walk = h.walk(COMMUNITY, persona).await;
    assert_eq!((walk.end.status, walk.end.location.as_deref()), (403, None), "{}", walk.end.body);
    let page = Page::of(&walk.end);
    assert_eq!(page.text(".code"), code);
    let (action, csrf) = page.return_form();
    let back = walk.person.post(&h.url(&action), &[("csrf", csrf.as_str())]).await.location.unwrap();
    assert_eq!(parameter(&back, "gosbadge_code").as_deref(), Some(code));
    let seen = h.application(&walk.application).await;
    assert_eq!((seen["state"].as_str(), seen["gosbadge_code"].as_str(), seen["badge"].as_str()), (Some("refused"), Some(code), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_of_another_authority_is_b01() {
    let h = Harness::start_with(&[("GOSBADGE__APPLICATION__HANDOVER", "refuse")]).await;
    let first = h.issue(COMMUNITY, "kindergarten-head").await;
    assert_obstacle(&h, "ministry-head", "B01").await;
    assert_eq!(words(&verdict(&h, &first).await), ("valid", "active"));
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM attestations"), 1);
    // Once it is revoked the community is free.
    h.admin(&first.badge, "revoke", json!({ "reason": "identity_error" })).await;
    let second = h.issue(COMMUNITY, "ministry-head").await;
    assert_ne!(second.badge, first.badge);
    assert_eq!(words(&verdict(&h, &second).await), ("valid", "active"));
    assert_eq!(words(&verdict(&h, &first).await), ("invalid", "revoked"));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_badge_is_b02_and_no_sign_in_lifts_it() {
    let h = Harness::start().await;
    let first = h.issue(COMMUNITY, "kindergarten-head").await;
    h.admin(&first.badge, "suspend", json!({ "reason": "community_captured" })).await;
    assert_obstacle(&h, "kindergarten-head", "B02").await;
    assert_obstacle(&h, "ministry-head", "B01").await;
    assert_eq!(words(&verdict(&h, &first).await), ("invalid", "suspended"));
    h.admin(&first.badge, "reinstate", json!({ "reason": "operator_decision" })).await;
    assert_eq!(words(&verdict(&h, &first).await), ("valid", "active"));
    h.stop().await;
}

/// The obstacle may come up between sign-in and redemption; then the code is of no use.
#[tokio::test(flavor = "multi_thread")]
async fn obstacles_are_looked_for_again_when_the_code_is_redeemed() {
    let h = Harness::start_with(&[("GOSBADGE__APPLICATION__HANDOVER", "refuse")]).await;
    let (ministry, kindergarten) = (h.walk(COMMUNITY, "ministry-head").await, h.walk(COMMUNITY, "kindergarten-head").await);
    let (status, won) = h.redeem(&kindergarten.code(), VERIFIER).await;
    assert_eq!(status, 200, "{won}");
    let (status, lost) = h.redeem(&ministry.code(), VERIFIER).await;
    assert_eq!((status, lost["error"].as_str(), lost["gosbadge_code"].as_str()), (400, Some("access_denied"), Some("B01")), "{lost}");
    let seen = h.application(&ministry.application).await;
    assert_eq!((seen["state"].as_str(), seen["gosbadge_code"].as_str()), (Some("refused"), Some("B01")));

    let again = h.walk(COMMUNITY, "kindergarten-head").await;
    let badge = won["authorization_details"][0]["badge"].as_str().unwrap();
    h.admin(badge, "suspend", json!({ "reason": "community_captured" })).await;
    let (status, lost) = h.redeem(&again.code(), VERIFIER).await;
    assert_eq!((status, lost["error"].as_str(), lost["gosbadge_code"].as_str()), (400, Some("access_denied"), Some("B02")), "{lost}");
    assert_eq!(h.status_of(COMMUNITY).await, "suspended");
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM attestations"), 1);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_authority_again_renews() {
    let h = Harness::start().await;
    let first = h.issue(COMMUNITY, "kindergarten-head").await;
    h.clock.advance(std::time::Duration::from_secs(3600));
    let second = h.issue(COMMUNITY, "kindergarten-head").await;
    assert_eq!(second.badge, first.badge);
    assert_ne!(second.attestation, first.attestation);
    for issued in [&first, &second] {
        assert_eq!(words(&verdict(&h, issued).await), ("valid", "active"));
    }
    let badge: Value = h.http.get(h.url(&format!("/v1/badges/{}", first.badge))).send().await.unwrap().json().await.unwrap();
    assert_eq!(badge["version"], 2, "{badge}");
    let kinds: Vec<&str> = badge["history"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["issued", "renewed"], "{badge}");

    h.admin(&first.badge, "revoke", json!({ "reason": "mandate_lost" })).await;
    for issued in [&first, &second] {
        assert_eq!(words(&verdict(&h, issued).await), ("invalid", "revoked"));
    }
    assert_eq!(h.status_of(COMMUNITY).await, "revoked");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn badges_of_one_authority_are_revoked_one_by_one() {
    let h = Harness::start().await;
    let first = h.issue(COMMUNITY, "kindergarten-head").await;
    let second = h.issue("218000002", "kindergarten-head").await;
    assert_ne!(first.badge, second.badge);
    h.admin(&first.badge, "revoke", json!({ "reason": "community_deleted" })).await;
    assert_eq!(words(&verdict(&h, &first).await), ("invalid", "revoked"));
    assert_eq!(words(&verdict(&h, &second).await), ("valid", "active"));
    assert_eq!((h.status_of(COMMUNITY).await.as_str(), h.status_of("218000002").await.as_str()), ("revoked", "active"));
    h.stop().await;
}

/// Two people of two authorities redeem at the same moment: one badge.
#[tokio::test(flavor = "multi_thread")]
async fn two_authorities_at_once_give_one_badge() {
    let h = Harness::start_with(&[("GOSBADGE__APPLICATION__HANDOVER", "refuse")]).await;
    let (a, b) = (h.walk(COMMUNITY, "ministry-head").await.code(), h.walk(COMMUNITY, "kindergarten-head").await.code());
    let (a, b) = futures_util::future::join(h.redeem(&a, VERIFIER), h.redeem(&b, VERIFIER)).await;
    let mut statuses = [a.0, b.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{a:?} {b:?}");
    assert_eq!(h.status_of(COMMUNITY).await, "active");
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM badges WHERE state = 'active'"), 1);
    h.stop().await;
}

/// A person without any part in an application cannot look at it or end it.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_shown_to_its_own_browser_only() {
    let h = Harness::start().await;
    let walk = h.walk(COMMUNITY, "employee").await;
    let page = format!("/applications/{}", walk.application);
    assert_eq!(walk.person.get(&h.url(&page), None).await.status, 200);
    for path in [page.as_str(), "/applications/x"] {
        assert_eq!(Person::new().get(&h.url(path), None).await.status, 404, "{path}");
    }
    // SQLite looks for such an id, PostgreSQL does not take it; neither is a fault of ours.
    for path in ["/applications/%00", "/c/%00", "/v1/badges/%00"] {
        assert!(matches!(Person::new().get(&h.url(path), None).await.status, 400 | 404), "{path}");
    }
    h.stop().await;
}

/// A second sign-in for the head office must leave nothing of a branch that was chosen first.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_choice_leaves_nothing_of_the_first() {
    use gosbadge::store::StoreError;
    use gosbadge::store::applications::{self, IdentityChange};

    let h = Harness::start().await;
    let pushed = h.push("218000001", VERIFIER).await;
    let id = pushed["application"].as_str().unwrap().to_owned();
    let change = |branch: Option<&str>| IdentityChange {
        idp: Some("esia".to_owned()),
        representative: Some("p".to_owned()),
        mandate: Some("chief".to_owned()),
        identity_at: Some(1),
        authority_id: None,
        branch_name: branch.map(str::to_owned),
        branch_kpp: None,
    };
    let (first, second) = (change(Some("Филиал")), change(None));
    let row = h.app().db.write("two_choices", move |tx| -> Result<_, StoreError> {
        applications::set_identity(tx, &id, &first)?;
        applications::set_identity(tx, &id, &second)?;
        applications::by_id(tx, &id)
    });
    assert_eq!(row.await.unwrap().unwrap().branch_name, None);
    h.stop().await;
}
