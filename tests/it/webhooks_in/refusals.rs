//! Messages that are not believed, and messages that are not understood.

use gosbadge::service::Actor;
use gosbadge::service::add_platform::set_platform_state;
use serde_json::{Value, json};

use super::{Message, about, post};
use crate::harness::Harness;

const NOBODYS: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn detail(answer: &Value) -> &str {
    answer["detail"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn not_believed() {
    let h = Harness::start().await;
    let issued = h.issue("218000001", "kindergarten-head").await;
    let body = about("community.compromised", "218000001");
    let good = Message::new(&h, "msg_1", &body);
    for secret in [&*h.ready().platform.outgoing_webhook_secret, NOBODYS] {
        let (status, answer) = Message { secret, ..Message::new(&h, "msg_1", &body) }.send(&h).await;
        assert_eq!((status, answer["code"].as_str()), (401, Some("bad-signature")), "{answer}");
    }
    for shift in [-301, 301, -86_400] {
        let (status, answer) = Message { shift, ..Message::new(&h, "msg_1", &body) }.send(&h).await;
        assert_eq!((status, answer["code"].as_str()), (401, Some("bad-signature")), "{answer}");
        assert!(detail(&answer).contains("5 minutes"), "{answer}");
    }
    for missing in 0..3 {
        let headers: Vec<_> = good.headers(&h).into_iter().enumerate().filter(|(n, _)| *n != missing).map(|(_, v)| v).collect();
        let (status, answer) = post(&h, "demo", &headers, &good.body).await;
        assert_eq!(status, 401);
        assert!(detail(&answer).contains("is missing"), "{answer}");
    }
    // Each signed part bent on its own.
    let [id, at, signature] = good.headers(&h);
    let bent = [
        [("webhook-id", "msg_2".to_owned()), at.clone(), signature.clone()],
        [id.clone(), ("webhook-timestamp", (at.1.parse::<i64>().unwrap() + 1).to_string()), signature.clone()],
        [id.clone(), ("webhook-timestamp", "soon".to_owned()), signature.clone()],
        [id.clone(), at.clone(), ("webhook-signature", "v1,".to_owned())],
        [id.clone(), at.clone(), ("webhook-signature", signature.1.replace("v1,", "v2,"))],
        [("webhook-id", "m".repeat(129)), at.clone(), signature.clone()],
    ];
    for headers in bent {
        assert_eq!(post(&h, "demo", &headers, &good.body).await.0, 401, "{headers:?}");
    }
    assert_eq!(post(&h, "demo", &good.headers(&h), &format!("{} ", good.body)).await.0, 401);
    assert_eq!(h.verify(json!({ "attestation": issued.attestation })).await.1["status"], "active", "nothing was done");
    let several = [id, at, ("webhook-signature", format!("v1,AAAA v1a,x {}", signature.1))];
    assert_eq!(post(&h, "demo", &several, &good.body).await.0, 200, "one good signature among several is enough");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_platform_looks_like_a_bad_signature() {
    let h = Harness::start().await;
    let body = about("community.verify", "218000001");
    let send = async |platform: &str, shift: i64| {
        let (status, mut answer) = Message { platform, secret: NOBODYS, shift, ..Message::new(&h, "msg_1", &body) }.send(&h).await;
        answer.as_object_mut().unwrap().remove("request_id");
        (status, answer)
    };
    for shift in [0, -301, 301] {
        let known = send("demo", shift).await;
        assert_eq!(known.0, 401);
        for platform in ["nobody", "UPPER", "..%2f"] {
            assert_eq!(send(platform, shift).await, known, "{platform} {shift}");
        }
    }
    set_platform_state(h.app(), "demo".to_owned(), false, &Actor::system()).await.unwrap();
    assert_eq!(Message::new(&h, "msg_2", &body).send(&h).await.0, 401, "shut out");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_understood() {
    let h = Harness::start().await;
    let refused = async |n: usize, body: &str| {
        let (status, answer) = Message::new(&h, &format!("msg_{n}"), body).send(&h).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("invalid-request")), "{body} {answer}");
        detail(&answer).to_owned()
    };
    let unknown = refused(0, &about("community.sold", "218000001").to_string()).await;
    assert!(unknown.contains("community.verify") && unknown.contains("community.compromised"), "{unknown}");
    for kind in ["community.verify", "community.compromised"] {
        let body = json!({ "type": kind, "data": { "community": { "platform": "vk", "id": "218000001" } } });
        assert!(refused(1, &body.to_string()).await.contains("its own communities only"));
    }
    refused(2, "{\"type\":\"community.compromised\",\"data\":{}}").await;
    refused(3, "{\"type\":\"community.compromised\",\"data\":{\"community\":{\"id\":\"x\"}}}").await;
    for (n, body) in ["", "{", "[]", "null", "{}", "{\"type\":\"community.verify\"}", "{\"type\":5,\"data\":{}}"].into_iter().enumerate() {
        refused(10 + n, body).await;
    }
    // Nothing of that was recorded: the same id is free for a message in form.
    assert_eq!(Message::new(&h, "msg_0", about("community.verify", "218000001")).send(&h).await.0, 200);
    let (status, _) = Message::new(&h, "big", "x".repeat(65 * 1024)).send(&h).await;
    assert_eq!(status, 413);
    h.stop().await;
}
