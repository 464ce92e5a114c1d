//! The signature and the header of ESIA's tokens. Claims are checked elsewhere.
//!
//! By hand, since the header's `ver` is a number, which JWT libraries refuse, and since none knows the GOST algorithm. The
//! algorithm and the keys come from the configuration alone (RFC 8725 §3.1, §3.10): nothing in a token chooses them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Public};
use openssl::sign::Verifier;
use openssl::x509::X509;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::certificates;
use super::settings::{EsiaSettingsError, TokenAlg};
use super::sign::{GOST_2012_256, GOST_ADVICE, certificate_hash, streebog};
use crate::ports::identity_provider::CertificateTerm;

/// Bytes of a raw GOST R 34.10-2012 signature with a 256-bit key.
const GOST_SIGNATURE: usize = 64;
/// Smallest RSA key trusted, bits (RFC 7518 §3.3).
const MIN_RSA: u32 = 2048;

/// What a token is for, its header's `sbt`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TokenKind {
    Access,
    Id,
}

impl TokenKind {
    const fn sbt(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Id => "id",
        }
    }
}

/// Why a token is refused; for operators. Never holds a value from the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenFault {
    #[error("it is not three base64url parts with JSON in the first two")]
    Form,
    #[error("its header tells where to find a key or demands an extension; keys come from the configuration only")]
    ForeignKey,
    #[error("its alg is not the configured one; compare idp.esia.token_algorithm with the technological portal")]
    Algorithm,
    #[error("it is of another kind (sbt or typ) than the place it came in")]
    Kind,
    #[error("it names a certificate that is not configured; ESIA may have changed its certificate, see idp.esia.trusted_certificate_files")]
    UnknownCertificate,
    #[error("its signature fits no configured certificate; ESIA may have changed its certificate, see idp.esia.trusted_certificate_files")]
    Signature,
    #[error("a claim is missing or of the wrong JSON type")]
    Claims,
    #[error("its nonce is not the one of this login: the code belongs to another")]
    OtherLogin,
    #[error("{0}")]
    Value(&'static str),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    sbt: String,
    /// Of our interest only in being a number or absent.
    #[serde(rename = "ver")]
    _ver: Option<u32>,
    #[serde(rename = "x5t#St256")]
    x5t_st256: Option<String>,
    jku: Option<IgnoredAny>,
    jwk: Option<IgnoredAny>,
    x5u: Option<IgnoredAny>,
    x5c: Option<IgnoredAny>,
    crit: Option<IgnoredAny>,
}

struct TrustedKey {
    key: PKey<Public>,
    certificate: X509,
    /// Streebog-256 of the certificate, where the engine is loaded.
    x5t_st256: Option<String>,
}

/// Checks ESIA's tokens against the configured certificates.
pub(super) struct TokenVerifier {
    alg: TokenAlg,
    digest: MessageDigest,
    keys: Vec<TrustedKey>,
}

impl TokenVerifier {
    /// `files` hold one certificate or several each.
    pub(super) fn new(alg: TokenAlg, files: &[Vec<u8>]) -> Result<Self, EsiaSettingsError> {
        let wrong = |problem: String| EsiaSettingsError::new("trusted_certificate_files", problem);
        let digest = match alg {
            TokenAlg::Rs256 => MessageDigest::sha256(),
            TokenAlg::Gost3410_2012_256 => streebog().ok_or_else(|| EsiaSettingsError::new("token_algorithm", GOST_ADVICE))?,
        };
        let mut keys = Vec::new();
        for (file, bytes) in files.iter().enumerate() {
            let told = |problem: &str| wrong(format!("file {}: {problem}", file + 1));
            let found =
                certificates::read(bytes).ok_or_else(|| told("is not a certificate in PEM or DER form, or has a broken one in it"))?;
            for certificate in found {
                keys.push(trusted_key(alg, certificate).map_err(|e| told(&e))?);
            }
        }
        if keys.is_empty() {
            return Err(wrong("give at least one certificate ESIA signs tokens with".into()));
        }
        Ok(Self { alg, digest, keys })
    }

