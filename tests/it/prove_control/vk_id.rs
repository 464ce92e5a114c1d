//! Signing in at VK against a stand-in that enforces its rules: administrators alone, by a pass of this browser that is used once.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use gosbadge::cli::wire::Parts;
use gosbadge::sandbox::vk_id::{self, VkId, VkIdConfig};

use super::{Applicant, COMMUNITY, INTERFACE};
use crate::database::Database;
use crate::harness::{Harness, Person, parameter};

const ADMINISTRATOR: &str = "11";
const EDITOR: &str = "12";
const STRANGER: &str = "13";

struct Set {
    h: Harness,
    vk: Arc<VkId>,
    server: actix_web::dev::ServerHandle,
}

/// The service and a VK ID it is registered at. The service's address has to be known first, so it stands on a port of its own.
async fn start(further: &[(&str, &str)]) -> Set {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut settings = vec![
        INTERFACE,
        ("GOSBADGE__PLATFORM_OAUTH__VK__PLATFORM", "demo"),
        ("GOSBADGE__PLATFORM_OAUTH__VK__CLIENT_ID", "51000000"),
        ("GOSBADGE__PLATFORM_OAUTH__VK__CLIENT_SECRET", "secret-of-the-test"),
        ("GOSBADGE__PLATFORM_OAUTH__VK__URL", &url),
        ("GOSBADGE__PLATFORM_OAUTH__VK__API_URL", &url),
    ];
    settings.extend_from_slice(further);
    let h = Harness::start_with(&settings).await;
    let group: u64 = COMMUNITY.parse().unwrap();
    let vk = VkId::new(VkIdConfig {
        client_id: "51000000".to_owned(),
        client_secret: Some("secret-of-the-test".to_owned()),
        redirect_uri: h.url("/oauth/platform/demo/callback"),
        levels: BTreeMap::from([((11, group), 3), ((12, group), 2), ((14, group), 1), ((13, group + 1), 3)]),
        clock: h.clock.clone(),
        entropy: Parts::system().entropy,
    });
    let server = vk_id::start(&vk, listener).unwrap();
    let handle = server.handle();
    tokio::spawn(server);
    Set { h, vk, server: handle }
}

impl Set {
    /// Presses the button: the address at VK.
    async fn leave(&self, a: &Applicant) -> String {
        let end = a.send(&self.h, "platform_oauth", &[]).await;
        assert_eq!(end.status, 303, "{}", end.body);
        end.location.unwrap()
    }

    /// Signs in at VK; the address of our callback, not opened.
    async fn signed_in(&self, a: &Applicant, who: &str) -> String {
        a.person.get(&self.leave(a).await, Some(who)).await.location.expect("a way back")
    }

    /// Comes back; what is wrong, or nothing when control is proven.
    async fn come_back(&self, a: &Applicant, callback: &str) -> Option<String> {
        let end = a.person.get(callback, None).await;
        assert_eq!((end.status, end.location), (303, Some(a.at(&self.h, "/control"))), "{}", end.body);
        let id = &a.application;
        let sql = format!(
            "SELECT COALESCE(error, '') AS v FROM control_proofs \
             WHERE kind = 'platform_oauth' AND status <> 'invalid' AND application_id = '{id}'"
        );
        Some(Database::open(&self.h.database).lines(&sql).remove(0)).filter(|e| !e.is_empty())
    }

