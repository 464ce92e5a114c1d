//! Each of the ten people one can sign in as ends where the stand-in says, as seen from outside: the page, the platform's
//! redirect, the application, and whether there is a badge.

use gosbadge::domain::lang::Lang;
use gosbadge::domain::refusal::RefusalCode;
use gosbadge::domain::refusal_text;
use serde_json::json;

use crate::flow::Page;
use crate::harness::{Harness, VERIFIER, parameter};

const COMMUNITY: &str = "218000001";

/// What the set-up's first line promises about a persona.
fn promised(h: &Harness, persona: &str) -> String {
    h.ready().personas.iter().find(|p| p.id == persona).unwrap().expect.clone()
}

async fn is_issued(persona: &str, ogrn: &str, kind: &str, personal: &[&str]) {
    let h = Harness::start().await;
    assert_eq!(promised(&h, persona), "issued");
    let walk = h.walk(COMMUNITY, persona).await;
    assert_eq!(walk.end.status, 302);
    let back = walk.end.location.clone().unwrap();
    assert!(back.starts_with(&format!("{}?", h.ready().platform.redirect_uri)), "{back}");
    assert_eq!(parameter(&back, "state").as_deref(), Some("platform-state-1"));
    assert_eq!(parameter(&back, "iss").as_deref(), Some(h.ready().public_url.as_str()));
    assert_eq!(parameter(&back, "error"), None);
    let application = h.application(&walk.application).await;
    assert_eq!((application["state"].as_str(), application["badge"].as_str()), (Some("control_proven"), None), "{application}");
    h.assert_no_badge(COMMUNITY).await;

    let (status, body) = h.redeem(&walk.code(), VERIFIER).await;
    assert_eq!((status, body["token_type"].as_str()), (200, Some("Bearer")), "{body}");
    let details = &body["authorization_details"][0];
    assert_eq!(details["status"], "active");
    assert_eq!(details["community"], h.details(COMMUNITY)[0]["community"]);
    let question = json!({ "attestation": details["attestation"], "community": { "platform": "demo", "id": COMMUNITY } });
    let (_, verdict) = h.verify(question).await;
    assert_eq!((verdict["verdict"].as_str(), verdict["status"].as_str()), (Some("valid"), Some("active")), "{verdict}");
    assert_eq!((verdict["authority"]["ogrn"].as_str(), verdict["authority"]["kind"].as_str()), (Some(ogrn), Some(kind)), "{verdict}");
    assert_eq!(verdict["badge"], details["badge"]);
    let application = h.application(&walk.application).await;
    assert_eq!(application["state"], "issued");
    assert_eq!(application["badge"], details["badge"]);
    assert_eq!(application["steps_done"], json!(["identity_confirmed", "organisation_chosen", "control_proven", "issued"]));
    let claims = gosbadge_claims(details["attestation"].as_str().unwrap());
    for secret in personal {
        assert!(!claims.contains(secret) && !body.to_string().contains(secret), "{secret} is public");
    }
    h.stop().await;
}

/// The claims as text; who signed them is another test's matter.
fn gosbadge_claims(token: &str) -> String {
    use base64::Engine as _;
    let part = token.split('.').nth(1).unwrap();
    String::from_utf8(base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn is_refused(persona: &str, code: &str, title: &str, personal: &[&str]) {
    let h = Harness::start().await;
    assert_eq!(promised(&h, persona), code);
    let walk = h.walk(COMMUNITY, persona).await;
    assert_eq!((walk.end.status, walk.end.location.as_deref()), (403, None));
    let text = refusal_text::text(code.parse::<RefusalCode>().unwrap(), Lang::Ru);
    assert_eq!(text.title, title);
    let page = Page::of(&walk.end);
    assert_eq!(page.text("h1"), title);
    assert_eq!(page.text(".code"), code);
    assert_eq!(page.one("html", "lang"), "ru");
    let main = page.text("main");
    for part in [text.what_happened, text.what_to_do, text.whom_to_ask] {
        assert!(main.contains(part), "{part}");
    }
    for secret in personal {
        assert!(!walk.end.body.contains(secret), "{secret} is on the page");
    }
    // These codes end the application: no button that leads nowhere.
    assert!(page.all("a.button", "href").is_empty());

    let (action, csrf) = page.return_form();
    let back = walk.person.post(&h.url(&action), &[("csrf", &csrf)]).await;
    assert_eq!(back.status, 302, "{}", back.body);
    let back = back.location.unwrap();
    assert!(back.starts_with(&format!("{}?", h.ready().platform.redirect_uri)), "{back}");
    let value = |name| parameter(&back, name);
    assert_eq!(value("error").as_deref(), Some("access_denied"));
    assert_eq!(value("gosbadge_code").as_deref(), Some(code));
    assert_eq!(value("state").as_deref(), Some("platform-state-1"));
    assert_eq!(value("iss").as_deref(), Some(h.ready().public_url.as_str()));
    assert_eq!(value("code"), None);
    let description = value("error_description").unwrap();
    assert!(description.is_ascii() && description.starts_with(code), "{description}");

    let application = h.application(&walk.application).await;
    assert_eq!((application["state"].as_str(), application["gosbadge_code"].as_str()), (Some("refused"), Some(code)), "{application}");
    h.assert_no_badge(COMMUNITY).await;
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM authorization_codes"), 0);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kindergarten_head() {
    is_issued("kindergarten-head", "1029900001010", "kindergarten", &["Ромашкина", "000-000-600 01", "990100100191"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ministry_head() {
    is_issued("ministry-head", "1029900002021", "regional_executive", &["Образцов", "000-000-600 02", "990100200245"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn city_admin() {
    is_issued("city-admin", "1029900003033", "municipal_administration", &["Посёлкова", "000-000-600 03", "990100300306"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn employee() {
    let title = "Подтвердить страницу может руководитель или администратор профиля";
    is_refused("employee", "F04", title, &["Рядовой", "Григорий", "000-000-600 04", "990100400452"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn liquidated_head() {
    is_refused("liquidated-head", "F06", "Организация ликвидирована", &["Архивов", "Евгений", "000-000-600 06", "990100600660"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn private_school_head() {
    is_refused(
        "private-school-head",
        "F13",
        "Организация не относится к государственным и муниципальным",
        &["Частнова", "Жанна", "000-000-600 07", "990100700713"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sole_trader() {
    is_refused(
        "sole-trader",
        "F23",
        "Вход выполнен не от имени организации",
        &["Пётр", "Петрович", "000-000-600 08", "990100800877", "321990000007077"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unconfirmed() {
    let title = "Учётная запись на Госуслугах не подтверждена";
    is_refused("unconfirmed", "F02", title, &["Неподтверждённая", "Зоя", "000-000-600 09", "990100900920"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_organisation() {
    is_refused("no-organisation", "F05", "Не найдена организация с ОГРН", &["Свободный", "Игорь", "000-000-600 10", "990101001034"]).await;
}
