//! The stand-in platform against a fake gosbadge: it must show a badge only while it verifies, and believe nobody else.

mod fake;

use std::net::TcpListener;
use std::sync::Arc;

use fake::{CLUB, Fake, INBOUND, OUTGOING};
use gosbadge::domain::webhook_signature::WebhookSecret;
use gosbadge::sandbox::platform::{PlatformConfig, start};
use reqwest::{Client, Response};
use scraper::{Html, Selector};
use serde_json::Value;

struct Site {
    fake: Arc<Fake>,
    base: String,
    browser: Client,
}

fn browser() -> Client {
    Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

impl Site {
    fn open() -> Self {
        Self::open_as(fake::CLIENT_SECRET)
    }

    fn open_as(client_secret: &str) -> Self {
        let fake = Fake::start();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let running = start(PlatformConfig {
            listener,
            base_url: base.clone(),
            issuer: fake.issuer.clone(),
            client_id: fake::CLIENT_ID.into(),
            client_secret: client_secret.into(),
            platform_id: "demo".parse().unwrap(),
            inbound_webhook_secret: WebhookSecret::parse(INBOUND).unwrap(),
            outgoing_webhook_secret: WebhookSecret::parse(OUTGOING).unwrap(),
            api_token: None,
            poll_every: None,
            clock: fake.clock.clone(),
            entropy: Arc::new(fake::OsRandom),
        })
        .unwrap();
        tokio::spawn(running.server);
        Self { fake, base, browser: browser() }
    }

    async fn get(&self, path: &str) -> String {
        self.browser.get(format!("{}{path}", self.base)).send().await.unwrap().text().await.unwrap()
    }

    async fn badge(&self) -> Value {
        serde_json::from_str::<Value>(&self.get(&format!("/api/communities/{CLUB}")).await).unwrap()["badge"].clone()
    }

    async fn status(&self) -> (bool, String) {
        let badge = self.badge().await;
        (badge["shown"].as_bool().unwrap(), badge["status"].as_str().unwrap().to_owned())
    }

    async fn press(&self, action: &str, csrf: &str, name: &str) -> Response {
        let form = [("csrf", csrf), ("name", name)];
        self.browser.post(format!("{}/club{CLUB}/{action}", self.base)).form(&form).send().await.unwrap()
    }

    /// Signs in and returns the CSRF token of the forms.
    async fn sign_in(&self) -> String {
        assert_eq!(self.press("signin", "", "").await.status(), 303);
        let page = Html::parse_document(&self.get(&format!("/club{CLUB}/settings")).await);
        page.select(&Selector::parse("input[name=csrf]").unwrap()).next().unwrap().attr("value").unwrap().to_owned()
    }

    /// Presses the button; returns the `state` pushed.
    async fn begin(&self) -> String {
        let csrf = self.sign_in().await;
        let response = self.press("confirm", &csrf, "").await;
        assert_eq!(response.status(), 302);
        let location = response.headers()["location"].to_str().unwrap();
        assert_eq!(
            location,
            format!("{}/go?client_id=demo-client&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Aabc", self.fake.issuer)
        );
        self.pushed("state")
    }

    fn pushed(&self, name: &str) -> String {
        self.fake.scene().pushed.iter().find(|(k, _)| k == name).unwrap().1.clone()
    }

    async fn come_back(&self, browser: &Client, query: &[(&str, &str)]) -> Response {
        browser.get(format!("{}/gosbadge/callback", self.base)).query(query).send().await.unwrap()
    }

    /// The whole way, with success.
    async fn confirm(&self) {
        let state = self.begin().await;
        let back = self.come_back(&self.browser, &[("code", "good-code"), ("state", &state), ("iss", &self.fake.issuer)]).await;
        assert_eq!(back.status(), 303);
    }

    async fn deliver(&self, id: &str, kind: &str, version: u64, status: &str) -> u16 {
        self.deliver_signed(id, kind, version, status, OUTGOING).await
    }

    async fn deliver_signed(&self, id: &str, kind: &str, version: u64, status: &str, secret: &str) -> u16 {
        let (headers, body) = self.fake.event(id, kind, version, status, secret);
        let mut request = self.browser.post(format!("{}/gosbadge/webhook", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send().await.unwrap().status().as_u16()
    }
}

#[tokio::test]
async fn an_administrator_gets_a_badge_that_every_visitor_sees() {
    let site = Site::open();
    assert_eq!(site.status().await, (false, "none".into()));
    site.confirm().await;

    let details: Value = serde_json::from_str(&site.pushed("authorization_details")).unwrap();
    assert_eq!(details[0]["type"], "official_community");
    assert_eq!(details[0]["actions"], serde_json::json!(["issue"]));
    assert_eq!(details[0]["community"]["uri"], format!("{}/club{CLUB}", site.base));
    assert_eq!(details[0]["control"]["role"], "admin");
    assert_eq!(site.pushed("code_challenge_method"), "S256");

    let badge = site.badge().await;
    assert_eq!((&badge["shown"], &badge["badge"]), (&true.into(), &fake::BADGE.into()));
    assert_eq!(badge["authority"], "МБДОУ «Детский сад № 12»");
    let page = site.get(&format!("/club{CLUB}")).await;
    assert!(page.contains("Госорганизация ✓ подтверждено gosbadge") && page.contains("МБДОУ «Детский сад № 12»"), "{page}");
    assert!(page.contains(&format!("href=\"{}/c/01KAR4T7Q2M9XVB3H5NDW8YJZE\"", site.fake.issuer)));
    assert_eq!(site.get("/").await.matches("class=\"chip\"").count(), 1);
}

#[tokio::test]
async fn only_the_browser_that_began_may_end_it_and_only_once() {
    let site = Site::open();
    let state = site.begin().await;
    let good = [("code", "good-code"), ("state", state.as_str()), ("iss", site.fake.issuer.as_str())];
    let stranger = browser();
    assert_eq!(site.come_back(&stranger, &good).await.status(), 400);
    stranger.post(format!("{}/club{CLUB}/signin", site.base)).send().await.unwrap();
    assert_eq!(site.come_back(&stranger, &good).await.status(), 400, "another administrator's session");
    assert_eq!(site.come_back(&site.browser, &[("code", "good-code"), ("state", "guess")]).await.status(), 400);
    assert_eq!(site.status().await, (false, "none".into()));
    assert_eq!(site.come_back(&site.browser, &good).await.status(), 303);
    assert_eq!(site.come_back(&site.browser, &good).await.status(), 400, "an attempt is spent by its first answer");
    assert!(site.status().await.0);
}

#[tokio::test]
async fn answers_from_elsewhere_and_refusals_give_no_badge_but_say_what_to_do() {
    let site = Site::open();
    for iss in [Some("https://evil.example"), None] {
        let state = site.begin().await;
        let mut query = vec![("code", "good-code"), ("state", state.as_str())];
        query.extend(iss.map(|iss| ("iss", iss)));
        site.come_back(&site.browser, &query).await;
        assert_eq!(site.status().await, (false, "none".into()));
    }
    let state = site.begin().await;
    let refusal = [
        ("error", "access_denied"),
        ("error_description", "Вы не руководитель <script>"),
        ("gosbadge_code", "F04"),
        ("state", &state),
        ("iss", &site.fake.issuer),
    ];
    site.come_back(&site.browser, &refusal).await;
    let page = site.get(&format!("/club{CLUB}/settings")).await;
    assert!(page.contains("F04") && page.contains("Вы не руководитель") && page.contains("Перешлите ссылку руководителю"), "{page}");
    assert!(!page.contains("<script>"));
}

#[tokio::test]
async fn a_wrong_client_secret_is_told_to_the_administrator() {
    let site = Site::open_as("wrong");
    let csrf = site.sign_in().await;
    assert_eq!(site.press("confirm", &csrf, "").await.status(), 303);
    assert!(site.get(&format!("/club{CLUB}/settings")).await.contains("no such client"));
}

#[tokio::test]
async fn an_attestation_of_another_community_is_not_believed() {
    let site = Site::open();
    site.fake.scene().attested_club = "218000002".into();
    site.confirm().await;
    assert_eq!(site.status().await, (false, "none".into()));
    assert!(site.get(&format!("/club{CLUB}/settings")).await.contains("не прошло проверку"));
}

#[tokio::test]
async fn a_status_list_that_lags_behind_the_issue_costs_a_moment_not_the_badge() {
    let site = Site::open();
    site.fake.scene().list_bytes[1] = 0b0100;
    site.confirm().await;
    assert_eq!(site.status().await, (false, "revoked".into()));
    site.fake.scene().list_bytes[1] = 0;
    site.fake.clock.advance(1);
    site.deliver("msg_1", "badge.issued", 1, "active").await;
    // The event makes the platform ask again by itself, without waiting for the ttl.
    for _ in 0..250 {
        if site.status().await.0 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the badge never showed");
}

#[tokio::test]
async fn pending_waits_for_the_event_stream() {
    let site = Site::open();
    site.fake.scene().granted = "pending";
    site.confirm().await;
    assert_eq!(site.status().await, (false, "pending".into()));
    assert!(site.get(&format!("/club{CLUB}/settings")).await.contains("на рассмотрении"));
    assert_eq!(site.deliver("msg_1", "badge.issued", 1, "active").await, 204);
    assert_eq!(site.status().await, (true, "active".into()));
}

#[tokio::test]
async fn a_revocation_hides_the_badge_at_once_and_late_events_do_not_bring_it_back() {
    let site = Site::open();
    site.confirm().await;
    assert_eq!(site.deliver("msg_1", "badge.issued", 1, "active").await, 204);
    assert_eq!(site.deliver_signed("msg_x", "badge.revoked", 9, "revoked", INBOUND).await, 401);
    assert!(site.status().await.0, "a forged revocation must not work");

    assert_eq!(site.deliver("msg_2", "badge.revoked", 3, "revoked").await, 204);
    assert_eq!(site.status().await, (false, "revoked".into()), "although the status list still says valid");
    assert_eq!(site.badge().await["reason"], "operator_decision");
    assert_eq!(site.deliver("msg_3", "badge.issued", 2, "active").await, 204);
    assert_eq!(site.deliver("msg_2", "badge.revoked", 3, "revoked").await, 204);
    assert_eq!(site.status().await, (false, "revoked".into()));
    let page = site.get(&format!("/club{CLUB}")).await;
    assert!(!page.contains("подтверждено gosbadge") && page.contains("отозвана"), "{page}");

    let deliveries: Vec<Value> = serde_json::from_str(&site.get("/api/deliveries").await).unwrap();
    let outcomes: Vec<_> = deliveries.iter().map(|d| (d["id"].as_str().unwrap(), d["outcome"].as_str().unwrap())).collect();
    let wanted = [("msg_1", "taken"), ("msg_2", "taken"), ("msg_3", "late"), ("msg_2", "duplicate")];
    assert!(wanted.iter().all(|w| outcomes.contains(w)), "{outcomes:?}");
    assert!(deliveries.iter().all(|d| d["signature_ok"] == (d["id"] != "msg_x")));
    assert_eq!(site.deliver("msg_9", "endpoint.verification", 1, "").await, 204);
}

#[tokio::test]
async fn a_suspended_badge_comes_back_with_the_event_that_lifts_it() {
    let site = Site::open();
    site.confirm().await;
    site.deliver("msg_1", "badge.suspended", 2, "suspended").await;
    assert_eq!(site.status().await, (false, "suspended".into()));
    site.deliver("msg_2", "badge.reinstated", 3, "active").await;
    assert_eq!(site.status().await, (true, "active".into()));
}

#[tokio::test]
async fn a_revocation_is_noticed_in_the_status_list_alone() {
    let site = Site::open();
    site.confirm().await;
    // Entry 5 lies in the second byte, bits 2 and 3.
    site.fake.scene().list_bytes[1] = 0b0100;
    assert!(site.status().await.0, "within the ttl the cached list is used");
    site.fake.clock.advance(61);
    assert_eq!(site.status().await, (false, "revoked".into()));
    site.fake.scene().list_bytes[1] = 0b1000;
    site.fake.clock.advance(61);
    assert_eq!(site.status().await, (false, "suspended".into()));
}

#[tokio::test]
async fn without_a_fresh_status_list_there_is_no_badge() {
    let site = Site::open();
    site.confirm().await;
    site.fake.clock.advance(61);
    assert!(site.status().await.0);
    assert_eq!(site.fake.scene().not_modified, 1, "an unchanged list is not sent twice");

    site.fake.scene().down = true;
    site.fake.clock.advance(600);
    assert!(site.status().await.0, "the cached list is still in time");
    site.fake.clock.advance(3600);
    assert_eq!(site.status().await, (false, "unavailable".into()));
    assert!(!site.get(&format!("/club{CLUB}")).await.contains("подтверждено gosbadge"));
    let asked = site.fake.scene().list_requests;
    site.status().await;
    assert_eq!(site.fake.scene().list_requests, asked, "a dead gosbadge is not hammered");

    site.fake.clock.advance(10);
    site.fake.scene().down = false;
    site.fake.scene().list_bytes.push(0);
    assert!(site.status().await.0);
}

#[tokio::test]
async fn new_keys_are_fetched_when_they_are_first_met() {
    let site = Site::open();
    site.confirm().await;
    site.fake.clock.advance(10);
    site.fake.scene().badge_key = fake::Key::generate("badge");
    site.deliver("msg_1", "badge.issued", 1, "active").await;
    assert_eq!(site.status().await, (true, "active".into()));
}

#[tokio::test]
async fn messages_to_gosbadge_are_signed_and_their_answers_shown() {
    let site = Site::open();
    let csrf = site.sign_in().await;
    for wrong in ["", "guess"] {
        assert_eq!(site.press("compromised", wrong, "").await.status(), 403);
    }
    assert_eq!(browser().post(format!("{}/club{CLUB}/check", site.base)).form(&[("csrf", &csrf)]).send().await.unwrap().status(), 403);
    assert!(site.fake.scene().messages.is_empty());

    assert_eq!(site.press("check", &csrf, "").await.status(), 303);
    let page = site.get(&format!("/club{CLUB}/settings")).await;
    assert!(page.contains("Ответ gosbadge: приостановлена (сообщество захвачено)."), "{page}");
    site.press("compromised", &csrf, "").await;
    site.press("rename", &csrf, "Новое название").await;
    assert_eq!(site.press("rename", &csrf, "  ").await.status(), 400);

    let scene = site.fake.scene();
    let kinds: Vec<_> = scene.messages.iter().map(|m| m["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["community.verify", "community.compromised", "community.renamed"]);
    assert_eq!(scene.messages[0]["data"]["community"]["id"], CLUB);
    assert_eq!(scene.messages[2]["data"]["community"]["name"], "Новое название");
}

#[tokio::test]
async fn the_headless_start_gives_a_cookie_that_ends_the_attempt() {
    let site = Site::open();
    let url = format!("{}/api/communities/{CLUB}/start", site.base);
    let started: Value = browser().post(url).send().await.unwrap().json().await.unwrap();
    assert!(started["authorize_url"].as_str().unwrap().starts_with(&site.fake.issuer));
    let query = [("code", "good-code"), ("state", started["state"].as_str().unwrap()), ("iss", &site.fake.issuer)];
    let back = browser().get(started["redirect_uri"].as_str().unwrap()).query(&query);
    assert_eq!(back.header("cookie", started["cookie"].as_str().unwrap()).send().await.unwrap().status(), 303);
    assert!(site.status().await.0);
}

#[tokio::test]
async fn unknown_places_answer_with_a_page() {
    let site = Site::open();
    for path in ["/nowhere", "/club1", "/club1/settings", "/club%00", "/gosbadge/callback?state=%ff"] {
        let response = browser().get(format!("{}{path}", site.base)).send().await.unwrap();
        assert!(response.status().is_client_error(), "{path}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
    }
}
