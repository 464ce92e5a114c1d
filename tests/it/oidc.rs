//! The whole service with an OpenID Connect provider: from the platform's request to a badge, both ways of client
//! authentication, key rotation, the moving from ESIA to a gateway, and providers that are slow or broken.

mod hostile;
mod mixed_up;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use serde_json::json;
use tempfile::TempDir;

use crate::flow::Page;
use crate::harness::{End, Harness, parameter};
use crate::oidc_provider::{CLIENT_ID, CLIENT_SECRET, Key, Provider, Trouble};

const COMMUNITY: &str = "218000001";
const NOBODY: &str = "not used by this provider";

/// A service that sends people to the provider, with a password.
async fn service(provider: &Provider, more: &[(&str, &str)]) -> Harness {
    let mut settings = vec![
        ("GOSBADGE__IDP__KIND", "oidc"),
        ("GOSBADGE__IDP__OIDC__ISSUER", provider.issuer.as_str()),
        ("GOSBADGE__IDP__OIDC__CLIENT_ID", CLIENT_ID),
        ("GOSBADGE__IDP__OIDC__CLIENT_AUTHENTICATION", "client_secret_basic"),
        ("GOSBADGE__IDP__OIDC__CLIENT_SECRET", CLIENT_SECRET),
    ];
    settings.extend_from_slice(more);
    let h = Harness::start_with(&settings).await;
    provider.follow(&h.clock);
    h
}

fn assert_refused(end: &End, status: u16, code: &str, case: &str) {
    assert_eq!((end.status, end.location.as_deref()), (status, None), "{case}: {}", end.body);
    assert_eq!(Page::of(end).text(".code"), code, "{case}");
}

