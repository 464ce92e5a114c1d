//! gosbadge: signed, checkable badges for the official social-network pages of public bodies.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod domain;
pub mod verifier;

#[cfg(feature = "server")]
pub mod adapters;
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod jobs;
#[cfg(feature = "server")]
pub mod ports;
#[cfg(feature = "server")]
pub mod sandbox;
#[cfg(feature = "server")]
pub mod service;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod telemetry;
