//! Stand-ins for the outside world, each an HTTP application of its own. They share no protocol code with the adapters, so that
//! a misreading of a protocol shows up as a failed login and does not cancel out.

pub mod esia;
pub mod platform;
pub mod platform_api;
pub mod vk_id;
