//! What the signed documents say, how they follow a badge, and how often they are signed.

use std::time::Duration;

use gosbadge::ports::Clock as _;
use serde_json::{Value, json};

use super::{COMMUNITY, asking, claims, configuration, get, issue, kind, own, refused, subject, subordinate};
use crate::harness::Harness;

async fn change(h: &Harness, badge: &str, action: &str) {
    let (status, answer) = h.admin(badge, action, json!({ "reason": "operator_decision" })).await;
    assert_eq!((status, answer["changed"].as_bool()), (200, Some(true)), "{answer}");
}

fn purposes(statement: &Value) -> Vec<&str> {
    statement["jwks"]["keys"].as_array().unwrap().iter().map(|k| k["purpose"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own() {
    let contacts =
        [("GOSBADGE__FEDERATION__ORGANIZATION_NAME", "Оператор «Значок»"), ("GOSBADGE__FEDERATION__CONTACTS", "badge@example.ru")];
    let h = Harness::start_with(&contacts).await;
    let token = own(&h).await;
    let (c, iss, now) = (claims(&token), &h.ready().public_url, h.clock.now().secs());
    assert_eq!((&c["iss"], &c["sub"], &c["iat"], &c["exp"]), (&json!(iss), &json!(iss), &json!(now), &json!(now + 86_400)));
    assert_eq!(purposes(&c), ["badge", "badge"], "the key that signs and the next");
    assert_eq!(c["trust_mark_issuers"], json!({ kind(&h): [iss] }));
    assert_eq!((c.get("trust_mark_owners"), c.get("authority_hints"), c.get("trust_marks")), (None, None, None), "an anchor, and no owner");
    let entity = &c["metadata"]["federation_entity"];
    assert_eq!((&entity["organization_name"], &entity["contacts"]), (&json!("Оператор «Значок»"), &json!(["badge@example.ru"])));
    for (endpoint, path) in [
        ("federation_fetch_endpoint", "fetch"),
        ("federation_list_endpoint", "list"),
        ("federation_trust_mark_status_endpoint", "trust-mark-status"),
        ("federation_trust_mark_list_endpoint", "trust-mark-list"),
        ("federation_trust_mark_endpoint", "trust-mark"),
        ("federation_historical_keys_endpoint", "historical-keys"),
    ] {
        assert_eq!(entity[endpoint], h.url(&format!("/federation/{path}")));
    }
    assert!(["jwks", "jwks_uri", "signed_jwks_uri"].iter().all(|forbidden| entity.get(forbidden).is_none()));
    let rfc8414: Value = get(&h, &h.url("/.well-known/oauth-authorization-server")).await.json().await.unwrap();
    assert_eq!(c["metadata"]["oauth_authorization_server"], rfc8414);
    assert_eq!((rfc8414["jwks_uri"].is_string(), rfc8414["status_list_aggregation_endpoint"].is_string()), (true, true));
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload).unwrap();
    assert!(String::from_utf8(payload).unwrap().contains("Оператор «Значок»"), "Cyrillic stands as it is");
    // Verifiers of badges are not told of the communities' key, and the badge key is the same in both places.
    let published: Value = get(&h, &h.url("/.well-known/jwks.json")).await.json().await.unwrap();
    assert!(published["keys"].as_array().unwrap().iter().all(|k| k["purpose"] != "community"), "{published}");
    assert!(published["keys"].as_array().unwrap().contains(&c["jwks"]["keys"][0]));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_communitys_follows_its_badge() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    let sub = subject(&issued.attestation);
    let marked = configuration(&h, &sub).await;
    let c = claims(&marked);
    let iss = &h.ready().public_url;
    assert_eq!((&c["iss"], &c["sub"], &c["authority_hints"]), (&json!(sub), &json!(sub), &json!([iss])));
    assert_eq!(c["exp"].as_i64().unwrap() - c["iat"].as_i64().unwrap(), 6 * 3600);
    assert_eq!(purposes(&c), ["community", "community"]);
    assert_eq!(c["trust_marks"], json!([{ "trust_mark_type": kind(&h), "trust_mark": issued.attestation }]));
    let name = claims(&issued.attestation)["organization_name"].clone();
    assert_eq!(c["metadata"], json!({ "federation_entity": { "organization_name": name, "information_uri": sub } }));

    for (action, stands) in [("suspend", false), ("reinstate", true), ("revoke", false)] {
        change(&h, &issued.badge, action).await;
        let c = claims(&configuration(&h, &sub).await);
        assert_eq!(c.get("trust_marks").is_some(), stands, "after {action}");
        assert_eq!(c["metadata"]["federation_entity"].get("organization_name").is_some(), stands, "after {action}");
        assert_eq!((&c["iss"], &c["authority_hints"]), (&json!(sub), &json!([iss])), "an entity all the same");
    }
    // A new badge of the same community stands in the same place.
    let again = issue(&h).await;
    assert_eq!(subject(&again.attestation), sub);
    assert_eq!(claims(&configuration(&h, &sub).await)["trust_marks"][0]["trust_mark"], again.attestation);
    let newer = issue(&h).await;
    assert_eq!(newer.badge, again.badge, "renewed");
    assert_eq!(claims(&configuration(&h, &sub).await)["trust_marks"].as_array().unwrap().len(), 1);
    h.clock.advance(Duration::from_secs(91 * 24 * 3600));
    assert_eq!(claims(&configuration(&h, &sub).await).get("trust_marks"), None, "what has run out does not stand there, swept or not");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subordinate_statement() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    let sub = subject(&issued.attestation);
    let c = claims(&subordinate(&h, &sub).await);
    assert_eq!((&c["iss"], &c["sub"]), (&json!(h.ready().public_url), &json!(sub)));
    assert_eq!(c["jwks"], claims(&configuration(&h, &sub).await)["jwks"]);
    assert_eq!(c["constraints"], json!({ "max_path_length": 0, "allowed_entity_types": [] }));
    assert_eq!(c["source_endpoint"], h.url("/federation/fetch"));
    for only_in_configurations in ["authority_hints", "trust_marks", "trust_mark_issuers", "trust_mark_owners"] {
        assert_eq!(c.get(only_in_configurations), None);
    }
    change(&h, &issued.badge, "revoke").await;
    assert_eq!(claims(&subordinate(&h, &sub).await)["sub"], sub, "the entity stays; its mark went");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_once_in_ten_minutes_and_anew_in_time() {
    let h = Harness::start().await;
    let sub = subject(&issue(&h).await.attestation);
    for url in [
        h.url("/.well-known/openid-federation"),
        format!("{sub}/.well-known/openid-federation"),
        asking(&h, "/federation/fetch", &[("sub", &sub)]),
    ] {
        let first = get(&h, &url).await;
        let etag = first.headers()["etag"].to_str().unwrap().to_owned();
        assert!(first.headers()["cache-control"].to_str().unwrap().starts_with("public, "));
        let first = first.text().await.unwrap();
        h.clock.advance(Duration::from_secs(599));
        assert_eq!(get(&h, &url).await.text().await.unwrap(), first, "ECDSA signatures differ each time, so this one was kept");
        let unchanged = h.http.get(&url).header("if-none-match", &etag).send().await.unwrap();
        assert_eq!((unchanged.status().as_u16(), unchanged.headers()["etag"].to_str().unwrap()), (304, etag.as_str()));
        assert_eq!(unchanged.text().await.unwrap(), "");
        h.clock.advance(Duration::from_secs(1));
        let anew = h.http.get(&url).header("if-none-match", &etag).send().await.unwrap();
        assert_eq!(anew.status(), 200);
        let (before, after) = (claims(&first), claims(&anew.text().await.unwrap()));
        assert_eq!(after["iat"].as_i64().unwrap() - before["iat"].as_i64().unwrap(), 600);
        h.clock.turn_back(Duration::from_secs(600));
        let back = claims(&get(&h, &url).await.text().await.unwrap());
        assert_eq!(back["iat"], h.clock.now().secs(), "nothing from the future");
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_person_stands_in_them() {
    let people: toml::Table = include_str!("../../../src/sandbox/esia/personas.toml").parse().unwrap();
    let head = people["persona"].as_array().unwrap().iter().find(|p| p["id"].as_str() == Some("kindergarten-head")).unwrap();
    let h = Harness::start().await;
    let sub = subject(&issue(&h).await.attestation);
    let documents = [own(&h).await, configuration(&h, &sub).await, subordinate(&h, &sub).await];
    for document in documents.map(|d| claims(&d).to_string()) {
        for personal in ["last_name", "first_name", "middle_name", "birth_date", "snils", "inn"] {
            assert!(!document.contains(head[personal].as_str().unwrap()), "{personal} in {document}");
        }
        assert!(!document.contains(&head["oid"].as_integer().unwrap().to_string()), "{document}");
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_configuration() {
    let h = Harness::start().await;
    // Begun and not finished: the community is not even known yet.
    h.push(COMMUNITY, crate::harness::VERIFIER).await;
    for community in ["01KAR4T7Q2M9XVB3H5NDW8YJZE", "01kar4t7q2m9xvb3h5ndw8yjze", "x", "%00", "218000001"] {
        let url = h.url(&format!("/c/{community}/.well-known/openid-federation"));
        assert_eq!(refused(&h, &url).await, (404, "not_found".to_owned()), "{community}");
    }
    h.stop().await;
}
