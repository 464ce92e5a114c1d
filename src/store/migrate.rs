//! Bringing a database to the shape this version needs. Migrations are append-only once released.

use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::conn::AnyConnection;
use super::{Db, StoreError};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// One migration and whether it is applied.
#[derive(Clone, Debug, serde::Serialize)]
pub struct MigrationStatus {
    /// Its directory name.
    pub name: String,
    /// Applied to this database.
    pub applied: bool,
}

fn other(e: impl std::fmt::Display) -> StoreError {
    StoreError::Other(format!("migration failed: {e}"))
}

/// Applies what is missing; returns the names of what was applied.
///
/// # Errors
/// [`StoreError`] when a migration fails; earlier ones stay applied.
pub async fn apply(db: &Db) -> Result<Vec<String>, StoreError> {
    db.exclusive("migrate", |conn| {
        let ran = match conn {
            AnyConnection::Sqlite(c) => c.run_pending_migrations(SQLITE).map(|v| names(&v)),
            AnyConnection::Postgres(c) => c.run_pending_migrations(POSTGRES).map(|v| names(&v)),
        };
        ran.map_err(other)
    })
    .await
}

fn names(versions: &[diesel::migration::MigrationVersion<'_>]) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

/// Every migration this version knows, applied or not.
///
/// # Errors
/// [`StoreError`] when the database cannot be read.
pub async fn status(db: &Db) -> Result<Vec<MigrationStatus>, StoreError> {
    db.exclusive("migrate_status", |conn| match conn {
        AnyConnection::Sqlite(c) => {
            let applied = c.applied_migrations().map_err(other)?;
            let all: Vec<Box<dyn Migration<diesel::sqlite::Sqlite>>> = SQLITE.migrations().map_err(other)?;
            Ok(all.iter().map(|m| entry(&m.name().to_string(), applied.contains(&m.name().version()))).collect())
        }
        AnyConnection::Postgres(c) => {
            let applied = c.applied_migrations().map_err(other)?;
            let all: Vec<Box<dyn Migration<diesel::pg::Pg>>> = POSTGRES.migrations().map_err(other)?;
            Ok(all.iter().map(|m| entry(&m.name().to_string(), applied.contains(&m.name().version()))).collect())
        }
    })
    .await
}

fn entry(name: &str, applied: bool) -> MigrationStatus {
    MigrationStatus { name: name.to_owned(), applied }
}
