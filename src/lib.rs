//! gosbadge
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(feature = "server")]
pub mod cli;
pub mod domain;
#[cfg(feature = "server")]
pub mod ports;
#[cfg(feature = "server")]
pub mod sandbox;
pub mod verifier;
