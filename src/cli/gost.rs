//! The GOST engine without hand-work. OpenSSL reads `OPENSSL_CONF` once, before anything else, and a running program cannot
//! change its own environment safely; so a command that needs GOST and finds none starts itself again with the variable set.

use std::env;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use openssl::hash::MessageDigest;

use super::ConfigFile;
use super::wire::WireError;
use crate::config::{Config, IdpKind};
use crate::ports::Entropy;

/// What to do when the engine is missing.
pub const NO_ENGINE: &str = "the GOST engine is not loaded: install Debian's package libengine-gost-openssl; if OPENSSL_CONF is set, its file must load \
                             the engine (certs/openssl-gost.cnf does)";

/// The configuration that loads the engine.
const CONFIGURATION: &str = include_str!("../../certs/openssl-gost.cnf");
const VARIABLE: &str = "OPENSSL_CONF";
const FILE: &str = "openssl-gost.cnf";
/// Beginning of the names of our temporary directories.
const TEMPORARY: &str = "gosbadge-openssl-";

/// Whether this process can sign and check GOST R 34.10-2012.
pub fn is_loaded() -> bool {
    MessageDigest::from_name("md_gost12_256").is_some()
}

/// Whether the configuration cannot work without GOST.
pub fn is_needed(config: &Config) -> bool {
    let esia = &config.idp.esia;
    // The defaults of a section nobody uses demand nothing.
    if !config.idp.uses(IdpKind::Esia) {
        return false;
    }
    // Generation v1 signs with whatever key there is, so the certificate is asked.
    esia.needs_gost() || esia.certificate_file.as_deref().is_some_and(super::wire::is_gost_certificate)
}

/// Loads the engine by starting this program again, where that can help. Returns when it is loaded already, or when starting
/// again cannot help: the caller decides whether it can do without.
///
/// # Errors
/// When the program cannot be started again.
pub fn load(data_dir: Option<&Path>, entropy: &dyn Entropy) -> Result<(), WireError> {
    if is_loaded() || is_configured() {
        tidy_up();
        return Ok(());
    }
    let told = |e: io::Error| WireError(format!("cannot start again with the GOST engine: {e}; set {VARIABLE} to certs/openssl-gost.cnf"));
    let file = write_configuration(data_dir, entropy).map_err(told)?;
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_else(|| OsString::from("gosbadge"));
    // Returns only where it failed. The variable is set then and never again, so this happens once.
    Err(told(Command::new(env::current_exe().map_err(told)?).arg0(name).args(arguments).env(VARIABLE, file).exec()))
}

/// The same, and an error where GOST is still not there.
///
/// # Errors
/// One line saying what to install.
pub fn demand(data_dir: Option<&Path>, entropy: &dyn Entropy) -> Result<(), WireError> {
    load(data_dir, entropy)?;
    if is_loaded() { Ok(()) } else { Err(WireError(NO_ENGINE.to_owned())) }
}

/// Loads the engine where the configuration needs it, for commands that go on without.
///
/// # Errors
/// When the program cannot be started again.
pub fn load_if_needed(file: &ConfigFile, entropy: &dyn Entropy) -> Result<(), WireError> {
    match file.load() {
        Ok(config) if is_needed(&config) => load(Some(&config.data_dir), entropy),
        _ => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "OpenSSL's own variable, no setting of ours")]
fn configured() -> Option<OsString> {
    env::var_os(VARIABLE)
}

fn is_configured() -> bool {
    configured().is_some()
}

/// Writes the configuration where nobody else can: it names a library OpenSSL will run.
fn write_configuration(data_dir: Option<&Path>, entropy: &dyn Entropy) -> io::Result<PathBuf> {
    if let Some(dir) = data_dir
        && closed_to_others(dir)
        && let Ok(file) = write_into(dir, entropy)
    {
        return fs::canonicalize(file);
    }
    let dir = env::temp_dir().join(format!("{TEMPORARY}{}", entropy.uuid()));
    DirBuilder::new().mode(0o700).create(&dir)?;
    write_into(&dir, entropy)
}

/// Whether nobody but its owner can put another file in the place of ours; makes the directory where it is missing.
fn closed_to_others(dir: &Path) -> bool {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.and_then(|()| dir.metadata()).is_ok_and(|m| m.mode() & 0o022 == 0)
}

/// By way of a new file, so that a process starting at the same time reads the old one or the new one, never half of one.
fn write_into(dir: &Path, entropy: &dyn Entropy) -> io::Result<PathBuf> {
    let (file, new) = (dir.join(FILE), dir.join(format!("{FILE}.{}", entropy.uuid())));
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    out.write_all(CONFIGURATION.as_bytes())?;
    fs::rename(&new, &file)?;
    Ok(file)
}

/// Removes what [`write_configuration`] left in the temporary directory; OpenSSL has read it by now.
fn tidy_up() {
    let Some(file) = configured().map(PathBuf::from) else { return };
    let Some(dir) = file.parent() else { return };
    let ours =
        dir.parent() == Some(&env::temp_dir()) && dir.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(TEMPORARY.as_bytes()));
    if ours && fs::read(&file).is_ok_and(|content| content == CONFIGURATION.as_bytes()) {
        // Left behind it does no harm, so a failure is not worth a word.
        drop(fs::remove_file(&file).and_then(|()| fs::remove_dir(dir)));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::cli::wire::Parts;
    use crate::config;

    #[test]
    fn only_a_provider_in_use_needs_the_engine() {
        let oidc = "[idp]\nkind = \"oidc\"\n[idp.oidc]\nissuer = \"https://i\"\nclient_id = \"us\"\nclient_authentication = \"client_secret_post\"\nclient_secret = \"s\"\n";
        let dir = tempfile::TempDir::new().unwrap();
        let file = dir.path().join("gosbadge.toml");
        let both = oidc.replace("kind = \"oidc\"", "kind = \"oidc\"\nalso = [\"esia\"]");
        for (toml, needed) in [("", true), (oidc, false), (both.as_str(), true)] {
            fs::write(&file, toml).unwrap();
            let config = config::load(Some(&file), std::iter::empty()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(is_needed(&config), needed, "{toml}");
        }
    }

    #[test]
    fn the_configuration_is_written_where_nobody_else_writes() {
        let entropy = Parts::system().entropy;
        let dir = tempfile::TempDir::new().unwrap();
        let data = dir.path().join("data");
        let file = write_configuration(Some(&data), &*entropy).unwrap();
        assert!(file.ends_with("data/openssl-gost.cnf") && data.metadata().unwrap().mode() & 0o777 == 0o700);
        fs::set_permissions(&data, fs::Permissions::from_mode(0o770)).unwrap();
        let file = write_configuration(Some(&data), &*entropy).unwrap();
        let its_dir = file.parent().unwrap();
        assert_eq!(its_dir.metadata().unwrap().mode() & 0o777, 0o700, "{}", file.display());
        fs::remove_dir_all(its_dir).unwrap();
    }
}
