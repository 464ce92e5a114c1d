//! The stand-in's own signing keys and JWTs. Whoever starts it may keep the keys; it writes nothing itself. What the tokens say is in
//! `tokens`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::{Signer, Verifier};
use openssl::x509::{X509, X509Builder, X509Name};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::config::TokenAlg;
use super::gost;
use crate::domain::time::Timestamp;
use crate::ports::Entropy;

const CERTIFICATE_DAYS: i64 = 365;

/// All keys of one running stand-in.
pub struct SigningKeys {
    rsa: SigningKey,
    gost: Option<SigningKey>,
}

struct SigningKey {
    key: PKey<Private>,
    certificate: X509,
    digest: MessageDigest,
    /// `x5t#St256`, where Streebog is there to compute it.
    thumbprint: Option<String>,
}

/// A token before it is signed.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) alg: TokenAlg,
    pub(super) header: Map<String, Value>,
    pub(super) payload: Map<String, Value>,
}

impl Draft {
    /// The text under the signature.
    pub(super) fn to_be_signed(&self) -> String {
        let text = |members: &Map<String, Value>| encode(Value::Object(members.clone()).to_string());
        format!("{}.{}", text(&self.header), text(&self.payload))
    }
}

/// See [`SigningKeys::public`].
pub(super) struct PublicForms {
    pub(super) pem: Vec<u8>,
    pub(super) der: Vec<u8>,
    pub(super) jwk: Value,
    pub(super) certificate_pem: Vec<u8>,
    pub(super) certificate_der: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: TokenAlg,
    sbt: String,
}

impl SigningKeys {
    /// Makes an RSA key, and a GOST key where the engine is loaded. (OpenSSL draws RSA keys from its own generator; nothing here
    /// is reproducible anyway.)
    ///
    /// # Errors
    /// [`ErrorStack`] when OpenSSL cannot make them.
    pub fn generate(now: Timestamp, entropy: &dyn Entropy) -> Result<Self, ErrorStack> {
        let rsa = PKey::from_rsa(Rsa::generate(2048)?)?;
        let rsa = SigningKey::new(rsa, MessageDigest::sha256(), now, entropy)?;
        let gost = match gost::streebog() {
            Some(digest) => Some(SigningKey::new(gost::generate_key(entropy)?, digest, now, entropy)?),
            None => None,
        };
        Ok(Self { rsa, gost })
    }

    /// Those that [`Self::to_pem`] wrote down. A GOST key is left out where the engine is not loaded.
    ///
    /// # Errors
    /// [`ErrorStack`] when a text is not one of a key and its certificate.
    pub fn from_pem(rsa: &[u8], gost: Option<&[u8]>) -> Result<Self, ErrorStack> {
        let gost = gost::streebog().zip(gost).map(|(digest, pem)| SigningKey::from_pem(pem, digest)).transpose()?;
        Ok(Self { rsa: SigningKey::from_pem(rsa, MessageDigest::sha256())?, gost })
    }

    /// The RSA key with its certificate, and the GOST key with its own.
    ///
    /// # Errors
    /// [`ErrorStack`] when OpenSSL cannot write them.
    pub fn to_pem(&self) -> Result<(Vec<u8>, Option<Vec<u8>>), ErrorStack> {
        Ok((self.rsa.to_pem()?, self.gost.as_ref().map(SigningKey::to_pem).transpose()?))
    }

    /// Certificates for clients to trust, RSA first.
    pub(super) fn certificates_pem(&self) -> Result<Vec<String>, ErrorStack> {
        let keys = std::iter::once(&self.rsa).chain(&self.gost);
        keys.map(|key| Ok(String::from_utf8_lossy(&key.certificate.to_pem()?).into_owned())).collect()
    }

    /// A token of the given kind (`sbt`) and version, not yet signed. `None` when there is no such key.
    pub(super) fn draft(&self, alg: TokenAlg, sbt: &str, ver: u8, payload: Map<String, Value>) -> Option<Draft> {
        let mut header = Map::new();
        for (name, value) in [("ver", json!(ver)), ("typ", json!("JWT")), ("sbt", json!(sbt)), ("alg", json!(alg))] {
            header.insert(name.to_owned(), value);
        }
        if let Some(thumbprint) = &self.of(alg)?.thumbprint {
            header.insert("x5t#St256".to_owned(), json!(thumbprint));
        }
        Some(Draft { alg, header, payload })
    }

