//! What can be forged: the words of the fault kind `forge`. How it is made is in `forge`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Place;

/// One of the tokens a sign-in yields.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum TokenName {
    /// `access_token`, a person's or a system's.
    Access,
    /// `id_token`
    Id,
    /// The authorization code.
    Code,
}

/// How a forged token is signed. The header's overrides come last, so that every one of these can be varied.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Sign {
    /// With the right key, after the changes.
    #[default]
    AsUsual,
    /// With the right key, before the changes.
    KeepSignature,
    /// `alg: none` and an empty signature.
    None,
    /// HS256 with the public key in PEM as the secret.
    Hs256Pem,
    /// The same with the public key in DER.
    Hs256Der,
    /// The same with the public key as a JWK.
    Hs256Jwk,
    /// The same with the certificate in PEM.
    Hs256Certificate,
    /// With a stranger's key of the same kind.
    OtherKey,
    /// The same, and the header carries that key.
    EmbeddedJwk,
    /// The same, and the header carries a certificate of that key.
    EmbeddedX5c,
    /// The same, and the header says where that key can be fetched.
    Jku,
    /// The same, and the header says where its certificate can be fetched.
    X5u,
    /// HS256 with an empty secret, and `kid` is the path of an empty file.
    KidPath,
    /// The header says GOST, the signature is RSA.
    GostWithRsa,
    /// The header says RS256, the signature is GOST where there is an engine, and 64 random bytes where not.
    RsWithGost,
    /// Random bytes of the right length.
    Garbage,
}

/// What stands in a token's place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Instead {
    /// The access token of the same answer.
    Access,
    /// The id token of the same answer.
    Id,
    /// A token for another client system.
    OtherClient,
    /// A token of another person, see `of`.
    OtherPersona,
}

/// One forgery.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct Forgery {
    /// Which token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) token: Option<TokenName>,
    /// Members of its header; `null` takes one out.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(in super::super) header: Map<String, Value>,
    /// Its claims, in the same way.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(in super::super) claims: Map<String, Value>,
    /// Its signature.
    pub(in super::super) sign: Sign,
    /// Another token in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) instead: Option<Instead>,
    /// Members of the JSON answer; at `ac` the parameters of the redirect. `null` takes one out.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(in super::super) answer: Map<String, Value>,
    /// The id of the persona whose token or list of roles is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) of: Option<String>,
    /// The oid of the organisation whose record is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) organisation: Option<u64>,
}

impl Forgery {
    /// Members that go together.
    pub(super) fn check(&self, place: Place) -> Result<(), String> {
        let shapes_a_token = !self.header.is_empty() || !self.claims.is_empty() || self.sign != Sign::AsUsual || self.instead.is_some();
        if shapes_a_token && self.token.is_none() {
            return Err("say which token: access, id or code".to_owned());
        }
        if self.token == Some(TokenName::Code) && !matches!(place, Place::Ac | Place::Any) {
            return Err("a code is forged where it is made: \"where\": \"ac\"".to_owned());
        }
        if self.instead == Some(Instead::OtherPersona) && self.of.is_none() {
            return Err("say whose token: \"of\": a persona's id".to_owned());
        }
        if *self == Self::default() {
            return Err("a forgery needs at least one of token, answer, of, organisation".to_owned());
        }
        Ok(())
    }
}
