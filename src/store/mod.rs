//! Everything that is remembered: diesel over SQLite or PostgreSQL, one body per query. No decision of the domain is
//! taken here; functions take a [`Tx`] and are synchronous, so that no network call can happen inside a transaction.
//!
//! Only `conn.rs` and `migrate.rs` know which database it is.

pub mod applications;
pub mod attestations;
pub mod audit;
pub mod authorities;
pub mod badges;
pub mod callback_servers;
pub mod codes;
pub mod communities;
pub mod community_looks;
pub mod conn;
pub mod decisions;
pub mod deliveries;
pub mod error;
pub mod evidence;
pub mod idempotent_answers;
pub mod inbound;
pub mod keys;
pub mod ledger;
pub mod log;
pub mod logins;
pub mod migrate;
pub mod operators;
pub mod passes;
pub mod platforms;
pub mod proofs;
pub mod renewals;
pub mod reproofs;
pub mod revocations;
pub mod schema;
pub mod site_looks;
pub mod status_lists;
pub mod streams;
pub mod sweep;

pub use conn::{Db, Tx};
pub use error::StoreError;
