//! The last step: what is shown is what is issued, once, by the browser that signed in, and nothing is lost on the way.

use std::time::Duration;

use gosbadge::domain::reason::ReasonCode;
use serde_json::{Value, json};

use super::{COMMUNITY, Started};
use crate::database::Database;
use crate::flow::Page;
use crate::harness::{End, Harness, Person};

const NAME: &str = "Детский сад № 12 «Ромашка» | Примерный";

fn claims_of(token: &str) -> Value {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

async fn stand(h: &Harness, word: &str) {
    let url = format!("{}/api/communities/{COMMUNITY}/standing/{word}", h.ready().platform_url);
    assert!(h.http.post(url).send().await.unwrap().status().is_success());
}

/// Renames the community as its administrator.
async fn rename(h: &Harness, name: &str) {
    let (club, admin) = (format!("{}/club{COMMUNITY}", h.ready().platform_url), Person::new());
    admin.post(&format!("{club}/signin"), &[]).await;
    let page = Page::of(&admin.get(&format!("{club}/settings"), None).await);
    let csrf = page.one("form[action$=rename] input[name=csrf]", "value");
    assert_eq!(admin.post(&format!("{club}/rename"), &[("csrf", &csrf), ("name", name)]).await.status, 303);
}

fn next_of(end: &End) -> String {
    Page::of(end).one("main .buttons a.button", "href")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_issued_and_everybody_learns_of_it() {
    let h = Harness::start().await;
    let (started, person) = h.at_the_last_step(COMMUNITY, "kindergarten-head").await;
    let page = h.last_step(&person, &started).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let shown = Page::of(&page).text(".plaque");
    for text in [NAME, "Детский сад № 12", "ОГРН", COMMUNITY] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(Page::of(&page).text("main").contains("контрольный текст в описании страницы"));
    h.assert_no_badge(COMMUNITY).await;

    let done = h.press(&person, &started, &page).await;
    assert_eq!(
        (done.status, done.location.as_deref()),
        (303, Some(h.url(&format!("/applications/{}", started.id)).as_str())),
        "{}",
        done.body
    );
    let end = person.get(&done.location.unwrap(), None).await;
    assert!(end.body.contains("Что дальше"), "{}", end.body);
    let badge = person.get(&h.url(&next_of(&end)), None).await;
    assert!(badge.status == 200 && badge.body.contains(NAME), "{}", badge.body);
    assert_eq!(Page::of(&end).text("textarea#badge"), badge.url);

    let (_, verdict) = h.verify(json!({ "community": { "platform": "demo", "id": COMMUNITY } })).await;
    assert_eq!(verdict["status"], "active", "{verdict}");
    let token = Database::open(&h.database).lines("SELECT token AS v FROM attestations").remove(0);
    let claims = claims_of(&token);
    assert_eq!(claims["assurance"]["control"]["method"], "platform_token", "{claims}");
    assert_eq!(claims["community"]["name"], NAME, "{claims}");
    // The platform is told as of any badge, and shows it.
    let url = format!("{}/api/communities/{COMMUNITY}", h.ready().platform_url);
    let told = h.until("the platform shows the badge", async || {
        let seen: Value = h.http.get(&url).send().await.unwrap().json().await.unwrap();
        (seen["badge"]["shown"] == true).then_some(seen)
    });
    assert_eq!(told.await["badge"]["badge"], verdict["badge"]);
    // The record of who confirmed outlives the sign-in.
    h.clock.advance(Duration::from_secs(10 * 24 * 3600));
    gosbadge::service::sweep::sweep(h.app()).await.unwrap();
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM evidence"), 1);
    Database::open(&h.database).assert_consistent();
    h.stop().await;
}

/// Everything as a person does it: the form, the sign-in, the text in the community, the look, and the button.
#[tokio::test(flavor = "multi_thread")]
async fn the_whole_way_with_a_text_in_the_community() {
    let h = Harness::start().await;
    let applicant = h.applicant(COMMUNITY, "kindergarten-head").await;
    let started = Started { id: applicant.application.clone(), link: String::new() };
    let home = applicant.person.get(&h.url(&format!("/applications/{}", started.id)), None).await;
    assert_eq!(next_of(&home), format!("/applications/{}/control", started.id));
    let text = applicant.text(&h).await;
    assert_eq!(h.describe(COMMUNITY, &format!("Детский сад.\n{text}")).await, 303);
    assert_eq!(applicant.look(&h, "platform_token").await, None);
    assert_eq!(next_of(&applicant.person.get(&home.url, None).await), format!("/applications/{}/confirm", started.id));
    let page = h.last_step(&applicant.person, &started).await;
    assert_eq!(h.press(&applicant.person, &started, &page).await.location.as_deref(), Some(home.url.as_str()));
    let token = Database::open(&h.database).lines("SELECT token AS v FROM attestations").remove(0);
    let (_, verdict) = h.verify(json!({ "attestation": token, "community": { "platform": "demo", "id": COMMUNITY } })).await;
    assert_eq!(verdict["verdict"], "valid", "{verdict}");
    let url = format!("{}/api/deliveries", h.ready().platform_url);
    let told = h.until("the issued event reaches the platform", async || {
        let all: Value = h.http.get(&url).send().await.unwrap().json().await.unwrap();
        all.to_string().contains(&token).then_some(())
    });
    told.await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pressed_twice_one_badge_comes_of_it() {
    let h = Harness::start().await;
    let (started, person) = h.at_the_last_step(COMMUNITY, "kindergarten-head").await;
    let page = h.last_step(&person, &started).await;
    let (a, b) = tokio::join!(h.press(&person, &started, &page), h.press(&person, &started, &page));
    let home = h.url(&format!("/applications/{}", started.id));
    for end in [a, b, h.press(&person, &started, &page).await] {
        assert_eq!((end.status, end.location.as_deref()), (303, Some(home.as_str())), "{}", end.body);
    }
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM badges"), 1);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM attestations WHERE state = 'active'"), 1);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM events"), 1);
    // The page itself leads to what is there by now.
    assert_eq!(h.last_step(&person, &started).await.location.as_deref(), Some(home.as_str()));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_browser_that_signed_in_may_confirm() {
    let h = Harness::start().await;
    let started = h.apply(COMMUNITY).await;
    let secretary = Person::new();
    assert_eq!(secretary.get(&h.sign_in_address(&secretary, &started).await, None).await.status, 302);
    let mut head = Person::new();
    h.sign_in(&mut head, &started, "kindergarten-head").await;
    let home = h.url(&format!("/applications/{}", started.id));
    // Nothing is proven yet.
    assert_eq!(h.last_step(&head, &started).await.location.as_deref(), Some(home.as_str()));
    h.prove(&started.id).await;
    let page = h.last_step(&head, &started).await;
    let fields = |csrf: String| [("csrf", csrf), ("seen", Page::of(&page).one("input[name=seen]", "value"))];
    let send = async |person: &Person, csrf: &str| {
        let fields = fields(csrf.to_owned());
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        h.clock.advance(Duration::from_secs(1));
        person.post(&h.confirm_url(&started), &fields).await
    };
    let csrf = Page::of(&page).all("input[name=csrf]", "value").remove(0);
    assert_eq!(h.last_step(&Person::new(), &started).await.status, 404);
    assert_eq!(send(&Person::new(), &csrf).await.status, 403);
    assert_eq!(send(&head, "guess").await.status, 403);
    // The browser that only began is sent to the application's page, whatever it sends.
    let seen = secretary.get(&home, None).await;
    let own = Page::of(&seen).one("form[action$=\"/return\"] input[name=csrf]", "value");
    assert_eq!(h.last_step(&secretary, &started).await.location.as_deref(), Some(home.as_str()));
    assert_eq!(send(&secretary, &own).await.location.as_deref(), Some(home.as_str()));
    h.assert_no_badge(COMMUNITY).await;
    // An application of a platform has no such step.
    let (id, link) = h.rest_start("218000002").await;
    let mut other = Person::new();
    other.walk(&link, "kindergarten-head").await;
    assert_eq!(other.get(&h.url(&format!("/applications/{id}/confirm")), None).await.status, 404);
    assert_eq!(send(&head, &csrf).await.status, 303);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_sign_in_is_repeated_and_what_was_proven_stays_for_the_same_organisation() {
    let h = Harness::start().await;
    let started = h.apply(COMMUNITY).await;
    let mut person = Person::new();
    let choose = async |person: &mut Person, at: &str, organisation: &str| {
        let end = person.walk(at, "two-organisations").await;
        let form = Page::of(&end);
        let csrf = form.one("form.choose input[name=csrf]", "value");
        person.post(&end.url, &[("csrf", &csrf), ("organisation", organisation)]).await.location.unwrap()
    };
    let door = h.sign_in_address(&person, &started).await;
    let home = h.url(&format!("/applications/{}", started.id));
    assert_eq!(choose(&mut person, &door, "1000000404").await, home);
    h.prove(&started.id).await;
    h.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(h.last_step(&person, &started).await.location.as_deref(), Some(home.as_str()));
    let old = person.get(&home, None).await;
    assert!(old.body.contains("Войдите ещё раз"), "{}", old.body);
    let door = h.url(&next_of(&old));
    assert_eq!(choose(&mut person, &door, "1000000404").await, h.confirm_url(&started), "proven for this one before");
    assert_eq!(h.last_step(&person, &started).await.status, 200);
    // For another organisation it has to be proven anew.
    assert_eq!(choose(&mut person, &door, "1000000505").await, home);
    assert_eq!(h.word("state", &started.id), "organisation_chosen");
    assert_eq!(h.last_step(&person, &started).await.location.as_deref(), Some(home.as_str()));
    let proofs = Database::open(&h.database).lines("SELECT status || ' ' || error AS v FROM control_proofs");
    assert_eq!(proofs, ["invalid other_organisation"]);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_renamed_is_shown_and_asked_about_again() {
    // As with a platform that tells us nothing.
    let h = Harness::start_with(&[("GOSBADGE__PLATFORM_EVENTS__RENAMED", "record")]).await;
    let (started, person) = h.at_the_last_step(COMMUNITY, "kindergarten-head").await;
    let page = h.last_step(&person, &started).await;
    rename(&h, "Ромашка. Новости").await;
    // What the person saw is not what is there: nothing is issued.
    let again = h.press(&person, &started, &page).await;
    assert_eq!(again.status, 409);
    let text = Page::of(&again).text("main");
    assert!(text.contains("кое-что изменилось") && text.contains("Ромашка. Новости") && text.contains(NAME), "{text}");
    h.assert_no_badge(COMMUNITY).await;
    assert_eq!(h.press(&person, &started, &again).await.status, 303);
    let token = Database::open(&h.database).lines("SELECT token AS v FROM attestations").remove(0);
    assert_eq!(claims_of(&token)["community"]["name"], "Ромашка. Новости");
    h.stop().await;
}

/// A platform's word of a new name ends what was begun before it, by policy: that leads to a new application.
#[tokio::test(flavor = "multi_thread")]
async fn a_platform_s_word_of_a_new_name_ends_the_application() {
    let h = Harness::start().await;
    let (started, person) = h.at_the_last_step(COMMUNITY, "kindergarten-head").await;
    let page = h.last_step(&person, &started).await;
    rename(&h, "Выплаты всем").await;
    let home = h.url(&format!("/applications/{}", started.id));
    assert_eq!(h.press(&person, &started, &page).await.location.as_deref(), Some(home.as_str()));
    let over = person.get(&home, None).await;
    assert!(over.body.contains("F15") && next_of(&over) == "/apply", "{}", over.body);
    h.assert_no_badge(COMMUNITY).await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_seen_is_not_confirmed_and_nothing_is_lost() {
    let h = Harness::start().await;
    let (started, person) = h.at_the_last_step(COMMUNITY, "kindergarten-head").await;
    let page = h.last_step(&person, &started).await;
    for (word, code) in [("closed", "community-closed"), ("banned", "community-blocked"), ("deleted", "community-deleted")] {
        stand(&h, word).await;
        for end in [h.last_step(&person, &started).await, h.press(&person, &started, &page).await] {
            assert!(end.status == 409 && end.body.contains(code), "{word}: {} {}", end.status, end.body);
            assert_eq!(Page::of(&end).all("form.confirm", "action").len(), 0, "{word}");
        }
    }
    stand(&h, "open").await;
    // More questions than the platform answers in a second.
    for _ in 0..4 {
        person.get(&h.confirm_url(&started), None).await;
    }
    let away = person.get(&h.confirm_url(&started), None).await;
    assert!(away.status == 503 && away.body.contains("platform-away"), "{}", away.body);
    h.assert_no_badge(COMMUNITY).await;
    let page = h.last_step(&person, &started).await;
    assert_eq!(h.press(&person, &started, &page).await.status, 303);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_badge_of_another_body_ends_as_the_page_says() {
    let h = Harness::start().await;
    let former = h.issue(COMMUNITY, "ministry-head").await;
    let (started, person) = h.at_the_last_step(COMMUNITY, "kindergarten-head").await;
    let page = h.last_step(&person, &started).await;
    assert!(Page::of(&page).text("main").contains("Её знак прекратится"), "{}", page.body);
    assert_eq!(h.press(&person, &started, &page).await.status, 303);
    let mut states = Database::open(&h.database).lines("SELECT state AS v FROM badges");
    states.sort();
    assert_eq!(states, ["active", "superseded"]);
    let (_, old) = h.verify(json!({ "attestation": former.attestation })).await;
    assert_eq!(old["verdict"], "invalid", "{old}");
    // Once more, by the same body: the badge stays and is confirmed anew.
    h.clock.advance(Duration::from_secs(60));
    let (started, person) = h.at_the_last_step(COMMUNITY, "kindergarten-head").await;
    let page = h.last_step(&person, &started).await;
    assert!(Page::of(&page).text("main").contains("уже есть знак вашей организации"), "{}", page.body);
    assert_eq!(h.press(&person, &started, &page).await.status, 303);
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM badges"), 2);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_badge_suspended_meanwhile_stands_in_the_way() {
    let h = Harness::start().await;
    let own = h.issue(COMMUNITY, "kindergarten-head").await;
    let (started, person) = h.at_the_last_step(COMMUNITY, "kindergarten-head").await;
    let page = h.last_step(&person, &started).await;
    let why = json!({ "reason": ReasonCode::OperatorDecision.as_str(), "note": "проверка" });
    assert_eq!(h.admin(&own.badge, "suspend", why).await.0, 200);
    // Looking ends nothing.
    let look = h.last_step(&person, &started).await;
    assert_eq!((look.status, Page::of(&look).text(".code").as_str()), (403, "B02"), "{}", look.body);
    assert_eq!(h.word("state", &started.id), "control_proven");
    let end = h.press(&person, &started, &page).await;
    assert_eq!(Page::of(&end).text(".code"), "B02", "{}", end.body);
    assert_eq!(Page::of(&end).all("main a[href='/apply']", "href").len(), 1, "{}", end.body);
    assert_eq!(h.word("state", &started.id), "refused");
    assert_eq!(h.count("SELECT COUNT(*) AS n FROM attestations"), 1);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_loses_nothing_and_the_button_works_again() {
    for (action, table, condition) in [
        ("UPDATE", "attestations", "NEW.state = 'active'"),
        ("UPDATE", "badges", "NEW.state = 'active'"),
        ("INSERT", "events", "NEW.seq > 0"),
        ("INSERT", "deliveries", "NEW.version > 0"),
    ] {
        let h = Harness::start().await;
        let mut db = Database::open(&h.database);
        let (started, person) = h.at_the_last_step(COMMUNITY, "kindergarten-head").await;
        let page = h.last_step(&person, &started).await;
        db.break_writes(action, table, condition);
        let end = h.press(&person, &started, &page).await;
        assert!((500..600).contains(&end.status) && !end.body.contains("broken on purpose"), "{table}: {}", end.body);
        assert_eq!(db.lines("SELECT state AS v FROM attestations"), ["prepared"], "{table}");
        assert_eq!(
            (db.count("events"), db.count("deliveries"), h.word("state", &started.id).as_str()),
            (0, 0, "control_proven"),
            "{table}"
        );
        let jti = db.lines("SELECT id AS v FROM attestations");
        db.repair(table);
        assert_eq!(h.press(&person, &started, &page).await.status, 303, "{table}");
        assert_eq!(db.lines("SELECT id AS v FROM attestations WHERE state = 'active'"), jti, "{table}");
        assert_eq!(h.status_of(COMMUNITY).await, "active");
        db.assert_consistent();
        h.stop().await;
    }
}

/// What one body left unfinished is not for another that signs in after it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_prepared_for_one_body_is_not_given_to_another() {
    let h = Harness::start().await;
    let mut db = Database::open(&h.database);
    let (started, person) = h.at_the_last_step(COMMUNITY, "kindergarten-head").await;
    let page = h.last_step(&person, &started).await;
    db.break_writes("INSERT", "events", "NEW.seq > 0");
    assert!(h.press(&person, &started, &page).await.status >= 500);
    db.repair("events");
    let mut other = Person::new();
    h.sign_in(&mut other, &started, "ministry-head").await;
    h.prove(&started.id).await;
    let page = h.last_step(&other, &started).await;
    let held = h.press(&other, &started, &page).await;
    assert_eq!(held.status, 409, "{}", held.body);
    h.clock.advance(gosbadge::service::sweep::UNFINISHED_AFTER + Duration::from_secs(1));
    gosbadge::service::sweep::sweep(h.app()).await.unwrap();
    assert_eq!(h.press(&other, &started, &page).await.status, 303);
    let token = db.lines("SELECT token AS v FROM attestations WHERE state = 'active'").remove(0);
    let full = claims_of(&token)["legal_entity"]["legal_person_name"].as_str().unwrap().to_owned();
    assert!(full.contains("МИНИСТЕРСТВО"), "{full}");
    h.stop().await;
}
