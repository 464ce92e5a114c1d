//! Who is in the federation, and who has a badge: the filters of the standard, and lists longer than one look into the database.

use std::collections::BTreeSet;
use std::time::Duration;

use openid_federation::FederationClient;
use openid_federation::ReqwestHttpClient;
use serde_json::json;

use super::{asking, entity, get, issue, kind, refused, subject};
use crate::database::Database;
use crate::harness::{Harness, Issued, plain_client};

/// Two communities, the first of which was known first: ids made in one instant stand in any order.
async fn issue_two(h: &Harness) -> (Issued, Issued) {
    let first = issue(h).await;
    h.clock.advance(Duration::from_secs(1));
    (first, h.issue("218000002", "kindergarten-head").await)
}

/// Parameters of a question.
type Asked<'a> = &'a [(&'a str, &'a str)];

async fn listed(h: &Harness, path: &str, parameters: Asked<'_>) -> Vec<String> {
    let answer = get(h, &asking(h, path, parameters)).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"application/json".parse().unwrap()),
        "{parameters:?}"
    );
    assert_eq!(answer.headers()["cache-control"], "public, max-age=60");
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn subordinates_and_filters() {
    let h = Harness::start().await;
    assert_eq!(listed(&h, "/federation/list", &[]).await, [] as [String; 0]);
    let (kept, taken) = issue_two(&h).await;
    h.admin(&taken.badge, "revoke", json!({ "reason": "operator_decision" })).await;
    let (kept, taken) = (subject(&kept.attestation), subject(&taken.attestation));
    let (kind, all, marked, nobody) = (kind(&h), [kept.clone(), taken.clone()], [kept.clone()], []);
    let cases: [(Asked<'_>, &[String]); 13] = [
        (&[], &all),
        (&[("entity_type", "federation_entity")], &all),
        (&[("entity_type", "openid_provider")], &nobody),
        (&[("entity_type", "openid_provider"), ("entity_type", "federation_entity")], &all),
        (&[("trust_marked", "true")], &marked),
        (&[("trust_marked", "false")], &all),
        (&[("trust_mark_type", &kind)], &marked),
        (&[("trust_mark_type", "https://evil.example/tm")], &nobody),
        (&[("trust_marked", "true"), ("trust_mark_type", &kind), ("entity_type", "federation_entity")], &marked),
        (&[("intermediate", "true")], &nobody),
        (&[("intermediate", "false")], &all),
        (&[("limit", "1"), ("limit", "2")], &all),
        (&[("trust_marked", ""), ("intermediate", "")], &all),
    ];
    for (parameters, expected) in cases {
        assert_eq!(listed(&h, "/federation/list", parameters).await, expected, "{parameters:?}");
    }
    for bad in
        [[("trust_marked", "yes"), ("x", "y")], [("intermediate", "1"), ("x", "y")], [("trust_marked", "true"), ("trust_marked", "true")]]
    {
        assert_eq!(refused(&h, &asking(&h, "/federation/list", &bad)).await, (400, "invalid_request".to_owned()), "{bad:?}");
    }
    let client = FederationClient::with_http_client(ReqwestHttpClient::with_client(plain_client()));
    let theirs = client.list_entities(&h.url("/federation/list").parse().unwrap()).await.unwrap();
    assert_eq!(theirs, [entity(&kept), entity(&taken)]);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_marked() {
    let h = Harness::start().await;
    let (first, second) = issue_two(&h).await;
    let (one, two, kind) = (subject(&first.attestation), subject(&second.attestation), kind(&h));
    let path = "/federation/trust-mark-list";
    let marked = async |more: &[(&str, &str)]| {
        let parameters: Vec<_> = [("trust_mark_type", kind.as_str())].into_iter().chain(more.iter().copied()).collect();
        listed(&h, path, &parameters).await
    };
    assert_eq!(marked(&[]).await, [one.as_str(), two.as_str()]);
    assert_eq!(marked(&[("sub", &two)]).await, [two.as_str()]);
    for stranger in ["https://evil.example", &h.url("/c/01KAR4T7Q2M9XVB3H5NDW8YJZE"), &h.ready().public_url] {
        assert_eq!(marked(&[("sub", stranger)]).await, [] as [String; 0]);
    }
    assert_eq!(listed(&h, path, &[("trust_mark_type", "https://evil.example/tm")]).await, [] as [String; 0]);
    assert_eq!(listed(&h, path, &[("trust_mark_type", "https://evil.example/tm"), ("sub", &one)]).await, [] as [String; 0]);
    for bad in [vec![], vec![("sub", one.as_str())], vec![("trust_mark_type", kind.as_str()), ("trust_mark_type", &kind)]] {
        assert_eq!(refused(&h, &asking(&h, path, &bad)).await, (400, "invalid_request".to_owned()), "{bad:?}");
    }
    h.admin(&first.badge, "revoke", json!({ "reason": "operator_decision" })).await;
    assert_eq!(marked(&[]).await, [two.as_str()]);
    assert_eq!(marked(&[("sub", &one)]).await, [] as [String; 0]);
    h.admin(&second.badge, "suspend", json!({ "reason": "operator_decision" })).await;
    assert_eq!(marked(&[]).await, [] as [String; 0]);
    h.admin(&second.badge, "reinstate", json!({ "reason": "operator_decision" })).await;
    assert_eq!(marked(&[("sub", &two)]).await, [two.as_str()]);
    h.clock.advance(Duration::from_secs(91 * 24 * 3600));
    assert_eq!(marked(&[]).await, [] as [String; 0], "run out, swept or not");
    h.stop().await;
}

/// Adds communities `01J00000000000000000NNNNNN` for N in 1..=count, each with one revoked badge and, where N is even, one active.
fn add_communities(h: &Harness, count: u32) {
    let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
    let digits = "substr('000000' || i, length('000000' || i) - 5)";
    let mut db = Database::open(&h.database);
    db.run(&format!(
        "{numbers} INSERT INTO communities (id, platform_id, number, uri, name, screen_name, created_at, updated_at, updated_by)
         SELECT '01J00000000000000000' || {digits}, 'demo', '9' || {digits}, 'u' || i, 'n', NULL, 0, 0, 'test' FROM n"
    ));
    for (nth, state, ended, filter) in [(0, "revoked", "1", ""), (1, "active", "NULL", "WHERE i % 2 = 0")] {
        db.run(&format!(
            "{numbers} INSERT INTO badges (id, community_id, authority_id, application_id, state, version, issued_at, expires_at, ended_at,
                created_at, updated_at, updated_by)
             SELECT 'bdg_01J0000000000000000{nth}' || {digits}, '01J00000000000000000' || {digits}, o.authority_id, o.application_id,
                '{state}', 1, 1, 9000000000000, {ended}, 1, 1, 'test'
             FROM n, (SELECT authority_id, application_id FROM badges ORDER BY id LIMIT 1) o {filter}"
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn longer_than_one_look() {
    let h = Harness::start().await;
    issue(&h).await;
    // With the one issued: a list that ends exactly with a piece, and one a little longer.
    for (count, chunked) in [(4_998, false), (10_001, true)] {
        let mut db = Database::open(&h.database);
        db.run("DELETE FROM badges WHERE updated_by = 'test'");
        db.run("DELETE FROM communities WHERE updated_by = 'test'");
        add_communities(&h, count);
        let answer = get(&h, &h.url("/federation/list")).await;
        assert_eq!(answer.headers().contains_key("content-length"), !chunked);
        let all: Vec<String> = answer.json().await.unwrap();
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (count as usize + 1, count as usize + 1));
        assert!(all.is_sorted());
        let marked: Vec<String> = get(&h, &h.url("/federation/list?trust_marked=true")).await.json().await.unwrap();
        assert_eq!(marked.len(), count as usize / 2 + 1);
    }
    h.stop().await;
}
