//! Keys at start: unsealed from the database, made at the very first start; key-encryption keys of a development set-up.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::WireError;
use crate::adapters::log_signer::LogKey;
use crate::adapters::signer;
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::ports::signer::KeyPurpose;
use crate::ports::vault::SealFor;
use crate::ports::{Entropy, LogSigner as _, Vault};
use crate::store::keys::{self, KeyRow};
use crate::store::{Db, StoreError};

/// The private keys in force, unsealed; makes the first ones.
pub(super) async fn load_or_make(db: &Db, vault: &dyn Vault, now: Timestamp) -> Result<Vec<(KeyPurpose, Vec<u8>)>, WireError> {
    for purpose in [KeyPurpose::Badge, KeyPurpose::Status, KeyPurpose::Community] {
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
            "community" => KeyPurpose::Community,
            other => return Err(WireError(format!("signing key {} has the unknown purpose {other:?}", row.kid))),
        };
        let plain = vault.open(SealFor::SigningKey, &row.kid, &row.sealed).map_err(|_| {
            WireError(format!("signing key {} does not open: keys.kek must hold the key-encryption key it was sealed under", row.kid))
        })?;
        Ok((purpose, plain))
    };
    rows.into_iter().filter(|r| r.purpose != "log").map(open).collect()
}

/// The transparency log's key, unsealed; made at the first start. Kept beside the signing keys but published apart from them,
/// because a verifier of attestations has no use for it.
pub(super) async fn load_or_make_log_key(db: &Db, vault: &dyn Vault, entropy: &dyn Entropy, now: Timestamp) -> Result<LogKey, WireError> {
    const PURPOSE: &str = "log";
    let active = |rows: Vec<KeyRow>| rows.into_iter().find(|r| r.purpose == PURPOSE && r.state == "active");
    let mut row = active(db.read("list_keys", keys::list).await.map_err(WireError::new)?);
    if row.is_none() {
        let pkcs8 = LogKey::generate().map_err(WireError::new)?;
        let x = URL_SAFE_NO_PAD.encode(LogKey::new(&pkcs8).map_err(WireError::new)?.public_key());
        let kid = format!("log_{}", entropy.uuid());
        let new = KeyRow {
            sealed: vault.seal(SealFor::SigningKey, &kid, &pkcs8),
            public_jwk: serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "purpose": PURPOSE }).to_string(),
            kid,
            purpose: PURPOSE.to_owned(),
            state: "active".to_owned(),
            created_at: now.millis(),
        };
        match db.write("make_key", move |tx| keys::insert(tx, &new)).await {
            // As above: another process's key counts.
            Ok(()) | Err(StoreError::Duplicate) => {}
            Err(e) => return Err(WireError::new(e)),
        }
        row = active(db.read("list_keys", keys::list).await.map_err(WireError::new)?);
    }
    let row = row.ok_or_else(|| WireError("the transparency log has no key".to_owned()))?;
    let plain = vault.open(SealFor::SigningKey, &row.kid, &row.sealed).map_err(|_| {
        WireError("the key of the transparency log does not open: keys.kek must hold the key-encryption key it was sealed under".to_owned())
    })?;
    LogKey::new(&plain).map_err(WireError::new)
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
