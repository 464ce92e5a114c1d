//! Asks operations, and remembers which errors were answered.

use std::collections::BTreeSet;
use std::sync::Mutex;

use gosbadge::domain::digest::{self, SecretKind};
use gosbadge::service::add_operator::Role;
use gosbadge::service::add_platform::PlatformSecrets;
use serde_json::Value;

use crate::admin::token_of;
use crate::harness::{Harness, plain_client};

/// Operation (`post /v1/stream`), status, and the word in the body, empty on pages.
pub type Refusal = (String, u16, String);

/// One operation as documented.
#[derive(Clone)]
pub struct Operation {
    pub name: String,
    pub method: reqwest::Method,
    pub path: String,
    pub schemes: Vec<String>,
    pub media: Option<String>,
    /// Also answers that are no errors but have an error's status, such as a form that comes back: those have no word.
    pub refusals: Vec<Refusal>,
}

impl Operation {
    pub fn may_answer(&self, status: u16, words: &[&str]) -> bool {
        self.refusals.iter().any(|(_, s, word)| *s == status && (words.is_empty() || words.contains(&word.as_str())))
    }

    pub fn for_operators(&self) -> bool {
        self.schemes.iter().any(|s| s == "operatorToken")
    }

    fn on_admin(&self) -> bool {
        self.path.starts_with("/admin/") || self.path == "/metrics"
    }
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum As<'a> {
    Nobody,
    /// The stand-in platform, the browser [`BROWSER`], or an administrator: whoever the operation is for.
    Entitled,
    Bearer(&'a str),
    /// A platform that never set anything.
    OtherPlatform,
}

/// A browser that nothing began in.
pub const BROWSER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// An id that nothing has.
pub const UNKNOWN: &str = "01JDZZZZZZZZZZZZZZZZZZZZZZ";

pub struct Probe<'h> {
    pub h: &'h Harness,
    pub operations: Vec<Operation>,
    pub viewer: String,
    pub other: PlatformSecrets,
    seen: Mutex<BTreeSet<Refusal>>,
}

