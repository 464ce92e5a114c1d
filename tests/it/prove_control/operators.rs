//! Two operators look and agree; one is enough to refuse; every call is on record.

use gosbadge::service::add_operator::Role;
use serde_json::{Value, json};

use super::{Applicant, COMMUNITY, INTERFACE, administration};
use crate::admin::token_of;
use crate::database::Database;
use crate::flow::Page;
use crate::harness::Harness;

const WORDS: &str = "Ссылка на сообщество есть на сайте района.";

async fn asked(h: &Harness) -> Applicant {
    let a = h.applicant(COMMUNITY, "kindergarten-head").await;
    a.done(h, "operator", &[("explanation", WORDS)]).await;
    a
}

async fn decide(h: &Harness, token: &str, application: &str, decision: &str) -> (u16, Value) {
    let body = json!({ "decision": decision, "note": "смотрел сайт района" });
    administration(h, token, &format!("/{application}/decide"), Some(body)).await
}

fn entries(h: &Harness, application: &str) -> Vec<String> {
    let sql = format!(
        "SELECT action || ' ' || COALESCE(role, '-') || ' ' || outcome AS v FROM audit WHERE target = '{application}' AND action LIKE 'application.%' ORDER BY id"
    );
    Database::open(&h.database).lines(&sql)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_operators_who_agree_prove_control() {
    let h = Harness::start_with(&[INTERFACE]).await;
    let (first, second) = (token_of(&h, Role::Operator).await, token_of(&h, Role::Security).await);
    let a = h.applicant(COMMUNITY, "kindergarten-head").await;
    for (text, why) in [("", "хотя бы одно"), ("   \r\n ", "хотя бы одно"), (&*"я".repeat(1001), "Слишком длинно")]
    {
        let end = a.send(&h, "operator", &[("explanation", text)]).await;
        assert_eq!(end.status, 422);
        assert!(Page::of(&end).text("#explanation-error").contains(why));
    }
    a.text(&h).await;
    a.done(&h, "operator", &[("explanation", WORDS)]).await;
    assert!(a.page(&h).await.text("#operator .waits").contains("Запрос отправлен"));

    // Operators find what waits, without a person's words; these are opened for one application, on record.
    let (status, list) = administration(&h, &first, "?proof=operator&status=pending&state=organisation_chosen", None).await;
    assert_eq!((status, list["applications"].as_array().unwrap().len()), (200, 1), "{list}");
    assert!(!list.to_string().contains("района"));
    let (status, one) = administration(&h, &first, &format!("/{}", a.application), None).await;
    assert_eq!((status, one["explanation"].as_str()), (200, Some(WORDS)), "{one}");
    assert_eq!(one["community"]["id"], COMMUNITY);
    let secrets = Database::open(&h.database).lines("SELECT token AS v FROM control_proofs WHERE token IS NOT NULL");
    assert!(secrets.len() == 1 && !one.to_string().contains(&secrets[0]), "the one-time text is its person's");

    let (status, body) = decide(&h, &first, &a.application, "approve").await;
    assert_eq!((status, &body["changed"], &body["state"]), (200, &json!(true), &json!("organisation_chosen")), "{body}");
    assert!(a.proofs(&h).contains(&"operator processing".to_owned()));
    let (status, body) = decide(&h, &first, &a.application, "approve").await;
    assert_eq!((status, body["code"].as_str()), (409, Some("second-operator-needed")), "{body}");
    assert_eq!(a.state(&h), "organisation_chosen");
    let (status, body) = decide(&h, &second, &a.application, "approve").await;
    assert_eq!((status, &body["state"]), (200, &json!("control_proven")), "{body}");
    let decisions = body["proofs"].as_array().unwrap().iter().find(|p| p["type"] == "operator").unwrap()["decisions"].clone();
    assert_eq!(decisions.as_array().unwrap().len(), 2);
    // What was not needed any more is over, and its text forgotten.
    assert_eq!(a.proofs(&h).len(), 2);
    assert!(a.proofs(&h).contains(&"operator valid".to_owned()) && a.proofs(&h).contains(&"platform_token invalid not_needed".to_owned()));
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM control_proofs WHERE token IS NOT NULL"), 0);
    let seen = a.person.get(&a.at(&h, "/control"), None).await;
    assert_eq!(seen.location, Some(a.at(&h, "/confirm")));

    // A third one changes nothing; thinking again is too late.
    let third = h.ready().operator_token.clone();
    let (status, body) = decide(&h, &third, &a.application, "approve").await;
    assert_eq!((status, &body["changed"]), (200, &json!(false)));
    assert_eq!(decide(&h, &third, &a.application, "refuse").await.0, 409);
    let expected = [
        "application.read operator ok",
        "application.approve operator ok",
        "application.approve operator refused",
        "application.approve security ok",
        "application.approve admin already",
        "application.refuse admin refused",
    ];
    assert_eq!(entries(&h, &a.application), expected);
    let words: i64 = h.count("SELECT COUNT(*) AS n FROM audit WHERE CAST(note AS TEXT) LIKE '%района%'");
    assert_eq!(words, 0, "notes are sealed");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_operator_refuses_and_the_person_may_ask_again() {
    let h = Harness::start().await;
    let (first, second) = (token_of(&h, Role::Operator).await, token_of(&h, Role::Security).await);
    let a = asked(&h).await;
    assert_eq!(decide(&h, &first, &a.application, "approve").await.0, 200);
    assert_eq!(decide(&h, &second, &a.application, "refuse").await.0, 200);
    assert_eq!(a.proofs(&h), ["operator invalid declined"]);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM control_proofs WHERE sealed IS NOT NULL"), 0, "what was written is forgotten");
    let (status, body) = decide(&h, &second, &a.application, "refuse").await;
    assert_eq!((status, &body["changed"]), (200, &json!(false)), "the same again");
    assert_eq!(decide(&h, &h.ready().operator_token, &a.application, "approve").await.0, 409);
    let page = a.page(&h).await;
    assert!(page.text("#operator .found").contains("не смогли подтвердить"));
    // A new question starts from nothing: the approval of before does not count.
    h.clock.advance(std::time::Duration::from_secs(1));
    a.done(&h, "operator", &[("explanation", WORDS)]).await;
    assert_eq!(decide(&h, &second, &a.application, "approve").await.0, 200);
    assert_eq!(a.state(&h), "organisation_chosen");
    assert_eq!(decide(&h, &first, &a.application, "approve").await.1["state"], "control_proven");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_decide_and_what_cannot_be_decided() {
    let h = Harness::start_with(&[("GOSBADGE__JOBS__IN_PROCESS", "false")]).await;
    let (curator, first, second) =
        (token_of(&h, Role::Curator).await, token_of(&h, Role::Operator).await, token_of(&h, Role::Security).await);
    let a = asked(&h).await;
    let (status, body) = decide(&h, &curator, &a.application, "approve").await;
    assert_eq!((status, body["code"].as_str()), (403, Some("forbidden")));
    assert_eq!(decide(&h, "gbo_nobody", &a.application, "refuse").await.0, 401);
    for path in [String::new(), format!("/{}", a.application)] {
        assert_eq!(administration(&h, &curator, &path, None).await.0, 403);
    }
    for body in [
        json!({}),
        json!({ "decision": "maybe" }),
        json!({ "decision": "approve", "note": "я".repeat(2001) }),
        json!({ "decision": "approve", "x": 1 }),
    ] {
        assert_eq!(administration(&h, &first, &format!("/{}/decide", a.application), Some(body)).await.0, 400);
    }
    assert_eq!(decide(&h, &first, "app_01JD0000000000000000000000", "approve").await.0, 404);
    let tried = entries(&h, &a.application);
    assert_eq!(
        tried[..2],
        ["application.approve curator forbidden".to_owned(), "application.refuse - unauthenticated".to_owned()],
        "{tried:?}"
    );
    assert_eq!(tried.iter().filter(|e| e.ends_with("invalid")).count(), 4, "{tried:?}");
    assert_eq!(a.proofs(&h), ["operator pending"]);

    // Nobody asked; an approval by somebody shut out since; an application that has ended.
    let other = h.applicant("218000002", "kindergarten-head").await;
    assert_eq!(decide(&h, &first, &other.application, "approve").await.0, 409);
    assert_eq!(decide(&h, &first, &a.application, "approve").await.0, 200);
    let name = format!("a {}", Role::Operator);
    gosbadge::service::add_operator::disable_operator(h.app(), name, &gosbadge::service::Actor::system()).await.unwrap();
    assert_eq!(decide(&h, &second, &a.application, "approve").await.0, 200);
    assert_eq!(a.state(&h), "organisation_chosen", "it takes two who are still with us");
    h.clock.advance(std::time::Duration::from_secs(91 * 24 * 3600));
    let (status, body) = decide(&h, &h.ready().operator_token, &a.application, "approve").await;
    assert_eq!((status, body["code"].as_str()), (409, Some("conflict")), "{body}");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_read_in_pages() {
    let h = Harness::start().await;
    let operator = h.ready().operator_token.clone();
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(asked(&h).await.application);
    }
    h.applicant(COMMUNITY, "kindergarten-head").await;
    all.reverse();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for pages in 1.. {
        let (_, page) = administration(&h, &operator, &format!("?proof=operator&status=pending&limit=2&cursor={cursor}"), None).await;
        let ids = page["applications"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap().to_owned());
        seen.extend(ids);
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => {
                assert_eq!(pages, 3);
                break;
            }
        }
    }
    assert_eq!(seen, all);
    for bad in ["?state=x", "?proof=x", "?status=x", "?limit=0", "?limit=501", "?limit=x"] {
        assert_eq!(administration(&h, &operator, bad, None).await.0, 400, "{bad}");
    }
    let (_, every) = administration(&h, &operator, "", None).await;
    assert_eq!(every["applications"].as_array().unwrap().len(), 6);
    h.stop().await;
}
