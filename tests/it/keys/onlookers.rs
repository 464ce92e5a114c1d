//! Platforms and citizens who check badges without pause while keys change: online, and offline as a platform does that keeps
//! keys and lists exactly as long as it is told to, and fetches nothing in between. Any wrong word of any of them is a failure;
//! "cannot tell" is none, but they have to get on.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gosbadge::domain::time::Timestamp;
use gosbadge::ports::Clock as _;
use gosbadge::verifier::{Due, ListCache, Verifier};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::harness::{Harness, HeldClock, Issued, plain_client};

/// `max-age` of the key set.
const KEYS_KEPT: Duration = Duration::from_secs(300);

struct Shared {
    url: String,
    clock: Arc<HeldClock>,
    tokens: Mutex<Vec<(String, &'static str)>>,
    wrong: Mutex<Vec<String>>,
    /// Definite words, online and offline.
    said: [AtomicUsize; 2],
    over: AtomicBool,
}

pub struct Onlookers {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Onlookers {
    /// Starts them; each has seen everything once when this returns.
    pub async fn start(h: &Harness, tokens: &[(&Issued, &'static str)]) -> Self {
        let shared = Arc::new(Shared {
            url: h.ready().public_url.clone(),
            clock: Arc::clone(&h.clock),
            tokens: Mutex::new(tokens.iter().map(|(i, s)| (i.attestation.clone(), *s)).collect()),
            wrong: Mutex::default(),
            said: Default::default(),
            over: AtomicBool::new(false),
        });
        let tasks = vec![tokio::spawn(online(Arc::clone(&shared))), tokio::spawn(offline(Arc::clone(&shared)))];
        let all = Self { shared, tasks };
        all.look_around().await;
        all
    }

    /// From now on they look at this one too.
    pub fn add(&self, issued: &Issued, status: &'static str) {
        self.shared.tokens.lock().unwrap().push((issued.attestation.clone(), status));
    }

    /// From now on they look at this one no more; a word that is under way does not count.
    pub fn forget(&self, issued: &Issued) {
        self.shared.tokens.lock().unwrap().retain(|(token, _)| *token != issued.attestation);
    }

    /// Waits until each of them has looked at everything twice more, and found nothing wrong.
    pub async fn look_around(&self) {
        let rounds = 2 * self.shared.tokens.lock().unwrap().len();
        let until: Vec<usize> = self.shared.said.iter().map(|n| n.load(Ordering::SeqCst) + rounds).collect();
        for _ in 0..2400 {
            assert_eq!(*self.shared.wrong.lock().unwrap(), Vec::<String>::new());
            if self.shared.said.iter().zip(&until).all(|(n, until)| n.load(Ordering::SeqCst) >= *until) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the onlookers do not get on: {:?}", self.shared.said);
    }

    pub async fn end(self) {
        self.shared.over.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
        assert_eq!(*self.shared.wrong.lock().unwrap(), Vec::<String>::new());
    }
}

impl Shared {
    fn each(&self) -> Option<Vec<(String, &'static str)>> {
        (!self.over.load(Ordering::SeqCst)).then(|| self.tokens.lock().unwrap().clone())
    }

    /// Notes a word; what is expected may have changed while it was being said.
    fn note(&self, who: usize, token: &str, expected: &str, said: &str) {
        let now = self.tokens.lock().unwrap().iter().find(|(t, _)| t == token).map(|(_, e)| *e);
        if now == Some(expected) && said != expected {
            self.wrong.lock().unwrap().push(format!("{}: {said} instead of {expected}", ["online", "offline"][who]));
        }
        self.said[who].fetch_add(1, Ordering::SeqCst);
    }
}

async fn online(shared: Arc<Shared>) {
    let http = plain_client();
    while let Some(tokens) = shared.each() {
        for (token, expected) in tokens {
            let question = json!({ "attestation": token }).to_string();
            let answer = http.post(format!("{}/v1/verify", shared.url)).body(question).send().await.unwrap();
            if answer.status() == 503 {
                continue; // the clock jumped, the view has not followed yet
            }
            let said: Value = answer.json().await.unwrap();
            shared.note(0, &token, expected, said["status"].as_str().unwrap_or("?"));
        }
    }
}

async fn offline(shared: Arc<Shared>) {
    let http = plain_client();
    let mut keys: Option<(Timestamp, Verifier)> = None;
    let mut lists = ListCache::new();
    while let Some(tokens) = shared.each() {
        for (token, expected) in tokens {
            let now = shared.clock.now();
            if keys.as_ref().is_none_or(|(at, _)| now.since(*at) >= KEYS_KEPT) {
                let set = http.get(format!("{}/.well-known/jwks.json", shared.url)).send().await.unwrap().bytes().await.unwrap();
                keys = Some((now, Verifier::new(&shared.url, &set).unwrap()));
            }
            let verifier = &keys.as_ref().unwrap().1;
            let mut verdict = verifier.verify_cached(&token, &lists, None, now);
            if let Some(uri) = verdict.list_uri().map(str::to_owned)
                && lists.due(&uri, now) >= Due::Background
            {
                let answer = http.get(&uri).send().await.unwrap();
                if answer.status() == 200 {
                    match verifier.status_list(&answer.text().await.unwrap(), &uri, now) {
                        Ok(list) => _ = lists.put(list, now),
                        Err(e) => shared.wrong.lock().unwrap().push(format!("list: {}", e.detail)),
                    }
                }
                verdict = verifier.verify_cached(&token, &lists, None, now);
            }
            if verdict.status.as_str() != "unknown" {
                shared.note(1, &token, expected, verdict.status.as_str());
            }
            tokio::task::yield_now().await;
        }
    }
}