/// The same person signs in again for the same application; gives the platform's code.
async fn again(h: &Harness, person: &mut crate::harness::Person, application: &str, case: &str) -> String {
    let end = person.walk(&h.url(&format!("/applications/{application}/login")), NOBODY).await;
    let back = end.location.unwrap_or_else(|| panic!("{case}: the honest sign-in fails: {} {}", end.status, end.body));
    parameter(&back, "code").unwrap_or_else(|| panic!("{case}: no code: {back}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_gets_a_badge_with_each_way_of_client_authentication() {
    let dir = TempDir::new().unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap()).unwrap()).unwrap();
    let file = dir.path().join("client.key");
    std::fs::write(&file, key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    for method in ["client_secret_basic", "client_secret_post", "private_key_jwt"] {
        let provider = Provider::start();
        *provider.client_key.lock().unwrap() = Some(key.public_key_to_pem().unwrap());
        let more =
            [("GOSBADGE__IDP__OIDC__CLIENT_AUTHENTICATION", method), ("GOSBADGE__IDP__OIDC__PRIVATE_KEY_FILE", file.to_str().unwrap())];
        let h = service(&provider, &more).await;
        let issued = h.issue(COMMUNITY, NOBODY).await;
        assert_eq!(provider.methods(), [method]);
        let (_, verdict) =
            h.verify(json!({ "attestation": issued.attestation, "community": { "platform": "demo", "id": COMMUNITY } })).await;
        assert_eq!((verdict["verdict"].as_str(), verdict["status"].as_str()), (Some("valid"), Some("active")), "{verdict}");
        assert_eq!(verdict["authority"]["ogrn"], "1047702026701", "{verdict}");
        h.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_our_fault_and_says_so() {
    let provider = Provider::start();
    let h = service(&provider, &[("GOSBADGE__IDP__OIDC__CLIENT_SECRET", "wrong")]).await;
    let walk = h.walk(COMMUNITY, NOBODY).await;
    assert_refused(&walk.end, 503, "F17", "wrong password");
    h.assert_no_badge(COMMUNITY).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_may_change_between_two_logins_and_between_code_and_token() {
    let provider = Provider::start();
    let h = service(&provider, &[]).await;
    h.walk(COMMUNITY, NOBODY).await.code();
    assert_eq!(provider.key_set_calls.load(Ordering::SeqCst), 1);
    // The kept set serves the second login.
    h.walk(COMMUNITY, NOBODY).await.code();
    assert_eq!(provider.key_set_calls.load(Ordering::SeqCst), 1);

    let rotate = |key: Key| provider.behave(|b| (b.keys, b.published) = (vec![key.clone()], vec![key]));
    rotate(Key::es256("second"));
    h.walk(COMMUNITY, NOBODY).await.code();
    assert_eq!(provider.key_set_calls.load(Ordering::SeqCst), 2);

    h.clock.advance(Duration::from_secs(11));
    let a = h.at_callback(COMMUNITY, NOBODY).await;
    rotate(Key::rs256("third"));
    let end = a.person.get(&a.callback, None).await;
    assert!(parameter(end.location.as_deref().unwrap(), "code").is_some(), "{}", end.body);
    assert_eq!(provider.key_set_calls.load(Ordering::SeqCst), 3);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_keys_do_not_make_us_hammer_the_provider_and_withdrawn_ones_end() {
    let provider = Provider::start();
    let h = service(&provider, &[]).await;
    h.walk(COMMUNITY, NOBODY).await.code();
    let old = provider.behaviour.lock().unwrap().keys[0].clone();
    provider.behave(|b| b.keys = vec![Key::es256("unpublished")]);
    for _ in 0..5 {
        assert_refused(&h.walk(COMMUNITY, NOBODY).await.end, 503, "F17", "unpublished key");
    }
    assert_eq!(provider.key_set_calls.load(Ordering::SeqCst), 2, "one reading for the first, none for the others");

    // A key the provider has withdrawn is trusted until the set is read again, and no longer.
    provider.behave(|b| (b.keys, b.published) = (vec![old], vec![Key::es256("new")]));
    h.clock.advance(h.dev.config.idp.oidc.keys_lifetime);
    assert_refused(&h.walk(COMMUNITY, NOBODY).await.end, 503, "F17", "withdrawn key");
    h.assert_no_badge(COMMUNITY).await;
    h.stop().await;
}

/// R8: a clear error in time, nothing lost, and the next try works.
#[tokio::test(flavor = "multi_thread")]
async fn slow_and_broken_providers_cost_one_try() {
    let provider = Provider::start();
    // The largest answer is above 10 000 keys, so that their number is what is refused.
    let limits = [("GOSBADGE__IDP__OIDC__TIMEOUT", "4s"), ("GOSBADGE__IDP__OIDC__MAX_RESPONSE_BYTES", "4194304")];
    let h = service(&provider, &limits).await;
    for (endpoint, trouble, code) in [
        ("discovery", Trouble::Slow, "F18"),
        ("discovery", Trouble::Huge, "F18"),
        ("discovery", Trouble::Redirect, "F17"),
        ("discovery", Trouble::NotJson, "F18"),
        ("discovery", Trouble::Status(500), "F18"),
        ("token", Trouble::Slow, "F18"),
        ("token", Trouble::Huge, "F18"),
        ("token", Trouble::Redirect, "F17"),
        ("token", Trouble::NotJson, "F18"),
        ("token", Trouble::Status(502), "F18"),
        ("jwks", Trouble::Slow, "F18"),
        ("jwks", Trouble::Huge, "F18"),
        ("jwks", Trouble::Redirect, "F17"),
        ("jwks", Trouble::NotJson, "F18"),
        ("jwks", Trouble::EmptyKeySet, "F17"),
        ("jwks", Trouble::ThousandsOfKeys, "F17"),
        ("userinfo", Trouble::Slow, "F18"),
        ("userinfo", Trouble::Huge, "F18"),
        ("userinfo", Trouble::Redirect, "F17"),
        ("userinfo", Trouble::NotJson, "F18"),
    ] {
        let case = format!("{endpoint} {trouble:?}");
        // Past the life of everything kept: each case meets the provider anew.
        h.clock.advance(Duration::from_secs(5 * 3600));
        provider.behave(|b| b.trouble = Some((endpoint, trouble)));
        let began = Instant::now();
        let mut walk = h.walk(COMMUNITY, NOBODY).await;
        assert_refused(&walk.end, 503, code, &case);
        assert!(began.elapsed() < Duration::from_secs(9), "{case}: {:?}", began.elapsed());
        assert_eq!(h.count("SELECT COUNT(*) AS n FROM badges"), 0, "{case}");
        provider.be_honest();
        if endpoint == "jwks" {
            // A bad set that could be read is kept until a token asks for more.
            h.clock.advance(Duration::from_secs(11));
        }
        again(&h, &mut walk.person, &walk.application, &case).await;
    }
    assert_eq!(provider.canary_calls.load(Ordering::SeqCst), 0, "no redirect was followed");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_discovery_document_serves_while_the_provider_is_away() {
    let provider = Provider::start();
    let h = service(&provider, &[]).await;
    h.walk(COMMUNITY, NOBODY).await.code();
    provider.behave(|b| b.trouble = Some(("discovery", Trouble::Status(503))));
    h.clock.advance(Duration::from_secs(3601));
    let at_provider = h.at_callback(COMMUNITY, NOBODY).await;
    assert!(parameter(&at_provider.callback, "code").is_some());
    h.clock.advance(Duration::from_secs(3 * 3600));
    assert_refused(&h.walk(COMMUNITY, NOBODY).await.end, 503, "F18", "too old");
    h.stop().await;
}

/// Facts that count against the person, and claims that cannot be right.
#[tokio::test(flavor = "multi_thread")]
async fn claims_decide_as_roles_do() {
    let provider = Provider::start();
    let h = service(&provider, &[]).await;
    type Change = fn(&mut serde_json::Value);
    let cases: [(&str, Change, u16, &str); 12] = [
        ("not confirmed", |p| p["identity_confirmed"] = json!(false), 403, "F02"),
        ("silence about confirmation", |p| drop(p.as_object_mut().unwrap().remove("identity_confirmed")), 403, "F02"),
        ("no organisations", |p| p["organizations"] = json!([]), 403, "F05"),
        ("silence about organisations", |p| drop(p.as_object_mut().unwrap().remove("organizations")), 403, "F05"),
        ("neither head nor admin", |p| p["organizations"][0]["chief"] = json!(null), 403, "F04"),
        ("blocked by silence", |p| drop(p["organizations"][0].as_object_mut().unwrap().remove("active")), 403, "F09"),
        ("liquidated", |p| p["organizations"][0]["liquidated"] = json!(true), 403, "F06"),
        ("silence about liquidation", |p| p["organizations"][0]["liquidated"] = json!(null), 503, "F17"),
        ("sole trader", |p| p["organizations"][0]["type"] = json!("BUSINESS"), 403, "F23"),
        ("private", |p| p["organizations"][0]["okopf"] = json!("12300"), 403, "F13"),
        ("a flag of the wrong type", |p| p["organizations"][0]["chief"] = json!({ "yes": true }), 503, "F17"),
        (
            "two organisations with one id",
            |p| {
                let twin = p["organizations"][0].clone();
                p["organizations"].as_array_mut().unwrap().push(twin);
            },
            403,
            "F22",
        ),
    ];
    for (case, change, status, code) in cases {
        provider.behave(|b| change(&mut b.person));
        assert_refused(&h.walk(COMMUNITY, NOBODY).await.end, status, code, case);
        provider.be_honest();
    }
    h.assert_no_badge(COMMUNITY).await;
    h.walk(COMMUNITY, NOBODY).await.code();
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_level_is_asked_for_and_demanded() {
    let provider = Provider::start();
    let h = service(&provider, &[("GOSBADGE__IDP__OIDC__REQUIRED_ACR", "high")]).await;
    let (_, authorize) = h.begin(COMMUNITY).await;
    let to_idp = crate::harness::Person::new().get(&authorize, None).await.location.unwrap();
    assert_eq!(parameter(&to_idp, "acr_values").as_deref(), Some("high"));
    assert_refused(&h.walk(COMMUNITY, NOBODY).await.end, 403, "F21", "no acr");
    provider.behave(|b| b.mint = |m| m.claiming(|c| c["acr"] = json!("high")));
    h.walk(COMMUNITY, NOBODY).await.code();
    h.stop().await;
}
