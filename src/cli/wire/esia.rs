//! The ESIA adapter from the configuration, or for the stand-in beside a development set-up.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};

use super::keys::write_secret;
use super::{Parts, WireError};
use crate::adapters::esia::certificates;
use crate::adapters::esia::{
    DEFAULT_ORGANISATION_SCOPES, EsiaProvider, EsiaSettings, Generation, KeySource, Nonce, OrganisationRoute, Pkce, TokenAlg,
};
use crate::config::{Config, EsiaGeneration, NonceMode, OrganisationRoute as Route, PkceMode, TokenAlgorithm};
use crate::domain::time::Timestamp;
use crate::ports::{Entropy, IdentityProvider};

/// Our certificate and key towards ESIA, PEM. No `Debug`.
pub struct ClientIdentity {
    /// Certificate.
    pub certificate: Vec<u8>,
    /// Private key.
    pub private_key: Vec<u8>,
}

/// Key material as the adapter reads it.
struct Sources {
    certificate: KeySource,
    private_key: KeySource,
    trusted: Vec<KeySource>,
}

/// The configured identity provider. It follows its key files while it runs.
///
/// # Errors
/// [`WireError`] naming the setting or file.
pub fn provider(config: &Config, parts: &Parts) -> Result<Arc<dyn IdentityProvider>, WireError> {
    let e = &config.idp.esia;
    let needed = |what: &Option<PathBuf>, name: &str| {
        let path = what.clone();
        let path = path.ok_or_else(|| WireError(format!("idp.esia.{name} is missing; `serve --dev` brings its own identity provider")))?;
        Ok::<_, WireError>(KeySource::File(path))
    };
    let sources = Sources {
        certificate: needed(&e.certificate_file, "certificate_file")?,
        private_key: needed(&e.private_key_file, "private_key_file")?,
        trusted: e.trusted_certificate_files.iter().cloned().map(KeySource::File).collect(),
    };
    let client_id = e.client_id.clone().ok_or_else(|| WireError("idp.esia.client_id is missing".to_owned()))?;
    make(esia_settings(config, e.base_url.clone(), client_id, sources), parts)
}

/// The adapter for a stand-in ESIA at `base_url` that signs with `trusted`.
///
/// # Errors
/// [`WireError`].
pub fn sandbox_provider(
    config: &Config,
    base_url: &str,
    client_id: &str,
    identity: ClientIdentity,
    trusted: Vec<Vec<u8>>,
    parts: &Parts,
) -> Result<Arc<dyn IdentityProvider>, WireError> {
    let sources = Sources {
        certificate: KeySource::Fixed(identity.certificate),
        private_key: KeySource::Fixed(identity.private_key),
        trusted: trusted.into_iter().map(KeySource::Fixed).collect(),
    };
    make(esia_settings(config, base_url.to_owned(), client_id.to_owned(), sources), parts)
}

