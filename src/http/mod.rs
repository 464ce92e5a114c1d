//! The HTTP surface. Rules live in the domain and use cases in the service; here requests are read and answers shown.

pub mod pages;
pub mod request_log;
