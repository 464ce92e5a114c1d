//! What is wrong with a configuration, one entry per fault, never the first fault alone.

use std::fmt;

use serde::{Serialize, Serializer};

/// The kind of a fault; the stable code in its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The file cannot be read.
    Unreadable,
    /// The file is not TOML.
    Syntax,
    /// No setting has this name.
    UnknownKey,
    /// Not the kind of value the setting takes.
    WrongType,
    /// The right kind, but not a value the setting takes.
    BadValue,
    /// Two settings exclude each other.
    Conflict,
    /// A setting that must be given is not.
    Missing,
}

impl Fault {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "config-unreadable",
            Self::Syntax => "config-syntax",
            Self::UnknownKey => "config-unknown-key",
            Self::WrongType => "config-wrong-type",
            Self::BadValue => "config-bad-value",
            Self::Conflict => "config-conflict",
            Self::Missing => "config-missing",
        }
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

/// One fault. Never holds the value of a secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ConfigError {
    /// Its kind.
    #[serde(rename = "code")]
    pub fault: Fault,
    /// The setting, `oauth.code_lifetime`; the file's path where no setting is meant.
    pub key: String,
    /// Where the value stands: a file's path, a variable's name, or `default`.
    pub origin: String,
    /// What is wrong.
    pub problem: String,
    /// What to write.
    pub remedy: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (in {}): {}; {} [{}]", self.key, self.origin, self.problem, self.remedy, self.fault.code())
    }
}

/// All faults of a configuration, at least one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.0.iter();
        if let Some(first) = lines.next() {
            write!(f, "{first}")?;
        }
        lines.try_for_each(|line| write!(f, "\n{line}"))
    }
}
