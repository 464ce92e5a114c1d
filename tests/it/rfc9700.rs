//! The checklist of RFC 9700 (BCP 240), item by item. What another test shows already is named in `ELSEWHERE`, and that test must
//! exist; the rest is here. Who learns what of whom, platform by platform, is in `rfc9700/platforms.rs`.
//!
//! Not applicable: §2.1.2 and §4.6 beyond refusing them (no implicit grant is offered), §4.9.1 (there is one resource server, this
//! one), §4.14 (no refresh tokens), §4.17 (nothing is passed between windows).

mod platforms;

use std::path::Path;

use gosbadge::domain::digest::pkce_s256;
use serde_json::{Value, json};

use crate::flow::{Page, with_parameter};
use crate::harness::{Harness, Person, VERIFIER, parameter};
use crate::rest_start::problem;

const COMMUNITY: &str = "218000001";

/// Section, what it asks for, and the test that shows it: file and function.
const ELSEWHERE: &[(&str, &str, &str, &str)] = &[
    ("2.1, 4.7", "an answer is of use in the browser that began", "callback_attacks", "an_answer_is_of_use_in_its_own_browser_only"),
    ("2.1, 4.7", "state: missing, altered", "callback_attacks", "an_altered_or_missing_state_is_refused"),
    ("2.1, 4.7", "forms carry a token of their own", "choosing", "wrong_choices_choose_nothing"),
    ("2.1.1, 4.5", "a code needs its verifier", "code_attacks", "a_code_needs_its_verifier_and_address"),
    ("2.1.1, 4.8", "challenge required, S256 alone, verifier required", "push_attacks", "plain_parameters"),
    ("2.1.1", "PKCE towards the identity provider", "callback_attacks", "an_injected_code_fails_pkce"),
    ("2.1.2, 2.4", "no other grant, no other response type", "code_attacks", "a_code_needs_its_verifier_and_address"),
    ("2.2.1, 4.10.1", "sender-constrained tokens", "mtls", "a_token_is_bound_to_the_certificate"),
    ("2.3, 4.10.2", "a token opens one thing at one server", "tokens", "a_token_opens_its_own_application_and_nothing_else"),
    ("2.5", "asymmetric client authentication", "client_auth", "a_good_assertion_works_once"),
    ("2.5", "the audience is the issuer alone", "client_auth", "wrong_claims_are_refused"),
    ("2.6", "metadata", "tokens", "the_metadata_lists_everything"),
    ("4.2.4, 4.3", "a code works once; a second use revokes", "code_attacks", "a_second_use_revokes_what_the_first_gave"),
    ("4.2.4", "state works once", "callback_attacks", "a_replayed_answer_gives_nothing_again"),
    ("4.4", "mix-up, as a client of several providers", "oidc/mixed_up", "an_answer_of_one_provider_is_nothing_at_the_other_s_address"),
    ("4.5", "code injection where there is no challenge", "rest_start/codes", "a_code_fits_its_application_only"),
    ("4.8", "no way around the verifier", "rest_start/codes", "a_code_is_redeemed_the_way_its_application_began"),
    ("4.13", "headers of the proxy alone are believed", "mtls", "nobody_but_a_trusted_proxy_is_believed"),
    ("4.16", "an application somebody was lured into", "callback_attacks", "a_kidnapped_link_leads_to_no_badge"),
];

