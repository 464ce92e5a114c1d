//! The integration tests: one binary, one file per feature, black box wherever something can be called from outside.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests stand outside the ports and may fail loudly")]

mod admin;
mod architecture;
mod badge_rules;
mod callback_attacks;
mod checking;
mod choosing;
mod client_auth;
mod code_attacks;
mod concurrency;
mod crash;
mod crash_child;
mod database;
mod esia_codes;
mod esia_faults;
mod flow;
mod forged_tokens;
mod harness;
mod kill;
mod kill_load;
mod log;
mod main_job;
mod migrations;
mod pages;
mod personas;
mod place;
mod platform_standin;
mod push_attacks;
mod resume;
mod sandbox_esia;
mod served;
mod test_issuer;
mod trust_mark;
mod verify_command;
mod webhooks_in;
mod webhooks_out;
