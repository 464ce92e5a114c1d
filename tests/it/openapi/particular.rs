//! What takes a particular request, or a particular past, to provoke.

use std::time::Duration;

use gosbadge::domain::expiry_month::ExpiryMonth;
use gosbadge::ports::Clock as _;
use gosbadge::service::Actor;
use gosbadge::service::add_callback_server::{NewCallbackServer, add_callback_server};
use gosbadge::service::add_operator::{Role, add_operator};
use gosbadge::service::add_platform::set_communities;
use gosbadge::service::sequence_log::sequence_log;
use gosbadge::service::sweep::sweep;
use serde_json::json;

use super::probe::{As, BROWSER, Operation, Probe, UNKNOWN};
use crate::database::Database;
use crate::flow::Page;
use crate::harness::{Person, VERIFIER, parameter};

const COMMUNITY: &str = "218000001";

pub async fn all(p: &Probe<'_>) {
    out_of_form(p).await;
    starting(p).await;
    redeeming(p).await;
    the_person_s_way(p).await;
    streams(p).await;
    messages(p).await;
    badges_and_revocations(p).await;
    // Last, because they turn the clock.
    stale(p).await;
    retired(p).await;
}

/// A query of which nothing is right, or a body that is none.
async fn out_of_form(p: &Probe<'_>) {
    for o in p.operations.iter().filter(|o| o.may_answer(400, &["invalid-request", "invalid_request", ""])) {
        let request = p.request(o, As::Entitled, "1");
        let request = match o.media.as_deref() {
            Some("application/json") => p.with_body(o, request, "1").body("{"),
            Some(form) => request.header("content-type", form).body("csrf=1&csrf=1"),
            None => request.query(&[
                ("limit", "0"),
                ("time", "x"),
                ("trust_mark_type", "1"),
                ("trust_mark_type", "2"),
                ("sub", "x"),
                ("sub", "y"),
            ]),
        };
        p.ask(o, request).await;
    }
}

async fn starting(p: &Probe<'_>) {
    let start = p.operation("post /v1/applications");
    let body = p.h.start_body(COMMUNITY).to_string();
    let request = p.request(&start, As::Entitled, "").header("content-type", "application/json");
    p.ask(&start, request.body(body.clone())).await; // without a key
    assert_eq!(p.send(&start.name, "", body).await.0, 201);
    p.send(&start.name, "", p.h.start_body("218000002").to_string()).await; // the same key
    // A platform for a range of communities that these are not in.
    let pushed = p.h.push_parameters(COMMUNITY, VERIFIER);
    let par = p.operation("post /oauth/par");
    let mut bent = pushed.clone();
    bent[6].1 = "[]".to_owned();
    p.ask(&par, p.request(&par, As::Entitled, "").form(&bent)).await;
    set_communities(p.h.app(), "other".to_owned(), Some("5-6".parse().unwrap()), &Actor::system()).await.unwrap();
    let mut other = pushed;
    other[0].1.clone_from(&p.other.client_id);
    p.ask(&par, p.request(&par, As::OtherPlatform, "").form(&other)).await;
    let mut foreign = p.h.start_body(COMMUNITY);
    foreign["return_url"] = p.h.ready().platform.redirect_uri.clone().into();
    let request = p.request(&start, As::OtherPlatform, "").header("content-type", "application/json").header("idempotency-key", "k");
    p.ask(&start, request.body(foreign.to_string())).await;
}