#[test]
fn every_test_that_is_pointed_to_exists() {
    for (section, what, file, name) in ELSEWHERE {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(format!("{file}.rs"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("§{section} {what}: {}: {e}", path.display()));
        let body = text.split(&format!("#[tokio::test(flavor = \"multi_thread\")]\nasync fn {name}(")).nth(1);
        assert!(body.is_some_and(|b| b.contains("assert") || b.contains("h.")), "§{section} {what}: {file}::{name}");
    }
}

/// Other spellings of the registered address: what a lenient parser or a pattern would take for it.
fn odd_spellings(registered: &str) -> Vec<String> {
    let url = url::Url::parse(registered).unwrap();
    let (host, port, path) = (url.host_str().unwrap(), url.port().unwrap(), url.path());
    let authority = format!("{host}:{port}");
    let mut all: Vec<String> = [
        "/",
        "?",
        "#",
        "?x=1",
        "#x",
        ";x",
        "%20",
        " ",
        "\t",
        "\r\n",
        "\n",
        "%00",
        "\u{0}",
        "%",
        "/.",
        "/..",
        "/../callback",
        "\\",
        "/%2e%2e/callback",
    ]
    .iter()
    .map(|end| format!("{registered}{end}"))
    .collect();
    all.extend([" ", "\t", "\n", "\u{feff}", "\u{200b}", "x", "view-source:"].iter().map(|start| format!("{start}{registered}")));
    for scheme in ["https", "HTTP", "Http", "ftp", "javascript", "data", "file", "ws"] {
        all.push(format!("{scheme}://{authority}{path}"));
    }
    for host in [
        "localhost",
        "127.1",
        "127.0.1",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "2130706433",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "127.0.0.1.",
        "127.0.0.2",
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example%2f127.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
    ] {
        all.push(format!("http://{host}:{port}{path}"));
    }
    for user in ["user", "user:pass", "evil.example", "127.0.0.1", ""] {
        all.push(format!("http://{user}@{authority}{path}"));
    }
    for sneaky in ["/x/..", "//", "/./", "/%2e", "/;", "\\"] {
        all.push(format!("http://{authority}{sneaky}{path}"));
    }
    all.extend([
        format!("http://evil.example/?{registered}"),
        format!("http://evil.example#{registered}"),
        format!("http://evil.example\\@{authority}{path}"),
        format!("http:{authority}{path}"),
        format!("http:/{authority}{path}"),
        format!("http:///{authority}{path}"),
        format!("http:\\\\{authority}{path}"),
        format!("//{authority}{path}"),
        format!("http://{host}:0{port}{path}"),
        format!("http://{host}{path}"),
        format!("http://{authority}{}", path.to_uppercase()),
        format!("http://{authority}{}", path.replace('c', "%63")),
        format!("http://{authority}{}", path.replace('c', "с")),
        format!("{registered},http://evil.example/"),
        format!("{registered} http://evil.example/"),
        format!("{registered}\thttp://evil.example/"),
        path.to_owned(),
        "*".to_owned(),
        String::new(),
    ]);
    all
}

/// §2.1, §4.1.3: compared to the byte, whichever way an application starts.
#[tokio::test(flavor = "multi_thread")]
async fn redirect_addresses_are_compared_to_the_byte() {
    let h = Harness::start().await;
    let registered = h.ready().platform.redirect_uri.clone();
    let odd = odd_spellings(&registered);
    assert!(odd.len() >= 50 && !odd.contains(&registered), "{}", odd.len());
    for address in &odd {
        let mut form = h.push_parameters(COMMUNITY, VERIFIER);
        form.retain(|(n, _)| *n != "redirect_uri");
        form.push(("redirect_uri", address.clone()));
        let answer = h.push_form(&form).await;
        assert_eq!((answer.status().as_u16(), answer.headers().get("location")), (400, None), "{address:?}");
        let mut body = h.start_body(COMMUNITY);
        body["return_url"] = json!(address);
        let (status, text) = h.post_json("/v1/applications", h.basic(), Some("k"), &body.to_string()).await;
        assert_eq!((status, problem(&text).as_str()), (400, "invalid-request"), "{address:?}");
    }
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM applications"), 0);
    // §4.1.3 also at the token endpoint.
    let code = h.walk(COMMUNITY, "kindergarten-head").await.code();
    for address in odd.iter().filter(|a| !a.is_empty() && !a.contains('\0')) {
        let form = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER), ("redirect_uri", address)];
        let (status, body) = h.post_form("/oauth/token", h.basic(), &form).await;
        assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")), "{address:?}");
    }
    assert_eq!(h.redeem(&code, VERIFIER).await.0, 200);
    h.stop().await;
}

