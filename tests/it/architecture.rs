//! Holds the house to its plan: which layer may name which, which outside crates each may use, how long a file may be.
//! Reading the sources is in `architecture/source.rs`; the table of layers is here.

use std::fs;
use std::path::{Path, PathBuf};

mod source;

use source::{Mention, Source};

/// What a layer may name, and why nothing else.
struct Layer {
    name: &'static str,
    /// Modules of this crate, `a` or `a::b`; its own is always permitted.
    may: &'static [&'static str],
    /// Outside crates, `a` or `a::b`; `*` for all but those after a minus sign.
    outside: &'static [&'static str],
    reason: &'static str,
}

/// Values, formats and hashes: no input or output, no clock, no randomness.
const PURE: &[&str] = &["serde", "serde_json", "thiserror", "url", "time", "ulid", "sha2", "hmac", "base64", "flate2"];

const LAYERS: &[Layer] = &[
    Layer { name: "domain", may: &[], outside: PURE, reason: "the domain is pure: no I/O, no clock, no randomness, no server" },
    Layer {
        name: "ports",
        may: &["domain"],
        outside: &["async_trait", "serde", "thiserror", "base64"],
        reason: "a port is a trait over domain words",
    },
    Layer {
        name: "store",
        may: &["domain"],
        outside: &[
            "diesel",
            "diesel_migrations",
            "r2d2",
            "libsqlite3_sys",
            "pq_sys",
            "tokio",
            "tracing",
            "serde",
            "serde_json",
            "thiserror",
            "url",
            "time",
            "base64",
            "sha2",
        ],
        reason: "the store keeps rows; what they mean is the service's business",
    },
    Layer {
        name: "adapters",
        may: &["domain", "ports"],
        outside: &["*", "-diesel", "-diesel_migrations", "-r2d2", "-actix_web", "-askama", "-clap"],
        reason: "an adapter implements one port with one outside crate and knows nobody above it",
    },
    Layer {
        name: "service",
        may: &["domain", "ports", "store", "verifier"],
        outside: &[
            "serde",
            "serde_json",
            "thiserror",
            "url",
            "time",
            "ulid",
            "sha2",
            "hmac",
            "base64",
            "flate2",
            "jsonwebtoken",
            "prometheus_client",
            "tracing",
            "tokio::sync",
            "tokio::select",
            "tokio::task",
            "async_trait",
            "futures_util",
        ],
        reason: "use cases know neither HTTP nor SQL nor how a key signs",
    },
    Layer {
        name: "http",
        may: &["service", "domain", "ports", "verifier", "config"],
        outside: &["*", "-diesel", "-diesel_migrations", "-r2d2", "-reqwest", "-openssl", "-oauth2", "-clap", "-getrandom"],
        reason: "http extracts, calls one service function and presents; it reaches no row and no adapter by itself",
    },
    Layer {
        name: "jobs",
        may: &["service", "domain", "ports", "store::jobs", "config"],
        outside: &["tokio", "tracing", "serde", "serde_json", "thiserror", "futures_util", "time"],
        reason: "jobs lease work and call the service",
    },
    Layer {
        name: "verifier",
        may: &["domain"],
        outside: &["serde", "serde_json", "thiserror", "url", "time", "ulid", "sha2", "hmac", "base64", "flate2", "jsonwebtoken"],
        reason: "platforms embed the verifier: it must build without the server",
    },
    Layer {
        name: "sandbox",
        may: &["domain", "ports", "verifier"],
        outside: &["*", "-diesel", "-diesel_migrations", "-r2d2", "-clap"],
        reason: "a stand-in that shared code with the adapter would cancel out the adapter's mistakes",
    },
    Layer {
        name: "config",
        may: &[],
        outside: &["toml", "strsim", "serde", "serde_json", "thiserror", "url", "base64", "tracing_subscriber"],
        reason: "settings are read before anything else exists",
    },
    Layer {
        name: "telemetry",
        may: &["config", "domain"],
        outside: &["tracing", "tracing_subscriber", "serde_json", "thiserror"],
        reason: "logging must work when all else fails",
    },
    Layer { name: "main", may: &["cli"], outside: &[], reason: "main calls the command line and nothing else" },
];

