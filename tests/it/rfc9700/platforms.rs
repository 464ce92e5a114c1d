//! Platform A learns nothing of platform B (reliability: whoever asks about what is not his hears what he would hear about nothing).

use serde_json::{Value, json};

use crate::flow::with_parameter;
use crate::harness::{Harness, Person, VERIFIER};

/// An answer without what differs from request to request.
#[derive(PartialEq, Debug)]
struct Heard {
    status: u16,
    challenge: Option<String>,
    body: String,
}

async fn heard(request: reqwest::RequestBuilder, value: &str) -> Heard {
    let answer = request.send().await.unwrap();
    let challenge = answer.headers().get("www-authenticate").map(|v| v.to_str().unwrap().to_owned());
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let mut body = serde_json::from_str::<Value>(&text).map_or(text, |mut v| {
        if let Some(o) = v.as_object_mut() {
            o.remove("request_id");
        }
        v.to_string()
    });
    body = body.replace(value, "…");
    Heard { status, challenge, body }
}

/// Everything that can be asked about a value of some kind, by the client with these credentials.
fn questions(h: &Harness, (id, secret): (&str, &str), value: &str) -> Vec<(&'static str, reqwest::RequestBuilder)> {
    let post = |path: &str| h.http.post(h.url(path)).basic_auth(id, Some(secret));
    let token = [("grant_type", "authorization_code"), ("code", value), ("code_verifier", VERIFIER)];
    let authorize = with_parameter(&h.authorize_url(value), "client_id", Some(id));
    vec![
        ("see an application", h.http.get(h.url(&format!("/v1/applications/{value}"))).basic_auth(id, Some(secret))),
        ("redeem by application", post(&format!("/v1/applications/{value}/redeem")).body(json!({ "code": "x" }).to_string())),
        ("redeem a code", post("/oauth/token").form(&token)),
        ("introspect", post("/oauth/introspect").form(&[("token", value)])),
        ("revoke", post("/oauth/revoke").form(&[("token", value)])),
        ("authorize", h.http.get(authorize).header("accept", "application/json")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_learns_nothing_of_another() {
    let h = Harness::start().await;
    let other = h.second_platform(None).await;
    let a = h.basic().unwrap();
    let b = (other.client_id.as_str(), other.client_secret.as_deref().unwrap());

    // A's: each in every state it can be in.
    let issued = h.issue("218000001", "kindergarten-head").await;
    let open = h.push("218000002", VERIFIER).await;
    let code = h.walk("218000003", "kindergarten-head").await.code();
    let (rest, rest_code) = h.rest_code("218000004").await;
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let values = [
        ("application, issued", issued.application.clone()),
        ("application, open", text(&open["application"])),
        ("application, by REST", rest.clone()),
        ("request_uri", text(&open["request_uri"])),
        ("code", code.clone()),
        ("code, by REST", rest_code.clone()),
        ("access token", issued.access_token.clone()),
    ];
    for (kind, value) in &values {
        let nothing = match value.strip_prefix("app_") {
            Some(_) => "app_00000000000000000000000000".to_owned(),
            None if value.starts_with("urn:") => format!("urn:ietf:params:oauth:request_uri:{}", "A".repeat(43)),
            None => "A".repeat(43),
        };
        for ((question, about_theirs), (_, about_nothing)) in questions(&h, b, value).into_iter().zip(questions(&h, b, &nothing)) {
            let (theirs, nothing) = (heard(about_theirs, value).await, heard(about_nothing, &nothing).await);
            assert_eq!(theirs, nothing, "{question} about A's {kind}");
            assert!(theirs.status != 200 || matches!(question, "introspect" | "revoke"), "{question} about A's {kind}");
        }
    }
    // A's token with B's application, and B's token with A's.
    let stranger = h.http.get(h.url(&format!("/v1/applications/{}", text(&open["application"])))).bearer_auth(&issued.access_token);
    assert_eq!(stranger.send().await.unwrap().status(), 404);

    // A's idempotency keys are not there for B.
    let body = h.start_body("218000005").to_string();
    let mine = h.post_json("/v1/applications", Some(a), Some("218000004"), &h.start_body("218000004").to_string()).await;
    let theirs = h.post_json("/v1/applications", Some(b), Some("218000004"), &body).await;
    assert_eq!((mine.0, theirs.0), (201, 201), "{theirs:?}");
    assert!(mine.1.contains(&rest) && !theirs.1.contains(&rest));

    // B spoilt nothing.
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 200);
    assert_eq!(h.rest_redeem(&rest, None, &rest_code).await.0, 200);
    assert_eq!(Person::new().get(&h.authorize_url(&text(&open["request_uri"])), None).await.status, 302);
    let (_, said) = h.post_form("/oauth/introspect", Some(a), &[("token", &issued.access_token)]).await;
    assert_eq!(said["active"], true);
    h.stop().await;
}