/// §4.11.2: a request that is wrong is never answered by sending the browser somewhere.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_redirected_on_an_unchecked_word() {
    let h = Harness::start().await;
    let (_, authorize) = h.begin(COMMUNITY).await;
    let evil = "https%3A%2F%2Fevil.example%2F";
    let wrong = [
        h.url(&format!("/oauth/authorize?client_id=demo&response_type=code&redirect_uri={evil}")),
        h.url(&format!("/oauth/authorize?client_id=demo&request_uri=https%3A%2F%2Fevil.example&redirect_uri={evil}")),
        format!("{}&client_id=other", authorize.replace("client_id=demo", "x=y")),
        format!("{authorize}&request_uri=x"),
        h.url(&format!("/oauth/callback?error=access_denied&state=x&redirect_uri={evil}")),
        h.url(&format!("/oauth/callback?code=x&state=x&iss={evil}")),
        h.url(&format!("/applications/app_x?link=x&return_url={evil}")),
        h.url(&format!("/applications/app_x/login?with={evil}")),
        h.url(&format!("/?next={evil}")),
        h.url("//evil.example/"),
        h.url("/%2f%2fevil.example/"),
        h.url("/\\evil.example/"),
    ];
    for url in wrong {
        let end = Person::new().get(&url, None).await;
        assert_eq!(end.location, None, "{url}: {end:?}");
    }
    // What is added beside a good request changes nothing about where it leads.
    let end = Person::new().get(&format!("{authorize}&redirect_uri={evil}&state=evil"), None).await;
    assert!(end.location.is_some_and(|l| l.starts_with(&h.ready().esia_url) && !l.contains("evil")));
    h.stop().await;
}

/// §2.1, §4.4.2.1: each answer, good or bad, says who answers; and `state` comes back as it was (§4.7).
#[tokio::test(flavor = "multi_thread")]
async fn each_answer_names_its_issuer() {
    let h = Harness::start().await;
    let iss = h.ready().public_url.clone();
    let good = h.walk(COMMUNITY, "kindergarten-head").await.end.location.unwrap();
    let mut walk = h.walk("218000002", "private-school-head").await;
    let (action, csrf) = Page::of(&walk.end).return_form();
    walk.end = walk.person.post(&h.url(&action), &[("csrf", &csrf)]).await;
    let bad = walk.end.location.unwrap();
    let (_, link) = h.rest_start("218000003").await;
    let rest = Person::new().walk(&link, "kindergarten-head").await.location.unwrap();
    for back in [&good, &bad, &rest] {
        assert_eq!(parameter(back, "iss").as_ref(), Some(&iss), "{back}");
        assert_eq!(parameter(back, "state").as_deref(), Some("platform-state-1"), "{back}");
        let twice = url::Url::parse(back).unwrap().query_pairs().filter(|(n, _)| n == "iss").count();
        assert_eq!(twice, 1, "{back}");
    }
    assert!(parameter(&bad, "error").is_some() && parameter(&bad, "code").is_none());
    let metadata: Value = h.http.get(h.url("/.well-known/oauth-authorization-server")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&metadata["issuer"], &metadata["authorization_response_iss_parameter_supported"]), (&json!(iss), &json!(true)));
    h.stop().await;
}

