//! gosbadge
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod domain;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod ports;
