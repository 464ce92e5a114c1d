//! gosbadge
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(feature = "server")]
pub mod adapters;
pub mod domain;
#[cfg(feature = "server")]
pub mod ports;
