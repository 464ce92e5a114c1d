//! Keys at start: unsealed from the database, made at the very first start; key-encryption keys of a development set-up.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::WireError;
use crate::adapters::signer;
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::ports::signer::KeyPurpose;
use crate::ports::vault::SealFor;
use crate::ports::{Entropy, Vault};
use crate::store::keys::{self, KeyRow};
use crate::store::{Db, StoreError};

/// The private keys in force, unsealed; makes the first ones.
pub(super) async fn load_or_make(db: &Db, vault: &dyn Vault, now: Timestamp) -> Result<Vec<(KeyPurpose, Vec<u8>)>, WireError> {
    for purpose in [KeyPurpose::Badge, KeyPurpose::Status] {
        let rows = db.read("list_keys", keys::list).await.map_err(WireError::new)?;
        if rows.iter().any(|r| r.purpose == purpose.as_str() && r.state == "active") {
            continue;
        }
        let pair = signer::generate(purpose).map_err(WireError::new)?;
        let row = KeyRow {
            sealed: vault.seal(SealFor::SigningKey, &pair.jwk.kid, &pair.pkcs8),
            public_jwk: serde_json::to_string(&pair.jwk).map_err(WireError::new)?,
            kid: pair.jwk.kid,
            purpose: purpose.as_str().to_owned(),
            state: "active".to_owned(),
            created_at: now.millis(),
        };
        match db.write("make_key", move |tx| keys::insert(tx, &row)).await {
            // Another process made the first key at the same moment; its key counts.
            Ok(()) | Err(StoreError::Duplicate) => {}
            Err(e) => return Err(WireError::new(e)),
        }
    }
    let rows = db.read("list_keys", keys::list).await.map_err(WireError::new)?;
    let open = |row: KeyRow| {
        let purpose = match row.purpose.as_str() {
            "badge" => KeyPurpose::Badge,
            "status" => KeyPurpose::Status,
            other => return Err(WireError(format!("signing key {} has the unknown purpose {other:?}", row.kid))),
        };
        let plain = vault.open(SealFor::SigningKey, &row.kid, &row.sealed).map_err(|_| {
            WireError(format!("signing key {} does not open: keys.kek must hold the key-encryption key it was sealed under", row.kid))
        })?;
        Ok((purpose, plain))
    };
    rows.into_iter().map(open).collect()
}

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
pub(super) fn write_secret(path: &Path, content: &[u8]) -> Result<(), WireError> {
    let failed = |e: std::io::Error| WireError(format!("cannot write {}: {e}", path.display()));
    if let Some(dir) = path.parent() {
        super::private_dir(dir)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(content).map_err(failed)
}
