//! The stand-in ESIA of a development set-up and how the service speaks to it: generation, kinds of keys, kinds of tokens.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use openssl::x509::X509;

use crate::cli::wire::{self, ClientIdentity, Parts, WireError};
use crate::config::{Config, TokenAlgorithm};
use crate::sandbox::esia;

/// Mnemonic of the service at the stand-in ESIA.
pub(super) const CLIENT_ID: &str = "GOSBADGE";

/// How a development set-up speaks to its stand-in ESIA. All but `v1` need the GOST engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum EsiaMode {
    /// First generation, RSA, RS256 tokens
    #[default]
    V1,
    /// First generation, GOST signatures in PKCS#7, GOST tokens
    V1Gost,
    /// Second generation, raw GOST signatures, RS256 tokens
    V2,
    /// Second generation, raw GOST signatures, GOST tokens
    V2Gost,
}

impl EsiaMode {
    /// Whether it cannot work without the GOST engine.
    pub const fn needs_gost(self) -> bool {
        !matches!(self, Self::V1)
    }

    /// The settings it stands for.
    pub(super) const fn settings(self) -> [(&'static str, &'static str); 2] {
        let (generation, tokens) = match self {
            Self::V1 => ("v1", "RS256"),
            Self::V1Gost => ("v1", "GOST3410_2012_256"),
            Self::V2 => ("v2", "RS256"),
            Self::V2Gost => ("v2", "GOST3410_2012_256"),
        };
        [("GOSBADGE__IDP__ESIA__GENERATION", generation), ("GOSBADGE__IDP__ESIA__TOKEN_ALGORITHM", tokens)]
    }
}

/// A stand-in that listens once its server is awaited, and what the service needs to meet it.
pub(super) struct StandIn {
    pub running: esia::Running,
    pub identity: ClientIdentity,
    /// The certificates its tokens for us are signed with.
    pub trusted: Vec<Vec<u8>>,
}

/// Starts the stand-in with the service as its one client.
pub(super) fn start(mode: EsiaMode, config: &Config, listener: TcpListener, parts: &Parts) -> Result<StandIn, WireError> {
    let dir = config.data_dir.join("dev");
    let identity = wire::client_identity(&dir, mode.needs_gost(), parts.clock.now(), &*parts.entropy)?;
    let mut stand_in = esia::EsiaConfig::new(listener, Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
    stand_in.signing_keys = Some(signing_keys(&dir, parts)?);
    // RSA comes first in the stand-in's list. The adapter takes no certificate whose key cannot have made its tokens.
    let (token_alg, signing) = match config.idp.esia.token_algorithm {
        TokenAlgorithm::Rs256 => (esia::TokenAlg::Rs256, 0),
        TokenAlgorithm::Gost3410_2012_256 => (esia::TokenAlg::Gost3410_2012_256, 1),
    };
    stand_in.clients = vec![esia::ClientRegistration {
        client_id: CLIENT_ID.to_owned(),
        certificates: X509::stack_from_pem(&identity.certificate).map_err(WireError::new)?,
        redirect_uris: vec![format!("{}{}", config.public_url, crate::service::identity_providers::callback_path("esia"))],
        token_alg,
    }];
    let running = esia::start(stand_in).map_err(WireError::new)?;
    let trusted = running.signing_certificates_pem.iter().skip(signing).take(1).map(|pem| pem.clone().into_bytes()).collect();
    Ok(StandIn { running, identity, trusted })
}

/// What the stand-in signs with, kept in `dir` and made at first use, or when it has ended: a set-up that is started again knows its people still.
fn signing_keys(dir: &Path, parts: &Parts) -> Result<esia::SigningKeys, WireError> {
    let (rsa, gost) = (dir.join("stand-in-esia.pem"), dir.join("stand-in-esia-gost.pem"));
    let now = parts.clock.now();
    if wire::in_force(&rsa, now) && (wire::in_force(&gost, now) || !esia::gost_available()) {
        let gost = gost.exists().then(|| wire::read(&gost)).transpose()?;
        return esia::SigningKeys::from_pem(&wire::read(&rsa)?, gost.as_deref()).map_err(WireError::new);
    }
    let made = esia::SigningKeys::generate(now, &*parts.entropy).map_err(WireError::new)?;
    let (rsa_pem, gost_pem) = made.to_pem().map_err(WireError::new)?;
    wire::write_secret(&rsa, &rsa_pem)?;
    if let Some(pem) = gost_pem {
        wire::write_secret(&gost, &pem)?;
    }
    Ok(made)
}
