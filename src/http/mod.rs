//! The HTTP surface: extract, call a use case, present. Rules live in the domain, decisions in the service.

mod admin;
mod admin_applications;
mod applications;
mod apply;
mod assets;
mod checking;
pub mod client_certificate;
mod confirm;
mod context;
mod control;
mod deliveries;
mod entity_tag;
mod events;
mod federation;
mod health;
mod log;
mod login;
mod metrics;
mod oauth;
mod openapi;
pub mod pages;
mod problem;
mod public_pages;
mod refused;
pub mod request_log;
mod revocations;
pub mod routes;
mod status_lists;
mod streams;
mod tokens;
mod webhooks;

pub use context::Http;
