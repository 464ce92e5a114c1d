//! Two identity providers at once (RFC 9700 §4.4): an answer of one is nothing at the other's address, and costs nobody
//! anything. Errors are answers too.

use super::{COMMUNITY, NOBODY, again, assert_refused};
use crate::flow::with_parameter;
use crate::harness::{Harness, Person, VERIFIER, parameter};
use crate::oidc_provider::{CLIENT_ID, CLIENT_SECRET, Provider};

const HEAD: &str = "kindergarten-head";

async fn both(provider: &Provider, kind: &str, also: &str) -> Harness {
    let h = Harness::start_with(&[
        ("GOSBADGE__IDP__KIND", kind),
        ("GOSBADGE__IDP__ALSO", also),
        ("GOSBADGE__IDP__OIDC__ISSUER", provider.issuer.as_str()),
        ("GOSBADGE__IDP__OIDC__CLIENT_ID", CLIENT_ID),
        ("GOSBADGE__IDP__OIDC__CLIENT_AUTHENTICATION", "client_secret_basic"),
        ("GOSBADGE__IDP__OIDC__CLIENT_SECRET", CLIENT_SECRET),
    ])
    .await;
    provider.follow(&h.clock);
    h
}

/// The same answer at the other provider's address.
fn at_the_other(callback: &str) -> String {
    let mut url = url::Url::parse(callback).unwrap();
    let other = if url.path() == "/oauth/callback" { "/oauth/callback/oidc" } else { "/oauth/callback" };
    url.set_path(other);
    url.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_one_provider_is_nothing_at_the_other_s_address() {
    for (kind, also, path) in [("oidc", "esia", "/oauth/callback/oidc"), ("esia", "oidc", "/oauth/callback")] {
        let provider = Provider::start();
        let h = both(&provider, kind, also).await;
        let a = h.at_callback(COMMUNITY, HEAD).await;
        assert_eq!(url::Url::parse(&a.callback).unwrap().path(), path);

        // The other provider's answer for the same application, in the same browser.
        let second = a.person.to_callback(&h.url(&format!("/applications/{}/login?with={also}", a.application)), HEAD).await;
        assert_ne!(url::Url::parse(&second).unwrap().path(), path);

        let code = |of: &str| parameter(of, "code");
        let state = |of: &str| parameter(of, "state");
        for (case, attack) in [
            ("the first at the other address", at_the_other(&a.callback)),
            ("the second at the other address", at_the_other(&second)),
            ("code and address of the second, state of the first", with_parameter(&second, "state", state(&a.callback).as_deref())),
            ("code and address of the first, state of the second", with_parameter(&a.callback, "state", state(&second).as_deref())),
            ("an error at the other address", with_parameter(&at_the_other(&a.callback), "error", Some("access_denied"))),
            ("an unknown provider", a.callback.replace(path, "/oauth/callback/nobody")),
        ] {
            assert_refused(&a.person.get(&attack, None).await, 400, "F19", &format!("{kind}: {case}"));
        }
        assert!(code(&second).is_some());
        h.assert_no_badge(COMMUNITY).await;

        // Nothing was consumed: the honest answer still works.
        let end = a.person.get(&a.callback, None).await;
        let back = end.location.unwrap_or_else(|| panic!("{kind}: {} {}", end.status, end.body));
        assert_eq!(h.redeem(&parameter(&back, "code").unwrap(), VERIFIER).await.0, 200);
        h.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_moving_people_may_use_either() {
    let provider = Provider::start();
    let h = both(&provider, "oidc", "esia").await;
    let a = h.at_callback(COMMUNITY, HEAD).await;
    let mut person = a.person;
    let end = person.walk(&h.url(&format!("/applications/{}/login?with=esia", a.application)), HEAD).await;
    assert_eq!(h.redeem(&parameter(&end.location.unwrap(), "code").unwrap(), VERIFIER).await.0, 200);
    h.stop().await;
}

/// RFC 9207 for errors: a refusal that another issuer wrote, or nobody, says nothing about the person's will.
#[tokio::test(flavor = "multi_thread")]
async fn errors_of_another_issuer_are_not_this_one_s_word() {
    let provider = Provider::start();
    let h = both(&provider, "oidc", "esia").await;
    let evil = Some("https://evil.example");
    let good = Some(provider.issuer.as_str());
    for (case, error, iss, status, code) in [
        ("denied", "access_denied", good, 403, "F01"),
        ("denied by another", "access_denied", evil, 503, "F17"),
        ("denied by nobody", "access_denied", None, 503, "F17"),
        ("overloaded", "temporarily_unavailable", good, 503, "F18"),
        ("wants a sign-in", "login_required", good, 400, "F19"),
        ("not registered", "redirect_uri_mismatch", good, 503, "F20"),
        ("unknown word", "+79990000000", good, 503, "F17"),
    ] {
        let mut a = h.at_callback(COMMUNITY, NOBODY).await;
        let callback = with_parameter(&with_parameter(&a.callback, "code", None), "error", Some(error));
        let callback = with_parameter(&with_parameter(&callback, "iss", iss), "error_description", Some("Иванов Иван Иванович"));
        assert_refused(&a.person.get(&callback, None).await, status, code, case);
        again(&h, &mut a.person, &a.application, case).await;
    }
    assert!(Person::new().get(&h.url("/oauth/callback/oidc?error=access_denied"), None).await.location.is_none());
    h.stop().await;
}
