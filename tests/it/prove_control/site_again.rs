//! The links a badge rests on are looked at again: missing at two looks a day apart, control has to be proven anew; what nobody answers
//! about changes nothing, and no site is asked for more than it has to be.

use std::time::Duration;

use gosbadge::service::sweep::sweep;
use gosbadge::service::watch_sites::{SitesWatched, watch_sites};
use serde_json::{Value, json};

use super::site::{Site, name};
use super::{COMMUNITY, INTERFACE};
use crate::database::Database;
use crate::flow::Page;
use crate::harness::Harness;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const LOOK_AGAIN: (&str, &str) = ("GOSBADGE__PLATFORM_API__LOOK_AGAIN", "24h");
/// The rounds are the test's.
const SETTINGS: [(&str, &str); 3] = [INTERFACE, LOOK_AGAIN, ("GOSBADGE__JOBS__IN_PROCESS", "false")];
const NOTHING: SitesWatched = SitesWatched { seen: 0, demanded: 0 };
const SEEN: SitesWatched = SitesWatched { seen: 1, demanded: 0 };
const DEMANDED: SitesWatched = SitesWatched { seen: 1, demanded: 1 };

/// A badge that rests on a site.
struct Stand {
    h: Harness,
    site: Site,
    badge: String,
}

impl Stand {
    async fn start() -> Self {
        let (h, site) = (Harness::start_with(&SETTINGS).await, Site::start());
        let badge = confirm(&h, &site, COMMUNITY).await;
        assert_eq!(watch_sites(h.app()).await.unwrap(), NOTHING, "a fresh proof is looked at later");
        Self { h, site, badge }
    }

    /// A round after some time.
    async fn round(&self, after: Duration) -> SitesWatched {
        self.h.clock.advance(after);
        watch_sites(self.h.app()).await.unwrap()
    }

    /// The site's page has no link to the community any more.
    fn forgets(&self) {
        self.site.says("", "<a href=\"https://example.ru/\">Детский сад</a>");
    }

    /// It has, without the text that has served.
    fn links(&self) {
        self.site.says("", &link(&self.h, COMMUNITY));
    }

    /// State, reason and `reprove_by` of the badge, and the types of its events.
    async fn shown(&self) -> (String, Value, Value, Vec<String>) {
        let url = self.h.url(&format!("/v1/badges/{}", self.badge));
        let b: Value = self.h.http.get(url).send().await.unwrap().json().await.unwrap();
        let history = b["history"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap().to_owned()).collect();
        (b["state"].as_str().unwrap().to_owned(), b["reason"].clone(), b["reprove_by"].clone(), history)
    }

    async fn assert_untouched(&self) {
        assert_eq!(self.shown().await, ("active".to_owned(), Value::Null, Value::Null, vec!["issued".to_owned()]));
    }

    async fn stop(self) {
        self.site.server.stop(false).await;
        self.h.stop().await;
    }
}

fn link(h: &Harness, community: &str) -> String {
    format!("<p><a href=\"{}/club{community}\">сообщество</a></p>", h.ready().platform_url)
}

