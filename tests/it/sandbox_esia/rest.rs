//! `/rs`: only what was granted, only to whom it was granted.

use gosbadge::sandbox::esia::personas;
use serde_json::{Value, json};

use super::stand::Stand;

const EMPLOYEE: u64 = 2_000_000_004;

async fn json(stand: &Stand, path: &str, token: &str) -> Value {
    let answer = stand.rest(path, token).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.expect("JSON")
}

async fn access_token(stand: &Stand, scope: &str, persona: &str) -> String {
    stand.tokens_for(scope, persona).await["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_person_shows_only_granted_fields() {
    let stand = Stand::start();
    let narrow = access_token(&stand, "openid", "employee").await;
    let body = json(&stand, &format!("/rs/prns/{EMPLOYEE}/"), &narrow).await;
    assert_eq!((&body["trusted"], &body["status"]), (&json!(true), &json!("REGISTERED")));
    for hidden in ["firstName", "snils", "inn", "birthDate", "gender"] {
        assert!(body.get(hidden).is_none(), "{hidden}");
    }
    let wide = access_token(&stand, "openid fullname birthdate snils email mobile", "employee").await;
    let body = json(&stand, &format!("/rs/prns/{EMPLOYEE}?embed=(contacts.elements)"), &wide).await;
    assert_eq!((&body["firstName"], &body["birthDate"]), (&json!("Григорий"), &json!("15.06.1995")));
    assert_eq!(body["contacts"]["size"], 2);
    assert!(body.get("inn").is_none());

    let trusted = access_token(&stand, "openid", "unconfirmed").await;
    assert_eq!(json(&stand, "/rs/prns/2000000009", &trusted).await["trusted"], false);
}

#[tokio::test]
async fn contacts_are_links_or_objects_and_may_be_none() {
    let stand = Stand::start();
    let token = access_token(&stand, "openid email", "employee").await;
    let links = json(&stand, &format!("/rs/prns/{EMPLOYEE}/ctts"), &token).await;
    let link = links["elements"][0].as_str().expect("an address").strip_prefix(&stand.base).expect("absolute").to_owned();
    assert_eq!(json(&stand, &link, &token).await["type"], "EML");
    let objects = json(&stand, &format!("/rs/prns/{EMPLOYEE}/ctts?embed=(elements)"), &token).await;
    assert_eq!(objects["elements"][0]["value"], "employee@primerny.example");
    let without = access_token(&stand, "openid", "employee").await;
    assert_eq!(json(&stand, &format!("/rs/prns/{EMPLOYEE}/ctts"), &without).await["size"], 0);
    assert_eq!(json(&stand, &format!("/rs/prns/{EMPLOYEE}/docs"), &without).await["size"], 0);
}

#[tokio::test]
async fn roles_of_every_persona_are_as_described() {
    let stand = Stand::start();
    for (number, persona) in (1u64..).zip(personas()).filter(|(_, persona)| persona.faults.is_empty()) {
        let token = access_token(&stand, "openid usr_org", &persona.id).await;
        let body = json(&stand, &format!("/rs/prns/{}/roles", 2_000_000_000 + number), &token).await;
        assert_eq!(body["size"], persona.memberships.len(), "{}", persona.id);
        for (role, membership) in body["elements"].as_array().expect("a list").iter().zip(&persona.memberships) {
            assert_eq!(role["ogrn"], json!(membership.organisation.ogrn));
            assert_eq!(role["active"], membership.active);
            let branch = membership.branch.as_ref();
            assert_eq!(role["branchOid"], json!(branch.map(|branch| branch.oid)));
            assert_eq!(role["branchName"], json!(branch.and_then(|branch| branch.name.clone())));
            assert_eq!((&role["chief"], &role["admin"]), (&json!(membership.chief), &json!(membership.admin)));
            assert_eq!(role["isLiquidated"], json!(persona.id == "liquidated-head"));
            assert!(role.get("inn").is_none(), "roles do not carry the INN");
        }
    }
}

#[tokio::test]
async fn what_was_not_granted_is_refused() {
    let stand = Stand::start();
    let token = access_token(&stand, "openid", "employee").await;
    for path in ["/rs/prns/2000000004/roles", "/rs/prns/2000000001", "/rs/prns/1", "/rs/orgs/1000000303"] {
        let answer = stand.rest(path, &token).await;
        assert_eq!(answer.status(), 403, "{path}");
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body, json!({"code": "ESIA-005029", "message": "SecurityErrorEnum.scopeNotAllowed"}));
    }
}

#[tokio::test]
async fn a_bad_token_is_unauthorized() {
    let stand = Stand::start();
    let other = Stand::start();
    let path = format!("/rs/prns/{EMPLOYEE}");
    let tokens = stand.tokens_for("openid", "employee").await;
    let good = tokens["access_token"].as_str().expect("a token");
    let id_token = tokens["id_token"].as_str().expect("a token");
    let foreign = access_token(&other, "openid", "employee").await;
    let unsigned = format!("{}.", good.rsplit_once('.').expect("three parts").0);
    for bad in ["x", "", id_token, &foreign, &unsigned] {
        assert_eq!(stand.rest(&path, bad).await.status(), 401, "{bad}");
    }
    assert_eq!(stand.http.get(format!("{}{path}", stand.base)).send().await.expect("an answer").status(), 401);
    assert_eq!(stand.rest(&path, good).await.status(), 200);
    stand.clock.advance(3600);
    assert_eq!(stand.rest(&path, good).await.status(), 401);
}