/// §4.5: a code out of one session is of no use in another of the same client, where another verifier is held.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_session_is_refused() {
    const OTHER: &str = "the-verifier-of-the-attacker-s-own-session-0";
    let h = Harness::start().await;
    let stolen = h.walk(COMMUNITY, "kindergarten-head").await.code();
    let pushed = h.push("218000002", OTHER).await;
    assert!(pushed["request_uri"].is_string());
    assert_ne!(pkce_s256(OTHER), pkce_s256(VERIFIER));
    let (status, body) = h.redeem(&stolen, OTHER).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")), "{body}");
    h.assert_no_badge(COMMUNITY).await;
    assert_eq!(h.redeem(&stolen, VERIFIER).await.0, 200, "and not spent by it");
    h.stop().await;
}

/// §4.3.2: what stands in an address is of use once and for a minute; tokens and attestations never stand there.
#[tokio::test(flavor = "multi_thread")]
async fn no_token_stands_in_an_address() {
    let h = Harness::start().await;
    let (_, authorize) = h.begin(COMMUNITY).await;
    let person = Person::new();
    let mut at = authorize;
    let mut seen = Vec::new();
    let code = loop {
        let end = person.get(&at, Some("kindergarten-head")).await;
        at = end.location.unwrap();
        seen.push(at.clone());
        if at.starts_with(&h.ready().platform.redirect_uri) {
            break parameter(&at, "code").unwrap();
        }
    };
    let (status, body) = h.redeem(&code, VERIFIER).await;
    assert_eq!(status, 200);
    let token = body["access_token"].as_str().unwrap();
    let attestation = body["authorization_details"][0]["attestation"].as_str().unwrap();
    for address in &seen {
        assert!(!address.contains(token) && !address.contains(attestation) && parameter(address, "access_token").is_none(), "{address}");
        assert!(url::Url::parse(address).unwrap().fragment().is_none(), "{address}");
    }
    h.stop().await;
}

/// §4.2.4, §4.12, §4.16: every answer on the way keeps addresses to itself, cannot be framed, and no redirect repeats a form.
#[tokio::test(flavor = "multi_thread")]
async fn headers_on_the_way() {
    let h = Harness::start().await;
    let (application, link) = h.rest_start(COMMUNITY).await;
    let (_, authorize) = h.begin("218000002").await;
    let mut person = Person::new();
    let choice = person.walk(&authorize, "two-organisations").await;
    let (action, csrf) = {
        let page = Page::of(&choice);
        (h.url(&page.one("button[formaction]", "formaction")), page.one("input[name=csrf]", "value"))
    };
    let wrong = with_parameter(&authorize, "request_uri", Some("urn:ietf:params:oauth:request_uri:x"));
    let gets =
        [link, wrong, choice.url, h.url(&format!("/applications/{application}")), h.url("/oauth/callback?state=x&code=y"), h.url("/")];
    let mut answers = Vec::new();
    for url in &gets {
        answers.push((url.clone(), person.http.get(url).header("accept", "text/html").send().await.unwrap()));
    }
    answers.push((action.clone(), person.http.post(&action).form(&[("csrf", &csrf)]).send().await.unwrap()));
    for path in ["/oauth/par", "/oauth/token", "/oauth/introspect", "/oauth/revoke", "/v1/applications"] {
        answers.push((path.to_owned(), h.http.post(h.url(path)).form(&[("x", "y")]).send().await.unwrap()));
    }
    let mut redirects = 0;
    for (url, answer) in answers {
        let header = |name: &str| answer.headers().get(name).map_or("", |v| v.to_str().unwrap());
        assert_eq!(header("referrer-policy"), "no-referrer", "{url}");
        assert_eq!(header("x-frame-options"), "DENY", "{url}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{url}");
        if header("content-type").starts_with("text/html") {
            assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{url}");
        }
        let status = answer.status().as_u16();
        // §4.12: 307 and 308 would send a form on to whoever the address names.
        assert!(!matches!(status, 301 | 307 | 308), "{url}: {status}");
        if matches!(status, 302 | 303) {
            redirects += 1;
            assert_eq!(header("cache-control"), "no-store", "{url}");
        }
    }
    assert_eq!(redirects, 2, "the link and the form");
    h.stop().await;
}
