//! The whole way to an issued badge in every way a development set-up speaks to its stand-in ESIA: both generations, RSA and GOST
//! requests, RS256 and GOST tokens, each route to an organisation's record, with and without PKCE.

use gosbadge::cli::dev::EsiaMode;
use gosbadge::sandbox::esia::gost_available;
use serde_json::{Value, json};

use crate::flow::Page;
use crate::harness::{Harness, Person, VERIFIER, parameter};

const ROUTE: &str = "GOSBADGE__IDP__ESIA__ORGANISATION_ROUTE";
const PKCE: &str = "GOSBADGE__IDP__ESIA__PKCE";
const NONCE: &str = "GOSBADGE__IDP__ESIA__NONCE";

/// Issues a badge with these settings and checks it; then a persona who may not have one.
async fn issues(mode: EsiaMode, generation: &str, settings: &[(&str, &str)]) {
    if mode.needs_gost() && !gost_available() {
        return;
    }
    let h = Harness::start_esia(mode, settings).await;
    assert_eq!(h.ready().esia.generation, generation);
    let issued = h.issue("218000001", "kindergarten-head").await;
    let (status, verdict) = h.verify(json!({ "attestation": issued.attestation })).await;
    assert_eq!((status, &verdict["verdict"]), (200, &json!("valid")), "{mode:?} {settings:?}");
    let other = h.issue("218000002", "ministry-head").await;
    assert_ne!(other.badge, issued.badge);

    let pushed = h.push("218000003", VERIFIER).await;
    let end = Person::new().walk(&h.authorize_url(pushed["request_uri"].as_str().unwrap()), "private-school-head").await;
    assert!(end.location.is_none() && end.body.contains("F13"), "{mode:?} {settings:?}: {} {}", end.status, end.body);
    h.stop().await;
}

/// What a development set-up made for itself ends after a year; started again then, it makes itself anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_of_last_year_still_signs_people_in() {
    let h = Harness::start().await;
    h.issue("218000001", "kindergarten-head").await;
    h.clock.advance(std::time::Duration::from_secs(400 * 86_400));
    let h = h.restart(&[]).await;
    h.issue("218000002", "kindergarten-head").await;
    h.stop().await;
}

#[tokio::test]
async fn first_generation_with_rsa() {
    issues(EsiaMode::V1, "v1", &[]).await;
    issues(EsiaMode::V1, "v1", &[(PKCE, "off"), (NONCE, "off")]).await;
}

#[tokio::test]
async fn first_generation_with_gost() {
    issues(EsiaMode::V1Gost, "v1", &[]).await;
    issues(EsiaMode::V1Gost, "v1", &[(PKCE, "off"), (NONCE, "send")]).await;
}

#[tokio::test]
async fn second_generation_with_rsa_tokens() {
    issues(EsiaMode::V2, "v2", &[]).await;
    issues(EsiaMode::V2, "v2", &[(ROUTE, "scope_org"), (PKCE, "off")]).await;
}

#[tokio::test]
async fn second_generation_with_gost_tokens() {
    issues(EsiaMode::V2Gost, "v2", &[(PKCE, "off")]).await;
    issues(EsiaMode::V2Gost, "v2", &[(ROUTE, "scope_org")]).await;
    issues(EsiaMode::V2Gost, "v2", &[(PKCE, "GOST3411")]).await;
}

/// The kind of tokens is the registration's; a generation may go with either.
#[tokio::test]
async fn kinds_of_tokens_and_generations_are_apart() {
    issues(EsiaMode::V1Gost, "v1", &[("GOSBADGE__IDP__ESIA__TOKEN_ALGORITHM", "RS256")]).await;
}

/// The list of roles alone says neither legal form nor kind of body: nobody is admitted by it, and nobody is told it was their fault.
#[tokio::test]
async fn the_list_of_roles_alone_admits_nobody() {
    let h = Harness::start_with(&[(ROUTE, "roles")]).await;
    let pushed: Value = h.push("218000001", VERIFIER).await;
    let end = Person::new().walk(&h.authorize_url(pushed["request_uri"].as_str().unwrap()), "kindergarten-head").await;
    let code = end.location.as_deref().and_then(|l| parameter(l, "code"));
    assert!(code.is_none(), "{end:?}");
    h.stop().await;
}

/// Each way once with a chooser in between: the record is read in a later step than the login.
#[tokio::test]
async fn two_organisations_are_chosen_from_with_the_persons_token() {
    if !gost_available() {
        return;
    }
    let h = Harness::start_esia(EsiaMode::V2Gost, &[(ROUTE, "scope_org")]).await;
    let pushed = h.push("218000001", VERIFIER).await;
    let mut person = Person::new();
    let end = person.walk(&h.authorize_url(pushed["request_uri"].as_str().unwrap()), "two-organisations").await;
    assert!(end.status == 200 && end.location.is_none(), "a page to choose on: {} {:?}", end.status, end.location);
    let page = Page::of(&end);
    let (csrf, offered) = (page.one("input[name=csrf]", "value"), page.all("input[name=organisation]", "value"));
    assert_eq!(offered.len(), 2);
    let back = person.post(&end.url, &[("csrf", &csrf), ("organisation", &offered[1])]).await.location.unwrap();
    assert_eq!(h.redeem(&parameter(&back, "code").unwrap(), VERIFIER).await.0, 200);
    h.stop().await;
}
