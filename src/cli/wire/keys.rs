//! Key-encryption keys of a development set-up, in files.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::WireError;
use crate::config::Config;
use crate::ports::Entropy;

/// A key of a development set-up, kept in the data directory; made at first use. The configuration demands real ones
/// wherever the service is reachable from outside.
pub(super) fn development_key(config: &Config, name: &str, entropy: &dyn Entropy) -> Result<[u8; 32], WireError> {
    let path = config.data_dir.join("keys").join(name);
    if !path.exists() {
        write_secret(&path, STANDARD.encode(entropy.bytes::<32>()).as_bytes())?;
    }
    let text = fs::read_to_string(&path).map_err(|e| WireError(format!("cannot read {}: {e}", path.display())))?;
    let bytes = STANDARD.decode(text.trim()).ok().and_then(|b| b.try_into().ok());
    bytes.ok_or_else(|| WireError(format!("{} must hold the base64 of 32 bytes", path.display())))
}

/// Writes a file only its owner can read.
pub(in crate::cli) fn write_secret(path: &Path, content: &[u8]) -> Result<(), WireError> {
    let failed = |e: std::io::Error| WireError(format!("cannot write {}: {e}", path.display()));
    if let Some(dir) = path.parent() {
        super::private_dir(dir)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(content).map_err(failed)
}