/// Files of `cli` that put adapters together; all others get them ready-made.
const MAY_NAME_ADAPTERS: &[&str] = &["src/cli/wire.rs", "src/cli/wire/"];
/// Files that may tell SQLite from PostgreSQL.
const MAY_KNOW_THE_BACKEND: &[&str] = &["src/store/conn.rs", "src/store/migrate.rs"];
/// Words that tell the backends apart.
const BACKEND_WORDS: &[&str] = &["SqliteConnection", "PgConnection", "::Sqlite(", "::Postgres(", "::Postgresql(", "::Pg("];
const LONGEST_FILE: usize = 400;

/// The arrow one mention breaks, in words.
fn broken_arrow(source: &Source, mention: &Mention) -> Option<String> {
    let layer = source.layer();
    if layer == "cli" {
        let composes = MAY_NAME_ADAPTERS.iter().any(|prefix| source.path.starts_with(prefix));
        let names_adapters = matches!(mention, Mention::Own { path, .. } if path.starts_with("adapters"));
        return (names_adapters && !composes).then(|| {
            arrow(source, mention, "cli -> adapters", "only cli/wire.rs puts adapters together; take what it made as an argument")
        });
    }
    let rule = LAYERS.iter().find(|l| l.name == layer)?;
    match mention {
        Mention::Own { path, .. } => {
            let target = path.split("::").next().unwrap_or_default();
            let permitted = target == layer || rule.may.iter().any(|may| within(path, may));
            (!permitted).then(|| arrow(source, mention, &format!("{layer} -> {path}"), rule.reason))
        }
        Mention::Outside { path, .. } => {
            let forbidden = rule.outside.iter().filter_map(|o| o.strip_prefix('-')).any(|o| within(path, o));
            let permitted = !forbidden && rule.outside.iter().any(|o| *o == "*" || within(path, o));
            (!permitted).then(|| arrow(source, mention, &format!("{layer} -> crate {path}"), rule.reason))
        }
    }
}

