//! A registration may say which communities of its network a platform speaks for: wherever it names another, it is refused with a
//! code of its own, and nothing happens.

use gosbadge::domain::webhook_signature::WebhookSecret;
use gosbadge::ports::Clock as _;
use gosbadge::service::Actor;
use gosbadge::service::add_platform::set_communities;
use serde_json::{Value, json};

use crate::harness::{Harness, VERIFIER};
use crate::rest_start::problem;

const MINE: &str = "218000005";
const OTHERS: &str = "218000099";

async fn allow(h: &Harness, communities: Option<&str>) {
    let communities = communities.map(|c| c.parse().unwrap());
    set_communities(h.app(), "demo".to_owned(), communities, &Actor::system()).await.unwrap();
}

async fn message(h: &Harness, id: &str, kind: &str, community: &str) -> (u16, Value) {
    let body = json!({ "type": kind, "timestamp": "2026-11-23T10:00:00Z", "data": { "community": { "id": community } } }).to_string();
    let now = h.clock.now();
    let signature = WebhookSecret::parse(&h.ready().platform.inbound_webhook_secret).unwrap().sign(id, now, body.as_bytes());
    let request = h.http.post(h.url("/v1/webhooks/demo")).header("webhook-id", id).header("webhook-signature", signature);
    let answer = request.header("webhook-timestamp", now.secs().to_string()).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn other_communities_are_refused_wherever_they_are_named() {
    let h = Harness::start().await;
    allow(&h, Some("218000001-218000010,218000050")).await;
    let pushed = h.push_form(&h.push_parameters(OTHERS, VERIFIER)).await;
    let (status, body): (u16, Value) = (pushed.status().as_u16(), pushed.json().await.unwrap());
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_authorization_details")), "{body}");
    assert_eq!(body["gosbadge_code"], "community-not-yours");
    assert!(body["error_description"].as_str().unwrap().contains(OTHERS), "{body}");
    let (status, body) = h.post_json("/v1/applications", h.basic(), Some("k"), &h.start_body(OTHERS).to_string()).await;
    assert_eq!((status, problem(&body).as_str()), (403, "community-not-yours"), "{body}");
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM applications"), 0);
    for (n, kind) in ["community.verify", "community.compromised", "community.renamed", "community.deleted"].into_iter().enumerate() {
        let (status, body) = message(&h, &format!("m{n}"), kind, OTHERS).await;
        assert_eq!((status, body["code"].as_str()), (403, Some("community-not-yours")), "{kind}: {body}");
    }
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM inbound_webhooks"), 0, "nothing was recorded");
    // Its own, at either end of a range.
    for community in [MINE, "218000001", "218000010", "218000050"] {
        h.push(community, VERIFIER).await;
    }
    h.rest_start(MINE).await;
    assert_eq!(message(&h, "own", "community.verify", MINE).await.0, 200);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captured_page_of_others_stays_as_it_is() {
    let h = Harness::start().await;
    h.issue(OTHERS, "kindergarten-head").await;
    allow(&h, Some(MINE)).await;
    assert_eq!(message(&h, "m", "community.compromised", OTHERS).await.0, 403);
    assert_eq!(h.status_of(OTHERS).await, "active");
    allow(&h, None).await;
    // The refusal spent nothing: the same message is taken now.
    assert_eq!(message(&h, "m", "community.compromised", OTHERS).await.0, 200);
    assert_eq!(h.status_of(OTHERS).await, "suspended");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_sets_and_shows_them() {
    let h = Harness::start().await;
    let run = async |args: &[&str]| {
        let out = h.gosbadge(args).await;
        (out.status.code(), String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap())
    };
    assert!(run(&["platform", "list"]).await.1.contains("communities any"));
    let ranges = "218000001-218000010,218000050";
    assert_eq!(run(&["platform", "set-communities", "demo", "--communities", ranges]).await.0, Some(0));
    assert!(run(&["platform", "list"]).await.1.contains(ranges));
    assert!(run(&["platform", "show", "demo"]).await.1.contains(ranges));
    assert_eq!(h.push_form(&h.push_parameters(OTHERS, VERIFIER)).await.status(), 400);
    let (code, said) = run(&["platform", "set-communities", "demo", "--communities", "club1"]).await;
    assert!(code == Some(2) && said.contains("club1"), "{said}");
    let (code, said) = run(&["platform", "set-communities", "nobody"]).await;
    assert!(code == Some(1) && said.contains("platform not found"), "{said}");
    assert_eq!(run(&["platform", "set-communities", "demo"]).await.0, Some(0));
    h.push(OTHERS, VERIFIER).await;
    h.stop().await;
}
