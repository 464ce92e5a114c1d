//! A place that outlives the process in it: data directory, database and ports, the same after a restart. The ports matter,
//! because the issuer's address is in every token.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gosbadge::cli::dev::{self, Dev, EsiaMode, Options};
use gosbadge::cli::wire::Parts;
use tempfile::TempDir;

use crate::harness::{Harness, HeldClock, fresh_database, plain_client};

pub struct Place {
    pub data_dir: PathBuf,
    pub database: String,
    pub port: u16,
}

impl Place {
    pub fn new(dir: &TempDir) -> Self {
        Self { data_dir: dir.path().to_owned(), database: fresh_database(dir), port: four_free_ports() }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.data_dir.join(name)
    }

    /// Starts the set-up here, in this process.
    pub async fn start(&self, parts: Parts, settings: &[(&str, &str)]) -> Dev {
        gosbadge::telemetry::init_for_tests();
        let mut all = vec![
            ("GOSBADGE__DATABASE__URL".to_owned(), self.database.clone()),
            ("GOSBADGE__DATABASE__POOL_SIZE".to_owned(), "4".to_owned()),
        ];
        all.extend(settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let listen = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), self.port);
        dev::start(Options { listen, data_dir: self.data_dir.clone(), esia: EsiaMode::V1, settings: all, parts })
            .await
            .expect("the set-up starts")
    }

    /// The harness around what is found here, with a clock the test holds.
    pub async fn open(&self) -> Harness {
        let clock = HeldClock::new();
        let parts = Parts { clock: clock.clone(), ..Parts::system() };
        let quick = [("GOSBADGE__STATUS__REFRESH_INTERVAL", "100ms"), ("GOSBADGE__JOBS__POLL_INTERVAL", "100ms")];
        let dev = self.start(parts, &quick).await;
        Harness { dev, clock: Arc::clone(&clock), http: plain_client(), database: self.database.clone(), dir: TempDir::new().unwrap() }
    }

    pub fn exists(&self, name: &str) -> bool {
        Path::exists(&self.file(name))
    }
}

/// The first of four free ports below the range the system hands out by itself, so that nobody takes them between two
/// processes.
pub fn four_free_ports() -> u16 {
    let entropy = Parts::system().entropy;
    for _ in 0..200 {
        let first = 20_000 + u16::from_be_bytes(entropy.bytes()) % 3_000 * 4;
        let bound: Vec<_> = (first..first + 4).map_while(|p| TcpListener::bind((Ipv4Addr::LOCALHOST, p)).ok()).collect();
        if bound.len() == 4 {
            return first;
        }
    }
    panic!("no four free ports in a row between 20000 and 32000");
}