/// Whether `path` is `root` or below it.
fn within(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn arrow(source: &Source, mention: &Mention, arrow: &str, reason: &str) -> String {
    format!("{}:{}: {arrow} ({reason})", source.path, mention.line())
}

/// Everything wrong with one file.
fn faults(source: &Source, crates: &[String]) -> Vec<String> {
    let mut faults: Vec<String> = source.mentions(crates).iter().filter_map(|m| broken_arrow(source, m)).collect();
    if !source.text.starts_with("//!") {
        faults.push(format!("{}:1: does not begin with //! saying what lives here", source.path));
    }
    let lines = source.text.lines().count();
    if lines > LONGEST_FILE {
        faults.push(format!("{}:{lines}: longer than {LONGEST_FILE} lines: split it by subject", source.path));
    }
    if !MAY_KNOW_THE_BACKEND.contains(&source.path.as_str()) {
        for (line, code) in source.code.lines().enumerate() {
            for word in BACKEND_WORDS.iter().filter(|word| code.contains(**word)) {
                faults.push(format!(
                    "{}:{}: {word} (only store/conn.rs and store/migrate.rs may tell the databases apart)",
                    source.path,
                    line + 1
                ));
            }
        }
    }
    faults
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut open = vec![root().join("src")];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root()).unwrap_or(Path::new("")).to_str().unwrap().to_owned();
                found.push(Source::new(&name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Names of the outside crates as code spells them.
fn crates() -> Vec<String> {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    manifest["dependencies"].as_table().unwrap().keys().map(|name| name.replace('-', "_")).collect()
}

#[test]
fn no_file_breaks_the_plan() {
    let (crates, sources) = (crates(), sources());
    assert!(sources.len() > 20, "found only {} files", sources.len());
    let faults: Vec<String> = sources.iter().flat_map(|s| faults(s, &crates)).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_directory_is_in_the_plan() {
    for source in sources() {
        let layer = source.layer().to_owned();
        let known = ["cli", "lib", "testing"].contains(&layer.as_str()) || LAYERS.iter().any(|l| l.name == layer);
        assert!(known, "{}: no layer is called {layer}; put it into the table in tests/it/architecture.rs", source.path);
    }
}

/// The faults of a snippet, as `line: arrow`.
fn faults_of(path: &str, text: &str) -> Vec<String> {
    let crates: Vec<String> =
        ["actix-web", "diesel", "tokio", "serde", "time", "reqwest", "tracing"].iter().map(|c| c.replace('-', "_")).collect();
    let strip = |fault: String| fault.trim_start_matches(path).trim_start_matches(':').split(" (").next().unwrap_or_default().to_owned();
    faults(&Source::new(path, text), &crates).into_iter().map(strip).collect()
}

#[test]
fn broken_arrows_are_found_however_they_are_written() {
    assert_eq!(faults_of("src/domain/x.rs", "//! x\nuse crate::store::Db;\n"), ["2: domain -> store::Db"]);
    assert_eq!(faults_of("src/domain/x.rs", "//! x\nuse crate::{domain::ids, service};\n"), ["2: domain -> service"]);
    assert_eq!(
        faults_of("src/domain/x.rs", "//! x\nuse crate::{\n    domain::ids,\n    store::{Db, jobs},\n};\n"),
        ["4: domain -> store::Db", "4: domain -> store::jobs"]
    );
    assert_eq!(faults_of("src/domain/x.rs", "//! x\nfn f() { crate::http::go(); }\n"), ["2: domain -> http::go"]);
    assert_eq!(faults_of("src/domain/a/x.rs", "//! x\nuse super::super::super::http::go;\n"), ["2: domain -> http::go"]);
    assert_eq!(faults_of("src/domain/x.rs", "//! x\nuse {serde::Serialize, tokio::spawn};\n"), ["2: domain -> crate tokio::spawn"]);
    assert_eq!(faults_of("src/domain/x.rs", "//! x\n#[tokio::main]\nfn f() {}\n"), ["2: domain -> crate tokio::main"]);
    assert_eq!(faults_of("src/domain/x.rs", "//! x\nuse ::diesel as d;\n"), ["2: domain -> crate diesel"]);
    assert_eq!(faults_of("src/service/x.rs", "//! x\nuse tokio::time::sleep;\n"), ["2: service -> crate tokio::time::sleep"]);
    assert_eq!(faults_of("src/jobs/x.rs", "//! x\nuse crate::store::badges;\n"), ["2: jobs -> store::badges"]);
    assert_eq!(faults_of("src/http/x.rs", "//! x\nuse reqwest::Client;\n"), ["2: http -> crate reqwest::Client"]);
    assert_eq!(faults_of("src/sandbox/esia/x.rs", "//! x\nuse crate::adapters::esia;\n"), ["2: sandbox -> adapters::esia"]);
    assert_eq!(faults_of("src/cli/serve.rs", "//! x\nuse crate::adapters::esia;\n"), ["2: cli -> adapters::esia".replace("::esia", "")]);
    assert_eq!(faults_of("src/store/badges.rs", "//! x\nfn f(c: &mut SqliteConnection) {}\n"), ["2: SqliteConnection"]);
    assert_eq!(faults_of("src/domain/x.rs", "use serde::Serialize;\n"), ["1: does not begin with //! saying what lives here"]);
    assert_eq!(
        faults_of("src/domain/x.rs", &format!("//! x\n{}", "\n".repeat(LONGEST_FILE))),
        ["401: longer than 400 lines: split it by subject"]
    );
}

#[test]
fn permitted_arrows_comments_texts_and_tests_are_let_alone() {
    for (path, text) in [
        ("src/jobs/x.rs", "//! x\nuse crate::store::jobs::Lease;\nuse tokio::time::sleep;\n"),
        ("src/service/x.rs", "//! x\nuse tokio::sync::Mutex;\nuse crate::{domain::ids, store};\n"),
        ("src/cli/wire.rs", "//! x\nuse crate::adapters::esia;\n"),
        ("src/store/conn.rs", "//! x\nuse diesel::SqliteConnection;\n"),
        (
            "src/domain/x.rs",
            "//! x\n// use crate::store::Db;\n/* tokio::spawn /* diesel::x */ */\nconst A: &str = \"crate::http::go\";\nconst B: &str = r#\"tokio::\"spawn\"#;\n",
        ),
        ("src/domain/x.rs", "//! x\nfn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' } // tokio::spawn\n"),
        ("src/domain/x.rs", "//! x\nuse super::time::Timestamp;\nuse std::time::Duration;\n"),
        ("src/domain/x.rs", "//! x\n#[cfg(test)]\nmod tests {\n    use tokio::spawn;\n    fn f() { if true {} }\n}\n"),
        ("src/domain/x/tests.rs", "//! x\nuse crate::store::Db;\n"),
    ] {
        assert_eq!(faults_of(path, text), Vec::<String>::new(), "{path}: {text}");
    }
    assert_eq!(
        faults_of("src/domain/x.rs", "//! x\n#[cfg(test)]\nmod tests {\n}\nuse tokio::spawn;\n"),
        ["5: domain -> crate tokio::spawn"]
    );
}