impl<'h> Probe<'h> {
    pub async fn new(h: &'h Harness, document: Value) -> Self {
        let operations = document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(|(method, o)| operation(&format!("{method} {path}"), o)).collect::<Vec<_>>()
        });
        Self {
            h,
            operations: operations.collect(),
            viewer: token_of(h, Role::Viewer).await,
            other: h.second_platform(None).await,
            seen: Mutex::default(),
        }
    }

    pub fn operation(&self, name: &str) -> Operation {
        self.operations.iter().find(|o| o.name == name).unwrap_or_else(|| panic!("{name} is not documented")).clone()
    }

    /// A request with `in_path` in place of every name in braces.
    pub fn request(&self, o: &Operation, who: As<'_>, in_path: &str) -> reqwest::RequestBuilder {
        let mut path = o.path.clone();
        while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
            path.replace_range(from..=to, in_path);
        }
        let url = if o.on_admin() { format!("{}{path}", self.h.ready().admin_url) } else { self.h.url(&path) };
        let issuer = &self.h.ready().public_url;
        let sub = format!("{issuer}/c/{UNKNOWN}");
        let request = plain_client().request(o.method.clone(), url).query(&match o.path.as_str() {
            "/check" => vec![("link", format!("{}/club1", self.h.ready().platform_url))],
            "/federation/fetch" => vec![("sub", sub)],
            "/federation/trust-mark" => vec![("sub", sub), ("trust_mark_type", format!("{issuer}/tm/official-community/v1"))],
            "/federation/trust-mark-list" => vec![("trust_mark_type", format!("{issuer}/tm/official-community/v1"))],
            _ => Vec::new(),
        });
        let has = |scheme: &str| o.schemes.iter().any(|s| s == scheme);
        let platform = &self.h.ready().platform;
        match who {
            As::Bearer(token) => request.bearer_auth(token),
            As::OtherPlatform => request.basic_auth(&self.other.client_id, self.other.client_secret.as_deref()),
            As::Entitled if has("clientSecret") => request.basic_auth(&platform.client_id, Some(&platform.client_secret)),
            As::Entitled if has("operatorToken") => request.bearer_auth(&self.h.ready().operator_token),
            As::Entitled if has("browser") => request.header("cookie", format!("gosbadge_browser={BROWSER}")),
            As::Entitled | As::Nobody => request,
        }
    }

    /// A body the operation takes, where it takes one.
    pub fn with_body(&self, o: &Operation, request: reqwest::RequestBuilder, in_path: &str) -> reqwest::RequestBuilder {
        let Some(media) = &o.media else { return request };
        let csrf = digest::of_secret(SecretKind::FormToken, &format!("{BROWSER}|{in_path}"));
        let body = match o.name.as_str() {
            "put /v1/stream" => r#"{"method":"poll"}"#.to_owned(),
            "post /v1/stream/verify" => r#"{"state":"x"}"#.to_owned(),
            "post /v1/events/poll" => r#"{"returnImmediately":true}"#.to_owned(),
            "post /v1/deliveries/redeliver" => r#"{"since":"2026-01-01T00:00:00Z"}"#.to_owned(),
            "post /admin/v1/deliveries/redeliver" => r#"{"platform":"nobody","since":"2026-01-01T00:00:00Z"}"#.to_owned(),
            "post /admin/v1/revocations" => r#"{"scope":{"platform":"demo"},"reason":"operator_decision","dry_run":true}"#.to_owned(),
            "post /v1/applications" => self.h.start_body("218000001").to_string(),
            "post /v1/verify" => r#"{"community":{"platform":"demo","id":"218000001"}}"#.to_owned(),
            name if name.starts_with("post /admin/v1/badges/") => r#"{"reason":"operator_decision"}"#.to_owned(),
            name if name.ends_with("/redeem") => r#"{"code":"x"}"#.to_owned(),
            name if name.starts_with("post /v1/webhooks/") => {
                r#"{"type":"community.verify","group_id":218000001,"event_id":"e1","data":{"community":{"platform":"demo","id":"1"}}}"#
                    .to_owned()
            }
            "post /oauth/par" => serde_urlencoded(&self.h.push_parameters("218000001", crate::harness::VERIFIER)),
            "post /oauth/token" => format!("grant_type=authorization_code&code=x&code_verifier={}", crate::harness::VERIFIER),
            "post /oauth/revoke" | "post /oauth/introspect" => "token=x".to_owned(),
            "post /federation/trust-mark-status" => "trust_mark=x".to_owned(),
            name if name.ends_with("/decide") => r#"{"decision":"approve"}"#.to_owned(),
            _ => format!("csrf={csrf}&organisation=1&seen=x&do=begin&link=https://vk.com/club1"),
        };
        let request = match o.name.as_str() {
            "post /v1/applications" => request.header("idempotency-key", "a-key"),
            "post /v1/webhooks/{platform}" => {
                request.header("webhook-id", "w").header("webhook-timestamp", "1").header("webhook-signature", "v1,x")
            }
            _ => request,
        };
        request.header("content-type", media).body(body)
    }

    /// Sends and remembers; status and word.
    pub async fn ask(&self, o: &Operation, request: reqwest::RequestBuilder) -> (u16, String) {
        let answer = request.send().await.unwrap_or_else(|e| panic!("{}: {e}", o.name));
        let status = answer.status().as_u16();
        let kind = answer.headers().get("content-type").map_or("", |v| v.to_str().unwrap()).to_owned();
        let body = answer.text().await.unwrap();
        let json: Value = if kind.contains("json") { serde_json::from_str(&body).unwrap() } else { Value::Null };
        let word = json["code"].as_str().or(json["error"].as_str()).unwrap_or_default().to_owned();
        self.note(o, status, &word);
        (status, word)
    }

    pub fn note(&self, o: &Operation, status: u16, word: &str) {
        if status >= 400 {
            self.seen.lock().unwrap().insert((o.name.clone(), status, word.to_owned()));
        }
    }

    /// An entitled request with another body.
    pub async fn send(&self, name: &str, in_path: &str, body: impl Into<reqwest::Body>) -> (u16, String) {
        let o = self.operation(name);
        let mut request = self.with_body(&o, self.request(&o, As::Entitled, in_path), in_path);
        request = request.body(body);
        self.ask(&o, request).await
    }

    /// What was documented and not seen, and the other way round.
    pub fn compare(&self) -> (Vec<Refusal>, Vec<Refusal>) {
        let documented: BTreeSet<Refusal> = self.operations.iter().flat_map(|o| o.refusals.clone()).collect();
        let seen = self.seen.lock().unwrap();
        (documented.difference(&seen).cloned().collect(), seen.difference(&documented).cloned().collect())
    }
}

fn serde_urlencoded(pairs: &[(&'static str, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn operation(name: &str, o: &Value) -> Operation {
    let (method, path) = name.split_once(' ').unwrap();
    let mut refusals = Vec::new();
    for (status, answer) in o["responses"].as_object().unwrap() {
        let status: u16 = status.parse().unwrap();
        let words = answer["x-codes"].as_array().map_or(&[][..], Vec::as_slice);
        if words.is_empty() && status >= 400 {
            refusals.push((name.to_owned(), status, String::new()));
        }
        refusals.extend(words.iter().map(|w| (name.to_owned(), status, w.as_str().unwrap().to_owned())));
    }
    let schemes = o["security"].as_array().unwrap().iter().flat_map(|s| s.as_object().unwrap().keys().cloned());
    Operation {
        name: name.to_owned(),
        method: method.to_uppercase().parse().unwrap(),
        path: path.to_owned(),
        schemes: schemes.collect(),
        media: o["requestBody"]["content"].as_object().map(|c| c.keys().next().unwrap().clone()),
        refusals,
    }
}