async fn redeeming(p: &Probe<'_>) {
    let token = p.operation("post /oauth/token");
    let form = async |form: &[(&str, &str)]| p.ask(&token, p.request(&token, As::Entitled, "").form(form)).await;
    form(&[("grant_type", "password")]).await;
    form(&[("grant_type", "authorization_code"), ("code", "x"), ("code_verifier", VERIFIER)]).await;
    // The badge was suspended between the sign-in and the redemption.
    let issued = p.h.issue("218000010", "kindergarten-head").await;
    let walk = p.h.walk("218000010", "kindergarten-head").await;
    let (application, code) = p.h.rest_code("218000010").await;
    assert_eq!(p.h.admin(&issued.badge, "suspend", json!({ "reason": "operator_decision" })).await.0, 200);
    form(&[("grant_type", "authorization_code"), ("code", &walk.code()), ("code_verifier", VERIFIER)]).await;
    let redeem = p.operation("post /v1/applications/{id}/redeem");
    let body = json!({ "code": code }).to_string();
    let keyed = |body: String| {
        p.request(&redeem, As::Entitled, &application).header("idempotency-key", "r").header("content-type", "application/json").body(body)
    };
    p.ask(&redeem, keyed(body)).await;
    let (application, code) = p.h.rest_code("218000011").await;
    p.send(&redeem.name, &application, r#"{"code":"x"}"#).await;
    p.send(&redeem.name, &application, "{").await;
    let keyed = |body: String| {
        p.request(&redeem, As::Entitled, &application).header("idempotency-key", "s").header("content-type", "application/json").body(body)
    };
    assert_eq!(p.ask(&redeem, keyed(json!({ "code": code }).to_string())).await.0, 200);
    p.ask(&redeem, keyed(json!({ "code": "another" }).to_string())).await;
    let show = p.operation("get /v1/applications/{id}");
    p.ask(&show, p.request(&show, As::Bearer("no-such-token"), &application)).await;
    p.ask(&show, p.request(&show, As::Entitled, UNKNOWN)).await;
}

/// The application's time is up.
pub fn end(p: &Probe<'_>, application: &str) {
    Database::open(&p.h.database).run(&format!("UPDATE applications SET state = 'expired' WHERE id = '{application}'"));
}

/// Asks as a person whose browser did begin something.
pub async fn as_person(p: &Probe<'_>, o: &Operation, person: &Person, application: &str, form: Option<&[(&str, &str)]>) -> (u16, String) {
    let url = p.h.url(&o.path.replace("{id}", application));
    let request = match form {
        Some(form) => person.http.post(url).form(form),
        None => person.http.get(url),
    };
    p.ask(o, request).await
}

async fn the_person_s_way(p: &Probe<'_>) {
    let callback = p.operation("get /oauth/callback");
    let other_callback = p.operation("get /oauth/callback/{idp}");
    let state = [("state", UNKNOWN), ("code", "x")];
    p.ask(&callback, p.request(&callback, As::Entitled, "").query(&state)).await;
    p.ask(&other_callback, p.request(&other_callback, As::Entitled, "esia").query(&state)).await;
    for path in [&callback, &other_callback] {
        // Refused; and ended meanwhile.
        let walk = p.h.at_callback("218000020", "employee").await;
        let bent =
            |url: &str| if path.name == callback.name { url.to_owned() } else { url.replace("/oauth/callback?", "/oauth/callback/esia?") };
        p.ask(path, walk.person.http.get(bent(&walk.callback))).await;
        let walk = p.h.at_callback("218000021", "kindergarten-head").await;
        end(p, &walk.application);
        p.ask(path, walk.person.http.get(bent(&walk.callback))).await;
    }
    let page = p.operation("get /applications/{id}");
    let forms = ["organisation", "return", "logout"].map(|what| p.operation(&format!("post /applications/{{id}}/{what}")));
    for form in &forms {
        // A foreign site posts.
        p.ask(form, p.request(form, As::Entitled, UNKNOWN).form(&[("csrf", "guessed"), ("organisation", "1")])).await;
    }
    // The community's badge is suspended, and another organisation of the person is chosen for it.
    let school = p.h.issue("218000022", "kindergarten-head").await;
    assert_eq!(p.h.admin(&school.badge, "suspend", json!({ "reason": "operator_decision" })).await.0, 200);
    let mut walk = p.h.walk("218000022", "two-organisations").await;
    let choice = Page::of(&walk.end);
    let (csrf, oid) = (choice.one("form[action$=organisation] input[name=csrf]", "value"), choice.all("input[name=organisation]", "value"));
    let chosen = [("csrf", csrf.as_str()), ("organisation", oid[0].as_str())];
    as_person(p, &forms[0], &walk.person, &walk.application, Some(&chosen)).await;
    // An application that is over, at each step of it.
    walk = p.h.walk("218000023", "two-organisations").await;
    let csrf = Page::of(&walk.end).one("form[action$=organisation] input[name=csrf]", "value");
    end(p, &walk.application);
    for what in ["login", "organisation"] {
        as_person(p, &p.operation(&format!("get /applications/{{id}}/{what}")), &walk.person, &walk.application, None).await;
    }
    for form in &forms[..2] {
        as_person(p, form, &walk.person, &walk.application, Some(&[("csrf", &csrf), ("organisation", "1")])).await;
    }
    // The link of an application that ended, and of one whose badge is just being collected.
    let (ended, link) = p.h.rest_start("218000024").await;
    end(p, &ended);
    p.ask(&page, Person::new().http.get(link)).await;
    let (_, link) = p.h.rest_start("218000025").await;
    assert!(parameter(&Person::new().walk(&link, "kindergarten-head").await.location.unwrap(), "code").is_some());
    p.ask(&page, Person::new().http.get(link)).await;
    let authorize = p.operation("get /oauth/authorize");
    let unknown = [("client_id", p.h.ready().platform.client_id.as_str()), ("request_uri", "urn:ietf:params:oauth:request_uri:x")];
    p.ask(&authorize, p.request(&authorize, As::Nobody, "").query(&unknown)).await;
    let problems = p.operation("get /problems/{code}");
    p.ask(&problems, p.request(&problems, As::Nobody, UNKNOWN)).await;
    assert_eq!(BROWSER.len(), 43);
}

async fn streams(p: &Probe<'_>) {
    for name in ["get /v1/stream", "post /v1/stream/verify", "post /v1/events/poll"] {
        let o = p.operation(name);
        p.ask(&o, p.with_body(&o, p.request(&o, As::OtherPlatform, ""), "")).await;
    }
    // The stand-in platform is pushed to, and polls.
    p.send("post /v1/events/poll", "", r#"{"returnImmediately":true}"#).await;
    let put = p.operation("put /v1/stream");
    let request = p.request(&put, As::OtherPlatform, "").header("content-type", "application/json");
    p.ask(&put, request.body(r#"{"method":"push_webhook","endpoint_url":"http://127.0.0.1:9/x","state":"paused"}"#)).await;
}

async fn messages(p: &Probe<'_>) {
    let webhook = p.operation("post /v1/webhooks/{platform}");
    let h = p.h;
    let signed = |platform: &str, secret: &str, id: &str, body: &str| {
        let at = h.clock.now();
        let signature = gosbadge::domain::webhook_signature::WebhookSecret::parse(secret).unwrap().sign(id, at, body.as_bytes());
        p.request(&webhook, As::Nobody, platform)
            .header("webhook-id", id)
            .header("webhook-timestamp", at.secs().to_string())
            .header("webhook-signature", signature)
            .body(body.to_owned())
    };
    let secret = h.ready().platform.inbound_webhook_secret.as_str();
    p.ask(&webhook, p.with_body(&webhook, p.request(&webhook, As::Nobody, "demo"), "")).await;
    p.ask(&webhook, signed("demo", secret, "m1", "{")).await;
    let about = |n: &str, platform: &str| {
        json!({ "type": "community.compromised", "timestamp": "2026-11-23T10:00:00Z", "data": { "community": { "platform": platform, "id": n } } })
            .to_string()
    };
    assert_eq!(p.ask(&webhook, signed("demo", secret, "m2", &about("218000030", "demo"))).await.0, 200);
    p.ask(&webhook, signed("demo", secret, "m2", &about("218000031", "demo"))).await;
    p.ask(&webhook, signed("other", &p.other.inbound_webhook_secret, "m3", &about("218000030", "other"))).await;

    let callback = p.operation("post /v1/webhooks/{platform}/callback");
    for platform in ["demo", "other"] {
        let new = NewCallbackServer {
            platform: platform.to_owned(),
            community: None,
            confirmation: "a1b2c3d4".to_owned(),
            overlap: Duration::from_secs(3600),
        };
        let secret = add_callback_server(h.app(), new, &Actor::system()).await.unwrap();
        let renamed = |to: &str, secret: &str| {
            let changes = json!({ "title": { "old_value": "…", "new_value": to } });
            json!({ "type": "group_change_settings", "group_id": 218_000_030, "event_id": "e1", "v": "5.199", "secret": secret,
                "object": { "user_id": 1, "changes": changes } })
            .to_string()
        };
        for body in [renamed("А", "wrong"), renamed("А", &secret), renamed("Б", &secret)] {
            p.ask(&callback, p.request(&callback, As::Nobody, platform).header("content-type", "application/json").body(body)).await;
        }
    }
}

async fn badges_and_revocations(p: &Probe<'_>) {
    let ended = p.h.issue("218000040", "kindergarten-head").await;
    assert_ne!(p.h.issue("218000040", "ministry-head").await.badge, ended.badge);
    for what in ["revoke", "suspend", "reinstate"] {
        p.send(&format!("post /admin/v1/badges/{{badge}}/{what}"), &ended.badge, r#"{"reason":"operator_decision"}"#).await;
    }
    let prepare = p.operation("post /admin/v1/revocations");
    let approve = p.operation("post /admin/v1/revocations/{id}/approve");
    let prepared = p.request(&prepare, As::Entitled, "").header("content-type", "application/json");
    let prepared = prepared.body(r#"{"scope":{"platform":"demo"},"reason":"operator_decision"}"#).send().await.unwrap();
    assert_eq!(prepared.status(), 201);
    let prepared: serde_json::Value = prepared.json().await.unwrap();
    let id = prepared["id"].as_str().unwrap();
    let second = add_operator(p.h.app(), "a second", Role::Admin, &Actor::system()).await.unwrap().token;
    p.h.clock.advance(Duration::from_secs(8 * 24 * 3600));
    p.ask(&approve, p.request(&approve, As::Bearer(&second), id)).await;
    p.h.app().view.refresh(p.h.app()).await.unwrap();
}

/// Asks once so much time has passed; the view is refreshed in the background, and that may be at that very moment.
async fn stale_after(p: &Probe<'_>, time: Duration, ask: impl AsyncFn() -> (u16, String)) {
    for _ in 0..5 {
        p.h.clock.advance(time);
        if ask().await.0 == 503 {
            return;
        }
    }
    panic!("the view does not grow old");
}

/// The view of the ledger grows old.
async fn stale(p: &Probe<'_>) {
    let issued = p.h.issue("218000050", "kindergarten-head").await;
    let age = Duration::from_secs(91);
    let attestation = json!({ "attestation": issued.attestation });
    stale_after(p, age, async || p.send("post /v1/verify", "", attestation.to_string()).await).await;
    let mark = p.operation("post /federation/trust-mark-status");
    let form = [("trust_mark", issued.attestation.as_str())];
    stale_after(p, age, async || p.ask(&mark, p.request(&mark, As::Nobody, "").form(&form)).await).await;
    let webhook = p.operation("post /v1/webhooks/{platform}");
    let body = json!({ "type": "community.verify", "data": attestation }).to_string();
    let secret = gosbadge::domain::webhook_signature::WebhookSecret::parse(&p.h.ready().platform.inbound_webhook_secret).unwrap();
    let tell = async || {
        let at = p.h.clock.now();
        let id = format!("stale-{}", at.secs());
        let request = p.request(&webhook, As::Nobody, "demo").header("webhook-id", &id).header("webhook-timestamp", at.secs().to_string());
        p.ask(&webhook, request.header("webhook-signature", secret.sign(&id, at, body.as_bytes())).body(body.clone())).await
    };
    stale_after(p, age, tell).await;
    let list = p.operation("get /status/{n}");
    stale_after(p, Duration::from_secs(24 * 3600), async || p.ask(&list, p.request(&list, As::Nobody, "1")).await).await;
}

/// All that is in the first list has ended long ago.
async fn retired(p: &Probe<'_>) {
    // A list is retired once the log has its last change.
    sequence_log(p.h.app()).await.unwrap();
    let end = ExpiryMonth::of(p.h.clock.now().plus(Duration::from_secs(100 * 24 * 3600))).ends();
    p.h.clock.advance(end.since(p.h.clock.now()) + Duration::from_secs(25 * 3600));
    sweep(p.h.app()).await.unwrap();
    let list = p.operation("get /status/{n}");
    p.ask(&list, p.request(&list, As::Nobody, "1")).await;
}
