//! The ESIA adapter from the configuration, or for the stand-in beside a development set-up.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};

use super::WireError;
use super::keys::write_secret;
use crate::adapters::esia::{
    DEFAULT_ORGANISATION_SCOPES, EsiaProvider, EsiaSettings, Generation, Nonce, OrganisationRoute, Pkce, TokenAlg,
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

/// The configured identity provider.
///
/// # Errors
/// [`WireError`] naming the setting or file.
pub(super) fn provider(config: &Config, entropy: Arc<dyn Entropy>) -> Result<Arc<dyn IdentityProvider>, WireError> {
    let e = &config.idp.esia;
    let needed = |what: &Option<std::path::PathBuf>, name: &str| {
        let path = what
            .as_ref()
            .ok_or_else(|| WireError(format!("idp.esia.{name} is missing; `serve --dev` brings its own identity provider")))?;
        read(path)
    };
    let identity = ClientIdentity {
        certificate: needed(&e.certificate_file, "certificate_file")?,
        private_key: needed(&e.private_key_file, "private_key_file")?,
    };
    let trusted = e.trusted_certificate_files.iter().map(|p| read(p)).collect::<Result<Vec<_>, _>>()?;
    let client_id = e.client_id.clone().ok_or_else(|| WireError("idp.esia.client_id is missing".to_owned()))?;
    make(esia_settings(config, e.base_url.clone(), client_id, identity, trusted), entropy)
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
    entropy: Arc<dyn Entropy>,
) -> Result<Arc<dyn IdentityProvider>, WireError> {
    make(esia_settings(config, base_url.to_owned(), client_id.to_owned(), identity, trusted), entropy)
}

fn make(settings: EsiaSettings, entropy: Arc<dyn Entropy>) -> Result<Arc<dyn IdentityProvider>, WireError> {
    Ok(Arc::new(EsiaProvider::new(settings, entropy).map_err(WireError::new)?))
}

fn esia_settings(config: &Config, base_url: String, client_id: String, identity: ClientIdentity, trusted: Vec<Vec<u8>>) -> EsiaSettings {
    let e = &config.idp.esia;
    EsiaSettings {
        base_url,
        client_id,
        generation: match e.generation {
            EsiaGeneration::V1 => Generation::V1,
            EsiaGeneration::V2 => Generation::V2,
        },
        certificate: identity.certificate,
        private_key: identity.private_key,
        trusted_certificates: trusted,
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
        },
        nonce: match e.nonce {
            NonceMode::Off => Nonce::Off,
            NonceMode::Send => Nonce::Send,
            NonceMode::Require => Nonce::Require,
        },
        connect_timeout: e.connect_timeout,
        total_timeout: e.timeout,
        max_response_bytes: e.max_response_bytes,
        leeway: e.leeway,
        // A development set-up may hold its clock still, and the stand-in always sends the real date.
        follow_server_date: !config.dev,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, WireError> {
    fs::read(path).map_err(|e| WireError(format!("cannot read {}: {e}", path.display())))
}

/// A self-signed RSA certificate for the stand-in, kept in `dir`; made at first use.
///
/// # Errors
/// [`WireError`] when it cannot be made or read.
pub fn client_identity(dir: &Path, now: Timestamp) -> Result<ClientIdentity, WireError> {
    let (crt, key) = (dir.join("esia-client.crt"), dir.join("esia-client.key"));
    if !key.exists() || !crt.exists() {
        let (certificate, private_key) = self_signed(now).map_err(WireError::new)?;
        write_secret(&key, &private_key)?;
        write_secret(&crt, &certificate)?;
    }
    Ok(ClientIdentity { certificate: read(&crt)?, private_key: read(&key)? })
}

fn self_signed(now: Timestamp) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
    let key = PKey::from_rsa(Rsa::generate(2048)?)?;
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
    builder.set_pubkey(&key)?;
    builder.set_not_before(&*Asn1Time::from_unix(now.secs() - 86_400)?)?;
    builder.set_not_after(&*Asn1Time::from_unix(now.secs() + 365 * 86_400)?)?;
    builder.sign(&key, MessageDigest::sha256())?;
    Ok((builder.build().to_pem()?, key.private_key_to_pem_pkcs8()?))
}
