//! The process that dies while it issues: a test runs itself again, with a stop point in its environment. Ports around the
//! real ones count what the service asks of them and end the process, without any clean-up, at the point wanted.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use gosbadge::cli::wire::Parts;
use gosbadge::domain::time::Timestamp;
use gosbadge::ports::signer::{HeldKey, KeyPurpose, NewKey, NoteSignature, SignedJwt, SignerError};
use gosbadge::ports::{Clock, Entropy, Signer};
use tempfile::TempDir;

use crate::harness::{Harness, Person, VERIFIER, parameter, plain_client};
use crate::place::Place;

/// The community whose badge is being issued.
pub const COMMUNITY: &str = "218000001";

/// Where the process dies, in the order of an issue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stop {
    /// Ids are drawn, nothing is written.
    BeforePrepare,
    /// Prepared; the signer is called.
    BeforeSigning,
    /// The signature exists in memory.
    AfterSigning,
    /// In the recording transaction, before its event.
    BeforeEvent,
    /// In the recording transaction, only the delivery is missing.
    BeforeDelivery,
    /// Committed; the status view has not heard of it.
    BeforeView,
    /// Committed; the status list is being signed.
    BeforeList,
}

const ALL: [Stop; 7] = [
    Stop::BeforePrepare,
    Stop::BeforeSigning,
    Stop::AfterSigning,
    Stop::BeforeEvent,
    Stop::BeforeDelivery,
    Stop::BeforeView,
    Stop::BeforeList,
];

/// What a dead process left.
pub struct Remains {
    pub place: Place,
    /// The code it was redeeming.
    pub code: String,
    /// The token it had signed, if it came that far.
    pub leaked: Option<String>,
    _dir: TempDir,
}

const STOP: &str = "GOSBADGE_TEST_STOP";
const DIR: &str = "GOSBADGE_TEST_DIR";
const DATABASE: &str = "GOSBADGE_TEST_DATABASE";
const PORT: &str = "GOSBADGE_TEST_PORT";

