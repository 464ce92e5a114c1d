//! Connections and transactions. The one place, with `migrate.rs`, that knows which database it is.
//!
//! SQLite: one writer with `BEGIN IMMEDIATE` and `synchronous=FULL`, and a pool of readers. diesel's deferred transaction
//! fails a large part of contended writes despite `busy_timeout`, so it is never used for writing. PostgreSQL: one pool.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, Pool, PooledConnection, R2D2Connection as _};
use tokio::sync::Semaphore;

use super::StoreError;

/// Longest wait for a connection. Whoever waits longer is better served by a quick 503 than by a queue.
const WAIT_MAX: Duration = Duration::from_secs(3);

pub(super) use any::AnyConnection;

mod any {
    //! Apart from the rest, because the derive writes types of its own beside the enum.

    use diesel::{PgConnection, SqliteConnection};

    /// A connection to either database.
    #[derive(diesel::MultiConnection)]
    pub enum AnyConnection {
        /// PostgreSQL.
        Postgres(PgConnection),
        /// SQLite.
        Sqlite(SqliteConnection),
    }
}

/// Which database, from `database.url`.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// `sqlite:PATH`
    Sqlite(PathBuf),
    /// `postgres://…`; may hold a password, hence no `Debug`.
    Postgres(String),
}

impl Location {
    /// Reads `sqlite:PATH` or `postgres://…`.
    pub fn parse(url: &str) -> Option<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            (!path.is_empty()).then(|| Self::Sqlite(PathBuf::from(path)))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Some(Self::Postgres(url.to_owned()))
        } else {
            None
        }
    }

    /// `sqlite` or `postgres`, for people.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// The file, where there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(p) => Some(p),
            Self::Postgres(_) => None,
        }
    }
}

struct Manager {
    location: Location,
    read_only: bool,
}

impl Manager {
    fn open(&self) -> Result<AnyConnection, ConnectionError> {
        match &self.location {
            Location::Postgres(url) => PgConnection::establish(url).map(AnyConnection::Postgres),
            Location::Sqlite(path) => {
                let mut c = SqliteConnection::establish(&path.to_string_lossy())?;
                let mode = if self.read_only { "PRAGMA query_only=ON;" } else { "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" };
                c.batch_execute(&format!("PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON; {mode}"))
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(AnyConnection::Sqlite(c))
            }
        }
    }
}

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = ConnectionError;

    fn connect(&self) -> Result<AnyConnection, ConnectionError> {
        self.open()
    }

    fn is_valid(&self, conn: &mut AnyConnection) -> Result<(), ConnectionError> {
        conn.ping().map_err(ConnectionError::CouldntSetupConfiguration)
    }

    fn has_broken(&self, conn: &mut AnyConnection) -> bool {
        // A panic inside a transaction leaves it open; such a connection must not be reused.
        std::thread::panicking() || conn.is_broken()
    }
}

/// An open transaction. Its name is written into every row it changes.
pub struct Tx<'a> {
    pub(super) conn: &'a mut AnyConnection,
    /// Name of the transaction, `activate_attestation`.
    pub name: &'static str,
}

impl Tx<'_> {
    /// From here to the transaction's end an order comes from an index alone. PostgreSQL believes what it last knew of a table, and
    /// one that was small then it would rather read whole and sort; SQLite goes by its indexes anyway.
    pub(super) fn order_by_index(&mut self) -> Result<(), StoreError> {
        if let AnyConnection::Postgres(c) = &mut *self.conn {
            c.batch_execute("SET LOCAL enable_sort = off")?;
        }
        Ok(())
    }

    /// Runs `f` in a savepoint: its failure undoes only what it did.
    pub(super) fn savepoint<T>(&mut self, f: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let name = self.name;
        begin_savepoint(self.conn)?;
        match f(&mut Tx { conn: &mut *self.conn, name }) {
            Ok(value) => {
                commit(self.conn)?;
                Ok(value)
            }
            Err(e) => {
                rollback(self.conn)?;
                Err(e)
            }
        }
    }
}

/// The database: cheap to clone, shared by the whole process.
#[derive(Clone)]
pub struct Db {
    location: Location,
    writers: Lane,
    readers: Lane,
}

#[derive(Clone)]
struct Lane {
    pool: Pool<Manager>,
    permits: Arc<Semaphore>,
}

