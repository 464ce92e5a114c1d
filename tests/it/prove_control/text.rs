//! A one-time text in the community: found by its number and as a whole word, and nothing else counts.

use std::time::Duration;

use gosbadge::service::sweep::sweep;

use super::{Applicant, COMMUNITY, INTERFACE, PAUSE};
use crate::database::Database;
use crate::flow::Page;
use crate::harness::{Harness, parameter};
use crate::portal::Started;

fn tokens(h: &Harness) -> i64 {
    h.count("SELECT COUNT(*) AS n FROM control_proofs WHERE token IS NOT NULL")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_in_the_description_proves_control() {
    let h = Harness::start_with(&[INTERFACE]).await;
    let a = h.applicant(COMMUNITY, "kindergarten-head").await;
    let page = a.page(&h).await;
    assert!(page.all("#token", "id").is_empty() && page.text("#text button").contains("Получить текст"));
    let token = a.text(&h).await;
    assert!(token.starts_with("gosbadge-") && token.len() == 31, "{token}");
    assert_eq!(a.text(&h).await, token, "begun again, it is the same");

    assert_eq!(a.look(&h, "platform_token").await.as_deref(), Some("text_not_found"));
    assert_eq!(a.proofs(&h), ["platform_token pending text_not_found"]);
    // A moment later nobody is asked.
    h.clock.advance(Duration::from_secs(3));
    let asked = h.http.get(format!("{}/club{COMMUNITY}", h.ready().platform_url)).send().await.unwrap().status();
    assert_eq!(asked, 200);
    let soon = a.send(&h, "platform_token", &[("do", "check")]).await;
    assert_eq!(soon.status, 429, "{}", soon.body);
    assert!(Page::of(&soon).text(".found p").contains(" 7."), "{}", Page::of(&soon).text(".found p"));

    assert_eq!(h.describe(COMMUNITY, &format!("Детский сад.\n{token}\nЛесная, 1")).await, 303);
    assert_eq!(a.look(&h, "platform_token").await, None);
    assert_eq!((a.state(&h).as_str(), a.proofs(&h)), ("control_proven", vec!["platform_token valid".to_owned()]));
    assert_eq!(tokens(&h), 0, "a text that has served is forgotten");
    let bound = "SELECT COUNT(*) AS n FROM control_proofs p JOIN applications a ON a.id = p.application_id \
                 WHERE p.authority_id = a.authority_id AND p.login_id IS NOT NULL AND p.validated_at IS NOT NULL";
    assert_eq!(h.count(bound), 1, "bound to the organisation and the sign-in");
    // The last step follows, and the attestation says how control was proven.
    let started = Started { id: a.application.clone(), link: String::new() };
    let page = h.last_step(&a.person, &started).await;
    h.press(&a.person, &started, &page).await;
    assert_eq!(h.status_of(COMMUNITY).await, "active");
    let method = "SELECT COUNT(*) AS n FROM attestations WHERE claims LIKE '%\"method\":\"platform_token\"%'";
    assert_eq!(h.count(method), 1);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_very_text_in_the_very_community_counts() {
    let h = Harness::start_with(&[INTERFACE]).await;
    let a = h.applicant(COMMUNITY, "kindergarten-head").await;
    let other = h.applicant(COMMUNITY, "kindergarten-head").await;
    let (mine, theirs) = (a.text(&h).await, other.text(&h).await);
    assert_ne!(mine, theirs);
    // Another application's text, parts of it, longer words, other spelling.
    for about in [theirs.clone(), mine[..30].to_owned(), format!("{mine}x"), format!("x{mine}"), mine.to_uppercase(), format!("{mine}-1")] {
        assert_eq!(h.describe(COMMUNITY, &about).await, 303);
        assert_eq!(a.look(&h, "platform_token").await.as_deref(), Some("text_not_found"), "{about}");
    }
    // In another community.
    assert_eq!(h.describe("218000002", &mine).await, 303);
    assert_eq!(a.look(&h, "platform_token").await.as_deref(), Some("text_not_found"));
    // Where members alone could read it, or nobody.
    assert_eq!(h.describe(COMMUNITY, &mine).await, 303);
    for (standing, word) in
        [("closed", "community_closed"), ("keeps_out", "community_closed"), ("deleted", "community_gone"), ("banned", "community_gone")]
    {
        h.stand(COMMUNITY, standing).await;
        assert_eq!(a.look(&h, "platform_token").await.as_deref(), Some(word), "{standing}");
    }
    h.stand(COMMUNITY, "open").await;
    assert_eq!(a.look(&h, "platform_token").await, None);
    assert_eq!(other.look(&h, "platform_token").await.as_deref(), Some("text_not_found"), "the other one's is gone by now");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_moved_to_another_community_proves_nothing() {
    let h = Harness::start_with(&[INTERFACE]).await;
    // Started by its vanity name; the application is the community's of that moment for good.
    let a = h.applicant(COMMUNITY, "kindergarten-head").await;
    let token = a.text(&h).await;
    let held = Database::open(&h.database).lines("SELECT community_number AS v FROM applications");
    assert_eq!(held, [COMMUNITY]);
    // Whoever has the name now is another community: the one with the number is asked.
    Database::open(&h.database)
        .run("UPDATE applications SET community_screen_name = 'minprimer', community_uri = 'https://vk.com/minprimer'");
    assert_eq!(h.describe("218000002", &token).await, 303);
    assert_eq!(a.look(&h, "platform_token").await.as_deref(), Some("text_not_found"));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_does_not_answer_is_no_answer() {
    let h = Harness::start_with(&[INTERFACE]).await;
    let a = h.applicant(COMMUNITY, "kindergarten-head").await;
    let token = a.text(&h).await;
    h.describe(COMMUNITY, &token).await;
    h.clock.advance(PAUSE);
    // Its limit of three questions in a second is used up by others.
    for _ in 0..3 {
        let _ = gosbadge::service::look_at_community::look_at_community(h.app(), "demo", COMMUNITY).await;
    }
    a.done(&h, "platform_token", &[("do", "check")]).await;
    assert_eq!(a.proofs(&h), ["platform_token pending platform_unavailable"]);
    assert!(a.page(&h).await.text(".found b").contains("не отвечает"));
    assert_eq!(a.look(&h, "platform_token").await, None);
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_community_cannot_be_read_operators_are_the_way() {
    // The interface that is configured is of another platform.
    let h = Harness::start_with(&[INTERFACE, ("GOSBADGE__PLATFORM_API__VK__PLATFORM", "elsewhere")]).await;
    let a = h.applicant(COMMUNITY, "kindergarten-head").await;
    let page = a.page(&h).await;
    assert!(page.all("#text", "id").is_empty() && page.all("#site", "id").is_empty() && !page.all("#operator", "id").is_empty());
    a.done(&h, "platform_token", &[("do", "begin")]).await;
    a.done(&h, "site_link", &[("do", "name"), ("page", "https://ds12.example.ru/")]).await;
    assert!(a.proofs(&h).is_empty());
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_ends_with_its_time_and_with_another_organisation() {
    let settings = [INTERFACE, ("GOSBADGE__APPLICATION__PORTAL_LIFETIME", "2d"), ("GOSBADGE__JOBS__IN_PROCESS", "false")];
    let h = Harness::start_with(&settings).await;
    let mut person = crate::harness::Person::new();
    let into = h.name_community(&person, COMMUNITY).await;
    let application = url::Url::parse(&into).unwrap().path_segments().unwrap().next_back().unwrap().to_owned();
    let link = parameter(&into, "link").unwrap();
    let school = "1000000404";
    let choose = async |person: &mut crate::harness::Person, organisation: &str| {
        let end = h.sign_in_by(person, &application, &link, "two-organisations").await;
        let page = Page::of(&end);
        let (action, csrf) = (h.url(&page.one("form.choose", "action")), page.one("form.choose input[name=csrf]", "value"));
        person.post(&action, &[("csrf", &csrf), ("organisation", organisation)]).await
    };
    choose(&mut person, school).await;
    h.clock.advance(Duration::from_secs(1));
    let a = Applicant { person, application: application.clone() };
    let token = a.text(&h).await;
    // Signed in again for the same organisation: the text holds.
    let mut a = a;
    choose(&mut a.person, school).await;
    assert_eq!(a.text(&h).await, token);
    // For another one it is void, and the new one is another.
    h.clock.advance(Duration::from_secs(1));
    h.describe(COMMUNITY, &token).await;
    choose(&mut a.person, "1000000505").await;
    assert_eq!(a.proofs(&h), ["platform_token invalid other_organisation"]);
    assert_eq!(tokens(&h), 0);
    let second = a.text(&h).await;
    assert_ne!(second, token);
    assert_eq!(a.look(&h, "platform_token").await.as_deref(), Some("text_not_found"), "the first organisation's text is none of theirs");
    // Proven for one, chosen for the other: proven no more.
    h.describe(COMMUNITY, &second).await;
    assert_eq!(a.look(&h, "platform_token").await, None);
    h.clock.advance(Duration::from_secs(1));
    choose(&mut a.person, school).await;
    assert_eq!(a.state(&h), "organisation_chosen");
    assert!(a.proofs(&h).iter().all(|p| p.starts_with("platform_token invalid")), "{:?}", a.proofs(&h));

    // Nobody comes back in time: the sweeper forgets the text.
    a.text(&h).await;
    assert_eq!(tokens(&h), 1);
    h.clock.advance(Duration::from_secs(2 * 24 * 3600));
    sweep(h.app()).await.unwrap();
    assert_eq!(tokens(&h), 0);
    assert!(a.proofs(&h).iter().any(|p| p == "platform_token invalid expired"), "{:?}", a.proofs(&h));
    h.stop().await;
}
