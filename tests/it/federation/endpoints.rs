//! Fetch and trust mark: every answer that is not a document, and what each has in common.

use serde_json::json;

use super::{asking, get, issue, kind, refused, subject};
use crate::harness::Harness;

fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_refuses() {
    let h = Harness::start().await;
    let sub = subject(&issue(&h).await.attestation);
    let iss = &h.ready().public_url;
    for url in [h.url("/federation/fetch"), h.url("/federation/fetch?sub="), h.url("/federation/fetch?iss=x")] {
        assert_eq!(refused(&h, &url).await, error(400, "invalid_request"), "{url}");
    }
    assert_eq!(refused(&h, &asking(&h, "/federation/fetch", &[("sub", &sub), ("sub", &sub)])).await, error(400, "invalid_request"));
    for itself in [iss.clone(), format!("{iss}/")] {
        assert_eq!(refused(&h, &asking(&h, "/federation/fetch", &[("sub", &itself)])).await, error(400, "invalid_request"), "{itself}");
    }
    let strangers = [
        "https://evil.example".to_owned(),
        format!("{sub}/"),
        sub.to_lowercase(),
        sub.replace("/c/", "/C/"),
        h.url("/c/01KAR4T7Q2M9XVB3H5NDW8YJZE"),
        h.url("/c/"),
        "\0".to_owned(),
        "х".repeat(5000),
    ];
    for stranger in strangers {
        let url = asking(&h, "/federation/fetch", &[("sub", &stranger)]);
        assert_eq!(refused(&h, &url).await, error(404, "not_found"), "{stranger:?}");
    }
    // "If they are not understood, they MUST be ignored."
    let with_more = asking(&h, "/federation/fetch", &[("sub", &sub), ("iss", "x"), ("iss", "y")]);
    assert_eq!(get(&h, &with_more).await.status(), 200);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trust_mark_while_it_holds() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    let (sub, kind) = (subject(&issued.attestation), kind(&h));
    let url = asking(&h, "/federation/trust-mark", &[("trust_mark_type", &kind), ("sub", &sub)]);
    let answer = get(&h, &url).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &"application/trust-mark+jwt".parse().unwrap()));
    let etag = answer.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(answer.text().await.unwrap(), issued.attestation);
    assert_eq!(h.http.get(&url).header("if-none-match", &etag).send().await.unwrap().status(), 304);

    let missing =
        [vec![], vec![("sub", sub.as_str())], vec![("trust_mark_type", kind.as_str())], vec![("trust_mark_type", ""), ("sub", &sub)]];
    for parameters in missing {
        let url = asking(&h, "/federation/trust-mark", &parameters);
        assert_eq!(refused(&h, &url).await, error(400, "invalid_request"), "{parameters:?}");
    }
    let nobody = h.url("/c/01KAR4T7Q2M9XVB3H5NDW8YJZE");
    for (kind, sub) in [(kind.as_str(), nobody.as_str()), (&kind, "x"), ("https://evil.example/tm", &sub), (&kind, &h.ready().public_url)] {
        let url = asking(&h, "/federation/trust-mark", &[("trust_mark_type", kind), ("sub", sub)]);
        assert_eq!(refused(&h, &url).await, error(404, "not_found"), "{kind} {sub}");
    }
    for (action, status) in [("suspend", 404), ("reinstate", 200), ("revoke", 404)] {
        h.admin(&issued.badge, action, json!({ "reason": "operator_decision" })).await;
        let answer = h.http.get(&url).header("if-none-match", &etag).send().await.unwrap();
        let expected = if status == 200 { 304 } else { 404 };
        assert_eq!(answer.status(), expected, "a kept copy is not confirmed after {action}");
        assert_eq!(get(&h, &url).await.status(), status, "after {action}");
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_to_every_origin_and_get_only() {
    let h = Harness::start().await;
    let sub = subject(&issue(&h).await.attestation);
    let all = [
        h.url("/.well-known/openid-federation"),
        format!("{sub}/.well-known/openid-federation"),
        asking(&h, "/federation/fetch", &[("sub", &sub)]),
        h.url("/federation/list"),
        asking(&h, "/federation/trust-mark", &[("trust_mark_type", &kind(&h)), ("sub", &sub)]),
        asking(&h, "/federation/trust-mark-list", &[("trust_mark_type", &kind(&h))]),
    ];
    for url in all {
        let answer = get(&h, &url).await;
        assert_eq!((answer.status().as_u16(), &answer.headers()["access-control-allow-origin"]), (200, &"*".parse().unwrap()), "{url}");
        assert!(answer.headers().contains_key("etag") && answer.headers()["x-content-type-options"] == "nosniff", "{url}");
        let preflight = h.http.request(reqwest::Method::OPTIONS, &url).header("origin", "https://vk.com").send().await.unwrap();
        assert_eq!(
            (preflight.status().as_u16(), &preflight.headers()["access-control-allow-origin"]),
            (204, &"*".parse().unwrap()),
            "{url}"
        );
        for method in [reqwest::Method::POST, reqwest::Method::PUT, reqwest::Method::DELETE] {
            let answer = h.http.request(method.clone(), &url).body("sub=x").send().await.unwrap();
            assert_eq!(answer.status(), 405, "{method} {url}");
        }
    }
    h.stop().await;
}
