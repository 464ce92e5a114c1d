//! Checking `client_secret`: not a secret but a signature over the request. It is always checked against the string we put together
//! from the request, never against content that came inside the signature.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use openssl::error::ErrorStack;
use openssl::pkcs7::{Pkcs7, Pkcs7Flags};
use openssl::stack::Stack;
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;

use super::config::ClientRegistration;
use super::params::Params;
use super::refusal::{Code, Refusal};
use super::{Generation, gost};

/// A PKCS#7 file with a chain of certificates is some kilobytes; more is not a signature.
const MAX_SECRET_CHARS: usize = 32 * 1024;

/// Checks the request's `client_secret` against the strings it may have signed.
pub(super) fn check(
    clients: &[ClientRegistration],
    client: &ClientRegistration,
    generation: Generation,
    params: &Params,
    signed: &[String],
) -> Result<(), Refusal> {
    let secret = decode(params.text("client_secret")).ok_or(Code::SecretWrong)?;
    let good = match generation {
        Generation::V1 => signed.iter().any(|text| pkcs7_holds(client, text.as_bytes(), &secret).unwrap_or(false)),
        Generation::V2 => raw_holds(client, params.get("client_certificate_hash"), signed, &secret),
    };
    if good {
        return Ok(());
    }
    // Another system's good signature: the certificate does not belong to the mnemonic.
    let holds = |other: &&ClientRegistration| match generation {
        Generation::V1 => signed.iter().any(|text| pkcs7_holds(other, text.as_bytes(), &secret).unwrap_or(false)),
        Generation::V2 => raw_holds(other, params.get("client_certificate_hash"), signed, &secret),
    };
    let of_another = clients.iter().filter(|other| other.client_id != client.client_id).any(|other| holds(&other));
    Err(if of_another { Code::CertificateMismatch } else { Code::SecretWrong }.into())
}

/// `scope + timestamp + client_id + state`, the same for every request of the first generation.
pub(super) fn first_generation_string(params: &Params) -> String {
    ["scope", "timestamp", "client_id", "state"].map(|name| params.text(name)).concat()
}

/// The second generation's string; `code` is empty where the request has none.
pub(super) fn second_generation_string(params: &Params) -> String {
    ["client_id", "scope", "scope_org", "timestamp", "state", "redirect_uri", "code"].map(|name| params.text(name)).concat()
}

/// What one known client signs when it refreshes a token; the other known client signs [`second_generation_string`].
pub(super) fn refresh_string(params: &Params) -> String {
    ["client_id", "scope", "timestamp", "state", "refresh_token"].map(|name| params.text(name)).concat()
}

/// Clients in the field send base64url with and without padding, and plain base64.
fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_SECRET_CHARS {
        return None;
    }
    [URL_SAFE_NO_PAD, URL_SAFE, STANDARD, STANDARD_NO_PAD].iter().find_map(|alphabet| alphabet.decode(text).ok())
}

/// PKCS#7 SignedData, with or without attributes, with or without content.
fn pkcs7_holds(client: &ClientRegistration, text: &[u8], der: &[u8]) -> Result<bool, ErrorStack> {
    let message = Pkcs7::from_der(der)?;
    let no_more_certificates = Stack::<X509>::new()?;
    let signers = message.signers(&no_more_certificates, Pkcs7Flags::empty())?;
    // Exactly one signer, and it is a registered certificate to the byte: without this, NOVERIFY below would accept anyone's.
    if signers.len() != 1 || !signers.iter().all(|signer| is_registered(client, signer.to_der().ok())) {
        return Ok(false);
    }
    let store = X509StoreBuilder::new()?.build();
    message.verify(&no_more_certificates, &store, Some(text), None, Pkcs7Flags::NOVERIFY | Pkcs7Flags::BINARY)?;
    Ok(true)
}

fn is_registered(client: &ClientRegistration, der: Option<Vec<u8>>) -> bool {
    der.is_some() && client.certificates.iter().any(|certificate| certificate.to_der().ok() == der)
}

/// A raw signature under the certificate whose hash the request names. Without a hash (one known client refreshes so) any
/// registered certificate will do; where the hash is mandatory, its absence was refused before.
fn raw_holds(client: &ClientRegistration, hash: Option<&str>, signed: &[String], signature: &[u8]) -> bool {
    client.certificates.iter().any(|certificate| {
        let named = hash.is_none() || gost::certificate_hash(certificate).as_deref() == hash;
        let Ok(key) = certificate.public_key() else { return false };
        named && signed.iter().any(|text| gost::verify_raw(&key, text.as_bytes(), signature))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_every_base64_seen_in_the_field() {
        for text in ["-_8", "-_8=", "+/8", "+/8="] {
            assert_eq!(decode(text), Some(vec![0xfb, 0xff]), "{text}");
        }
        assert_eq!(decode("no base64!"), None);
        assert_eq!(decode(&"A".repeat(MAX_SECRET_CHARS + 4)), None);
    }

    #[test]
    fn strings_have_no_separators_and_skip_what_is_absent() {
        let params =
            Params::parse(b"client_id=C&scope=S&timestamp=T&state=U&redirect_uri=R&scope_org=&refresh_token=F").expect("well-formed");
        assert_eq!(first_generation_string(&params), "STCU");
        assert_eq!(second_generation_string(&params), "CSTUR");
        assert_eq!(refresh_string(&params), "CSTUF");
    }
}
