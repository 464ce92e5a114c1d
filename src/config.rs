//! Configuration: `gosbadge.toml` and `GOSBADGE__SECTION__KEY` variables in, checked and typed settings out.
//!
//! Unknown names are refused with the nearest known one; all faults are told at once. The list of settings with their
//! defaults is `config/settings_list.rs`; the rules between them are `config/validate.rs`. Nothing here opens a socket,
//! a database or a key: that is done in `cli/wire.rs`.

use std::path::{Path, PathBuf};

mod catalogue;
mod duration;
mod error;
mod federation;
mod model;
mod network;
mod oauth;
mod oidc;
mod platform_api;
mod platform_events;
mod platform_oauth;
mod reader;
mod secret;
mod settings_list;
mod site;
mod sources;
mod validate;
mod webhooks;

pub use error::{ConfigError, ConfigErrors, Fault};
pub use federation::{DelegationFiles, Federation};
pub use model::{
    Admin, Application, Attestation, Config, Database, Esia, EsiaGeneration, Evidence, Http, Idp, IdpKind, Jobs, Keys, Log, LogFormat,
    Login, NonceMode, Oauth, OrganisationRoute, PkceMode, Status, TokenAlgorithm, Transparency, Webhooks, WitnessAddress,
};
pub use network::{Network, NotANetwork};
pub use oidc::{AssertionAlgorithm, AssertionAudience, ClientMethod, IdTokenAlgorithm, Oidc, OidcClaims, OidcFlag};
pub use platform_api::{MaxInterface, OkInterface, PlatformApi, PlatformInterface};
pub use platform_events::{EventMeasure, PlatformEvents};
pub use platform_oauth::VkOauth;
pub use secret::Secret;
pub use site::Site;

/// The file read when none is named and it is there.
pub const DEFAULT_FILE: &str = "gosbadge.toml";

/// Reads and checks the configuration. Without a path no file is read. In `env`, names that do not begin with `GOSBADGE__`
/// are passed over, and a later pair overrides an earlier one, so that command-line flags can be appended as variables.
///
/// # Errors
/// Every fault of the configuration, at once.
pub fn load(path: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Config, ConfigErrors> {
    let mut errors = Vec::new();
    let raw = sources::collect(path, env, &mut errors);
    validate::validate(reader::Reader::new(raw, errors))
}

/// The file to read: the one named, or [`DEFAULT_FILE`] if it is there.
pub fn file_to_read(named: Option<PathBuf>) -> Option<PathBuf> {
    named.or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()))
}

/// The variables of this process. A variable that is not UTF-8 is kept with its bad parts replaced, so that it is refused
/// by name or by value rather than passed over.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment for settings")]
pub fn process_env() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
}

impl Config {
    /// The default file: every setting, commented with its consequence. It parses back to the defaults.
    pub fn default_toml() -> String {
        catalogue::default_toml()
    }
}

#[cfg(test)]
mod tests;
