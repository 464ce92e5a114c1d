//! Two processes' worth of the service over one database, asked for the same things at the same moment: nothing is given
//! twice, nothing is skipped, and whoever loses hears so in the protocol's words.

use std::collections::{BTreeMap, HashSet};
use std::net::TcpListener;
use std::sync::Arc;

use futures_util::future::join_all;
use gosbadge::cli::server::{self, Running};
use gosbadge::cli::wire::{self, NoIdentityProvider, Parts};
use gosbadge::domain::expiry_month::ExpiryMonth;
use gosbadge::ports::Clock as _;
use serde_json::{Value, json};

use crate::crash_child::code_for;
use crate::database::Database;
use crate::harness::{Harness, VERIFIER};

/// A second service beside the harness's, with listeners of its own on the same database.
struct Second {
    running: Running,
    public_url: String,
    admin_url: String,
}

impl Second {
    async fn beside(h: &Harness) -> Self {
        let parts = Parts { clock: h.clock.clone(), idps: Some(vec![Arc::new(NoIdentityProvider)]), ..Parts::system() };
        let app = wire::app(&h.dev.config, parts).await.unwrap();
        let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (public, admin) = (bind(), bind());
        let url = |l: &TcpListener| wire::loopback_url(l.local_addr().unwrap());
        let (public_url, admin_url) = (url(&public), url(&admin));
        let running = server::start(&app, &h.dev.config, public, admin).unwrap();
        Self { running, public_url, admin_url }
    }

    /// The harness's service for even numbers, this one for odd ones.
    fn public_url<'a>(&'a self, h: &'a Harness, n: usize) -> &'a str {
        if n.is_multiple_of(2) { &h.ready().public_url } else { &self.public_url }
    }

    fn admin_url<'a>(&'a self, h: &'a Harness, n: usize) -> &'a str {
        if n.is_multiple_of(2) { &h.ready().admin_url } else { &self.admin_url }
    }
}

async fn redeem_at(h: &Harness, service: &str, code: &str) -> (u16, Value) {
    let platform = &h.ready().platform;
    let form = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
    loop {
        let request = h.http.post(format!("{service}/oauth/token")).basic_auth(&platform.client_id, Some(&platform.client_secret));
        let answer = request.form(&form).send().await.unwrap();
        // Two services share the one writer of a file; who waits too long for it is told to come again.
        if answer.status().as_u16() != 503 {
            return (answer.status().as_u16(), answer.json().await.unwrap());
        }
    }
}

