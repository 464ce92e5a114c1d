//! The measuring: one start of the real service, and what it then takes to sign and to change.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use gosbadge::cli::wire::{self, NoIdentityProvider, Parts};
use gosbadge::config::{self, Config};
use gosbadge::domain::badge::BadgeChange;
use gosbadge::domain::reason::ReasonCode;
use gosbadge::domain::status::ListValue;
use gosbadge::domain::status_list::{self, BYTES_MAX, StatusBits};
use gosbadge::domain::time::Timestamp;
use gosbadge::ports::Clock;
use gosbadge::ports::signer::KeyPurpose;
use gosbadge::service::change_badge::change_badge;
use gosbadge::service::{Actor, App};

/// The real time, and what it is advanced by.
struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        Timestamp::from_millis(i64::try_from(now).unwrap() + self.0.load(Ordering::SeqCst))
    }
}

pub fn config(url: &str, dir: &str) -> Config {
    let settings = [("DEV", "true"), ("DATABASE__URL", url), ("DATA_DIR", dir), ("PUBLIC_URL", "http://127.0.0.1:1")];
    config::load(None, settings.map(|(k, v)| (format!("GOSBADGE__{k}"), v.to_owned())).into_iter()).unwrap()
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A line of /proc/self/status, in bytes.
fn memory(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn row(name: &str, value: impl std::fmt::Display) {
    println!("| {name:<44} | {value:>26} |");
}

fn ms(d: Duration) -> String {
    format!("{:.3} ms", d.as_secs_f64() * 1000.0)
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}

/// The median of several runs.
fn median(n: usize, mut f: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..n)
        .map(|_| {
            let begun = Instant::now();
            f();
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[n / 2]
}

pub fn measure(url: &str, dir: &str, count: i64) -> ExitCode {
    runtime().block_on(async {
        let config = config(url, dir);
        let clock = Arc::new(Ahead(AtomicI64::new(0)));
        let parts = Parts { clock: clock.clone(), idps: Some(vec![Arc::new(NoIdentityProvider)]), ..Parts::system() };
        println!("\n{} badges on {}", count, if url.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" });
        let before = memory("VmRSS");
        let begun = Instant::now();
        let app = wire::app(&config, parts).await.unwrap();
        let ready = begun.elapsed();
        let after = memory("VmRSS");
        row("start to ready", format!("{:.2} s", ready.as_secs_f64()));
        row("RSS before, after", format!("{}, {}", mib(before), mib(after)));
        row("RSS at its highest", mib(memory("VmHWM")));
        row("bytes per badge", (after - before) / u64::try_from(count).unwrap());
        lists(&app);
        signing(&app, &clock).await;
        changing(&app, url).await
    })
}

fn bits(app: &App, list: i64) -> StatusBits {
    let token = String::from_utf8(app.view.list(app, list).unwrap().unwrap().token.clone()).unwrap();
    let claims: serde_json::Value = jsonwebtoken::dangerous::insecure_decode(&token).unwrap().claims;
    StatusBits::from_lst(claims["status_list"]["lst"].as_str().unwrap(), BYTES_MAX).unwrap()
}

fn lists(app: &App) {
    let ids = app.view.list_ids();
    row("lists", ids.len());
    let mut sizes: Vec<(usize, usize)> = ids
        .iter()
        .map(|id| {
            let list = app.view.list(app, *id).unwrap().unwrap();
            (list.token.len(), list.gzip.len())
        })
        .collect();
    sizes.sort_unstable();
    let (raw, gzip) = sizes.last().unwrap();
    row("largest list served: token, gzipped", format!("{raw} B, {gzip} B"));
    row(
        "all lists: tokens, gzipped",
        format!("{} B, {} B", sizes.iter().map(|s| s.0).sum::<usize>(), sizes.iter().map(|s| s.1).sum::<usize>()),
    );
    // The worst case of a class: every place given out, one in a hundred revoked at random.
    for exponent in [14, 17, 20] {
        let (mut bits, mut random) = (StatusBits::new(1 << exponent), 88_172_645_463_325_252u64);
        for idx in 0..1u32 << exponent {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            if random.is_multiple_of(100) {
                bits.set(idx, ListValue::Invalid).unwrap();
            }
        }
        let begun = Instant::now();
        let lst = bits.to_lst();
        let packed = begun.elapsed();
        let token = app.keys.sign_jwt(KeyPurpose::Status, status_list::TYP, &claims(&lst)).unwrap().token;
        let gzip = gzipped(token.as_bytes());
        row(&format!("2^{exponent} places, 1 % revoked: token, gzipped"), format!("{} B, {gzip} B", token.len()));
        row("    packing it", ms(packed));
    }
}

fn claims(lst: &str) -> String {
    format!(
        "{{\"iss\":\"https://badge.example.ru\",\"sub\":\"https://badge.example.ru/status/1\",\"iat\":1,\"exp\":2,\"ttl\":60,\"status_list\":{{\"bits\":2,\"lst\":\"{lst}\"}}}}"
    )
}

fn gzipped(bytes: &[u8]) -> usize {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, bytes).unwrap();
    gz.finish().unwrap().len()
}

async fn signing(app: &Arc<App>, clock: &Ahead) {
    let bare = median(2001, || drop(app.keys.sign_jwt(KeyPurpose::Status, status_list::TYP, "{}").unwrap()));
    let ids = app.view.list_ids();
    let full = bits(app, *ids.iter().max_by_key(|id| app.view.list(app, **id).unwrap().unwrap().token.len()).unwrap()).to_lst();
    let one = median(501, || drop(app.keys.sign_jwt(KeyPurpose::Status, status_list::TYP, &claims(&full)).unwrap()));
    row("ES256 signature of an empty token", ms(bare));
    row("signing the largest list served", ms(one));
    row("    to the empty token", format!("{:.2} ×", one.as_secs_f64() / bare.as_secs_f64()));
    let mut times = Vec::new();
    for _ in 0..9 {
        clock.0.fetch_add(i64::try_from(app.settings.status_ttl.as_millis()).unwrap(), Ordering::SeqCst);
        let begun = Instant::now();
        app.view.refresh(app).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort();
    row("a refresh that re-signs all lists (ttl)", ms(times[4]));
    row("    to as many empty tokens", format!("{:.2} ×", times[4].as_secs_f64() / bare.as_secs_f64() / ids.len() as f64));
    let mut times = Vec::new();
    for _ in 0..101 {
        let begun = Instant::now();
        app.view.refresh(app).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort();
    row("a refresh that finds nothing", ms(times[50]));
}

#[derive(QueryableByName)]
struct Victim {
    #[diesel(sql_type = Text)]
    badge_id: String,
    #[diesel(sql_type = BigInt)]
    list_id: i64,
    #[diesel(sql_type = BigInt)]
    idx: i64,
}

async fn changing(app: &Arc<App>, url: &str) -> ExitCode {
    let query = diesel::sql_query(
        "SELECT badge_id, list_id, idx FROM attestations WHERE list_id IN (1, 2, 3) AND status = 0 AND idx % 997 = 1 ORDER BY idx LIMIT 21",
    );
    let victims: Vec<Victim> = match url.strip_prefix("sqlite:") {
        Some(path) => query.load(&mut SqliteConnection::establish(path).unwrap()),
        None => query.load(&mut PgConnection::establish(url).unwrap()),
    }
    .unwrap();
    let mut times = Vec::new();
    for victim in victims {
        let others: Vec<_> = app.view.list_ids().into_iter().filter(|l| *l != victim.list_id).collect();
        let tags = |app: &App| others.iter().map(|l| app.view.list(app, *l).unwrap().unwrap().etag.clone()).collect::<Vec<_>>();
        let before = tags(app);
        let begun = Instant::now();
        change_badge(app, victim.badge_id, BadgeChange::Revoke(ReasonCode::OperatorDecision), None, Actor::system()).await.unwrap();
        let taken = begun.elapsed();
        assert_eq!(bits(app, victim.list_id).get(u32::try_from(victim.idx).unwrap()), Some(ListValue::Invalid), "the served list shows it");
        assert_eq!(tags(app), before, "no other list was signed anew");
        times.push(taken);
    }
    times.sort();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    row("revocation called to list served: median", ms(median));
    row("    worst of 21", ms(worst));
    if worst < Duration::from_secs(1) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
