//! Makes forged tokens: the stand-in as a tool of attack. Everything a client must refuse, and nothing that could harm it otherwise.

use actix_web::{HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use openssl::error::ErrorStack;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use std::sync::atomic::Ordering;

use super::Esia;
use super::config::TokenAlg;
use super::faults::{Forgery, Instead, Sign};
use super::keys::{Draft, SigningKeys, encode};

/// Puts `changes` over `members`; `null` takes a member out.
pub(super) fn override_members(members: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, value) in changes {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}

impl Esia {
    /// The token, forged. `None` when something cannot be signed.
    pub(super) fn forge(&self, honest: &Draft, forgery: &Forgery, keys: &SigningKeys) -> Option<String> {
        let mut draft = honest.clone();
        if forgery.instead == Some(Instead::OtherClient) {
            let present = draft.payload.get("client_id").or(draft.payload.get("aud")).and_then(Value::as_str).unwrap_or_default();
            let other = self.clients.iter().map(|c| c.client_id.as_str()).find(|id| *id != present).unwrap_or("OTHERIS").to_owned();
            let name = if draft.payload.contains_key("aud") { "aud" } else { "client_id" };
            draft.payload.insert(name.to_owned(), json!(other));
        }
        let alg = draft.alg;
        let strangers = || self.strangers_keys().and_then(|strangers| strangers.public(alg).ok());
        let url = |file: &str| json!(format!("{}/sandbox/strangers/{file}", self.base_url));
        let mut set = |name: &str, value: Value| draft.header.insert(name.to_owned(), value);
        match forgery.sign {
            Sign::AsUsual | Sign::KeepSignature | Sign::OtherKey | Sign::Garbage => None,
            Sign::None => set("alg", json!("none")),
            Sign::Hs256Pem | Sign::Hs256Der | Sign::Hs256Jwk | Sign::Hs256Certificate => set("alg", json!("HS256")),
            Sign::EmbeddedJwk => set("jwk", strangers()?.jwk),
            Sign::EmbeddedX5c => set("x5c", json!([STANDARD.encode(strangers()?.certificate_der)])),
            Sign::Jku => set("jku", url("jwks.json")),
            Sign::X5u => set("x5u", url("certificate.pem")),
            Sign::KidPath => {
                set("alg", json!("HS256"));
                set("kid", json!("../../../../../../dev/null"))
            }
            Sign::GostWithRsa => set("alg", json!(TokenAlg::Gost3410_2012_256)),
            Sign::RsWithGost => set("alg", json!(TokenAlg::Rs256)),
        };
        override_members(&mut draft.header, &forgery.header);
        override_members(&mut draft.payload, &forgery.claims);
        let signature = self.forged_signature(&draft.to_be_signed(), honest, forgery.sign, keys)?;
        Some(format!("{}.{}", draft.to_be_signed(), encode(signature)))
    }

    fn forged_signature(&self, text: &str, honest: &Draft, sign: Sign, keys: &SigningKeys) -> Option<Vec<u8>> {
        let public = keys.public(honest.alg).ok()?;
        match sign {
            Sign::AsUsual => keys.raw(honest.alg, text),
            Sign::KeepSignature => keys.raw(honest.alg, &honest.to_be_signed()),
            Sign::None => Some(Vec::new()),
            Sign::Hs256Pem => Some(hs256(&public.pem, text)),
            Sign::Hs256Der => Some(hs256(&public.der, text)),
            Sign::Hs256Jwk => Some(hs256(public.jwk.to_string().as_bytes(), text)),
            Sign::Hs256Certificate => Some(hs256(&public.certificate_pem, text)),
            Sign::KidPath => Some(hs256(b"", text)),
            Sign::OtherKey | Sign::EmbeddedJwk | Sign::EmbeddedX5c | Sign::Jku | Sign::X5u => self.strangers_keys()?.raw(honest.alg, text),
            Sign::GostWithRsa => keys.raw(TokenAlg::Rs256, text),
            Sign::RsWithGost => keys.raw(TokenAlg::Gost3410_2012_256, text).or_else(|| Some(self.entropy.bytes::<64>().to_vec())),
            Sign::Garbage => {
                let mut noise = vec![0; keys.raw(honest.alg, text)?.len()];
                self.entropy.fill(&mut noise);
                Some(noise)
            }
        }
    }

    /// Keys nobody should trust.
    pub(super) fn strangers_keys(&self) -> Option<&SigningKeys> {
        self.strangers_keys.get_or_init(|| SigningKeys::generate(self.clock.now(), &*self.entropy).ok()).as_ref()
    }
}

fn hs256(secret: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes a key of any length, so the error does not occur; an empty signature would be refused anyway.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// `GET /sandbox/strangers/{file}`: what a header's `jku` or `x5u` leads to. Nobody should come; who comes is counted.
pub(super) async fn strangers(esia: web::Data<Esia>, file: web::Path<String>) -> HttpResponse {
    esia.strangers_visited.fetch_add(1, Ordering::Relaxed);
    let public = |esia: &Esia| -> Option<Result<_, ErrorStack>> { Some(esia.strangers_keys()?.public(TokenAlg::Rs256)) };
    match (file.as_str(), public(&esia)) {
        ("jwks.json", Some(Ok(public))) => HttpResponse::Ok().json(json!({"keys": [public.jwk]})),
        ("certificate.pem", Some(Ok(public))) => HttpResponse::Ok().content_type("application/x-pem-file").body(public.certificate_pem),
        _ => HttpResponse::NotFound().finish(),
    }
}
