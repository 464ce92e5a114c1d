//! The sign-in page, signing in unasked, refusing consent, logging out.

use gosbadge::sandbox::esia::{StartError, TokenAlg, personas, start};
use reqwest::Response;
use scraper::{Html, Selector};

use super::stand::{CLIENT, Identity, REDIRECT, Stand, returned};

async fn sign_in_page(stand: &Stand) -> (String, Vec<String>, String) {
    let form = stand.ask().signed(&stand.identity);
    let request = stand.http.get(format!("{}/aas/oauth2/ac", stand.base)).query(&form.0);
    let answer = request.send().await.expect("an answer");
    let location = answer.headers()["location"].to_str().expect("text").to_owned();
    assert!(location.starts_with(&format!("{}/login?", stand.base)), "{location}");
    let text = stand.http.get(location).send().await.expect("an answer").text().await.expect("text");
    let page = Html::parse_document(&text);
    let values = |css: &str| -> Vec<String> {
        let selector = Selector::parse(css).expect("a selector");
        page.select(&selector).filter_map(|element| element.value().attr("value")).map(str::to_owned).collect()
    };
    (values("input[name=request]").remove(0), values("button[name=persona]"), text)
}

async fn submit(stand: &Stand, fields: &[(&str, &str)]) -> Response {
    stand.http.post(format!("{}/login", stand.base)).form(fields).send().await.expect("an answer")
}

#[tokio::test]
async fn a_person_chooses_who_to_be() {
    let stand = Stand::start();
    let (request, offered, text) = sign_in_page(&stand).await;
    assert_eq!(offered, personas().iter().map(|persona| persona.id.clone()).collect::<Vec<_>>());
    assert!(text.contains("Учебный вход") && text.contains("Это не Госуслуги") && !text.contains("<script"));
    let answer = submit(&stand, &[("request", &request), ("persona", "city-admin")]).await;
    assert!(answer.headers()["set-cookie"].to_str().expect("text").contains("HttpOnly"));
    let code = returned(&answer).remove("code").expect("a code");
    let form = stand.redeem(&code).signed(&stand.identity);
    assert_eq!(stand.post("/aas/oauth2/te", &form).await.status(), 200);

    let again = submit(&stand, &[("request", &request), ("persona", "city-admin")]).await;
    assert_eq!(again.status(), 400);
    assert!(again.text().await.expect("text").contains("устарел"));
}

#[tokio::test]
async fn a_person_may_decline() {
    let stand = Stand::start();
    let (request, ..) = sign_in_page(&stand).await;
    let back = returned(&submit(&stand, &[("request", &request), ("decision", "deny")]).await);
    assert_eq!(back["error"], "access_denied");
    assert!(back["error_description"].starts_with("ESIA-007004: ") && back.contains_key("state"));

    let form = stand.ask().signed(&stand.identity);
    let request = stand.http.get(format!("{}/aas/oauth2/ac", stand.base)).query(&form.0);
    let request = request.header("X-Sandbox-Persona", "employee").header("X-Sandbox-Decision", "deny");
    let back = returned(&request.send().await.expect("an answer"));
    assert!(back["error_description"].starts_with("ESIA-007004: "));
}

#[tokio::test]
async fn nobody_unknown_and_nothing_stale_gets_in() {
    let stand = Stand::start();
    let (request, ..) = sign_in_page(&stand).await;
    assert_eq!(submit(&stand, &[("request", &request), ("persona", "nobody")]).await.status(), 400);
    let answer = stand.authorize("/aas/oauth2/ac", &stand.ask().signed(&stand.identity), "nobody").await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.expect("text").contains("kindergarten-head"));
    stand.clock.advance(30 * 60);
    assert_eq!(submit(&stand, &[("request", &request), ("persona", "employee")]).await.status(), 400);
}

#[tokio::test]
async fn one_may_be_signed_in_unasked() {
    let stand = Stand::with(Identity::rsa(), TokenAlg::Rs256, |config| config.auto_approve = Some("employee".into()));
    let form = stand.ask().signed(&stand.identity);
    let request = || stand.http.get(format!("{}/aas/oauth2/ac", stand.base)).query(&form.0);
    assert!(returned(&request().send().await.expect("an answer")).contains_key("code"));
    // A browser that has chosen before keeps its choice.
    let answer = request().header("Cookie", "esia_sandbox_persona=city-admin").send().await.expect("an answer");
    assert!(answer.headers()["location"].to_str().expect("text").contains("/login?"));
}

#[tokio::test]
async fn logout_returns_to_registered_hosts_only() {
    let stand = Stand::start();
    let logout = async |query: &[(&str, &str)]| {
        stand.http.get(format!("{}/idp/ext/Logout", stand.base)).query(query).send().await.expect("an answer")
    };
    let answer = logout(&[("client_id", CLIENT), ("redirect_url", "http://127.0.0.1:8080/bye")]).await;
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["location"], "http://127.0.0.1:8080/bye");
    assert!(answer.headers()["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    for url in ["https://evil.example/", "javascript:alert(1)", "http://127.0.0.1.evil.example/", "//evil.example"] {
        let answer = logout(&[("client_id", CLIENT), ("redirect_url", url)]).await;
        assert_eq!((answer.status().as_u16(), answer.headers().get("location")), (400, None), "{url}");
    }
    assert_eq!(logout(&[("client_id", "NOBODY"), ("redirect_url", REDIRECT)]).await.status(), 400);
    assert_eq!(logout(&[("client_id", CLIENT)]).await.status(), 200);
}

#[tokio::test]
async fn plain_addresses_answer() {
    let stand = Stand::start();
    let get = async |path: &str| stand.http.get(format!("{}{path}", stand.base)).send().await.expect("an answer");
    let pem = get("/public/esia.pem").await.text().await.expect("text");
    assert_eq!(pem, stand.certificates_pem.concat());
    assert_eq!(get("/").await.status(), 200);
    assert_eq!(get("/sandbox.css").await.status(), 200);
    assert_eq!(get("/nowhere").await.status(), 404);
    let head = stand.http.head(&stand.base).send().await.expect("an answer");
    assert!(head.status().is_success());
    assert_eq!(head.headers()["date"], "Fri, 20 Nov 2026 12:00:00 GMT");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    type Spoil = fn(&mut gosbadge::sandbox::esia::EsiaConfig);
    type Expected = fn(&StartError) -> bool;
    let cases: [(Spoil, Expected); 3] = [
        (|c| c.auto_approve = Some("nobody".into()), |e| matches!(e, StartError::UnknownPersona { .. })),
        (|c| c.clients[0].certificates.clear(), |e| matches!(e, StartError::NoCertificate { .. })),
        (|c| c.clients[0].redirect_uris = vec!["/cb".into()], |e| matches!(e, StartError::BadRedirectUri { .. })),
    ];
    for (spoil, expected) in cases {
        let mut config = Stand::config(&Identity::rsa(), TokenAlg::Rs256).0;
        spoil(&mut config);
        let error = start(config).err().expect("refused");
        assert!(expected(&error), "{error}");
    }
}
