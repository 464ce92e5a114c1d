//! An authority starts by itself: steps that the tests of the portal share. The form is tested in `portal/start.rs`, the link and the
//! sign-in in `portal/link.rs`, the last step in `portal/confirm.rs`.

mod confirm;
mod link;
mod start;

use std::time::Duration;

use gosbadge::domain::application::ApplicationState;
use gosbadge::domain::control::{ProofKind, ProofStatus};
use gosbadge::domain::ids::ProofId;
use gosbadge::ports::Clock as _;
use gosbadge::store::proofs::{self, ProofRow};
use gosbadge::store::{StoreError, applications};

use crate::flow::Page;
use crate::harness::{End, Harness, Person, parameter};

/// A community of the stand-in platform.
pub const COMMUNITY: &str = "218000001";

/// An application that was started at `/apply`.
pub struct Started {
    pub id: String,
    /// The whole address with the one-time link.
    pub link: String,
}

impl Harness {
    /// Fills in the form and sends it.
    pub async fn fill_in(&self, person: &Person, fields: &[(&str, &str)]) -> End {
        let form = person.get(&self.url("/apply"), None).await;
        assert_eq!(form.status, 200, "{}", form.body);
        let once = Page::of(&form).one("input[name=once]", "value");
        let mut all = vec![("once", once.as_str())];
        all.extend(fields);
        // The stand-in platform answers three questions in a second.
        self.clock.advance(Duration::from_secs(1));
        person.post(&self.url("/apply"), &all).await
    }

    /// Starts an application for a community of the stand-in platform.
    pub async fn apply(&self, community: &str) -> Started {
        let link = format!("{}/club{community}", self.ready().platform_url);
        let end = self.fill_in(&Person::new(), &[("platform", ""), ("link", &link)]).await;
        assert_eq!(end.status, 303, "{}", end.body);
        let link = end.location.unwrap();
        let id = url::Url::parse(&link).unwrap().path().trim_start_matches("/applications/").to_owned();
        Started { id, link }
    }

    /// The address of the button that signs in.
    pub async fn sign_in_address(&self, person: &Person, started: &Started) -> String {
        let page = person.get(&started.link, None).await;
        assert_eq!(page.status, 200, "{}", page.body);
        self.url(&Page::of(&page).one("main .buttons a.button", "href"))
    }

    /// Opens the link, presses the button and signs in; wherever that leads.
    pub async fn sign_in(&self, person: &mut Person, started: &Started, persona: &str) -> End {
        let address = self.sign_in_address(person, started).await;
        person.walk(&address, persona).await
    }

    /// A word of an application out of the database: no interface shows an authority's own to anybody else.
    pub fn word(&self, column: &str, application: &str) -> String {
        let sql = format!("SELECT CAST({column} AS TEXT) AS v FROM applications WHERE id = '{application}'");
        crate::database::Database::open(&self.database).lines(&sql).remove(0)
    }
}

/// The code shown with the problem of a form that came back.
pub fn problem(end: &End) -> String {
    let text = Page::of(end).text("#apply-error .quiet");
    text.trim_matches(['(', ')']).split(' ').nth(1).unwrap().to_owned()
}

/// The one-time value of a link.
pub fn secret(started: &Started) -> String {
    parameter(&started.link, "link").unwrap()
}

impl Harness {
    /// Makes a proof of control valid, as the service does when it finds one: bound to the organisation that was chosen.
    pub async fn prove(&self, application: &str) {
        let now = self.clock.now();
        let (id, proof) = (application.to_owned(), ProofId::new(now, self.app().entropy.bytes()).to_string());
        let proven = self.app().db.write("prove", move |tx| -> Result<(), StoreError> {
            let a = applications::by_id(tx, &id)?.unwrap();
            let row = ProofRow {
                id: proof,
                application_id: id.clone(),
                kind: ProofKind::PlatformToken.as_str().to_owned(),
                status: ProofStatus::Valid.as_str().to_owned(),
                token: None,
                error: None,
                authority_id: a.authority_id,
                login_id: None,
                created_at: now.millis(),
                validated_at: Some(now.millis()),
                expires_at: now.plus(Duration::from_secs(3600)).millis(),
                updated_at: now.millis(),
                updated_by: "test".to_owned(),
                page: None,
                sealed: None,
                looked_at: None,
            };
            proofs::insert(tx, &row)?;
            applications::advance(tx, &id, ApplicationState::ControlProven, now)
        });
        proven.await.unwrap();
    }

    /// A person who has only to confirm.
    pub async fn at_the_last_step(&self, community: &str, persona: &str) -> (Started, Person) {
        let started = self.apply(community).await;
        let mut person = Person::new();
        let end = self.sign_in(&mut person, &started, persona).await;
        assert_eq!(self.word("state", &started.id), "organisation_chosen", "{}", end.body);
        self.prove(&started.id).await;
        (started, person)
    }

    pub fn confirm_url(&self, started: &Started) -> String {
        self.url(&format!("/applications/{}/confirm", started.id))
    }

    /// The last step's page; the stand-in platform is asked for it.
    pub async fn last_step(&self, person: &Person, started: &Started) -> End {
        self.clock.advance(Duration::from_secs(1));
        person.get(&self.confirm_url(started), None).await
    }

    /// Presses the button of a last step's page.
    pub async fn press(&self, person: &Person, started: &Started, page: &End) -> End {
        let page = Page::of(page);
        let value = |name: &str| page.one(&format!("form.confirm input[name={name}]"), "value");
        let (csrf, seen) = (value("csrf"), value("seen"));
        self.clock.advance(Duration::from_secs(1));
        person.post(&self.confirm_url(started), &[("csrf", &csrf), ("seen", &seen)]).await
    }
}
