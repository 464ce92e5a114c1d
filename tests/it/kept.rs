//! What tests make once and share, because it costs far more than what they test: a migrated database to copy, and the keys of the
//! development set-up. Both are random, made on the spot and belong to this build of the binary; the tests of migrations and of first
//! starts do without.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use diesel::prelude::*;
use diesel::sql_types::Bool;

/// Any number, the same in all processes: who makes the template holds this lock.
const TEMPLATE_LOCK: i64 = 7_205_311;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// Names what was made by this binary: another one may migrate differently.
fn of_this_build() -> String {
    let binary = fs::metadata(env!("CARGO_BIN_EXE_gosbadge")).unwrap();
    format!("{}_{}_{}", binary.mtime(), binary.mtime_nsec(), binary.len())
}

/// Where shared things lie.
fn shelf() -> PathBuf {
    let shelf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kept");
    fs::create_dir_all(&shelf).unwrap();
    shelf
}

/// Puts a file or directory into its place at once; where another process was faster, its one stays.
fn publish(made: &Path, place: &Path) {
    if fs::rename(made, place).is_err() {
        assert!(place.exists(), "{} cannot be written", place.display());
    }
}

fn migrate(url: &str, dir: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gosbadge"));
    command.arg("migrate").env("GOSBADGE__DATABASE__URL", url).env("GOSBADGE__DEV", "true").env("GOSBADGE__DATA_DIR", dir).current_dir(dir);
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// Makes `file` a migrated SQLite database.
pub fn sqlite(file: &Path) {
    let template = shelf().join(format!("{}.db", of_this_build()));
    if !template.exists() {
        let dir = tempfile::tempdir_in(shelf()).unwrap();
        let made = dir.path().join("made.db");
        migrate(&format!("sqlite:{}", made.display()), dir.path());
        assert!(!dir.path().join("made.db-wal").exists(), "the migrated database is one file");
        publish(&made, &template);
    }
    fs::copy(template, file).unwrap();
}

/// Makes a migrated database of this name on a PostgreSQL server.
pub fn postgres(server: &str, name: &str) {
    let (base, _) = server.rsplit_once('/').unwrap();
    let template = format!("gosbadge_{}", of_this_build());
    let mut conn = PgConnection::establish(server).unwrap();
    let exists = |conn: &mut PgConnection| {
        let found: Found = diesel::sql_query(format!("SELECT EXISTS (SELECT FROM pg_database WHERE datname = '{template}') AS found"))
            .get_result(conn)
            .unwrap();
        found.found
    };
    if !exists(&mut conn) {
        diesel::sql_query(format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).execute(&mut conn).unwrap();
        if !exists(&mut conn) {
            let making = format!("{template}_making");
            diesel::sql_query(format!("DROP DATABASE IF EXISTS {making}")).execute(&mut conn).unwrap();
            diesel::sql_query(format!("CREATE DATABASE {making}")).execute(&mut conn).unwrap();
            let dir = tempfile::tempdir().unwrap();
            migrate(&format!("{base}/{making}"), dir.path());
            diesel::sql_query(format!("ALTER DATABASE {making} RENAME TO {template}")).execute(&mut conn).unwrap();
        }
        diesel::sql_query(format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).execute(&mut conn).unwrap();
    }
    diesel::sql_query(format!("CREATE DATABASE {name} TEMPLATE {template}")).execute(&mut conn).unwrap();
}

/// Keys are good for a year from the day they were made, and tests let much time pass.
fn keys_of_today() -> PathBuf {
    let day = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86_400;
    shelf().join(format!("keys_{}_{day}", of_this_build()))
}

/// Gives a data directory the development set-up's keys, where there are any yet.
pub fn give_keys(data_dir: &Path) {
    let (kept, dev) = (keys_of_today(), data_dir.join("dev"));
    if kept.exists() && !dev.exists() {
        copy(&kept, &dev);
    }
}

/// Keeps those that a set-up made for itself.
pub fn keep_keys(data_dir: &Path) {
    let kept = keys_of_today();
    if !kept.exists() {
        let made = tempfile::tempdir_in(shelf()).unwrap();
        copy(&data_dir.join("dev"), &made.path().join("dev"));
        publish(&made.path().join("dev"), &kept);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