/// Has a badge issued on the strength of the site's links; its id.
async fn confirm(h: &Harness, site: &Site, community: &str) -> String {
    let a = h.applicant(community, "kindergarten-head").await;
    let mark = name(&a, h, &site.url).await;
    h.names_site(community, &site.url).await;
    site.says(&mark, &link(h, community));
    assert_eq!(a.look(h, "site_link").await, None);
    h.clock.advance(Duration::from_secs(1));
    let page = a.person.get(&a.at(h, "/confirm"), None).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let page = Page::of(&page);
    let value = |name: &str| page.one(&format!("form.confirm input[name={name}]"), "value");
    h.clock.advance(Duration::from_secs(1));
    let end = a.person.post(&a.at(h, "/confirm"), &[("csrf", &value("csrf")), ("seen", &value("seen"))]).await;
    assert_eq!(end.status, 303, "{}", end.body);
    let badge = format!("SELECT badge_id AS v FROM applications WHERE id = '{}'", a.application);
    Database::open(&h.database).lines(&badge).remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_missing_at_two_looks_has_control_proven_again_and_the_badge_suspended_in_the_end() {
    let s = Stand::start().await;
    s.links();
    assert_eq!(s.round(DAY).await, SEEN);
    s.forgets();
    assert_eq!(s.round(DAY).await, SEEN);
    s.assert_untouched().await;
    let asked = s.site.asked();
    assert_eq!((s.round(23 * HOUR).await, s.site.asked()), (NOTHING, asked), "not before its time");
    assert_eq!(s.round(HOUR).await, DEMANDED);
    let (state, reason, by, history) = s.shown().await;
    let end = serde_json::to_value(gosbadge::ports::Clock::now(&*s.h.clock).plus(14 * DAY)).unwrap();
    assert_eq!((state.as_str(), &reason, &by), ("active", &Value::Null, &end));
    assert_eq!(history, ["issued", "updated"]);

    // Nobody asks the site any more, and the link that is back does not end the term: only a person can.
    s.links();
    let asked = s.site.asked();
    assert_eq!((s.round(2 * DAY).await, s.site.asked()), (NOTHING, asked));
    assert_eq!(s.shown().await.2, by);
    s.h.clock.advance(12 * DAY);
    assert_eq!(sweep(s.h.app()).await.unwrap().unproven, 1);
    let (state, reason, _, history) = s.shown().await;
    assert_eq!((state.as_str(), reason), ("suspended", json!("mandate_lost")));
    assert_eq!(history, ["issued", "updated", "suspended"]);

    // Proven again, by the site once more: in force, and looked at like before.
    assert_eq!(confirm(&s.h, &s.site, COMMUNITY).await, s.badge);
    let (state, _, by, _) = s.shown().await;
    assert_eq!((state.as_str(), by), ("active", Value::Null));
    assert_eq!(s.round(DAY).await, SEEN);
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_answers_about_changes_nothing() {
    let s = Stand::start().await;
    for status in [503, 403, 500, 429] {
        *s.site.page.lock().unwrap() = (status, "нет".to_owned());
        let asked = s.site.asked();
        assert_eq!((s.round(DAY).await, s.site.asked()), (NOTHING, asked + 1), "{status}");
    }
    // The platform says nothing of what the community names: the site is not asked.
    s.forgets();
    let asked = s.site.asked();
    for word in ["closed", "deleted", "banned", "keeps_out"] {
        s.h.stand(COMMUNITY, word).await;
        assert_eq!((s.round(DAY).await, s.site.asked()), (NOTHING, asked), "{word}");
    }
    s.h.stand(COMMUNITY, "open").await;
    s.assert_untouched().await;
    assert_eq!(s.h.count("SELECT COUNT(*) AS n FROM site_looks WHERE missed_since IS NULL"), 1);
    // A look without an answer is none: neither the second one, nor an end to the first.
    assert_eq!(s.round(DAY).await, SEEN);
    *s.site.page.lock().unwrap() = (503, String::new());
    assert_eq!(s.round(DAY).await, NOTHING);
    s.assert_untouched().await;
    s.forgets();
    assert_eq!(s.round(DAY).await, DEMANDED);
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_gone_altogether_changes_nothing() {
    let s = Stand::start().await;
    s.site.server.stop(false).await;
    for _ in 0..3 {
        assert_eq!(s.round(DAY).await, NOTHING);
    }
    s.assert_untouched().await;
    s.h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_the_site_does_not_have_any_more_is_a_missing_link() {
    let s = Stand::start().await;
    *s.site.page.lock().unwrap() = (404, "нет".to_owned());
    assert_eq!(s.round(DAY).await, SEEN);
    s.assert_untouched().await;
    *s.site.page.lock().unwrap() = (410, "нет".to_owned());
    assert_eq!(s.round(DAY).await, DEMANDED);
    assert_eq!(s.shown().await.3, ["issued", "updated"]);
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_back_at_the_second_look_was_never_missing() {
    let s = Stand::start().await;
    for _ in 0..2 {
        s.forgets();
        assert_eq!(s.round(DAY).await, SEEN);
        s.links();
        assert_eq!(s.round(DAY).await, SEEN);
    }
    s.assert_untouched().await;
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_that_no_longer_names_the_site_misses_a_link_too() {
    let s = Stand::start().await;
    s.h.names_site(COMMUNITY, "https://ds12.example.ru").await;
    let asked = s.site.asked();
    assert_eq!(s.round(DAY).await, SEEN);
    s.assert_untouched().await;
    assert_eq!(s.round(DAY).await, DEMANDED);
    assert_eq!(s.site.asked(), asked, "nobody's server is asked that the community does not name");
    assert!(s.shown().await.2.is_string());
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_demanded_already_is_not_demanded_anew() {
    let s = Stand::start().await;
    s.forgets();
    assert_eq!(s.round(DAY).await, SEEN);
    // As after changed administrators, a little before.
    let by = gosbadge::ports::Clock::now(&*s.h.clock).plus(3 * DAY).millis();
    Database::open(&s.h.database).run(&format!("UPDATE badges SET reprove_since = 1, reprove_by = {by} WHERE id = '{}'", s.badge));
    assert_eq!(s.round(DAY).await, SEEN);
    let term = "SELECT COUNT(*) AS n FROM badges WHERE reprove_since = 1";
    assert_eq!((s.h.count(term), s.h.count("SELECT COUNT(*) AS n FROM site_looks")), (1, 0));
    assert_eq!(s.shown().await.3, ["issued"]);
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_site_is_asked_where_control_rests_on_something_else() {
    let s = Stand::start().await;
    s.forgets();
    assert_eq!(s.round(DAY).await, SEEN);
    // The same body's next confirmation has its platform's word.
    assert_eq!(s.h.issue(COMMUNITY, "kindergarten-head").await.badge, s.badge);
    let (started, person) = s.h.at_the_last_step("218000003", "kindergarten-head").await;
    let page = s.h.last_step(&person, &started).await;
    assert_eq!(s.h.press(&person, &started, &page).await.status, 303);
    let asked = s.site.asked();
    for _ in 0..3 {
        assert_eq!((s.round(DAY).await, s.site.asked()), (NOTHING, asked));
    }
    assert_eq!(s.shown().await.2, Value::Null);
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_page_is_asked_once_for_all_that_rest_on_it() {
    let s = Stand::start().await;
    s.h.clock.advance(6 * HOUR);
    let other = confirm(&s.h, &s.site, "218000002").await;
    s.site.says("", &format!("{}{}", link(&s.h, COMMUNITY), link(&s.h, "218000002")));
    let asked = s.site.asked();
    s.h.clock.advance(DAY);
    let (a, b) = tokio::join!(watch_sites(s.h.app()), watch_sites(s.h.app()));
    assert_eq!((a.unwrap().seen + b.unwrap().seen, s.site.asked()), (2, asked + 1));
    // What one of them misses is nothing to the other. One that has ended is not looked at.
    s.links();
    assert_eq!(s.round(DAY).await, SitesWatched { seen: 2, demanded: 0 });
    let missing = "SELECT badge_id AS v FROM site_looks WHERE missed_since IS NOT NULL";
    assert_eq!(Database::open(&s.h.database).lines(missing), std::slice::from_ref(&other));
    let (status, _) = s.h.admin(&other, "revoke", json!({ "reason": "operator_decision" })).await;
    assert_eq!(status, 200);
    assert_eq!(s.round(DAY).await, SEEN);
    assert_eq!(s.h.count("SELECT COUNT(*) AS n FROM site_looks"), 1);
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_most_of_many_links_are_missing_is_not_believed() {
    let s = Stand::start().await;
    s.forgets();
    assert_eq!(s.round(DAY).await, SEEN);
    let mut db = Database::open(&s.h.database);
    for n in 0..19 {
        db.run(&format!(
            "INSERT INTO communities (id, platform_id, number, uri, name, created_at, updated_at, updated_by)
             SELECT 'c{n}', platform_id, '9000{n}', uri, name, created_at, updated_at, 'test' FROM communities WHERE number = '{COMMUNITY}'"
        ));
        db.run(&format!(
            "INSERT INTO badges (id, community_id, authority_id, application_id, state, version, expires_at, created_at, updated_at, updated_by)
             SELECT 'b{n}', 'c{n}', authority_id, application_id, state, 1, expires_at, created_at, updated_at, 'test' FROM badges WHERE id = '{}'",
            s.badge
        ));
        db.run(&format!(
            "INSERT INTO site_looks (badge_id, page, next_at, missed_since) VALUES ('b{n}', 'https://example.ru/', 9000000000000, 1)"
        ));
    }
    assert_eq!(s.round(DAY).await, SEEN);
    s.assert_untouched().await;
    db.run("UPDATE site_looks SET missed_since = NULL WHERE missed_since = 1");
    assert_eq!(s.round(DAY).await, DEMANDED);
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn badges_of_before_are_looked_at_by_what_their_newest_confirmation_rests_on() {
    let s = Stand::start().await;
    s.h.issue("218000002", "kindergarten-head").await;
    let set = if crate::harness::on_postgres() { "postgres" } else { "sqlite" };
    let file = format!("{}/migrations/{set}/2026-11-29-000013_site_looks/up.sql", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).unwrap();
    let fill = text.split(';').find(|part| part.contains("INSERT INTO")).unwrap();
    let mut db = Database::open(&s.h.database);
    db.run("DELETE FROM site_looks");
    db.run(fill);
    assert_eq!(db.lines("SELECT badge_id || ' ' || page AS v FROM site_looks"), [format!("{} {}", s.badge, s.site.url)]);
    s.links();
    assert_eq!(s.round(DAY).await, SEEN);
    // Another confirmation came after.
    s.h.issue(COMMUNITY, "kindergarten-head").await;
    db.run(fill);
    assert_eq!(db.count("site_looks"), 0);
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_running_service_looks_by_itself() {
    let s = Stand::start().await;
    s.h.clock.advance(DAY);
    let h = s.h.restart(&[INTERFACE, LOOK_AGAIN]).await;
    // The stand-in began anew: its community names no site.
    h.until("it is missed", async || (h.count("SELECT COUNT(*) AS n FROM site_looks WHERE missed_since IS NOT NULL") == 1).then_some(()))
        .await;
    s.site.server.stop(false).await;
    h.stop().await;
}
