//! The rows: made by the database itself, as large as real ones, issued evenly over the last ninety days, one in a hundred
//! revoked. Applications and authorities, which nothing here looks at, are fewer than real ones.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use gosbadge::domain::expiry_month::ExpiryMonth;
use gosbadge::domain::time::Timestamp;
use gosbadge::store::migrate;

use crate::measure::{config, runtime};

const LIFE: i64 = 90 * 24 * 3600 * 1000;
const LIST_SIZE: i64 = 131_072;

/// Rows whose numbers follow each other take neighbouring places of one list.
struct Segment {
    list: i64,
    month: ExpiryMonth,
    from: i64,
    to: i64,
}

fn segments(count: i64, start: i64, step: i64) -> Vec<Segment> {
    let mut all: Vec<Segment> = Vec::new();
    for i in 0..count {
        let month = ExpiryMonth::of(Timestamp::from_millis(start + i * step + LIFE));
        match all.last_mut() {
            Some(s) if s.month == month && i - s.from < LIST_SIZE => s.to = i + 1,
            _ => all.push(Segment { list: all.len() as i64 + 1, month, from: i, to: i + 1 }),
        }
    }
    all
}

/// Pseudo-random, in whole numbers both databases have.
const REVOKED: &str = "((i * i) % 1000003) * (i + 7919) * 31 % 999983 % 100 = 0";

pub fn load(url: &str, dir: &str, count: i64) {
    let config = config(url, dir);
    runtime().block_on(async {
        let db = gosbadge::cli::wire::database(&config).unwrap();
        migrate::apply(&db).await.unwrap();
    });
    let begun = Instant::now();
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    // The oldest has ten days to go.
    let (start, step) = (now - LIFE + 10 * 24 * 3600 * 1000, 80 * 24 * 3600 * 1000 / count.max(1));
    let sqlite = url.strip_prefix("sqlite:");
    let filler = |n: u32| match sqlite {
        Some(_) => format!("hex(randomblob({}))", n / 2),
        None => format!("repeat(md5(CAST(i AS TEXT)), {})", n / 32),
    };
    let mut run: Box<dyn FnMut(&str)> = match sqlite {
        Some(path) => {
            let mut conn = SqliteConnection::establish(path).unwrap();
            conn.batch_execute("PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF; PRAGMA cache_size=-200000;").unwrap();
            Box::new(move |sql| conn.batch_execute(sql).unwrap_or_else(|e| panic!("{sql}: {e}")))
        }
        None => {
            let mut conn = PgConnection::establish(url).unwrap();
            Box::new(move |sql| conn.batch_execute(sql).unwrap_or_else(|e| panic!("{sql}: {e}")))
        }
    };
    run("BEGIN");
    run("INSERT INTO platforms (id, name, base_url, client_id, auth_method, redirect_uris, community_prefixes, state, created_at,
        updated_at, updated_by) VALUES ('bench', 'x', 'https://x.test', 'x', 'client_secret_basic', '[]', '[]', 'active', 0, 0, 'bench')");
    run(&series(
        0,
        1000,
        "INSERT INTO authorities (id, ogrn, full_name, short_name, kind, created_at, updated_at, updated_by)
        SELECT 'aut_' || ID, CAST(1000000000000 + i AS TEXT), 'Детский сад', 'ДС', 'municipal_institution', 0, 0, 'bench' FROM s",
    ));
    run(&series(
        0,
        1000,
        "INSERT INTO applications (id, platform_id, community_number, community_uri, community_name, details,
        redirect_uri, code_challenge, state, created_at, expires_at, updated_at, updated_by)
        SELECT 'app_' || ID, 'bench', CAST(i AS TEXT), '', '', '[]', '', '', 'issued', 0, 0, 0, 'bench' FROM s",
    ));
    for s in segments(count, start, step) {
        segment(&mut *run, &s, start, step, &filler);
    }
    run("UPDATE ledger SET seq = (SELECT MAX(seq) FROM events)");
    run("COMMIT");
    run("ANALYZE");
    // A database that has been running for a while is on disk, and PostgreSQL knows which pages everybody may see.
    run(if sqlite.is_some() { "PRAGMA journal_mode=WAL" } else { "VACUUM" });
    drop(run);
    if let Some(path) = sqlite {
        std::fs::File::open(path).unwrap().sync_all().unwrap();
    }
    eprintln!("{count} badges loaded in {:.0} s", begun.elapsed().as_secs_f64());
}

