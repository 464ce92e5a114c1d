//! The integration tests: one binary, one file per feature, black box wherever something can be called from outside.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests stand outside the ports and may fail loudly")]

mod admin;
mod architecture;
mod checking;
mod harness;
mod main_job;
mod pages;
mod platform_standin;
mod sandbox_esia;
mod test_issuer;
mod trust_mark;
mod verify_command;
mod webhooks_in;
mod webhooks_out;
