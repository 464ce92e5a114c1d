//! Time as a port.

use std::pin::Pin;
use std::time::Duration;

use crate::domain::time::Timestamp;

/// Tells the time. Production reads the system clock; tests hold it still.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> Timestamp;

    /// Lets a moment pass, for what a person waits for anyway. On a clock that is held none does.
    fn pause(&self, _moment: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}
