//! Attacks with the single-use values between platform and service: `request_uri` and authorization code. What is refused
//! spends nothing that belongs to somebody else.

use std::time::Duration;

use gosbadge::service::Actor;
use gosbadge::service::add_platform::set_platform_state;
use serde_json::Value;

use crate::flow::with_parameter;
use crate::harness::{Harness, Person, VERIFIER, parameter};

const COMMUNITY: &str = "218000001";

async fn assert_invalid_grant(h: &Harness, form: &[(&str, &str)], case: &str) {
    let (status, body) = h.post_form("/oauth/token", h.basic(), form).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")), "{case}: {body}");
    h.assert_no_badge(COMMUNITY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_needs_its_verifier_and_address() {
    let h = Harness::start().await;
    let code = h.walk(COMMUNITY, "kindergarten-head").await.code();
    let redirect = h.ready().platform.redirect_uri.clone();
    let right = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &redirect), ("code_verifier", VERIFIER)];
    let with = |name: &str, value: Option<&str>| -> Vec<(String, String)> {
        let kept = right.iter().filter(|(n, _)| *n != name).map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        kept.chain(value.map(|v| (name.to_owned(), v.to_owned()))).collect()
    };
    let challenge = gosbadge::domain::digest::pkce_s256(VERIFIER);
    let long = "a".repeat(129);
    let slash = format!("{redirect}/");
    let wrong = [
        ("code_verifier", Some("wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"), "invalid_grant"),
        ("code_verifier", Some(&challenge), "invalid_grant"),
        ("code_verifier", Some(&VERIFIER[1..]), "invalid_grant"),
        ("code_verifier", Some(""), "invalid_request"),
        ("code_verifier", Some(&long), "invalid_grant"),
        ("code_verifier", None, "invalid_request"),
        ("redirect_uri", Some("https://evil.example/cb"), "invalid_grant"),
        ("redirect_uri", Some(&slash), "invalid_grant"),
        ("code", Some(&code[1..]), "invalid_grant"),
        ("code", Some("\u{0}"), "invalid_request"),
        ("code", Some(""), "invalid_request"),
        ("code", None, "invalid_request"),
        ("grant_type", None, "invalid_request"),
        ("grant_type", Some("password"), "unsupported_grant_type"),
        ("grant_type", Some("client_credentials"), "unsupported_grant_type"),
        ("grant_type", Some("refresh_token"), "unsupported_grant_type"),
    ];
    for (name, value, error) in wrong {
        let form = with(name, value);
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let (status, body) = h.post_form("/oauth/token", h.basic(), &form).await;
        assert_eq!((status, body["error"].as_str()), (400, Some(error)), "{name}={value:?}: {body}");
        assert_eq!(body.get("access_token"), None);
    }
    let mut twice = right.to_vec();
    twice.push(("code", &code));
    assert_eq!(h.post_form("/oauth/token", h.basic(), &twice).await.0, 400);
    h.assert_no_badge(COMMUNITY).await;
    // None of it spent the code.
    assert_eq!(h.post_form("/oauth/token", h.basic(), &right).await.0, 200);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_of_use_to_its_platform_only() {
    let h = Harness::start().await;
    let other = h.second_platform(None).await;
    let code = h.walk(COMMUNITY, "kindergarten-head").await.code();
    let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    let stranger = Some((other.client_id.as_str(), other.client_secret.as_deref().unwrap()));
    let (status, body) = h.post_form("/oauth/token", stranger, &form).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")), "{body}");
    h.assert_no_badge(COMMUNITY).await;
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 200);
    // Nor may the stranger spoil what was given, by pretending a second use.
    h.post_form("/oauth/token", stranger, &form).await;
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM access_tokens WHERE revoked_at IS NOT NULL"), 0);
    h.stop().await;
}

/// RFC 6749 §4.1.2.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_use_revokes_what_the_first_gave() {
    let h = Harness::start().await;
    let code = h.walk(COMMUNITY, "kindergarten-head").await.code();
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 200);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM access_tokens WHERE revoked_at IS NULL"), 1);
    let (status, body) = h.redeem(&code, VERIFIER).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")), "{body}");
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM access_tokens WHERE revoked_at IS NULL"), 0);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM attestations"), 1);
    h.stop().await;
}

