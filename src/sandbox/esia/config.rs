//! What a stand-in is told at start, and how it can fail to start.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use openssl::x509::X509;
use serde::{Deserialize, Serialize};

use super::keys::SigningKeys;
use super::people::People;
use crate::ports::{Clock, Entropy};

/// Algorithm of the tokens a client gets; at ESIA a setting of the client system, independent of how the client signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum TokenAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// Raw GOST R 34.10-2012, 256 bits. Needs the GOST engine.
    #[serde(rename = "GOST3410_2012_256")]
    Gost3410_2012_256,
}

/// One client system known to the stand-in.
#[derive(Clone)]
pub struct ClientRegistration {
    /// Mnemonic, in upper case at ESIA.
    pub client_id: String,
    /// Certificates whose keys may sign the client's requests.
    pub certificates: Vec<X509>,
    /// Return addresses, compared to the byte. Logout may return to any page on their hosts.
    pub redirect_uris: Vec<String>,
    /// Algorithm of the client's tokens.
    pub token_alg: TokenAlg,
}

/// Settings of one stand-in.
pub struct EsiaConfig {
    /// Where to listen; bind it to port 0 for any free port.
    pub listener: TcpListener,
    /// Base address without a trailing slash; by default `http://` and the listener's address.
    pub public_url: Option<String>,
    /// `iss` of every token. The default is what production says, plain http included.
    pub issuer: String,
    /// Who may ask.
    pub clients: Vec<ClientRegistration>,
    /// Who may sign in.
    pub people: People,
    /// Signs this persona in, unasked, where the browser brings neither the stand-in's cookie nor `X-Sandbox-Persona`.
    pub auto_approve: Option<String>,
    /// How far a request's `timestamp` may be from our clock. ESIA's own window is not public.
    pub timestamp_window: Duration,
    /// Lets others than this machine set faults.
    pub control_anywhere: bool,
    /// What its tokens are signed with; new keys without.
    pub signing_keys: Option<SigningKeys>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl EsiaConfig {
    /// Default settings and no clients yet.
    pub fn new(listener: TcpListener, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            listener,
            public_url: None,
            issuer: "http://esia.gosuslugi.ru/".to_owned(),
            clients: Vec::new(),
            people: People::built_in(),
            auto_approve: None,
            timestamp_window: Duration::from_secs(300),
            control_anywhere: false,
            signing_keys: None,
            clock,
            entropy,
        }
    }
}

/// The stand-in did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The listener is not usable.
    #[error("the stand-in ESIA cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// A key or certificate could not be made.
    #[error("the stand-in ESIA cannot make its signing keys: {0}")]
    Keys(#[from] openssl::error::ErrorStack),
    /// `auto_approve` names nobody.
    #[error("there is no persona {wanted:?}; there are {known}")]
    UnknownPersona {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// A client wants GOST tokens and the engine is not loaded.
    #[error(
        "client {client_id} wants GOST tokens, and OpenSSL has no GOST engine: install libengine-gost-openssl and set \
         OPENSSL_CONF=certs/openssl-gost.cnf"
    )]
    NoGost {
        /// Which client.
        client_id: String,
    },
    /// A client's return address is not an address.
    #[error("client {client_id}: redirect URI {uri:?} is not an absolute http(s) address")]
    BadRedirectUri {
        /// Which client.
        client_id: String,
        /// The address.
        uri: String,
    },
    /// A client without certificates could never sign.
    #[error("client {client_id} has no certificate, so none of its requests could be checked")]
    NoCertificate {
        /// Which client.
        client_id: String,
    },
}