impl Lane {
    fn new(location: &Location, size: u32, read_only: bool) -> Result<Self, StoreError> {
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .test_on_check_out(matches!(location, Location::Postgres(_)))
            .connection_timeout(WAIT_MAX)
            .error_handler(Box::new(diesel::r2d2::NopErrorHandler))
            .build(Manager { location: location.clone(), read_only })
            .map_err(|e| StoreError::Unavailable(e.to_string()))?;
        // As many permits as connections: waiting happens in async code, not in blocked threads.
        Ok(Self { pool, permits: Arc::new(Semaphore::new(size as usize)) })
    }

    fn get(&self) -> Result<PooledConnection<Manager>, StoreError> {
        self.pool.get().map_err(|e| StoreError::Unavailable(e.to_string()))
    }
}

impl Db {
    /// Opens the pools. `size` is the number of PostgreSQL connections, or of SQLite readers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached or created.
    pub fn open(location: Location, size: u32) -> Result<Self, StoreError> {
        let size = size.max(2);
        let (writers, readers) = match &location {
            // The writer comes first: it creates the file and switches it to WAL.
            Location::Sqlite(_) => (Lane::new(&location, 1, false)?, Lane::new(&location, size, true)?),
            Location::Postgres(_) => {
                let lane = Lane::new(&location, size, false)?;
                (lane.clone(), lane)
            }
        };
        Ok(Self { location, writers, readers })
    }

    /// Where the data is.
    pub const fn location(&self) -> &Location {
        &self.location
    }

    /// Runs `f` in a named write transaction; an error or a panic rolls it back.
    ///
    /// # Errors
    /// What `f` returns, or [`StoreError`] from the database.
    pub async fn write<T, E, F>(&self, name: &'static str, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.run(self.writers.clone(), name, true, f).await
    }

    /// Runs `f` on one consistent snapshot, which it cannot change.
    ///
    /// # Errors
    /// What `f` returns, or [`StoreError`] from the database.
    pub async fn read<T, E, F>(&self, name: &'static str, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.run(self.readers.clone(), name, false, f).await
    }

    /// Runs `f` on a writing connection outside any transaction; for migrations, which bring their own.
    pub(super) async fn exclusive<T, F>(&self, name: &'static str, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    {
        let lane = self.writers.clone();
        let work = move || f(&mut *lane.get()?);
        tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Other(format!("{name} panicked")))?
    }

    async fn run<T, E, F>(&self, lane: Lane, name: &'static str, write: bool, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let permit = tokio::time::timeout(WAIT_MAX, Arc::clone(&lane.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| StoreError::Unavailable("too busy".to_owned()))?;
        let permit = permit.map_err(|_| StoreError::Unavailable("shutting down".to_owned()))?;
        let span = tracing::Span::current();
        let work = move || {
            let _permit = permit;
            span.in_scope(|| {
                let mut conn = lane.get()?;
                transact(&mut conn, name, write, f)
            })
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Other(format!("transaction {name} panicked")))?
    }
}

fn transact<T, E: From<StoreError>>(
    conn: &mut AnyConnection,
    name: &'static str,
    write: bool,
    f: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    begin(conn, write).map_err(StoreError::from)?;
    let outcome = f(&mut Tx { conn: &mut *conn, name });
    match outcome {
        Ok(value) => {
            commit(conn).map_err(StoreError::from)?;
            Ok(value)
        }
        Err(e) => {
            // The first error is the one worth telling; a failed rollback breaks the connection and the pool drops it.
            if let Err(second) = rollback(conn) {
                tracing::warn!(transaction = name, error = %second, "rollback failed");
            }
            Err(e)
        }
    }
}

fn begin(conn: &mut AnyConnection, write: bool) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, if write { "BEGIN IMMEDIATE" } else { "BEGIN" }),
        AnyConnection::Postgres(c) => {
            let sql = if write { "BEGIN ISOLATION LEVEL READ COMMITTED" } else { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" };
            AnsiTransactionManager::begin_transaction_sql(c, sql)
        }
    }
}

fn begin_savepoint(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(c) => AnsiTransactionManager::begin_transaction(c),
        AnyConnection::Postgres(c) => AnsiTransactionManager::begin_transaction(c),
    }
}

fn commit(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(c) => AnsiTransactionManager::commit_transaction(c),
        AnyConnection::Postgres(c) => AnsiTransactionManager::commit_transaction(c),
    }
}

fn rollback(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(c) => AnsiTransactionManager::rollback_transaction(c),
        AnyConnection::Postgres(c) => AnsiTransactionManager::rollback_transaction(c),
    }
}
