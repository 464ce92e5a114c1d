//! The per-request `client_secret`: ESIA authenticates a client by a signature over the request's own fields, different in
//! each protocol generation. The names of the fields and where they go are the requests' business.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::pkcs7::{Pkcs7, Pkcs7Flags};
use openssl::pkey::{Id, PKey, Private};
use openssl::sign::Signer;
use openssl::stack::Stack;
use openssl::x509::X509;

use super::certificates;
use super::settings::{EsiaSettingsError, Generation};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::CertificateTerm;

/// OpenSSL's id of a GOST R 34.10-2012 key of 256 bits (`NID_id_GostR3410_2012_256`).
pub(super) const GOST_2012_256: i32 = 979;
/// Advice that goes with every missing GOST algorithm.
pub(super) const GOST_ADVICE: &str =
    "OpenSSL knows no GOST here: install Debian's libengine-gost-openssl; with OPENSSL_CONF set, its file must load the engine";

/// Streebog-256, where the engine is loaded.
pub(super) fn streebog() -> Option<MessageDigest> {
    MessageDigest::from_name("md_gost12_256")
}

/// What goes into the signature. Empty strings are fields the request does not have.
#[derive(Clone, Copy, Default)]
pub(super) struct Signed<'a> {
    pub scope: &'a str,
    pub scope_org: &'a str,
    pub timestamp: &'a str,
    pub state: &'a str,
    pub redirect_uri: &'a str,
    pub code: &'a str,
}

/// Signs requests as the registered system.
pub(super) struct RequestSigner {
    generation: Generation,
    client_id: String,
    certificate: X509,
    key: PKey<Private>,
    /// `client_certificate_hash`, [`Generation::V2`] only.
    certificate_hash: Option<String>,
}

impl RequestSigner {
    /// `certificate` may hold a chain; the one that belongs to the key is ours.
    pub(super) fn new(generation: Generation, client_id: &str, certificate: &[u8], key: &[u8]) -> Result<Self, EsiaSettingsError> {
        let candidates = certificates::read(certificate).ok_or_else(|| {
            EsiaSettingsError::new("certificate_file", "is not a certificate in PEM or DER form, or has a broken one in it")
        })?;
        let key = certificates::read_key(key).ok_or_else(|| {
            let problem = format!("is not an unencrypted private key in PEM or DER form; for a GOST key: {GOST_ADVICE}");
            EsiaSettingsError::new("private_key_file", problem)
        })?;
        let public: Vec<_> = candidates.into_iter().filter_map(|c| Some((c.public_key().ok()?, c))).collect();
        if public.is_empty() {
            let problem = format!("its public key cannot be read; for GOST: {GOST_ADVICE}");
            return Err(EsiaSettingsError::new("certificate_file", problem));
        }
        let ours = public.into_iter().find(|(public, _)| public.public_eq(&key)).map(|(_, certificate)| certificate);
        let certificate = ours.ok_or_else(|| EsiaSettingsError::new("private_key_file", "does not belong to idp.esia.certificate_file"))?;
        let certificate_hash = match generation {
            Generation::V1 => None,
            Generation::V2 if key.id() == Id::from_raw(GOST_2012_256) => Some(certificate_hash(&certificate)?),
            Generation::V2 => {
                return Err(EsiaSettingsError::new("private_key_file", "generation v2 needs a GOST R 34.10-2012 key of 256 bits"));
            }
        };
        Ok(Self { generation, client_id: client_id.to_owned(), certificate, key, certificate_hash })
    }

    /// When our certificate ends.
    pub(super) fn term(&self) -> Option<CertificateTerm> {
        Some(CertificateTerm { whose: "client".to_owned(), ends: certificates::ends(&self.certificate)? })
    }

    pub(super) fn certificate_hash(&self) -> Option<&str> {
        self.certificate_hash.as_deref()
    }

    /// The `client_secret` for these fields, base64url without padding.
    pub(super) fn secret(&self, s: Signed<'_>) -> Result<String, ErrorStack> {
        let message = self.message(s);
        let signature = match self.generation {
            // The signer's certificate goes along; the content does not (detached). OpenSSL adds the signing time itself.
            Generation::V1 => {
                let flags = Pkcs7Flags::DETACHED | Pkcs7Flags::BINARY;
                Pkcs7::sign(&self.certificate, &self.key, &*Stack::new()?, message.as_bytes(), flags)?.to_der()?
            }
            // The engine writes the byte order ESIA expects; only CryptoPro's output has to be mirrored.
            Generation::V2 => {
                let digest = streebog().ok_or_else(ErrorStack::get)?;
                Signer::new(digest, &self.key)?.sign_oneshot_to_vec(message.as_bytes())?
            }
        };
        Ok(URL_SAFE_NO_PAD.encode(signature))
    }

    /// Plain concatenation; the order is the generation's mark.
    fn message(&self, s: Signed<'_>) -> String {
        match self.generation {
            Generation::V1 => [s.scope, s.timestamp, &self.client_id, s.state].concat(),
            Generation::V2 => [&self.client_id, s.scope, s.scope_org, s.timestamp, s.state, s.redirect_uri, s.code].concat(),
        }
    }
}

/// Streebog-256 over the DER form, 64 capital hexadecimal digits. Over the PEM file, or with SHA-1, ESIA says 007053.
pub(super) fn certificate_hash(certificate: &X509) -> Result<String, EsiaSettingsError> {
    let digest = streebog().ok_or_else(|| EsiaSettingsError::new("certificate_file", GOST_ADVICE))?;
    let der = certificate.to_der().and_then(|der| hash(digest, &der));
    let bytes = der.map_err(|_| EsiaSettingsError::new("certificate_file", "cannot be hashed"))?;
    Ok(bytes.iter().map(|b| format!("{b:02X}")).collect())
}

/// `yyyy.MM.dd HH:mm:ss Z`, always in UTC.
pub(super) fn timestamp(now: Timestamp) -> String {
    let t = now.to_utc();
    format!("{:04}.{:02}.{:02} {:02}:{:02}:{:02} +0000", t.year(), u8::from(t.month()), t.day(), t.hour(), t.minute(), t.second())
}
