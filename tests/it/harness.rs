//! One whole set-up per test: service, stand-in ESIA and stand-in platform on free ports, a database of its own, and a clock
//! the test holds. `GOSBADGE_TEST_DB` chooses the database: `sqlite` (default) or `postgres` (then `GOSBADGE_TEST_POSTGRES` names a
//! server where databases may be created).

#[path = "kept.rs"]
mod kept;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use diesel::prelude::*;
use gosbadge::cli::dev::{self, Dev, EsiaMode, Options, Ready};
use gosbadge::cli::wire::{Parts, WireError};
use gosbadge::domain::time::Timestamp;
use gosbadge::ports::{Clock, EventSink};
use gosbadge::service::App;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A clock that stands still until it is moved. Starts at the real time, because other people's libraries look at that.
pub struct HeldClock(AtomicI64);

impl HeldClock {
    pub fn new() -> Arc<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        Arc::new(Self(AtomicI64::new(i64::try_from(now).unwrap())))
    }

    /// A clock that is behind: what was made before now lies in its future.
    pub fn turn_back(&self, by: Duration) {
        self.0.fetch_sub(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Which database the suite runs on.
pub fn on_postgres() -> bool {
    std::env::var("GOSBADGE_TEST_DB").is_ok_and(|v| v == "postgres")
}

/// A database of its own for one test, with nothing in it yet, not even tables: `sqlite:PATH` or `postgres://…`.
#[allow(dead_code, reason = "benches migrate nothing")]
pub fn empty_database(dir: &TempDir) -> String {
    new_database(
        dir,
        |_| (),
        |server, name| {
            let mut conn = PgConnection::establish(server).unwrap();
            diesel::sql_query(format!("CREATE DATABASE {name}")).execute(&mut conn).unwrap();
        },
    )
}

/// The same in the shape this version needs.
pub fn fresh_database(dir: &TempDir) -> String {
    new_database(dir, kept::sqlite, kept::postgres)
}

fn new_database(dir: &TempDir, sqlite: impl FnOnce(&Path), postgres: impl FnOnce(&str, &str)) -> String {
    if !on_postgres() {
        let file = dir.path().join("test.db");
        sqlite(&file);
        return format!("sqlite:{}", file.display());
    }
    let server = std::env::var("GOSBADGE_TEST_POSTGRES").expect("GOSBADGE_TEST_POSTGRES names the server for GOSBADGE_TEST_DB=postgres");
    let name = format!("t_{}", Parts::system().entropy.uuid().replace('-', ""));
    postgres(&server, &name);
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

/// A running set-up.
pub struct Harness {
    pub dev: Dev,
    pub clock: Arc<HeldClock>,
    pub http: reqwest::Client,
    /// `database.url`, for commands run beside the service.
    pub database: String,
    pub dir: TempDir,
}

impl Harness {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With further settings, `("GOSBADGE__STATUS__TTL", "5s")`.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_esia(EsiaMode::V1, settings).await
    }

    /// With another way to speak to the stand-in ESIA.
    pub async fn start_esia(esia: EsiaMode, settings: &[(&str, &str)]) -> Self {
        Self::try_start_at(0, esia, settings).await.expect("the set-up starts")
    }

    /// On the four ports from this one on, where the address has to be known beforehand; 0 takes any free ones.
    pub async fn try_start_at(port: u16, esia: EsiaMode, settings: &[(&str, &str)]) -> Result<Self, WireError> {
        let dir = TempDir::new().unwrap();
        let database = fresh_database(&dir);
        Self::start_on(dir, database, HeldClock::new(), port, esia, settings, None).await
    }

    /// With another way to send to platforms.
    pub async fn start_sending(sink: Arc<dyn EventSink>, settings: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().unwrap();
        let database = fresh_database(&dir);
        Self::start_on(dir, database, HeldClock::new(), 0, EsiaMode::V1, settings, Some(sink)).await.expect("the set-up starts")
    }

    /// Stops everything and starts it again over the same data; addresses and the platform's secrets are new ones.
    pub async fn restart(self, settings: &[(&str, &str)]) -> Self {
        self.dev.stop().await;
        Self::start_on(self.dir, self.database, self.clock, 0, EsiaMode::V1, settings, None).await.expect("the set-up starts")
    }

    async fn start_on(
        dir: TempDir,
        database: String,
        clock: Arc<HeldClock>,
        port: u16,
        esia: EsiaMode,
        settings: &[(&str, &str)],
        sink: Option<Arc<dyn EventSink>>,
    ) -> Result<Self, WireError> {
        gosbadge::telemetry::init_for_tests();
        let mut all = vec![
            ("GOSBADGE__DATABASE__URL".to_owned(), database.clone()),
            ("GOSBADGE__DATABASE__POOL_SIZE".to_owned(), "4".to_owned()),
            // A test on a busy machine may leave a connection idle for long.
            ("GOSBADGE__HTTP__CLIENT_TIMEOUT".to_owned(), "60s".to_owned()),
            ("GOSBADGE__STATUS__REFRESH_INTERVAL".to_owned(), "100ms".to_owned()),
            ("GOSBADGE__JOBS__POLL_INTERVAL".to_owned(), "100ms".to_owned()),
            ("GOSBADGE__TRANSPARENCY__INTERVAL".to_owned(), "100ms".to_owned()),
            // Most tests use numbers of communities that the stand-in platform does not have, and let much time pass.
            ("GOSBADGE__PLATFORM_API__LOOK_AGAIN".to_owned(), "0s".to_owned()),
        ];
        all.extend(settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let parts = Parts { clock: clock.clone(), sink, ..Parts::system() };
        let listen = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
        let options = Options { listen, data_dir: dir.path().to_owned(), esia, settings: all, parts };
        kept::give_keys(dir.path());
        let dev = dev::start(options).await?;
        kept::keep_keys(dir.path());
        Ok(Self { dev, clock, http: plain_client(), database, dir })
    }

    pub fn ready(&self) -> &Ready {
        &self.dev.ready
    }

    pub fn app(&self) -> &Arc<App> {
        &self.dev.app
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.ready().public_url)
    }

    /// The real binary beside the running service, over the same data.
    pub fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gosbadge"));
        command
            .args(args)
            .env("GOSBADGE__DATABASE__URL", &self.database)
            .env("GOSBADGE__DATA_DIR", self.dir.path())
            .env("GOSBADGE__DEV", "true")
            .env("GOSBADGE__PUBLIC_URL", &self.ready().public_url)
            .current_dir(self.dir.path());
        command
    }

    /// Runs it to its end.
    pub async fn gosbadge(&self, args: &[&str]) -> std::process::Output {
        let mut command = self.command(args);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// Stops the set-up; call it at the end of a test so that background work does not outlive it.
    pub async fn stop(self) {
        self.dev.stop().await;
    }

    /// `authorization_details` for a community of the stand-in platform.
    pub fn details(&self, community: &str) -> Value {
        json!([{
            "type": "official_community",
            "actions": ["issue"],
            "community": {
                "id": community,
                "uri": format!("{}/club{community}", self.ready().platform_url),
                "name": "Детский сад № 12 «Ромашка»",
                "screen_name": "ds12",
            },
            "control": { "role": "admin", "checked_at": "2026-11-20T09:12:00Z" },
        }])
    }

    /// Pushes a request as the stand-in platform's client would.
    pub async fn push(&self, community: &str, verifier: &str) -> Value {
        let answer = self.push_form(&self.push_parameters(community, verifier)).await;
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    pub fn push_parameters(&self, community: &str, verifier: &str) -> Vec<(&'static str, String)> {
        let platform = &self.ready().platform;
        vec![
            ("client_id", platform.client_id.clone()),
            ("response_type", "code".to_owned()),
            ("redirect_uri", platform.redirect_uri.clone()),
            ("state", "platform-state-1".to_owned()),
            ("code_challenge", gosbadge::domain::digest::pkce_s256(verifier)),
            ("code_challenge_method", "S256".to_owned()),
            ("authorization_details", self.details(community).to_string()),
        ]
    }

    pub async fn push_form(&self, parameters: &[(&'static str, String)]) -> reqwest::Response {
        let platform = &self.ready().platform;
        let request = self.http.post(self.url("/oauth/par")).basic_auth(&platform.client_id, Some(&platform.client_secret));
        request.form(parameters).send().await.unwrap()
    }

    pub fn authorize_url(&self, request_uri: &str) -> String {
        let mut url = url::Url::parse(&self.url("/oauth/authorize")).unwrap();
        url.query_pairs_mut().append_pair("client_id", &self.ready().platform.client_id).append_pair("request_uri", request_uri);
        url.into()
    }

    /// Redeems a code; returns status and body.
    pub async fn redeem(&self, code: &str, verifier: &str) -> (u16, Value) {
        let platform = &self.ready().platform;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", platform.redirect_uri.as_str()),
        ];
        let request = self.http.post(self.url("/oauth/token")).basic_auth(&platform.client_id, Some(&platform.client_secret));
        let answer = request.form(&form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The whole way for one persona; panics unless a badge comes out.
    pub async fn issue(&self, community: &str, persona: &str) -> Issued {
        let pushed = self.push(community, VERIFIER).await;
        let mut person = Person::new();
        let end = person.walk(&self.authorize_url(pushed["request_uri"].as_str().unwrap()), persona).await;
        let back = end.location.unwrap_or_else(|| panic!("expected a way back to the platform: {} {}", end.status, end.body));
        let code = parameter(&back, "code").unwrap_or_else(|| panic!("expected a code: {back}"));
        let (status, body) = self.redeem(&code, VERIFIER).await;
        assert_eq!(status, 200, "{body}");
        let details = &body["authorization_details"][0];
        Issued {
            application: pushed["application"].as_str().unwrap().to_owned(),
            badge: details["badge"].as_str().unwrap().to_owned(),
            attestation: details["attestation"].as_str().unwrap().to_owned(),
            access_token: body["access_token"].as_str().unwrap().to_owned(),
        }
    }

    /// `POST /v1/verify`
    pub async fn verify(&self, question: Value) -> (u16, Value) {
        let answer = self.http.post(self.url("/v1/verify")).body(question.to_string()).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// `POST /admin/v1/badges/{badge}/{what}` as the development operator.
    pub async fn admin(&self, badge: &str, what: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/admin/v1/badges/{badge}/{what}", self.ready().admin_url);
        let request = self.http.post(url).bearer_auth(&self.ready().operator_token).body(body.to_string());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Waits for what travels in the background; panics after ten seconds.
    pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        // A minute, on a machine that has time for nothing else.
        for _ in 0..2400 {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("waited in vain: {what}");
    }
}

/// A PKCE verifier.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// What a successful walk gives.
pub struct Issued {
    pub application: String,
    pub badge: String,
    pub attestation: String,
    pub access_token: String,
}

/// A client without cookies that follows nothing.
pub fn plain_client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().timeout(Duration::from_secs(20)).build().unwrap()
}

/// A person with a browser: keeps cookies, follows one redirect at a time.
pub struct Person {
    pub http: reqwest::Client,
}

/// Where a walk ended: a page, or the address at the platform (never opened).
#[derive(Debug)]
pub struct End {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
    pub url: String,
}

impl Person {
    pub fn new() -> Self {
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).cookie_store(true).no_proxy();
        Self { http: builder.timeout(Duration::from_secs(20)).build().unwrap() }
    }

    pub async fn get(&self, url: &str, persona: Option<&str>) -> End {
        let mut request = self.http.get(url).header("accept", "text/html");
        if let Some(persona) = persona {
            request = request.header("x-sandbox-persona", persona);
        }
        end_of(url, request.send().await.unwrap()).await
    }

    pub async fn post(&self, url: &str, form: &[(&str, &str)]) -> End {
        end_of(url, self.http.post(url).header("accept", "text/html").form(form).send().await.unwrap()).await
    }

    /// Follows redirects from `/oauth/authorize` until a page is shown or the browser is sent to the platform's callback.
    pub async fn walk(&mut self, url: &str, persona: &str) -> End {
        let mut at = url.to_owned();
        for _ in 0..10 {
            let end = self.get(&at, Some(persona)).await;
            match &end.location {
                Some(next) if next.contains("/gosbadge/callback") => return end,
                Some(next) => at = next.clone(),
                None => return end,
            }
        }
        panic!("too many redirects, last {at}");
    }

    /// The address of our callback as the identity provider would send the browser there; not opened.
    pub async fn to_callback(&self, authorize: &str, persona: &str) -> String {
        let to_idp = self.get(authorize, None).await.location.expect("a redirect to the identity provider");
        self.get(&to_idp, Some(persona)).await.location.expect("a redirect to the callback")
    }
}

async fn end_of(url: &str, answer: reqwest::Response) -> End {
    let status = answer.status().as_u16();
    let location = answer.headers().get("location").map(|l| l.to_str().unwrap().to_owned());
    let location = location.map(|l| url::Url::parse(url).unwrap().join(&l).unwrap().to_string());
    End { status, location, url: url.to_owned(), body: answer.text().await.unwrap() }
}

/// A query parameter of an address.
pub fn parameter(url: &str, name: &str) -> Option<String> {
    url::Url::parse(url).ok()?.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
}
