//! Client certificates of platforms, and what a registration demands of them (RFC 8705 §2).

use serde::{Deserialize, Serialize};

use super::distinguished_name::DistinguishedName;

/// What counts of a certificate a request came with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientCertificate {
    /// Subject: attribute types as dotted numbers, with their values. Empty when it holds a part of several values.
    pub subject: Vec<(String, String)>,
    /// Subject alternative names: DNS.
    pub dns: Vec<String>,
    /// Subject alternative names: URI.
    pub uri: Vec<String>,
    /// Subject alternative names: IP addresses, as text.
    pub ip: Vec<String>,
    /// Subject alternative names: e-mail.
    pub email: Vec<String>,
    /// `x5t#S256`: base64url of the SHA-256 of the certificate (RFC 8705 §3.1).
    pub thumbprint: String,
    /// Whether it is in force now and was issued, for clients, by an authority this service trusts.
    pub trusted: bool,
    /// Whether it is in force now.
    pub in_force: bool,
}

/// What a platform's certificate must be like; named after the client metadata of RFC 8705 §2.1.2.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CertificateRule {
    /// The subject.
    #[serde(rename = "tls_client_auth_subject_dn")]
    Subject(DistinguishedName),
    /// One of the DNS names.
    #[serde(rename = "tls_client_auth_san_dns")]
    Dns(String),
    /// One of the URIs.
    #[serde(rename = "tls_client_auth_san_uri")]
    Uri(String),
    /// One of the addresses.
    #[serde(rename = "tls_client_auth_san_ip")]
    Ip(std::net::IpAddr),
    /// One of the mail addresses.
    #[serde(rename = "tls_client_auth_san_email")]
    Email(String),
    /// One of these very certificates, by thumbprint, whoever signed it (RFC 8705 §2.2).
    #[serde(rename = "self_signed")]
    SelfSigned(Vec<String>),
}

impl CertificateRule {
    /// `token_endpoint_auth_method` of the registration.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::SelfSigned(_) => "self_signed_tls_client_auth",
            _ => "tls_client_auth",
        }
    }

    /// Whether the certificate is the platform's. A name in a certificate is believed only if an authority vouches for it.
    pub fn admits(&self, c: &ClientCertificate) -> bool {
        let same = |names: &[String], wanted: &str| names.iter().any(|n| n == wanted);
        match self {
            Self::Subject(name) => c.trusted && name.is(&c.subject),
            // DNS names know no case.
            Self::Dns(wanted) => c.trusted && c.dns.iter().any(|n| n.eq_ignore_ascii_case(wanted)),
            Self::Uri(wanted) => c.trusted && same(&c.uri, wanted),
            Self::Ip(wanted) => c.trusted && same(&c.ip, &wanted.to_string()),
            Self::Email(wanted) => c.trusted && same(&c.email, wanted),
            Self::SelfSigned(thumbprints) => c.in_force && same(thumbprints, &c.thumbprint),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(trusted: bool) -> ClientCertificate {
        ClientCertificate {
            subject: vec![("2.5.4.3".to_owned(), "client".to_owned())],
            dns: vec!["client.example".to_owned()],
            uri: vec!["urn:client".to_owned()],
            ip: vec!["192.0.2.7".to_owned()],
            email: vec!["a@example.ru".to_owned()],
            thumbprint: "t".to_owned(),
            trusted,
            in_force: true,
        }
    }

    #[test]
    fn names_count_only_with_an_authority_s_word() {
        let rules = [
            CertificateRule::Subject("CN=client".parse().unwrap()),
            CertificateRule::Dns("Client.example".to_owned()),
            CertificateRule::Uri("urn:client".to_owned()),
            CertificateRule::Ip("192.0.2.7".parse().unwrap()),
            CertificateRule::Email("a@example.ru".to_owned()),
        ];
        for rule in rules {
            assert!(rule.admits(&certificate(true)), "{rule:?}");
            assert!(!rule.admits(&certificate(false)), "{rule:?}");
            let json = serde_json::to_string(&rule).unwrap();
            assert_eq!(serde_json::from_str::<CertificateRule>(&json).unwrap(), rule, "{json}");
        }
        let pinned = CertificateRule::SelfSigned(vec!["s".to_owned(), "t".to_owned()]);
        assert!(pinned.admits(&certificate(false)));
        assert!(!pinned.admits(&ClientCertificate { in_force: false, ..certificate(true) }));
        assert!(!pinned.admits(&ClientCertificate { thumbprint: "u".to_owned(), ..certificate(true) }));
        assert!(!CertificateRule::Dns("other.example".to_owned()).admits(&certificate(true)));
    }
}
