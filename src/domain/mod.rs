//! The pure heart: values, rules and state machines. Time and randomness are arguments; nothing here reads or writes anything.

pub mod agency_type;
pub mod application;
pub mod attestation;
pub mod authority;
pub mod backoff;
pub mod badge;
pub mod body_kind;
pub mod community;
pub mod confirmation;
pub mod digest;
mod digits;
pub mod eligibility;
pub mod ids;
pub mod inn;
pub mod lang;
pub mod legal_form;
pub mod official_name;
pub mod ogrn;
pub mod reason;
pub mod refusal;
pub mod refusal_text;
pub mod register_codes;
pub mod status;
pub mod status_list;
pub mod time;
pub mod tlog;
pub mod webhook_signature;
