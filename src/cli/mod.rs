//! The command line: one file per command. `wire.rs` alone names adapters.

pub mod config;
pub mod sandbox_esia;
pub mod sandbox_platform;
pub mod verify;
