//! Client certificates, read and checked with OpenSSL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509Ref, X509StoreContext};

use crate::domain::client_certificate::ClientCertificate;
use crate::domain::time::Timestamp;
use crate::ports::Certificates;

/// Checks against a fixed set of authorities.
#[derive(Default)]
pub struct CertificateReader {
    authorities: Vec<X509>,
}

impl CertificateReader {
    /// With the authorities of these files' contents, PEM.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn new(files: &[Vec<u8>]) -> Result<Self, String> {
        let mut authorities = Vec::new();
        for pem in files {
            authorities.extend(all_in(pem)?);
        }
        Ok(Self { authorities })
    }

    fn vouched_for(&self, certificate: &X509Ref, chain: &[Vec<u8>], now: Timestamp) -> Result<bool, ErrorStack> {
        if self.authorities.is_empty() {
            return Ok(false);
        }
        let mut store = X509StoreBuilder::new()?;
        for authority in &self.authorities {
            store.add_cert(authority.clone())?;
        }
        let mut rules = X509VerifyParam::new()?;
        rules.set_time(now.secs());
        rules.set_purpose(X509PurposeId::SSL_CLIENT)?;
        // What is configured is trusted, also where it is not a root.
        rules.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
        store.set_param(&rules)?;
        let mut between = Stack::new()?;
        for der in chain {
            between.push(X509::from_der(der)?)?;
        }
        X509StoreContext::new()?.init(&store.build(), certificate, &between, |context| context.verify_cert())
    }
}

impl Certificates for CertificateReader {
    fn read(&self, der: &[u8], chain: &[Vec<u8>], now: Timestamp) -> Option<ClientCertificate> {
        let certificate = X509::from_der(der).ok()?;
        // Trailing bytes would change the thumbprint and nothing else.
        if certificate.to_der().ok()? != der {
            return None;
        }
        let moment = Asn1Time::from_unix(now.secs()).ok()?;
        let mut read = ClientCertificate {
            subject: certificate.subject_name().to_der().ok().and_then(|name| parts(&name)).unwrap_or_default(),
            dns: Vec::new(),
            uri: Vec::new(),
            ip: Vec::new(),
            email: Vec::new(),
            thumbprint: thumbprint(&certificate).ok()?,
            trusted: self.vouched_for(&certificate, chain, now).unwrap_or(false),
            in_force: certificate.not_before() <= moment && certificate.not_after() >= moment,
        };
        for name in certificate.subject_alt_names().iter().flatten() {
            read.dns.extend(name.dnsname().map(str::to_owned));
            read.uri.extend(name.uri().map(str::to_owned));
            read.email.extend(name.email().map(str::to_owned));
            read.ip.extend(name.ipaddress().and_then(address));
        }
        Some(read)
    }

    fn has_authorities(&self) -> bool {
        !self.authorities.is_empty()
    }
}

fn all_in(pem: &[u8]) -> Result<Vec<X509>, String> {
    let found = X509::stack_from_pem(pem).map_err(|e| format!("not certificates in PEM: {e}"))?;
    if found.is_empty() { Err("it holds no certificate in PEM".to_owned()) } else { Ok(found) }
}

/// `x5t#S256` (RFC 8705 §3.1).
fn thumbprint(certificate: &X509Ref) -> Result<String, ErrorStack> {
    Ok(URL_SAFE_NO_PAD.encode(certificate.digest(MessageDigest::sha256())?))
}

/// `x5t#S256` of every certificate of a PEM file.
///
/// # Errors
/// What is wrong with it.
pub fn thumbprints(pem: &[u8]) -> Result<Vec<String>, String> {
    all_in(pem)?.iter().map(|c| thumbprint(c).map_err(|e| e.to_string())).collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|b| IpAddr::V4(Ipv4Addr::from(b)));
    let address = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|b| IpAddr::V6(Ipv6Addr::from(b))));
    address.ok().map(|a| a.to_string())
}

/// The parts of a name (`SEQUENCE OF SET OF SEQUENCE { type, value }`, DER). `None` for one with a part of several values, or with
/// text in an encoding that has not been in use for twenty years: it equals nothing then.
fn parts(name: &[u8]) -> Option<Vec<(String, String)>> {
    let (0x30, mut rest, []) = element(name)? else { return None };
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (0x31, set, after) = element(rest)? else { return None };
        let (0x30, pair, []) = element(set)? else { return None };
        let (0x06, kind, value) = element(pair)? else { return None };
        // UTF8String, NumericString, PrintableString, IA5String: each of them UTF-8 as it stands.
        let (0x0c | 0x12 | 0x13 | 0x16, text, []) = element(value)? else { return None };
        parts.push((dotted(kind)?, String::from_utf8(text.to_vec()).ok()?));
        rest = after;
    }
    Some(parts)
}

/// Tag, content and what follows of the first element.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let digits = usize::from(first & 0x7f);
        let (bytes, after) = rest.split_at_checked(digits).filter(|_| (1..=4).contains(&digits))?;
        length = bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b));
        rest = after;
    }
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

/// An object identifier's content as dotted numbers.
fn dotted(content: &[u8]) -> Option<String> {
    let mut numbers: Vec<u64> = Vec::new();
    let mut number = 0u64;
    for byte in content {
        number = number.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let root = (number / 40).min(2);
                numbers.extend([root, number - root * 40]);
            } else {
                numbers.push(number);
            }
            number = 0;
        }
    }
    (!numbers.is_empty()).then(|| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_identifiers_are_written_as_numbers() {
        assert_eq!(dotted(&[0x55, 0x04, 0x03]).as_deref(), Some("2.5.4.3"));
        assert_eq!(dotted(&[0x2a, 0x85, 0x03, 0x03, 0x81, 0x03, 0x01, 0x01]).as_deref(), Some("1.2.643.3.131.1.1"));
        assert_eq!(dotted(&[]), None);
    }

    #[test]
    fn a_name_is_read_part_by_part() {
        let cn = [0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x13, 0x01, b'a'];
        let set = |inside: &[u8]| [&[0x31, u8::try_from(inside.len()).unwrap()], inside].concat();
        let name = |inside: &[u8]| [&[0x30, u8::try_from(inside.len()).unwrap()], inside].concat();
        assert_eq!(parts(&name(&[])), Some(Vec::new()));
        let one = ("2.5.4.3".to_owned(), "a".to_owned());
        assert_eq!(parts(&name(&[set(&cn), set(&cn)].concat())), Some(vec![one.clone(), one]));
        assert_eq!(parts(&name(&set(&[cn, cn].concat()))), None, "two values in one part");
        let mut other = cn;
        other[7] = 0x1e;
        assert_eq!(parts(&name(&set(&other))), None, "another encoding");
        for bad in [&[][..], &[0x30], &[0x30, 0x01], &[0x30, 0x02, 0x30, 0x00], &[0x30, 0x00, 0x00], &[0x30, 0x85, 1, 1, 1, 1, 1]] {
            assert_eq!(parts(bad), None, "{bad:?}");
        }
    }
}
