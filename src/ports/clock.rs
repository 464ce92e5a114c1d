//! Time as a port.

use crate::domain::time::Timestamp;

/// Tells the time. Production reads the system clock; tests hold it still.
pub trait Clock: Send + Sync {
    /// The current instant.
    fn now(&self) -> Timestamp;
}