async fn codes_for(h: &Harness, communities: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut codes = Vec::new();
    // In small groups: signing in is not what is measured here, and has time-outs of its own.
    let all: Vec<u32> = communities.into_iter().collect();
    for group in all.chunks(8) {
        let numbers: Vec<String> = group.iter().map(u32::to_string).collect();
        codes.extend(join_all(numbers.iter().map(|n| code_for(h, n))).await);
    }
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn places_in_lists_are_distinct_and_gapless_across_a_roll_over() {
    const ISSUES: u32 = 50;
    const LEFT: i64 = 20;
    let h = Harness::start_with(&[("GOSBADGE__STATUS__LIST_SIZE", "1024")]).await;
    let second = Second::beside(&h).await;
    let mut db = Database::open(&h.database);
    // The smallest list allowed, nearly full, of the month in which all that follow end.
    let month = ExpiryMonth::of(h.clock.now().plus(h.app().settings.attestation_lifetime));
    db.run(&format!(
        "INSERT INTO status_lists (id, size, next_idx, created_at, month, ends_before) VALUES (1, 1024, {}, 0, {}, {})",
        1024 - LEFT,
        month.starts().millis(),
        month.ends().millis()
    ));

    let codes = codes_for(&h, 1..=ISSUES).await;
    let answers = join_all(codes.iter().enumerate().map(|(n, code)| redeem_at(&h, second.public_url(&h, n), code))).await;
    for (status, body) in &answers {
        assert_eq!(*status, 200, "{body}");
    }
    let mut places: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut jtis = HashSet::new();
    for (_, body) in &answers {
        let token = body["authorization_details"][0]["attestation"].as_str().unwrap();
        let claims = h.app().keys.known().verifier.attestation(token, h.app().clock.now()).unwrap().claims;
        assert!(jtis.insert(claims.jti.to_string()));
        let place = claims.status.status_list;
        let list = place.uri.rsplit('/').next().unwrap().parse().unwrap();
        places.entry(list).or_default().push(i64::from(place.idx));
    }
    places.values_mut().for_each(|l| l.sort_unstable());
    let expected = BTreeMap::from([(1, (1024 - LEFT..1024).collect()), (2, (0..i64::from(ISSUES) - LEFT).collect::<Vec<_>>())]);
    assert_eq!(places, expected);
    db.assert_consistent();
    second.running.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_code_redeemed_sixteen_times_at_once_gives_one_badge() {
    let h = Harness::start().await;
    let second = Second::beside(&h).await;
    let mut db = Database::open(&h.database);
    // A new badge, then a further attestation of the badge in force.
    for round in 1..=2 {
        let code = code_for(&h, "218000001").await;
        let answers = join_all((0..16).map(|n| redeem_at(&h, second.public_url(&h, n), &code))).await;
        assert_one_success(&answers);
        assert_eq!((db.count("badges"), db.count("attestations")), (1, round), "nothing is left half done");
        assert_eq!((db.count("access_tokens"), db.count("access_tokens WHERE revoked_at IS NULL")), (round, 0), "used more than once");
        db.assert_consistent();
    }
    assert_eq!(db.lines("SELECT kind AS v FROM events ORDER BY seq"), ["issued", "renewed"]);
    second.running.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_racing_for_one_community_share_one_badge() {
    let h = Harness::start().await;
    let second = Second::beside(&h).await;
    let mut db = Database::open(&h.database);
    let codes = codes_for(&h, std::iter::repeat_n(218_000_001, 8)).await;
    let answers = join_all(codes.iter().enumerate().map(|(n, code)| redeem_at(&h, second.public_url(&h, n), code))).await;
    assert!(answers.iter().any(|(status, _)| *status == 200), "{answers:?}");
    for (status, body) in &answers {
        assert!(*status == 200 || (*status, body["error"].as_str()) == (400, Some("invalid_grant")), "{status} {body}");
    }
    assert_eq!(db.count("badges"), 1);
    assert_eq!(db.count("events WHERE kind = 'issued'"), 1);
    db.assert_consistent();
    // Whoever lost the race has lost nothing: the same code is good a moment later.
    for (n, code) in codes.iter().enumerate().filter(|(n, _)| answers[*n].0 != 200) {
        let (status, body) = redeem_at(&h, second.public_url(&h, n), code).await;
        assert_eq!(status, 200, "{body}");
    }
    assert_eq!((db.count("badges"), db.count("attestations WHERE state = 'active'")), (1, 8));
    db.assert_consistent();
    second.running.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_revocations_at_once_are_one_event() {
    let h = Harness::start().await;
    let second = Second::beside(&h).await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let revoke = async |n: usize| {
        let url = format!("{}/admin/v1/badges/{}/revoke", second.admin_url(&h, n), issued.badge);
        let body = json!({ "reason": "court_decision" }).to_string();
        let answer = h.http.post(url).bearer_auth(&h.ready().operator_token).body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let answers = join_all((0..16).map(revoke)).await;
    for (status, body) in &answers {
        assert_eq!((*status, body["state"].as_str(), body["version"].as_i64()), (200, Some("revoked"), Some(2)), "{body}");
    }
    let mut db = Database::open(&h.database);
    assert_eq!(db.lines("SELECT kind AS v FROM events ORDER BY seq"), ["issued", "revoked"]);
    assert_eq!(db.count("deliveries"), 2);
    db.assert_consistent();
    second.running.stop().await;
    h.stop().await;
}

fn assert_one_success(answers: &[(u16, Value)]) {
    let won = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(won, 1, "{answers:?}");
    for (status, body) in answers.iter().filter(|(status, _)| *status != 200) {
        assert_eq!((*status, body["error"].as_str()), (400, Some("invalid_grant")), "{body}");
    }
}
