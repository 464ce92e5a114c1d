//! What stands behind the ports: one file or folder per outside thing. No use cases and no storage here; who is used is
//! decided in `cli/wire.rs`.

pub mod certificates;
pub mod clock;
mod code_flow;
pub mod entropy;
pub mod esia;
mod guarded_resolver;
mod http_date;
pub mod log_key;
pub mod oidc;
mod outbound;
pub mod platform;
mod public_address;
pub mod signer;
pub mod site;
#[cfg(test)]
mod test_server;
pub mod vault;
pub mod webhook;
pub mod witness;