/// `ID` stands for the 26 characters of an identifier made of `i`.
fn series(from: i64, to: i64, insert: &str) -> String {
    let (head, select) = insert.split_at(insert.find("SELECT").unwrap());
    let select = select.replace("ID", "'01KB000000000000' || CAST(1000000000 + i AS TEXT)");
    format!("{head} WITH RECURSIVE s(i) AS (SELECT CAST({from} AS BIGINT) UNION ALL SELECT i + 1 FROM s WHERE i + 1 < {to}) {select}")
}

fn segment(run: &mut dyn FnMut(&str), s: &Segment, start: i64, step: i64, filler: &dyn Fn(u32) -> String) {
    let (list, from) = (s.list, s.from);
    run(&format!(
        "INSERT INTO status_lists (id, size, next_idx, created_at, month, ends_before) VALUES ({list}, {LIST_SIZE}, {}, 0, {}, {})",
        s.to - from,
        s.month.starts().millis(),
        s.month.ends().millis()
    ));
    let each = |insert: &str| series(from, s.to, insert);
    let at = format!("({start} + i * {step})");
    run(&each(
        "INSERT INTO communities (id, platform_id, number, uri, name, created_at, updated_at, updated_by)
        SELECT ID, 'bench', CAST(i AS TEXT), 'https://x.test/club' || i, 'Детский сад', 0, 0, 'bench' FROM s",
    ));
    run(&each(&format!(
        "INSERT INTO badges (id, community_id, authority_id, application_id, state, reason, version, issued_at, expires_at,
        created_at, updated_at, updated_by)
        SELECT 'bdg_' || ID, ID, 'aut_01KB000000000000' || CAST(1000000000 + i % 1000 AS TEXT),
            'app_01KB000000000000' || CAST(1000000000 + i % 1000 AS TEXT), CASE WHEN {REVOKED} THEN 'revoked' ELSE 'active' END,
            CASE WHEN {REVOKED} THEN 'operator_decision' END, CASE WHEN {REVOKED} THEN 2 ELSE 1 END, {at}, {at} + {LIFE}, {at}, {at},
            'bench' FROM s"
    )));
    run(&each(&format!(
        "INSERT INTO attestations (id, badge_id, application_id, list_id, idx, state, status, claims, token, kid, issued_at,
        expires_at, created_at, updated_by)
        SELECT 'att_' || ID, 'bdg_' || ID, 'app_01KB000000000000' || CAST(1000000000 + i % 1000 AS TEXT), {list}, i - {from}, 'active',
            CASE WHEN {REVOKED} THEN 1 ELSE 0 END, {}, {}, 'bench', {at}, {at} + {LIFE}, {at}, 'bench' FROM s",
        filler(1914),
        filler(2760)
    )));
    let event = |seq: &str, version: i64, kind: &str, state: &str, reason: &str, rest: &str| {
        each(&format!(
            "INSERT INTO events (seq, id, badge_id, version, kind, state, reason, actor_kind, attestation_id, at)
            SELECT {seq}, 'evt_' || ID || '-{version}', 'bdg_' || ID, {version}, '{kind}', '{state}', {reason}, 'system', 'att_' || ID, {at}
            FROM s {rest}"
        ))
    };
    // Numbers without gaps: what was revoked of a list follows it.
    let seq = "(SELECT COALESCE(MAX(seq), 0) FROM events) + ROW_NUMBER() OVER (ORDER BY i)";
    run(&event(seq, 1, "issued", "active", "NULL", ""));
    run(&event(seq, 2, "revoked", "revoked", "'operator_decision'", &format!("WHERE {REVOKED}")));
}