/// Runs the test `name` (the caller) in a process of its own, which dies at `stop`. In that process, never returns.
pub async fn crash(name: &str, stop: Stop) -> Remains {
    if let Ok(wanted) = std::env::var(STOP) {
        let stop = ALL.into_iter().find(|s| format!("{s:?}") == wanted).unwrap();
        issue_until_death(stop).await;
    }
    let dir = TempDir::new().unwrap();
    let place = Place::new(&dir);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(STOP, format!("{stop:?}"))
        .env(DIR, &place.data_dir)
        .env(DATABASE, &place.database)
        .env(PORT, place.port.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > Duration::from_secs(90) {
            child.kill().unwrap();
            panic!("the process did not reach {stop:?} in 90 s");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    const SIGABRT: i32 = 6;
    assert_eq!(status.signal(), Some(SIGABRT), "the process should have died at {stop:?}: {status}");
    let read = |f: &str| std::fs::read_to_string(place.file(f)).unwrap();
    let leaked = place.exists("leaked").then(|| read("leaked"));
    Remains { code: read("code"), leaked, place, _dir: dir }
}

async fn issue_until_death(stop: Stop) -> ! {
    let dir = TempDir::new().unwrap();
    let var = |name| std::env::var(name).unwrap();
    let place = Place { data_dir: var(DIR).into(), database: var(DATABASE), port: var(PORT).parse().unwrap() };
    let system = Parts::system();
    let watch = Arc::new(Watch { stop, leaked: place.file("leaked"), armed: AtomicBool::new(false), ids: AtomicUsize::new(0) });
    WATCH.set(Arc::clone(&watch)).ok().unwrap();
    let parts = Parts {
        clock: Arc::new(WatchedClock(system.clock, Arc::clone(&watch))),
        entropy: Arc::new(WatchedEntropy(system.entropy, Arc::clone(&watch))),
        idps: None,
        sink: None,
        wrap_signer: Some(|signer| Arc::new(WatchedSigner(signer, Arc::clone(WATCH.get().unwrap())))),
    };
    // Background work rests, so that what is counted is the issue's own.
    let quiet = [
        ("GOSBADGE__STATUS__REFRESH_INTERVAL", "1m"),
        ("GOSBADGE__STATUS__MAX_VIEW_AGE", "10m"),
        ("GOSBADGE__JOBS__POLL_INTERVAL", "1m"),
        // Following the log asks for the time, too.
        ("GOSBADGE__TRANSPARENCY__INTERVAL", "1h"),
    ];
    let dev = place.start(parts, &quiet).await;
    let clock = crate::harness::HeldClock::new();
    let h = Harness { dev, clock, http: plain_client(), database: place.database.clone(), dir };
    let code = code_for(&h, COMMUNITY).await;
    std::fs::write(place.file("code"), &code).unwrap();
    watch.armed.store(true, Ordering::SeqCst);
    let answer = h.redeem(&code, VERIFIER).await;
    panic!("{stop:?} was passed: {answer:?}");
}

/// Everything up to the code, which is not redeemed.
pub async fn code_for(h: &Harness, community: &str) -> String {
    let pushed = h.push(community, VERIFIER).await;
    let end = Person::new().walk(&h.authorize_url(pushed["request_uri"].as_str().unwrap()), "kindergarten-head").await;
    let back = end.location.unwrap_or_else(|| panic!("expected a way back to the platform: {} {}", end.status, end.body));
    parameter(&back, "code").unwrap_or_else(|| panic!("expected a code: {back}"))
}

/// The signer is wrapped by a plain function, which can reach this only from here.
static WATCH: OnceLock<Arc<Watch>> = OnceLock::new();

struct Watch {
    stop: Stop,
    leaked: std::path::PathBuf,
    armed: AtomicBool,
    /// Ids drawn since the code is being redeemed: attestation, badge, community; then event and delivery.
    ids: AtomicUsize,
}

impl Watch {
    fn reached(&self, stop: Stop) {
        if self.armed.load(Ordering::SeqCst) && self.stop == stop {
            std::process::abort();
        }
    }
}

struct WatchedClock(Arc<dyn Clock>, Arc<Watch>);

impl Clock for WatchedClock {
    fn now(&self) -> Timestamp {
        // The delivery's id is the last thing drawn in the recording transaction; the status view asks for the time next.
        if self.1.ids.load(Ordering::SeqCst) == 5 {
            self.1.reached(Stop::BeforeView);
        }
        self.0.now()
    }
}

struct WatchedEntropy(Arc<dyn Entropy>, Arc<Watch>);

impl Entropy for WatchedEntropy {
    fn fill(&self, out: &mut [u8]) {
        // Ids are the only things with ten random bytes.
        if out.len() == 10 && self.1.armed.load(Ordering::SeqCst) {
            match self.1.ids.fetch_add(1, Ordering::SeqCst) + 1 {
                3 => self.1.reached(Stop::BeforePrepare),
                4 => self.1.reached(Stop::BeforeEvent),
                5 => self.1.reached(Stop::BeforeDelivery),
                _ => {}
            }
        }
        self.0.fill(out);
    }
}

struct WatchedSigner(Arc<dyn Signer>, Arc<Watch>);

impl Signer for WatchedSigner {
    fn sign_jwt(&self, purpose: KeyPurpose, typ: &str, claims: &str) -> Result<SignedJwt, SignerError> {
        if purpose == KeyPurpose::Status {
            self.1.reached(Stop::BeforeList);
            return self.0.sign_jwt(purpose, typ, claims);
        }
        self.1.reached(Stop::BeforeSigning);
        let signed = self.0.sign_jwt(purpose, typ, claims)?;
        // As if somebody had read the process's memory at this very moment.
        std::fs::write(&self.1.leaked, &signed.token).unwrap();
        self.1.reached(Stop::AfterSigning);
        Ok(signed)
    }

    fn generate(&self, purpose: KeyPurpose) -> Result<NewKey, SignerError> {
        self.0.generate(purpose)
    }

    fn hold(&self, keys: Vec<HeldKey>) -> Result<(), SignerError> {
        self.0.hold(keys)
    }

    fn sign_note(&self, message: &[u8]) -> Result<Vec<NoteSignature>, SignerError> {
        self.0.sign_note(message)
    }
}
