//! `gosbadge serve --dev` as a process of its own: what it logs and meters can be read as an operator reads it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use gosbadge::domain::digest::pkce_s256;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{End, Person, VERIFIER, fresh_database, plain_client};

/// The process and what its first line says.
pub struct Served {
    child: Child,
    dir: TempDir,
    pub ready: Value,
    pub http: reqwest::Client,
}

impl Drop for Served {
    fn drop(&mut self) {
        // Both fail only where the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// Starts it with `arguments` after `serve --dev`, and further settings.
    pub fn start(arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().unwrap();
        let database = fresh_database(&dir);
        let mut child = Command::new(env!("CARGO_BIN_EXE_gosbadge"))
            .args(["serve", "--dev", "--json", "--port", "0", "--data-dir"])
            .arg(dir.path().join("var"))
            .args(arguments)
            .current_dir(dir.path())
            .env("GOSBADGE__DATABASE__URL", database)
            .env("GOSBADGE__LOG__FORMAT", "json")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::create(dir.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let log = dir.path().join("log");
        let ready =
            serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?} {}", std::fs::read_to_string(log).unwrap_or_default()));
        Self { child, dir, ready, http: plain_client() }
    }

    pub fn text(&self, pointer: &str) -> &str {
        self.ready.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {}", self.ready))
    }

    pub fn log_file(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// Every line logged so far.
    pub fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.log_file()).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The value of one metric, by its name with its labels as Prometheus writes them; 0 while nothing was counted.
    pub async fn metric(&self, line: &str) -> f64 {
        let text = self.http.get(format!("{}/metrics", self.text("/admin_url"))).send().await.unwrap().text().await.unwrap();
        let value = text.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' '));
        value.map_or(0.0, |v| v.parse().unwrap())
    }

    pub async fn set_faults(&self, faults: Value) {
        let answer = self.http.put(format!("{}/sandbox/faults", self.text("/esia_url"))).json(&faults).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{faults}: {}", answer.text().await.unwrap());
    }

    /// Pushes a request for a community of the stand-in platform; the application and the address to open.
    pub async fn begin(&self, community: &str) -> (String, String) {
        let details = json!([{
            "type": "official_community", "actions": ["issue"],
            "community": { "id": community, "uri": format!("{}/club{community}", self.text("/platform_url")), "name": "Детский сад № 12" },
            "control": { "role": "admin", "checked_at": "2026-11-20T09:12:00Z" },
        }]);
        let form = [
            ("response_type", "code".to_owned()),
            ("redirect_uri", self.text("/platform/redirect_uri").to_owned()),
            ("state", "platform-state-1".to_owned()),
            ("code_challenge", pkce_s256(VERIFIER)),
            ("code_challenge_method", "S256".to_owned()),
            ("authorization_details", details.to_string()),
        ];
        let (id, secret) = (self.text("/platform/client_id"), self.text("/platform/client_secret"));
        let request = self.http.post(format!("{}/oauth/par", self.text("/public_url"))).basic_auth(id, Some(secret)).form(&form);
        let pushed: Value = request.send().await.unwrap().json().await.unwrap();
        let mut url = url::Url::parse(&format!("{}/oauth/authorize", self.text("/public_url"))).unwrap();
        let request_uri = pushed["request_uri"].as_str().unwrap_or_else(|| panic!("{pushed}"));
        url.query_pairs_mut().append_pair("client_id", id).append_pair("request_uri", request_uri);
        (pushed["application"].as_str().unwrap().to_owned(), url.into())
    }

    /// Push, sign-in, and wherever that leads.
    pub async fn walk(&self, community: &str, persona: &str) -> (String, Person, End) {
        let (application, authorize) = self.begin(community).await;
        let mut person = Person::new();
        let end = person.walk(&authorize, persona).await;
        (application, person, end)
    }
}
