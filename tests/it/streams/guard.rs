//! An endpoint may not turn us on our own network: refused when it is set where that can be told, and never connected to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use gosbadge::adapters::webhook::WebhookSender;
use gosbadge::cli::wire::Parts;
use gosbadge::ports::EventSink;
use gosbadge::ports::event_sink::{Attempted, OutgoingMessage};
use gosbadge::service::add_platform::{NewPlatform, add_platform, list_platforms, replace_platform};
use gosbadge::service::verify_stream::verify_streams;
use gosbadge::service::{Actor, Error};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::{Value, json};

use super::endpoints::{Endpoint, Reaction};
use super::{BY_HAND, attempts, call, live, put, stream};
use crate::harness::Harness;

/// Every name leads to this machine and to a private network.
struct Inward;

impl Resolve for Inward {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(async {
            let found = ["127.0.0.1:0", "10.0.0.1:0", "[::1]:0", "[fd00::1]:0"].map(|a| a.parse::<SocketAddr>().unwrap());
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The real sender by the rules of development, until it is switched to those of an ordinary installation.
struct Switched {
    development: WebhookSender,
    ordinary: WebhookSender,
    strict: AtomicBool,
}

impl Switched {
    fn new() -> Arc<Self> {
        let sender =
            |loopback| WebhookSender::with_resolver(Duration::from_secs(2), loopback, Parts::system().clock, Arc::new(Inward)).unwrap();
        Arc::new(Self { development: sender(true), ordinary: sender(false), strict: AtomicBool::new(false) })
    }

    fn now(&self) -> &WebhookSender {
        if self.strict.load(Ordering::SeqCst) { &self.ordinary } else { &self.development }
    }
}

#[async_trait]
impl EventSink for Switched {
    fn check(&self, url: &str) -> Result<(), String> {
        self.now().check(url)
    }

    async fn deliver(&self, message: OutgoingMessage) -> Attempted {
        self.now().deliver(message).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_addresses_are_refused_and_never_called() {
    let sink = Switched::new();
    let h = Harness::start_sending(sink.clone(), &[BY_HAND]).await;
    let canary = Endpoint::start(Reaction::Takes);
    live(&h, "push_webhook", &canary.url).await;
    let (calls, before) = (canary.got().len(), stream(&h).await);
    sink.strict.store(true, Ordering::SeqCst);
    let port = canary.url.rsplit_once(':').unwrap().1.strip_suffix("/hook").unwrap();
    let hostile: Vec<String> = serde_json::from_str(include_str!("refused_endpoints.json")).unwrap();
    assert!(hostile.len() >= 60);
    for url in hostile {
        let url = url.replace("PORT", port);
        for method in ["push_webhook", "push_set"] {
            let (status, answer) = call(&h, "PUT", "/v1/stream", Some(json!({ "method": method, "endpoint_url": url }))).await;
            assert_eq!((status, &answer["code"]), (400, &json!("invalid-request")), "{url:?} {answer}");
        }
    }
    assert_eq!(stream(&h).await, before);

    // A name whose addresses lead inward: found out when the verification event would go out.
    put(&h, json!({ "method": "push_webhook", "endpoint_url": format!("https://hooks.example.com:{port}/hook") })).await;
    assert_eq!((verify_streams(h.app()).await.unwrap(), verify_streams(h.app()).await.unwrap()), (1, 0));
    let refused = stream(&h).await;
    assert_eq!((&refused["pending"]["state"], &refused["pending"]["next_attempt_at"]), (&json!("refused"), &Value::Null), "{refused}");
    assert!(refused["pending"]["note"].as_str().unwrap().contains("private or reserved"), "{refused}");

    // What was live by other rules is held to the rules of now, and nothing is lost by that.
    h.issue("218000001", "kindergarten-head").await;
    assert_eq!(attempts(&h).await, 1);
    assert_eq!(canary.got().len(), calls, "never called");
    let kept = stream(&h).await;
    assert_eq!((&kept["backlog"]["events"], &kept["failures"]), (&json!(1), &json!(1)), "{kept}");
    canary.stop().await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_platform_is_registered_with_a_hostile_address() {
    let sink = Switched::new();
    let h = Harness::start_sending(sink.clone(), &[BY_HAND]).await;
    sink.strict.store(true, Ordering::SeqCst);
    let recorded = async || {
        let platforms = list_platforms(h.app()).await.unwrap();
        let rows = ["platform_secrets", "streams", "audit"].map(|table| h.count(&format!("SELECT COUNT(*) AS n FROM {table}")));
        (
            Vec::from_iter(
                platforms.iter().map(|(p, s)| format!("{p:?} {:?}", s.as_ref().map(|s| (&s.endpoint_url, &s.next_url, s.generation)))),
            ),
            rows,
        )
    };
    let named = |id: &str, url: &str| NewPlatform {
        id: id.parse().unwrap(),
        name: "Площадка".to_owned(),
        base_url: "https://square.example".to_owned(),
        redirect_uris: vec!["https://square.example/cb".to_owned()],
        community_prefixes: vec!["https://square.example/".to_owned()],
        jwks: None,
        webhook_url: Some(url.to_owned()),
        certificate: None,
        communities: None,
    };
    let before = recorded().await;
    let hostile: Vec<String> = serde_json::from_str(include_str!("refused_endpoints.json")).unwrap();
    for url in hostile {
        let url = url.replace("PORT", "8443");
        let by = Actor::system();
        assert!(matches!(add_platform(h.app(), named("square", &url), &by).await, Err(Error::InvalidRequest(_))), "{url:?}");
        for id in ["square", "demo"] {
            assert!(matches!(replace_platform(h.app(), named(id, &url), &by).await, Err(Error::InvalidRequest(_))), "{id} {url:?}");
        }
    }
    assert_eq!(recorded().await, before);
    // It is the address alone that was wrong.
    assert!(add_platform(h.app(), named("square", "https://square.example/hook"), &Actor::system()).await.is_ok());
    assert_ne!(recorded().await, before);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_by_a_verification_event_either() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let endpoint = Endpoint::start(Reaction::Says(307, ""));
    put(&h, json!({ "method": "push_set", "endpoint_url": endpoint.url })).await;
    assert_eq!(verify_streams(h.app()).await.unwrap(), 1);
    assert_eq!((endpoint.got().len(), &stream(&h).await["pending"]["note"]), (1, &json!("status 307")));
    endpoint.stop().await;
    h.stop().await;
}
