//! The migrations: two sets, one shape, the one diesel's schema describes; released files never change; applying them twice
//! changes nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use gosbadge::domain::digest::sha256_hex;
use tempfile::TempDir;

use crate::database::Database;
use crate::harness::empty_database;

/// Every released migration file with its SHA-256. Append only: whoever runs the service has applied these; a change goes
/// into a new migration.
const RELEASED: [(&str, &str); 52] = [
    ("sqlite/2026-11-23-000001_first_house/up.sql", "bb829699196e3351550103e3fe937d104608a19305700d80e38ea5a947eac4a0"),
    ("sqlite/2026-11-23-000001_first_house/down.sql", "adcb3cac61390fd7627530b2fa095eef4f26f406c34ff3ad790c3df2c019ab3d"),
    ("postgres/2026-11-23-000001_first_house/up.sql", "23bfae3c71f8b44da8f96d5dc78d2414b86a595861d84fcef60c571502622a92"),
    ("postgres/2026-11-23-000001_first_house/down.sql", "adcb3cac61390fd7627530b2fa095eef4f26f406c34ff3ad790c3df2c019ab3d"),
    ("sqlite/2026-11-27-000002_transparency_log/up.sql", "164f19baa1d84363986d5e9c0635c26d22b6d79d631315bf0d469d5a68b9075a"),
    ("sqlite/2026-11-27-000002_transparency_log/down.sql", "2ccc7870c43c299763709ac22c56ca7fe3ebc430ec60acdbbf22006de9eed5d7"),
    ("postgres/2026-11-27-000002_transparency_log/up.sql", "1c4235260a994015e0fe282585a648d2bfb6b217d1bac62deb1dfbbf31a06c53"),
    ("postgres/2026-11-27-000002_transparency_log/down.sql", "2ccc7870c43c299763709ac22c56ca7fe3ebc430ec60acdbbf22006de9eed5d7"),
    ("sqlite/2026-11-27-000003_keyrings/up.sql", "304c56c2e112cba79b7888e4ca64f561fa49084096e5063f88ef2363661c7921"),
    ("sqlite/2026-11-27-000003_keyrings/down.sql", "3da2a8e140af8f8e52dbb85cb0b171161a53e296575c24c8aa8322b031e4ce7e"),
    ("postgres/2026-11-27-000003_keyrings/up.sql", "304c56c2e112cba79b7888e4ca64f561fa49084096e5063f88ef2363661c7921"),
    ("postgres/2026-11-27-000003_keyrings/down.sql", "3da2a8e140af8f8e52dbb85cb0b171161a53e296575c24c8aa8322b031e4ce7e"),
    ("sqlite/2026-11-27-000004_status_list_groups/up.sql", "f62efe02b25126719c7c64d39d3c6112e91e1f5aa99ef368dd143df1b2c0e91f"),
    ("sqlite/2026-11-27-000004_status_list_groups/down.sql", "58d6b02138a3a8cb8db8f75aabd22d1620b8621cd648e94d8fcccce53d620809"),
    ("postgres/2026-11-27-000004_status_list_groups/up.sql", "f62efe02b25126719c7c64d39d3c6112e91e1f5aa99ef368dd143df1b2c0e91f"),
    ("postgres/2026-11-27-000004_status_list_groups/down.sql", "58d6b02138a3a8cb8db8f75aabd22d1620b8621cd648e94d8fcccce53d620809"),
    ("sqlite/2026-11-27-000005_life_of_a_badge/up.sql", "d19db2df42c3d1b5b1f7760c29993dc8c5b508cb7395aeed621c9673819e68e4"),
    ("sqlite/2026-11-27-000005_life_of_a_badge/down.sql", "0dd4144b97b41e69225598f8e7963bd5c2682deec7c71adaac8ea84127d05502"),
    ("postgres/2026-11-27-000005_life_of_a_badge/up.sql", "480ea92463053f049fad57a6e1f3d4b45cb33a5fdbf581a927e3de323873646e"),
    ("postgres/2026-11-27-000005_life_of_a_badge/down.sql", "0dd4144b97b41e69225598f8e7963bd5c2682deec7c71adaac8ea84127d05502"),
    ("sqlite/2026-11-28-000006_platform_starts/up.sql", "956ec0d75d79928f7272ec6cd4b17f2fca99a29b96f4b53f6fc74ebad8e9407e"),
    ("sqlite/2026-11-28-000006_platform_starts/down.sql", "c4aa9bfe78d4fdd0d63520ad830ac4b050b24b206ce16fe333cbb35c94fd47db"),
    ("postgres/2026-11-28-000006_platform_starts/up.sql", "5b75ec9cb0650ebaab0efe23111c78ea184baede34ccc30cbbcc2928d2d8e203"),
    ("postgres/2026-11-28-000006_platform_starts/down.sql", "c4aa9bfe78d4fdd0d63520ad830ac4b050b24b206ce16fe333cbb35c94fd47db"),
    ("sqlite/2026-11-28-000007_streams/up.sql", "c4a503a948525e35a0c5ad798558cb68fceac6e9ed241a036ee1546d873310ef"),
    ("sqlite/2026-11-28-000007_streams/down.sql", "4227fd3afc02677d358daffce2d4fe92ff1f6ead8b188aec2a7c7e238d3a1932"),
    ("postgres/2026-11-28-000007_streams/up.sql", "074631d721080dec576b48366ffee26004a30a35187b0087aab1f7ff39a18ba9"),
    ("postgres/2026-11-28-000007_streams/down.sql", "4227fd3afc02677d358daffce2d4fe92ff1f6ead8b188aec2a7c7e238d3a1932"),
    ("sqlite/2026-11-28-000008_control_proofs/up.sql", "791a4ceaec91b740c4ae39766825b8470c9bcad22661c6aa35660109b9bb7071"),
    ("sqlite/2026-11-28-000008_control_proofs/down.sql", "0d30ce1343263606e71d8946bf6fcdbda3e1a325ca6afec332a4f6673f506cc6"),
    ("postgres/2026-11-28-000008_control_proofs/up.sql", "791a4ceaec91b740c4ae39766825b8470c9bcad22661c6aa35660109b9bb7071"),
    ("postgres/2026-11-28-000008_control_proofs/down.sql", "0d30ce1343263606e71d8946bf6fcdbda3e1a325ca6afec332a4f6673f506cc6"),
    ("sqlite/2026-11-28-000009_platform_events/up.sql", "00f5c783a2c5b70e9af83165e95ad36bd1c9a5969b78debee3200edc36fc81f6"),
    ("sqlite/2026-11-28-000009_platform_events/down.sql", "a7130c1e4c0c6809261f2889902257952de3303d70eedc7d373648eb025eff91"),
    ("postgres/2026-11-28-000009_platform_events/up.sql", "0fb233d644db910185f02a166ed3dead5a39bcfb3d02e005d844c4805418e0ad"),
    ("postgres/2026-11-28-000009_platform_events/down.sql", "a7130c1e4c0c6809261f2889902257952de3303d70eedc7d373648eb025eff91"),
    ("sqlite/2026-11-29-000010_further_proofs/up.sql", "6a982ac1f72398315e1e10d8c331dfc1b37cd5a035f7747d7396cdc6d1fdc5de"),
    ("sqlite/2026-11-29-000010_further_proofs/down.sql", "3d13be471040db1534b5d5071854825338e731abaecfddc07e3b8599221edd47"),
    ("postgres/2026-11-29-000010_further_proofs/up.sql", "e0a97265953bab50e7365c760312dfa1bcf55e7e2e62ed924a3017fe011acd07"),
    ("postgres/2026-11-29-000010_further_proofs/down.sql", "3d13be471040db1534b5d5071854825338e731abaecfddc07e3b8599221edd47"),
    ("sqlite/2026-11-29-000012_due_deliveries/up.sql", "0ddf8b67c58ee24538f2cc94a710649e355117a9e0e7e88200ef504dc7214111"),
    ("sqlite/2026-11-29-000012_due_deliveries/down.sql", "1d3d05dfcd9d5ef7bf7c1cf2a61aca0f5640ed0b9fcabc76bf85c1ed0bbaa469"),
    ("postgres/2026-11-29-000012_due_deliveries/up.sql", "0ddf8b67c58ee24538f2cc94a710649e355117a9e0e7e88200ef504dc7214111"),
    ("postgres/2026-11-29-000012_due_deliveries/down.sql", "1d3d05dfcd9d5ef7bf7c1cf2a61aca0f5640ed0b9fcabc76bf85c1ed0bbaa469"),
    ("sqlite/2026-11-29-000013_site_looks/up.sql", "c636c92e188af37dbae6b97e4065f1854904ab243e6244829a9198a6be05aa26"),
    ("sqlite/2026-11-29-000013_site_looks/down.sql", "a46303c54306a92e59f94cdc1b5fa43d71111374f431121fd06a7865e51736ac"),
    ("postgres/2026-11-29-000013_site_looks/up.sql", "c636c92e188af37dbae6b97e4065f1854904ab243e6244829a9198a6be05aa26"),
    ("postgres/2026-11-29-000013_site_looks/down.sql", "a46303c54306a92e59f94cdc1b5fa43d71111374f431121fd06a7865e51736ac"),
    ("sqlite/2026-11-29-000014_lookups/up.sql", "0eda3cab3d28ed9de821a553e8b9b42c542b69fdbc78760e14bf01c0778d0e9a"),
    ("sqlite/2026-11-29-000014_lookups/down.sql", "c7f6b7428c889e89ae60d20809640f0de359c11e97d08316034f6a240794d4e0"),
    ("postgres/2026-11-29-000014_lookups/up.sql", "0eda3cab3d28ed9de821a553e8b9b42c542b69fdbc78760e14bf01c0778d0e9a"),
    ("postgres/2026-11-29-000014_lookups/down.sql", "c7f6b7428c889e89ae60d20809640f0de359c11e97d08316034f6a240794d4e0"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")
}

fn names(set: &str) -> BTreeSet<String> {
    std::fs::read_dir(root().join(set)).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn released_migrations_are_unchanged_and_all_listed() {
    for (file, sha256) in RELEASED {
        let found = sha256_hex(&std::fs::read(root().join(file)).unwrap());
        assert_eq!(found, sha256, "{file} is released: put the change into a new migration");
    }
    for set in ["sqlite", "postgres"] {
        for name in names(set) {
            for file in ["up.sql", "down.sql"] {
                let path = format!("{set}/{name}/{file}");
                assert!(RELEASED.iter().any(|(f, _)| *f == path), "list {path} with its SHA-256");
            }
        }
    }
}

#[test]
fn both_sets_have_the_same_migrations_in_the_same_words() {
    assert_eq!(names("sqlite"), names("postgres"));
    let words = |set: &str, name: &str| {
        let text = std::fs::read_to_string(root().join(set).join(name).join("up.sql")).unwrap();
        text.split_whitespace().map(|w| w.replace("BYTEA", "BLOB")).collect::<Vec<_>>()
    };
    for name in names("sqlite") {
        assert_eq!(words("sqlite", &name), words("postgres", &name), "{name}");
    }
}

/// `table.column type nullability place-in-primary-key`, and `table uniqueness columns extent` of every index.
type Shape = (BTreeSet<String>, BTreeSet<String>);

const SQLITE_COLUMNS: &str = "
    SELECT m.name || '.' || p.name || ' ' || replace(lower(p.type), 'blob', 'bytea') || ' '
        || CASE WHEN p.\"notnull\" THEN 'not-null' ELSE 'null' END || ' ' || p.pk AS v
    FROM sqlite_master m JOIN pragma_table_info(m.name) p
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite~_%' ESCAPE '~' AND m.name <> '__diesel_schema_migrations'";

const SQLITE_INDEXES: &str = "
    SELECT m.name || ' ' || CASE WHEN l.\"unique\" THEN 'unique' ELSE 'plain' END || ' '
        || (SELECT group_concat(i.name, ',') FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno) i) || ' '
        || CASE WHEN l.partial THEN 'partial' ELSE 'whole' END AS v
    FROM sqlite_master m JOIN pragma_index_list(m.name) l
    WHERE m.type = 'table' AND m.name <> '__diesel_schema_migrations'";

const POSTGRES_COLUMNS: &str = "
    SELECT c.table_name || '.' || c.column_name || ' ' || c.data_type || ' '
        || CASE c.is_nullable WHEN 'NO' THEN 'not-null' ELSE 'null' END || ' ' || COALESCE(k.ordinal_position, 0) AS v
    FROM information_schema.columns c LEFT JOIN (
        SELECT u.table_name, u.column_name, u.ordinal_position
        FROM information_schema.table_constraints t
        JOIN information_schema.key_column_usage u USING (constraint_name, table_schema)
        WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = 'public'
    ) k ON k.table_name = c.table_name AND k.column_name = c.column_name
    WHERE c.table_schema = 'public' AND c.table_name <> '__diesel_schema_migrations'";

const POSTGRES_INDEXES: &str = "
    SELECT t.relname || ' ' || CASE WHEN i.indisunique THEN 'unique' ELSE 'plain' END || ' '
        || (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY AS k (att, n)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.att) || ' '
        || CASE WHEN i.indpred IS NULL THEN 'whole' ELSE 'partial' END AS v
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE n.nspname = 'public' AND t.relname <> '__diesel_schema_migrations'";

fn shape(url: &str) -> Shape {
    let mut db = Database::open(url);
    let (columns, indexes) = match db {
        Database::Sqlite(_) => (SQLITE_COLUMNS, SQLITE_INDEXES),
        Database::Postgres(_) => (POSTGRES_COLUMNS, POSTGRES_INDEXES),
    };
    (db.lines(columns).into_iter().collect(), db.lines(indexes).into_iter().collect())
}

/// What the migrations must make, written down by what the code relies on.
#[test]
fn a_migrated_database_has_the_shape_of_the_diesel_schema() {
    let dir = TempDir::new().unwrap();
    let url = empty_database(&dir);
    gosbadge(&dir, &url, &["migrate"]);
    let (columns, indexes) = shape(&url);
    assert_eq!(columns, diesel_columns());
    for needed in [
        "badges unique community_id partial",
        "control_proofs unique application_id,kind partial",
        "signing_keys unique purpose partial",
        "attestations unique list_id,idx whole",
        "attestations plain created_at partial",
        "attestations plain list_id,idx,id,badge_id,state,status whole",
        "badges plain id,state,reason,version whole",
        "events plain badge_id,seq partial",
        "communities unique platform_id,number whole",
        "events unique badge_id,version whole",
        "deliveries unique platform_id,badge_id,version whole",
        "deliveries plain platform_id,event_seq partial",
        "deliveries plain platform_id,badge_id,version partial",
        "inbound_webhooks unique platform_id,webhook_id whole",
        "logins unique state_digest whole",
        "applications unique link_digest whole",
        "idempotent_answers unique digest whole",
    ] {
        assert!(indexes.contains(needed), "{needed} is missing among {indexes:#?}");
    }
    // The same on the other database, where this run has one at hand.
    if url.starts_with("postgres") {
        let sqlite = format!("sqlite:{}", dir.path().join("other.db").display());
        gosbadge(&dir, &sqlite, &["migrate"]);
        assert_eq!(shape(&sqlite), (columns, indexes));
    }
}

/// `src/store/schema` in the words of [`Shape`].
fn diesel_columns() -> BTreeSet<String> {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let parts = std::fs::read_dir(store.join("schema")).unwrap().map(|e| e.unwrap().path());
    let text: String = parts.chain([store.join("schema.rs")]).map(|p| std::fs::read_to_string(p).unwrap()).collect();
    let mut columns = BTreeSet::new();
    let (mut table, mut key) = (String::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        if let Some((name, rest)) = line.strip_suffix(" {").and_then(|l| l.split_once(" (")) {
            table = name.to_owned();
            key = rest.trim_end_matches(')').split(", ").map(str::to_owned).collect();
        } else if let Some((column, kind)) = line.strip_suffix(',').and_then(|l| l.split_once(" -> ")) {
            let (kind, null) = kind.strip_prefix("Nullable<").map_or((kind, "not-null"), |k| (k.trim_end_matches('>'), "null"));
            let kind = match kind {
                "Text" => "text",
                "BigInt" => "bigint",
                "Binary" => "bytea",
                other => panic!("{table}.{column} has the type {other}, which only one database may know"),
            };
            let place = key.iter().position(|k| k == column).map_or(0, |n| n + 1);
            columns.insert(format!("{table}.{column} {kind} {null} {place}"));
        }
    }
    assert!(columns.len() > 100, "the schema was read: {}", columns.len());
    columns
}

#[test]
fn migrating_twice_changes_nothing_and_status_tells() {
    let dir = TempDir::new().unwrap();
    let url = empty_database(&dir);
    let all = names("sqlite");
    let status = |word: &str| all.iter().map(|n| format!("{word} {n}\n")).collect::<String>();

    assert_eq!(gosbadge(&dir, &url, &["migrate", "status"]), status("missing"));
    assert!(gosbadge(&dir, &url, &["migrate"]).starts_with(&format!("Applied {}: ", all.len())));
    let before = shape(&url);
    assert_eq!(gosbadge(&dir, &url, &["migrate"]), "The database has the shape this version needs.\n");
    assert_eq!(shape(&url), before);
    assert_eq!(Database::open(&url).count("ledger"), 1, "nothing was inserted twice");
    assert_eq!(gosbadge(&dir, &url, &["migrate", "status"]), status("applied"));
    let json: serde_json::Value = serde_json::from_str(&gosbadge(&dir, &url, &["migrate", "status", "--json"])).unwrap();
    let expected: Vec<_> = all.iter().map(|n| serde_json::json!({ "name": n, "applied": true })).collect();
    assert_eq!(json, serde_json::json!({ "migrations": expected }));
}

#[test]
fn endpoints_of_before_there_were_streams_go_on_working() {
    const STREAMS: &str = "2026-11-28-000007_streams";
    let dir = TempDir::new().unwrap();
    let url = empty_database(&dir);
    gosbadge(&dir, &url, &["migrate"]);
    let before = shape(&url);
    let mut db = Database::open(&url);
    let set = if url.starts_with("postgres") { "postgres" } else { "sqlite" };
    db.run(&std::fs::read_to_string(root().join(set).join(STREAMS).join("down.sql")).unwrap());
    let version = STREAMS.split('_').next().unwrap().replace('-', "");
    db.run(&format!("DELETE FROM __diesel_schema_migrations WHERE version = '{version}'"));
    for (id, endpoint) in [("vk", "'https://vk.example/hook'"), ("ok", "NULL")] {
        db.run(&format!(
            "INSERT INTO platforms (id, name, base_url, client_id, auth_method, redirect_uris, community_prefixes, webhook_url, state,
                created_at, updated_at, updated_by)
             VALUES ('{id}', 'x', 'https://x.example', '{id}', 'client_secret_basic', '[]', '[]', {endpoint}, 'active', 1, 2, 'test')"
        ));
    }
    gosbadge(&dir, &url, &["migrate"]);
    assert_eq!(shape(&url), before);
    let streams = db.lines("SELECT platform_id || ' ' || state || ' ' || method || ' ' || endpoint_url AS v FROM streams");
    assert_eq!(streams, ["vk enabled push_webhook https://vk.example/hook"]);
}

/// Runs the command; its standard output.
fn gosbadge(dir: &TempDir, url: &str, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gosbadge"));
    command.args(args).current_dir(dir.path()).env("GOSBADGE__DEV", "true").env("GOSBADGE__DATABASE__URL", url);
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}
