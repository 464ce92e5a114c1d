//! The database seen from outside, for what no interface shows: plain SQL on either kind.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

pub enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    v: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    v: i64,
}

impl Database {
    /// Opens `database.url`.
    pub fn open(url: &str) -> Self {
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let mut conn = SqliteConnection::establish(path).unwrap();
                conn.batch_execute("PRAGMA busy_timeout=5000").unwrap();
                Self::Sqlite(conn)
            }
            None => Self::Postgres(PgConnection::establish(url).unwrap()),
        }
    }

    /// The rows of a query with one text column, which must be named `v`.
    pub fn lines(&mut self, select: &str) -> Vec<String> {
        let query = diesel::sql_query(select);
        let rows: Vec<Line> = match self {
            Self::Sqlite(c) => query.load(c),
            Self::Postgres(c) => query.load(c),
        }
        .unwrap_or_else(|e| panic!("{select}: {e}"));
        rows.into_iter().map(|r| r.v).collect()
    }

    /// `SELECT count(*)` of what follows `FROM`.
    pub fn count(&mut self, from: &str) -> i64 {
        let select = format!("SELECT count(*) AS v FROM {from}");
        let query = diesel::sql_query(&select);
        let row: Number = match self {
            Self::Sqlite(c) => query.get_result(c),
            Self::Postgres(c) => query.get_result(c),
        }
        .unwrap_or_else(|e| panic!("{select}: {e}"));
        row.v
    }

    pub fn run(&mut self, sql: &str) {
        match self {
            Self::Sqlite(c) => c.batch_execute(sql),
            Self::Postgres(c) => c.batch_execute(sql),
        }
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    /// From now on every `action` on `table` that fits `condition` fails, until [`Self::repair`].
    pub fn break_writes(&mut self, action: &str, table: &str, condition: &str) {
        let sql = match self {
            Self::Sqlite(_) => format!(
                "CREATE TRIGGER broken BEFORE {action} ON {table} WHEN {condition}
                 BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END"
            ),
            Self::Postgres(_) => format!(
                "CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN RAISE EXCEPTION 'broken on purpose'; END $$;
                 CREATE TRIGGER broken BEFORE {action} ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION broken()"
            ),
        };
        self.run(&sql);
    }

    pub fn repair(&mut self, table: &str) {
        let sql = match self {
            Self::Sqlite(_) => "DROP TRIGGER broken".to_owned(),
            Self::Postgres(_) => format!("DROP TRIGGER broken ON {table}"),
        };
        self.run(&sql);
    }

    /// What must hold at every moment, whatever happened: the uniqueness the schema enforces is asserted without relying on
    /// it, so that a lost constraint shows here too.
    pub fn assert_consistent(&mut self) {
        assert_eq!(self.count("(SELECT list_id, idx FROM attestations GROUP BY list_id, idx HAVING count(*) > 1) AS d"), 0);
        assert_eq!(self.count("(SELECT id FROM attestations GROUP BY id HAVING count(*) > 1) AS d"), 0);
        assert_eq!(
            self.count(
                "(SELECT badge_id FROM events WHERE kind = 'issued' GROUP BY badge_id HAVING count(*) > 1
                  UNION ALL SELECT b.id FROM badges b WHERE b.issued_at IS NOT NULL
                  AND NOT EXISTS (SELECT 1 FROM events e WHERE e.badge_id = b.id AND e.kind = 'issued')) AS d"
            ),
            0,
            "every badge that was in force has exactly one issued event"
        );
        assert_eq!(
            self.count(
                "attestations a WHERE a.state = 'active'
                 AND (a.token IS NULL OR NOT EXISTS (SELECT 1 FROM events e WHERE e.attestation_id = a.id))"
            ),
            0,
            "an active attestation has its token and its event"
        );
        assert_eq!(self.count("attestations WHERE state <> 'active' AND token IS NOT NULL"), 0);
        let (events, head) = (self.count("events"), self.lines("SELECT CAST(seq AS TEXT) AS v FROM ledger"));
        assert_eq!(head, [events.to_string()], "the ledger has no gaps");
        assert_eq!(self.count(&format!("events WHERE seq < 1 OR seq > {events}")), 0);
        // One statement: the sequencer may be at work meanwhile.
        let other = self.count("log_state WHERE size <> (SELECT count(*) FROM log_leaves)");
        assert_eq!(other, 0, "the transparency log has as many leaves as it says");
        assert_eq!(self.count("log_leaves WHERE idx < 0 OR idx >= (SELECT size FROM log_state)"), 0, "and no gaps");
        assert_eq!(
            self.count("deliveries d JOIN events e ON e.seq = d.event_seq WHERE e.kind = 'issued'"),
            self.count("events WHERE kind = 'issued'"),
            "one delivery for each issued event"
        );
    }
}
