//! The pure heart: values, rules and state machines. Time and randomness are arguments; nothing here reads or writes anything.

pub mod application;
pub mod attestation;
pub mod authority;
pub mod backoff;
pub mod badge;
pub mod community;
pub mod ids;
pub mod lang;
pub mod reason;
pub mod refusal;
pub mod status;
pub mod time;
pub mod webhook_signature;