    /// Signs a token. `None` when there is no such key or signing fails.
    pub(super) fn sign(&self, draft: &Draft) -> Option<String> {
        let text = draft.to_be_signed();
        let signature = self.raw(draft.alg, &text)?;
        Some(format!("{text}.{}", encode(signature)))
    }

    /// A bare signature.
    pub(super) fn raw(&self, alg: TokenAlg, text: &str) -> Option<Vec<u8>> {
        let key = self.of(alg)?;
        Signer::new(key.digest, &key.key).ok()?.sign_oneshot_to_vec(text.as_bytes()).ok()
    }

    /// The public key in every form it may be met in.
    pub(super) fn public(&self, alg: TokenAlg) -> Result<PublicForms, ErrorStack> {
        let key = self.of(alg).unwrap_or(&self.rsa);
        let jwk = match key.key.rsa() {
            Ok(rsa) => json!({"kty": "RSA", "n": encode(rsa.n().to_vec()), "e": encode(rsa.e().to_vec())}),
            // No JWK of a GOST key is registered; a forger would write down what there is.
            Err(_) => json!({"kty": "GOST", "x": encode(key.key.public_key_to_der()?)}),
        };
        Ok(PublicForms {
            pem: key.key.public_key_to_pem()?,
            der: key.key.public_key_to_der()?,
            jwk,
            certificate_pem: key.certificate.to_pem()?,
            certificate_der: key.certificate.to_der()?,
        })
    }

    /// The payload of a token of the given kind that we signed.
    pub(super) fn open(&self, sbt: &str, token: &str) -> Option<Vec<u8>> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
        let key = self.of(header.alg)?;
        let mut verifier = Verifier::new(key.digest, &key.key).ok()?;
        verifier.update(signed.as_bytes()).ok()?;
        let good = verifier.verify(&decode(signature)?).unwrap_or(false);
        if good && header.sbt == sbt { decode(payload) } else { None }
    }

    fn of(&self, alg: TokenAlg) -> Option<&SigningKey> {
        match alg {
            TokenAlg::Rs256 => Some(&self.rsa),
            TokenAlg::Gost3410_2012_256 => self.gost.as_ref(),
        }
    }
}

impl SigningKey {
    fn new(key: PKey<Private>, digest: MessageDigest, now: Timestamp, entropy: &dyn Entropy) -> Result<Self, ErrorStack> {
        let mut name = X509Name::builder()?;
        name.append_entry_by_text("CN", "gosbadge sandbox ESIA")?;
        let name = name.build();
        let mut certificate = X509Builder::new()?;
        certificate.set_version(2)?;
        let mut serial = [0; 8];
        entropy.fill(&mut serial);
        let serial = BigNum::from_slice(&serial)?.to_asn1_integer()?;
        certificate.set_serial_number(&serial)?;
        certificate.set_subject_name(&name)?;
        certificate.set_issuer_name(&name)?;
        certificate.set_pubkey(&key)?;
        let day = 86_400;
        let (from, to) = (Asn1Time::from_unix(now.secs() - day)?, Asn1Time::from_unix(now.secs() + CERTIFICATE_DAYS * day)?);
        certificate.set_not_before(&from)?;
        certificate.set_not_after(&to)?;
        certificate.sign(&key, digest)?;
        Ok(Self::with(key, certificate.build(), digest))
    }

    fn with(key: PKey<Private>, certificate: X509, digest: MessageDigest) -> Self {
        let thumbprint = gost::certificate_hash(&certificate);
        Self { key, certificate, digest, thumbprint }
    }

    fn from_pem(pem: &[u8], digest: MessageDigest) -> Result<Self, ErrorStack> {
        Ok(Self::with(PKey::private_key_from_pem(pem)?, X509::from_pem(pem)?, digest))
    }

    fn to_pem(&self) -> Result<Vec<u8>, ErrorStack> {
        Ok([self.key.private_key_to_pem_pkcs8()?, self.certificate.to_pem()?].concat())
    }
}

/// Base64url, as in tokens.
pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