    /// When each certificate ends. The label begins its SHA-256 fingerprint, as `openssl x509 -fingerprint -sha256` shows it.
    pub(super) fn terms(&self) -> impl Iterator<Item = CertificateTerm> {
        self.keys.iter().filter_map(|k| {
            let whose = format!("signing {}", certificates::fingerprint(&k.certificate)?);
            Some(CertificateTerm { whose, ends: certificates::ends(&k.certificate)? })
        })
    }

    /// The claims of a token whose header and signature are in order.
    pub(super) fn verify<C: DeserializeOwned>(&self, token: &str, kind: TokenKind) -> Result<C, TokenFault> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenFault::Form)?;
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| TokenFault::Form)?;
        // A payload with a dot in it fails here: the alphabet has none.
        let (payload, signature) = (decode(payload)?, decode(signature)?);
        self.check_header(&header, kind)?;
        self.check_signature(&header, signed.as_bytes(), &signature)?;
        serde_json::from_slice(&payload).map_err(|_| TokenFault::Claims)
    }

    fn check_header(&self, h: &Header, kind: TokenKind) -> Result<(), TokenFault> {
        if h.jku.is_some() || h.jwk.is_some() || h.x5u.is_some() || h.x5c.is_some() || h.crit.is_some() {
            return Err(TokenFault::ForeignKey);
        }
        if h.alg != self.alg.as_str() {
            return Err(TokenFault::Algorithm);
        }
        if h.typ != "JWT" || h.sbt != kind.sbt() {
            return Err(TokenFault::Kind);
        }
        Ok(())
    }

    fn check_signature(&self, h: &Header, signed: &[u8], signature: &[u8]) -> Result<(), TokenFault> {
        let mut tried = false;
        for trusted in &self.keys {
            // A hint only: it narrows the configured keys and can never add one.
            let named = match (&h.x5t_st256, &trusted.x5t_st256) {
                (Some(wanted), Some(own)) => wanted.eq_ignore_ascii_case(own),
                _ => true,
            };
            tried |= named;
            if named && self.signature_fits(&trusted.key, signed, signature) {
                return Ok(());
            }
        }
        Err(if tried { TokenFault::Signature } else { TokenFault::UnknownCertificate })
    }

    fn signature_fits(&self, key: &PKey<Public>, signed: &[u8], signature: &[u8]) -> bool {
        if self.alg == TokenAlg::Gost3410_2012_256 && signature.len() != GOST_SIGNATURE {
            return false;
        }
        Verifier::new(self.digest, key).and_then(|mut v| v.verify_oneshot(signature, signed)).unwrap_or(false)
    }
}

fn trusted_key(alg: TokenAlg, certificate: X509) -> Result<TrustedKey, String> {
    let key = certificate.public_key().map_err(|_| format!("its public key cannot be read; for GOST: {GOST_ADVICE}"))?;
    match alg {
        TokenAlg::Rs256 if key.id() != Id::RSA || key.bits() < MIN_RSA => Err(format!("RS256 needs an RSA key of at least {MIN_RSA} bits")),
        TokenAlg::Gost3410_2012_256 if key.id() != Id::from_raw(GOST_2012_256) => {
            Err("GOST3410_2012_256 needs a GOST R 34.10-2012 key of 256 bits".into())
        }
        _ => Ok(TrustedKey { x5t_st256: certificate_hash(&certificate).ok(), key, certificate }),
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenFault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Form)
}

/// The payload of a token that is NOT checked in any way, for a look at an authorization code before it is sent on.
pub(super) fn peek<C: DeserializeOwned>(token: &str) -> Option<C> {
    let mut parts = token.splitn(4, '.');
    let payload = parts.nth(1)?;
    serde_json::from_slice(&decode(payload).ok()?).ok()
}