fn make(settings: EsiaSettings, parts: &Parts) -> Result<Arc<dyn IdentityProvider>, WireError> {
    let (clock, entropy) = (Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
    Ok(Arc::new(EsiaProvider::new(settings, clock, entropy).map_err(WireError::new)?))
}

fn esia_settings(config: &Config, base_url: String, client_id: String, sources: Sources) -> EsiaSettings {
    let e = &config.idp.esia;
    EsiaSettings {
        base_url,
        client_id,
        generation: match e.generation {
            EsiaGeneration::V1 => Generation::V1,
            EsiaGeneration::V2 => Generation::V2,
        },
        certificate: sources.certificate,
        private_key: sources.private_key,
        trusted_certificates: sources.trusted,
        token_alg: match e.token_algorithm {
            TokenAlgorithm::Rs256 => TokenAlg::Rs256,
            TokenAlgorithm::Gost3410_2012_256 => TokenAlg::Gost3410_2012_256,
        },
        issuer: e.issuer.clone(),
        scopes: e.scopes.clone(),
        organisation_route: match e.organisation_route {
            Route::Roles => OrganisationRoute::RolesOnly,
            Route::ClientCredentials => OrganisationRoute::ClientCredentials,
            Route::ScopeOrg => OrganisationRoute::ScopeOrg,
        },
        organisation_scopes: DEFAULT_ORGANISATION_SCOPES.map(str::to_owned).to_vec(),
        pkce: match e.pkce {
            PkceMode::Off => Pkce::Off,
            PkceMode::S256 => Pkce::S256,
            PkceMode::Gost3411 => Pkce::Gost3411,
        },
        nonce: match e.nonce {
            NonceMode::Off => Nonce::Off,
            NonceMode::Send => Nonce::Send,
            NonceMode::Require => Nonce::Require,
        },
        connect_timeout: e.connect_timeout,
        timeout: e.timeout,
        max_response_bytes: e.max_response_bytes,
        leeway: e.leeway,
    }
}

pub(in crate::cli) fn read(path: &Path) -> Result<Vec<u8>, WireError> {
    fs::read(path).map_err(|e| WireError(format!("cannot read {}: {e}", path.display())))
}

/// A self-signed certificate for the stand-in, kept in `dir`; made at first use and when it has ended. With `gost` its key is GOST R 34.10-2012.
///
/// # Errors
/// [`WireError`] when it cannot be made or read.
pub fn client_identity(dir: &Path, gost: bool, now: Timestamp, entropy: &dyn Entropy) -> Result<ClientIdentity, WireError> {
    let name = if gost { "esia-client-gost" } else { "esia-client" };
    let (crt, key) = (dir.join(format!("{name}.crt")), dir.join(format!("{name}.key")));
    if !key.exists() || !in_force(&crt, now) {
        let (made, digest) = if gost { gost_key(entropy)? } else { rsa_key()? };
        let (certificate, private_key) = self_signed(&made, digest, now).map_err(WireError::new)?;
        write_secret(&key, &private_key)?;
        write_secret(&crt, &certificate)?;
    }
    Ok(ClientIdentity { certificate: read(&crt)?, private_key: read(&key)? })
}

/// Whether a file is there and its certificates have not ended: a set-up of last year gets new ones.
pub(in crate::cli) fn in_force(file: &Path, now: Timestamp) -> bool {
    certificates_in(file).is_ok_and(|all| all.iter().all(|(_, ends)| ends.is_none_or(|ends| ends > now)))
}

fn rsa_key() -> Result<(PKey<Private>, MessageDigest), WireError> {
    let key = Rsa::generate(2048).and_then(PKey::from_rsa).map_err(WireError::new)?;
    Ok((key, MessageDigest::sha256()))
}

/// PKCS#8 of a GOST R 34.10-2012-256 key with the parameter set CryptoPro-A and Streebog-256, up to the key's own 32 bytes: the
/// `openssl` crate has no way to name a parameter set when it makes a key.
const GOST_PKCS8: [u8; 40] = [
    0x30, 0x46, 0x02, 0x01, 0x00, 0x30, 0x1f, 0x06, 0x08, 0x2a, 0x85, 0x03, 0x07, 0x01, 0x01, 0x01, 0x01, 0x30, 0x13, 0x06, 0x07, 0x2a,
    0x85, 0x03, 0x02, 0x02, 0x23, 0x01, 0x06, 0x08, 0x2a, 0x85, 0x03, 0x07, 0x01, 0x01, 0x02, 0x02, 0x04, 0x20,
];

fn gost_key(entropy: &dyn Entropy) -> Result<(PKey<Private>, MessageDigest), WireError> {
    let digest = MessageDigest::from_name("md_gost12_256").ok_or_else(|| WireError(crate::cli::gost::NO_ENGINE.to_owned()))?;
    let mut key = entropy.bytes::<32>();
    // Below the group's order whichever end the engine reads as the high one: the order begins with a one bit.
    key[0] &= 0x7f;
    key[31] &= 0x7f;
    let key = PKey::private_key_from_der(&[&GOST_PKCS8[..], &key[..]].concat()).map_err(WireError::new)?;
    Ok((key, digest))
}

fn self_signed(key: &PKey<Private>, digest: MessageDigest, now: Timestamp) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_text("CN", "gosbadge development")?;
    let name = name.build();
    let mut serial = BigNum::new()?;
    serial.rand(120, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*serial.to_asn1_integer()?)?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    builder.set_pubkey(key)?;
    builder.set_not_before(&*Asn1Time::from_unix(now.secs() - 86_400)?)?;
    builder.set_not_after(&*Asn1Time::from_unix(now.secs() + 365 * 86_400)?)?;
    builder.sign(key, digest)?;
    Ok((builder.build().to_pem()?, key.private_key_to_pem_pkcs8()?))
}

/// Every certificate of a file and its end, for `doctor`: a short fingerprint and the end.
///
/// # Errors
/// Why there is none.
pub fn certificates_in(file: &Path) -> Result<Vec<(String, Option<Timestamp>)>, WireError> {
    let found = certificates::read(&read(file)?);
    let found = found.ok_or_else(|| WireError(format!("{} holds no certificate in PEM or DER form, or a broken one", file.display())))?;
    Ok(found.iter().map(|c| (certificates::fingerprint(c).unwrap_or_default(), certificates::ends(c))).collect())
}

/// Whether a file holds a certificate with a GOST R 34.10-2012 key. Needs no engine.
pub fn is_gost_certificate(file: &Path) -> bool {
    // id-tc26-gost3410-12-256 and -512 (1.2.643.7.1.1.1.1 and .2) as DER writes them, up to the last number.
    const KEY: [u8; 9] = [0x06, 0x08, 0x2a, 0x85, 0x03, 0x07, 0x01, 0x01, 0x01];
    let found = std::fs::read(file).ok().and_then(|bytes| certificates::read(&bytes)).unwrap_or_default();
    found.iter().any(|c| c.to_der().is_ok_and(|der| der.windows(KEY.len()).any(|w| w == KEY)))
}
