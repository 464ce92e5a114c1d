//! What a million badges cost: loads them into a fresh database, starts the real service over it and prints what starting,
//! holding, signing and changing them takes.
//!
//! `cargo bench --bench million_badges [-- COUNT]`; with `GOSBADGE_TEST_POSTGRES=postgres://…` on PostgreSQL too. The rows are as
//! large as real ones, so a million take some 8 GB in the temporary directory for as long as this runs. Ends with status 1
//! when a revocation takes a second or longer to stand in the served list.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a bench stands outside the ports and may fail loudly")]

#[path = "million_badges/measure.rs"]
mod measure;
#[path = "million_badges/rows.rs"]
mod rows;

use std::process::{Command, ExitCode};

use diesel::prelude::*;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["load", url, dir, count] => {
            rows::load(url, dir, count.parse().unwrap());
            ExitCode::SUCCESS
        }
        ["measure", url, dir, count] => measure::measure(url, dir, count.parse().unwrap()),
        rest => {
            let count = rest.first().map_or(1_000_000, |n| n.parse().expect("a number of badges"));
            on_each_database(count)
        }
    }
}

fn on_each_database(count: i64) -> ExitCode {
    let mut code = step_by_step(None, count);
    if let Ok(server) = std::env::var("GOSBADGE_TEST_POSTGRES") {
        let mut conn = PgConnection::establish(&server).unwrap();
        let name = format!("bench_{}", std::process::id());
        diesel::sql_query(format!("CREATE DATABASE {name}")).execute(&mut conn).unwrap();
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        if step_by_step(Some(url), count) != ExitCode::SUCCESS {
            code = ExitCode::FAILURE;
        }
        diesel::sql_query(format!("DROP DATABASE {name}")).execute(&mut conn).unwrap();
    }
    code
}

/// Each step in a process of its own, so that the memory it is told to take is its own.
fn step_by_step(url: Option<String>, count: i64) -> ExitCode {
    let dir = tempfile::TempDir::new().unwrap();
    let url = url.unwrap_or_else(|| format!("sqlite:{}", dir.path().join("bench.db").display()));
    for step in ["load", "measure"] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let status = child.args([step, &url, dir.path().to_str().unwrap(), &count.to_string()]).status().unwrap();
        if !status.success() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
