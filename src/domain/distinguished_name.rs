//! Distinguished names of certificates as operators write them (RFC 4514), for comparing with those in certificates.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Attribute types by their short names (RFC 4514 §3, and what Russian certificates use).
const TYPES: &[(&str, &str)] = &[
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("TITLE", "2.5.4.12"),
    ("GN", "2.5.4.42"),
    ("ORGANIZATIONIDENTIFIER", "2.5.4.97"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("EMAILADDRESS", "1.2.840.113549.1.9.1"),
    ("OGRN", "1.2.643.100.1"),
    ("SNILS", "1.2.643.100.3"),
    ("INNLE", "1.2.643.100.4"),
    ("OGRNIP", "1.2.643.100.5"),
    ("INN", "1.2.643.3.131.1.1"),
];

/// A name of single-valued parts: attribute types as dotted numbers, in the order of the certificate (the reverse of the text).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DistinguishedName {
    text: String,
    parts: Vec<(String, String)>,
}

/// The text is no name we compare.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a distinguished name such as \"CN=client,O=Example,C=RU\" (RFC 4514): {0}")]
pub struct BadName(&'static str);

impl DistinguishedName {
    /// Whether a certificate's subject is this name: the same parts in the same order, values compared to the byte.
    pub fn is(&self, subject: &[(String, String)]) -> bool {
        !self.parts.is_empty() && self.parts == subject
    }
}

impl FromStr for DistinguishedName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let mut parts = Vec::new();
        let mut rest = text.trim();
        loop {
            let (kind, after) = rest.split_once('=').ok_or(BadName("a part has no ="))?;
            let (value, after) = value(after.trim_start())?;
            parts.push((dotted(kind.trim())?, value));
            match after {
                Some(after) => rest = after.trim_start(),
                None => break,
            }
        }
        parts.reverse();
        Ok(Self { text: text.trim().to_owned(), parts })
    }
}

fn dotted(kind: &str) -> Result<String, BadName> {
    let numbers = kind.strip_prefix("OID.").unwrap_or(kind);
    if numbers.contains('.') && numbers.split('.').all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
        return Ok(numbers.to_owned());
    }
    let known = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind));
    known.map(|(_, oid)| (*oid).to_owned()).ok_or(BadName("an attribute type is not known; write its dotted number"))
}

/// One value up to the comma that ends it, with its escapes resolved (RFC 4514 §2.4), and what follows.
fn value(text: &str) -> Result<(String, Option<&str>), BadName> {
    if text.starts_with('#') {
        return Err(BadName("values in hexadecimal are not compared"));
    }
    let mut bytes = Vec::new();
    // Spaces at the end count only where they are escaped.
    let mut kept = 0;
    let mut chars = text.char_indices();
    let mut after = None;
    while let Some((at, c)) = chars.next() {
        match c {
            ',' => {
                after = Some(&text[at + 1..]);
                break;
            }
            '+' => return Err(BadName("parts of several values are not compared")),
            '"' | ';' | '<' | '>' => return Err(BadName("a character must be escaped with a backslash")),
            '\\' => {
                let (_, first) = chars.next().ok_or(BadName("it ends with a backslash"))?;
                match first.to_digit(16) {
                    Some(high) => {
                        let low = chars.next().and_then(|(_, c)| c.to_digit(16)).ok_or(BadName("a backslash with one digit"))?;
                        bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                    }
                    None => bytes.extend(first.to_string().bytes()),
                }
                kept = bytes.len();
            }
            ' ' => bytes.push(b' '),
            c => {
                bytes.extend(c.to_string().bytes());
                kept = bytes.len();
            }
        }
    }
    bytes.truncate(kept);
    let value = String::from_utf8(bytes).map_err(|_| BadName("a value is not UTF-8"))?;
    if value.is_empty() { Err(BadName("a value is empty")) } else { Ok((value, after)) }
}

impl TryFrom<String> for DistinguishedName {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<DistinguishedName> for String {
    fn from(name: DistinguishedName) -> Self {
        name.text
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(parts: &[(&str, &str)]) -> Vec<(String, String)> {
        parts.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn a_name_is_compared_part_by_part() {
        let name: DistinguishedName = "CN=client, O=Площадка\\, Ltd ,c=RU".parse().unwrap();
        let certificate = [("2.5.4.6", "RU"), ("2.5.4.10", "Площадка, Ltd"), ("2.5.4.3", "client")];
        assert!(name.is(&subject(&certificate)));
        let hex: DistinguishedName =
            "CN=client,O=\\D0\\9F\\D0\\BB\\D0\\BE\\D1\\89\\D0\\B0\\D0\\B4\\D0\\BA\\D0\\B0\\2C Ltd,2.5.4.6=RU".parse().unwrap();
        assert!(hex.is(&subject(&certificate)), "as openssl writes it");
        assert!(!name.is(&subject(&certificate[..2])), "a part is missing");
        let mut longer = certificate.to_vec();
        longer.push(("2.5.4.11", "x"));
        assert!(!name.is(&subject(&longer)), "a part too many");
        assert!(!name.is(&subject(&[certificate[2], certificate[1], certificate[0]])), "another order");
        assert!(!name.is(&subject(&[("2.5.4.6", "RU"), ("2.5.4.10", "Площадка, Ltd"), ("2.5.4.3", "Client")])), "another letter");
        assert!(!name.is(&[]));
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        for bad in
            ["", "client", "CN=", "CN=a,", "CN=a+OU=b", "CN=#0401", "X-Y=a", "CN=\"a\"", "CN=a\\", "CN=a\\4", "CN=\\FF", "=a", ",CN=a"]
        {
            assert!(bad.parse::<DistinguishedName>().is_err(), "{bad}");
        }
    }
}
