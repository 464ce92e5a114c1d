//! Each role and each action: allowed or refused, and recorded either way.

use std::time::Duration;

use gosbadge::service::add_operator::Role;

use super::{ACTIONS, audited, because, call, token_of};
use crate::harness::Harness;

fn may(role: Role, action: &str) -> bool {
    match action {
        "suspend" => role != Role::Viewer,
        _ => !matches!(role, Role::Viewer | Role::Curator),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_and_every_action() {
    let h = Harness::start().await;
    for (n, role) in Role::ALL.into_iter().enumerate() {
        let token = token_of(&h, role).await;
        let issued = h.issue(&format!("21800010{n}"), "kindergarten-head").await;
        for action in ACTIONS {
            h.clock.advance(Duration::from_secs(1));
            if action == "reinstate" && !may(role, "suspend") {
                assert_eq!(h.admin(&issued.badge, "suspend", serde_json::json!({ "reason": "operator_decision" })).await.0, 200);
                h.clock.advance(Duration::from_secs(1));
            }
            let (status, answer) = call(&h, Some(&token), &issued.badge, action, because("operator_decision")).await;
            let newest = audited(&h, &issued.badge).await.remove(0);
            assert_eq!(newest["action"], format!("badge.{action}"), "{role} {newest}");
            assert_eq!(newest["role"], role.as_str());
            assert!(newest["actor"].as_str().unwrap().starts_with("opr_"), "{newest}");
            if may(role, action) {
                assert_eq!((status, answer["changed"].as_bool()), (200, Some(true)), "{role} {action} {answer}");
                assert_eq!((newest["outcome"].as_str(), newest["reason"].as_str()), (Some("ok"), Some("operator_decision")));
            } else {
                assert_eq!((status, answer["code"].as_str()), (403, Some("forbidden")), "{role} {action} {answer}");
                assert_eq!(newest["outcome"], "forbidden");
            }
        }
        let (_, public) = h.verify(serde_json::json!({ "attestation": issued.attestation })).await;
        let expected = match role {
            Role::Viewer | Role::Curator => "suspended",
            _ => "revoked",
        };
        assert_eq!(public["status"], expected, "{role}");
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_may_read_the_trail_and_nobody_else() {
    let h = Harness::start().await;
    let url = format!("{}/admin/v1/audit", h.ready().admin_url);
    for role in Role::ALL {
        let token = token_of(&h, role).await;
        assert_eq!(h.http.get(&url).bearer_auth(token).send().await.unwrap().status(), 200, "{role}");
    }
    assert_eq!(h.http.get(&url).send().await.unwrap().status(), 401);
    h.stop().await;
}