/// Uses at the same moment are uses all the same: whoever loses the race spoils what the winner got, as a later one would.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_redeemed_many_times_at_once_gives_one_attestation_and_no_token_that_lives() {
    let h = Harness::start().await;
    // With two there is nobody to come late and find the code used.
    for (round, at_once) in (1..).zip([8, 2, 2, 2]) {
        let code = h.walk(COMMUNITY, "kindergarten-head").await.code();
        let answers = futures_util::future::join_all((0..at_once).map(|_| h.redeem(&code, VERIFIER))).await;
        let good: Vec<&Value> = answers.iter().filter(|(s, _)| *s == 200).map(|(_, b)| b).collect();
        assert_eq!(good.len(), 1, "{answers:?}");
        assert!(answers.iter().filter(|(s, _)| *s != 200).all(|(s, b)| *s == 400 && b["error"] == "invalid_grant"), "{answers:?}");
        assert_eq!(h.count("SELECT COUNT(*) AS n FROM attestations"), round);
        assert_eq!(h.count("SELECT COUNT(*) AS n FROM access_tokens"), round);
        assert_eq!(h.count("SELECT COUNT(*) AS n FROM access_tokens WHERE revoked_at IS NULL"), 0, "{at_once} at once");
        let token = good[0]["access_token"].as_str().unwrap();
        let (_, seen) = h.post_form("/oauth/introspect", h.basic(), &[("token", token)]).await;
        assert_eq!(seen["active"], false, "{seen}");
        // As after a second use that comes later, the badge itself stands: it is the body's, and no secret.
        assert_eq!(h.status_of(COMMUNITY).await, "active");
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_code_is_refused_and_the_application_goes_on() {
    let h = Harness::start().await;
    let mut walk = h.walk(COMMUNITY, "kindergarten-head").await;
    let code = walk.code();
    h.clock.advance(h.dev.config.oauth.code_lifetime);
    assert_invalid_grant(&h, &[("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)], "expired").await;
    walk.end = walk.person.walk(&h.url(&format!("/applications/{}/login", walk.application)), "kindergarten-head").await;
    assert_eq!(h.redeem(&walk.code(), VERIFIER).await.0, 200);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_does_not_outlive_its_application() {
    let h = Harness::start_with(&[("GOSBADGE__APPLICATION__LIFETIME", "15m"), ("GOSBADGE__OAUTH__CODE_LIFETIME", "10m")]).await;
    let (_, authorize) = h.begin(COMMUNITY).await;
    h.clock.advance(Duration::from_secs(9 * 60));
    let back = Person::new().walk(&authorize, "kindergarten-head").await.location.unwrap();
    h.clock.advance(Duration::from_secs(6 * 60));
    let code = parameter(&back, "code").unwrap();
    assert_invalid_grant(&h, &[("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)], "late").await;
    h.stop().await;
}

/// Signing in again moves the application back; a code from before it is of no use any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_from_before_another_sign_in_is_void() {
    let h = Harness::start().await;
    let walk = h.walk(COMMUNITY, "kindergarten-head").await;
    walk.person.get(&h.url(&format!("/applications/{}/login", walk.application)), None).await;
    let code = walk.code();
    assert_invalid_grant(&h, &[("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)], "overtaken").await;
    h.stop().await;
}

/// The first sign-in's code must not be redeemable for what a second sign-in, perhaps as somebody else, has confirmed.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_newest_code_of_an_application_counts() {
    let h = Harness::start().await;
    let mut walk = h.walk(COMMUNITY, "kindergarten-head").await;
    let first = walk.code();
    walk.end = walk.person.walk(&h.url(&format!("/applications/{}/login", walk.application)), "ministry-head").await;
    let second = walk.code();
    assert_invalid_grant(&h, &[("grant_type", "authorization_code"), ("code", &first), ("code_verifier", VERIFIER)], "first").await;
    assert_eq!(h.redeem(&second, VERIFIER).await.0, 200);
    h.stop().await;
}

async fn assert_uri_refused(h: &Harness, url: &str) {
    let person = Person::new();
    let end = person.get(url, None).await;
    assert_eq!((end.status, end.location.as_deref()), (400, None), "{url}");
    let request = h.http.get(url).header("accept", "application/json");
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(body["error"], "invalid_request_uri", "{url}: {body}");
    assert!(body["error_description"].as_str().unwrap().contains("push the request again"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_uri_works_once_in_time_for_its_client() {
    let h = Harness::start().await;
    let other = h.second_platform(None).await;
    let (_, authorize) = h.begin(COMMUNITY).await;
    assert_uri_refused(&h, &with_parameter(&authorize, "client_id", Some(&other.client_id))).await;
    assert_uri_refused(&h, &with_parameter(&authorize, "client_id", Some("nobody"))).await;
    for uri in ["urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:x", "https://evil.example/r"] {
        assert_uri_refused(&h, &with_parameter(&authorize, "request_uri", Some(uri))).await;
    }
    for name in ["client_id", "request_uri"] {
        for value in [None, Some(""), Some("\u{0}")] {
            assert_eq!(Person::new().get(&with_parameter(&authorize, name, value), None).await.status, 400);
        }
    }
    // All that spent nothing.
    assert_eq!(Person::new().get(&authorize, None).await.status, 302);
    assert_uri_refused(&h, &authorize).await;

    let (_, late) = h.begin(COMMUNITY).await;
    h.clock.advance(h.dev.config.oauth.request_uri_lifetime);
    assert_uri_refused(&h, &late).await;
    h.assert_no_badge(COMMUNITY).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_platform_is_shut_out_at_every_step() {
    let h = Harness::start().await;
    let (_, authorize) = h.begin(COMMUNITY).await;
    let code = h.walk(COMMUNITY, "kindergarten-head").await.code();
    set_platform_state(h.app(), "demo".to_owned(), false, &Actor::system()).await.unwrap();
    assert_uri_refused(&h, &authorize).await;
    assert_eq!(h.push_form(&h.push_parameters(COMMUNITY, VERIFIER)).await.status(), 401);
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 401);
    h.assert_no_badge(COMMUNITY).await;
    set_platform_state(h.app(), "demo".to_owned(), true, &Actor::system()).await.unwrap();
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 200);
    h.stop().await;
}

/// Each single-use value presented as every other one.
#[tokio::test(flavor = "multi_thread")]
async fn values_in_another_ones_place_are_unknown_and_stay_good() {
    let h = Harness::start().await;
    let pushed = h.push(COMMUNITY, VERIFIER).await;
    let uri = pushed["request_uri"].as_str().unwrap().to_owned();
    let reference = uri.rsplit(':').next().unwrap().to_owned();
    let login = h.at_callback("218000002", "ministry-head").await;
    let (state, idp_code) = (parameter(&login.callback, "state").unwrap(), parameter(&login.callback, "code").unwrap());
    let code = h.walk("218000003", "city-admin").await.code();
    let access_token = h.issue("218000004", "kindergarten-head").await.access_token;
    let secret = h.ready().platform.client_secret.clone();

    for wrong in [&uri, &reference, &state, &idp_code, &access_token, &secret, &login.application] {
        let form = [("grant_type", "authorization_code"), ("code", wrong.as_str()), ("code_verifier", VERIFIER)];
        assert_invalid_grant(&h, &form, "as code").await;
    }
    for wrong in [&state, &code, &access_token, &login.application] {
        assert_uri_refused(&h, &h.authorize_url(wrong)).await;
        assert_uri_refused(&h, &h.authorize_url(&format!("urn:ietf:params:oauth:request_uri:{wrong}"))).await;
    }
    for wrong in [&reference, &code, &access_token] {
        assert_eq!(login.person.get(&with_parameter(&login.callback, "state", Some(wrong)), None).await.status, 400);
    }
    for wrong in [&code, &access_token, &reference] {
        let stranger = Some((h.ready().platform.client_id.as_str(), wrong.as_str()));
        let (status, _) = h.post_form("/oauth/token", stranger, &[("grant_type", "authorization_code")]).await;
        assert_eq!(status, 401);
    }
    for community in [COMMUNITY, "218000002", "218000003"] {
        h.assert_no_badge(community).await;
    }
    // Every value still does what it is for.
    assert_eq!(Person::new().get(&h.authorize_url(&uri), None).await.status, 302);
    assert_eq!(login.person.get(&login.callback, None).await.status, 302);
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 200);
    h.stop().await;
}