    async fn stop(self) {
        self.server.stop(false).await;
        self.h.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_proves_control_and_nobody_less() {
    let s = start(&[]).await;
    let a = s.h.applicant(COMMUNITY, "kindergarten-head").await;
    let address = s.leave(&a).await;
    assert_eq!(parameter(&address, "code_challenge_method").as_deref(), Some("S256"));
    let policy = a.person.http.get(a.at(&s.h, "/control")).send().await.unwrap();
    let policy = policy.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains(&url::Url::parse(&address).unwrap().origin().ascii_serialization()), "the form may lead there: {policy}");
    for (who, word) in [
        (EDITOR, "not_an_administrator"),
        ("14", "not_an_administrator"),
        (STRANGER, "not_an_administrator"),
        ("deny", "sign_in_cancelled"),
    ] {
        let callback = s.signed_in(&a, who).await;
        assert_eq!(s.come_back(&a, &callback).await.as_deref(), Some(word), "{who}");
        assert!(!a.page(&s.h).await.text("#sign-in .found p").is_empty());
        assert_eq!(a.state(&s.h), "organisation_chosen");
    }
    let callback = s.signed_in(&a, ADMINISTRATOR).await;
    assert_eq!(s.come_back(&a, &callback).await, None);
    assert_eq!((a.state(&s.h).as_str(), a.proofs(&s.h)), ("control_proven", vec!["platform_oauth valid".to_owned()]));
    assert_eq!((s.vk.tokens_in_force(), s.vk.handed_back()), (0, 4), "every token was handed back");
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_is_of_one_browser_one_platform_and_one_use() {
    let s = start(&[]).await;
    let a = s.h.applicant(COMMUNITY, "kindergarten-head").await;
    let other = s.h.applicant(COMMUNITY, "kindergarten-head").await;
    let callback = s.signed_in(&a, ADMINISTRATOR).await;
    // Somebody else's browser, with or without an application of its own, consumes nothing.
    for person in [&Person::new(), &other.person] {
        let end = person.get(&callback, None).await;
        assert_eq!(end.status, 400, "{}", end.body);
    }
    // A foreign state, none, one twice, and another platform's address.
    let mine = parameter(&callback, "state").unwrap();
    let theirs = parameter(&s.signed_in(&other, ADMINISTRATOR).await, "state").unwrap();
    for wrong in [
        callback.replace(&mine, &theirs),
        callback.replace(&mine, "x"),
        callback.split("&state=").next().unwrap().to_owned(),
        format!("{callback}&state={mine}"),
        callback.replace("/platform/demo/", "/platform/vk/"),
    ] {
        assert_eq!(a.person.get(&wrong, None).await.status, 400, "{wrong}");
    }
    assert_eq!(a.state(&s.h), "organisation_chosen");
    assert_eq!(s.come_back(&a, &callback).await, None);
    assert_eq!(a.state(&s.h), "control_proven");
    // Again: the pass is used, and so is the code.
    assert_eq!(a.person.get(&callback, None).await.status, 400);
    // Another person's code in one's own pass: PKCE binds it to the pass it was given for.
    let (stolen, own) = (s.signed_in(&other, ADMINISTRATOR).await, s.signed_in(&other, STRANGER).await);
    let swapped = own.replace(&parameter(&own, "code").unwrap(), &parameter(&stolen, "code").unwrap());
    let end = other.person.get(&swapped, None).await;
    assert_eq!(end.status, 303);
    assert_eq!(
        (other.state(&s.h).as_str(), other.proofs(&s.h)),
        ("organisation_chosen", vec!["platform_oauth pending sign_in_cancelled".to_owned()])
    );
    // Another device, and a pass that took too long.
    let back = s.signed_in(&other, ADMINISTRATOR).await;
    let device = parameter(&back, "device_id").unwrap();
    other.person.get(&back.replace(&device, "x"), None).await;
    assert_eq!(other.state(&s.h), "organisation_chosen");
    let late = s.signed_in(&other, ADMINISTRATOR).await;
    s.h.clock.advance(Duration::from_secs(600));
    assert_eq!(other.person.get(&late, None).await.status, 400);
    s.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_and_faults_of_ours_prove_nothing_and_nothing_secret_is_kept() {
    let s = start(&[("GOSBADGE__JOBS__IN_PROCESS", "false")]).await;
    let a = s.h.applicant(COMMUNITY, "kindergarten-head").await;
    for (status, body, word) in [
        (500, "", "platform_unavailable"),
        (200, "not json", "platform_unavailable"),
        (200, r#"{"error":"invalid_client","error_description":"x"}"#, "platform_unavailable"),
        (200, r#"{"error":"invalid_grant","error_description":"x"}"#, "sign_in_cancelled"),
        (200, r#"{"access_token":"t","state":"another"}"#, "sign_in_cancelled"),
        (200, r#"{"access_token":"","state":"another"}"#, "sign_in_cancelled"),
        (302, "", "platform_unavailable"),
    ] {
        let callback = s.signed_in(&a, ADMINISTRATOR).await;
        s.vk.garble(status, body);
        assert_eq!(s.come_back(&a, &callback).await.as_deref(), Some(word), "{status} {body}");
    }
    assert_eq!(a.state(&s.h), "organisation_chosen");
    let rows = s.h.count("SELECT COUNT(*) AS n FROM platform_passes WHERE CAST(sealed AS TEXT) LIKE '%redirect_uri%'");
    assert_eq!(rows, 0, "what is remembered is sealed");
    s.h.clock.advance(Duration::from_secs(2 * 24 * 3600));
    gosbadge::service::sweep::sweep(s.h.app()).await.unwrap();
    assert_eq!(s.h.count("SELECT COUNT(*) AS n FROM platform_passes"), 0);
    s.stop().await;
}
