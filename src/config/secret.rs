//! A value that must not be seen. It has no `Debug`, `Display` or `Serialize`, so printing it does not compile.

/// Holds a secret. The one way to the value is [`Secret::expose`], which is easy to search for.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Takes the value in.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}
