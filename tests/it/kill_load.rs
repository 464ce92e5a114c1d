//! The process that is killed and the callers that load it. Every call may fail at any moment; what was answered is noted.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::harness::{Person, VERIFIER, parameter, plain_client};
use crate::place::Place;

/// The real program, `serve --dev`.
pub struct Process {
    child: Mutex<Child>,
    pub ready: Value,
}

impl Process {
    pub async fn start(place: &Place) -> Self {
        Self::start_with(place, &[]).await
    }

    /// With further settings.
    pub async fn start_with(place: &Place, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gosbadge"));
        command.args(["serve", "--dev", "--json", "--port", &place.port.to_string(), "--data-dir"]).arg(&place.data_dir);
        command.current_dir(&place.data_dir).env("GOSBADGE__DATABASE__URL", &place.database);
        command.env("GOSBADGE__JOBS__POLL_INTERVAL", "50ms").env("GOSBADGE__TRANSPARENCY__INTERVAL", "50ms");
        command.envs(settings.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let first_line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        let line = tokio::time::timeout(std::time::Duration::from_secs(90), first_line).await.expect("ready within 90 s");
        let line = line.unwrap().unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|e| panic!("the first line is JSON: {e}: {line}"));
        Self { child: Mutex::new(child), ready }
    }

    /// SIGKILL, and gone.
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap();
        // Killed already, unless the test failed before.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Registers a platform at `base` by the command line; what it prints.
pub fn platform_add(place: &Place, base: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gosbadge"));
    command.args(["platform", "add", "own", "--name", "Own", "--json", "--base-url", base]);
    command.args(["--redirect-uri", &format!("{base}/callback"), "--community-prefix", &format!("{base}/")]);
    command.args(["--webhook-url", &format!("{base}/hook")]);
    command.current_dir(&place.data_dir).env("GOSBADGE__DEV", "true").env("GOSBADGE__DATA_DIR", &place.data_dir);
    command.env("GOSBADGE__DATABASE__URL", &place.database);
    command.env("GOSBADGE__PUBLIC_URL", format!("http://127.0.0.1:{}", place.port));
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// What the caller knows of a badge that was issued to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    Issued,
    /// A revocation was sent and not answered.
    Unanswered,
    Revoked,
}

/// An issue that was acknowledged.
pub struct Issue {
    pub badge: String,
    pub token: String,
    pub fate: Fate,
}

/// Calls the service as a platform, a person and an operator.
pub struct Client {
    http: reqwest::Client,
    public_url: String,
    admin_url: String,
    operator: String,
    client_id: String,
    secret: String,
    base: String,
}

/// The connection broke: the process is dead.
pub struct Dead;

impl From<reqwest::Error> for Dead {
    fn from(_: reqwest::Error) -> Self {
        Self
    }
}

impl Client {
    pub fn new(process: &Process, platform: &Value, base: &str) -> Self {
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        Self {
            http: plain_client(),
            public_url: text(&process.ready["public_url"]),
            admin_url: text(&process.ready["admin_url"]),
            operator: text(&process.ready["operator_token"]),
            client_id: text(&platform["client_id"]),
            secret: text(&platform["client_secret"]),
            base: base.to_owned(),
        }
    }

    /// Issues, and revokes every second badge, until the process is gone.
    pub async fn call_until_it_dies(&self, caller: usize, number: &AtomicU32, issues: &Mutex<Vec<Issue>>) {
        for turn in caller.. {
            let Ok((badge, token)) = self.issue(number.fetch_add(1, Ordering::SeqCst)).await else { return };
            let mine = {
                let mut all = issues.lock().unwrap();
                all.push(Issue { badge: badge.clone(), token, fate: Fate::Issued });
                all.len() - 1
            };
            if turn.is_multiple_of(2) {
                issues.lock().unwrap()[mine].fate = Fate::Unanswered;
                if self.revoke(&badge).await.is_err() {
                    return;
                }
                issues.lock().unwrap()[mine].fate = Fate::Revoked;
            }
        }
    }

    pub async fn issue(&self, community: u32) -> Result<(String, String), Dead> {
        let community = community.to_string();
        let redirect_uri = format!("{}/callback", self.base);
        let details = json!([{ "type": "official_community", "actions": ["issue"],
            "community": { "id": community, "uri": format!("{}/club{community}", self.base), "name": "Детский сад № 12" },
            "control": { "role": "admin", "checked_at": "2026-11-20T09:12:00Z" } }]);
        let form = [
            ("response_type", "code"),
            ("redirect_uri", &redirect_uri),
            ("code_challenge", &gosbadge::domain::digest::pkce_s256(VERIFIER)),
            ("code_challenge_method", "S256"),
            ("authorization_details", &details.to_string()),
        ];
        let pushed = self.post("/oauth/par", &form, 201).await?;
        let (id, uri) = (&self.client_id, pushed["request_uri"].as_str().unwrap());
        let mut url = url::Url::parse(&format!("{}/oauth/authorize", self.public_url)).unwrap();
        url.query_pairs_mut().append_pair("client_id", id).append_pair("request_uri", uri);
        let code = self.walk(url.into(), &redirect_uri).await?;
        let form = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER), ("redirect_uri", &redirect_uri)];
        let answer = self.post("/oauth/token", &form, 200).await?;
        let details = &answer["authorization_details"][0];
        Ok((details["badge"].as_str().unwrap().to_owned(), details["attestation"].as_str().unwrap().to_owned()))
    }

    async fn post(&self, path: &str, form: &[(&str, &str)], expected: u16) -> Result<Value, Dead> {
        loop {
            let request = self.http.post(format!("{}{path}", self.public_url)).basic_auth(&self.client_id, Some(&self.secret));
            let answer = request.form(form).send().await?;
            let status = answer.status().as_u16();
            let body: Value = answer.json().await?;
            // Busy: to be asked again.
            if status != 503 {
                assert_eq!(status, expected, "{path}: {body}");
                return Ok(body);
            }
        }
    }

    async fn walk(&self, mut at: String, end: &str) -> Result<String, Dead> {
        let person = Person::new();
        for _ in 0..10 {
            let answer = person.http.get(&at).header("accept", "text/html").header("x-sandbox-persona", "kindergarten-head").send().await?;
            let Some(next) = answer.headers().get("location").map(|l| l.to_str().unwrap().to_owned()) else {
                panic!("{at} led nowhere: {}", answer.status());
            };
            at = url::Url::parse(&at).unwrap().join(&next).unwrap().into();
            if at.starts_with(end) {
                return Ok(parameter(&at, "code").unwrap_or_else(|| panic!("no code: {at}")));
            }
        }
        panic!("too many redirects, last {at}");
    }

    async fn revoke(&self, badge: &str) -> Result<(), Dead> {
        let url = format!("{}/admin/v1/badges/{badge}/revoke", self.admin_url);
        loop {
            let request = self.http.post(&url).bearer_auth(&self.operator).body(r#"{"reason":"holder_request"}"#);
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            let body = answer.text().await?;
            if status != 503 {
                assert_eq!(status, 200, "{body}");
                return Ok(());
            }
        }
    }
}
