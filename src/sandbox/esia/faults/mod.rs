//! Faults one can switch on: what they are and how they are written in JSON and TOML. Which one strikes a request is in `board` and
//! `plan`, how it strikes in `around` and `bodies`.

mod around;
mod board;
mod bodies;
mod forgery;
mod plan;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

pub(super) use around::{around, remember_socket};
pub use board::Faults;
pub(super) use forgery::{Forgery, Instead, Sign, TokenName};
pub(super) use plan::Plan;

use super::Esia;
use super::refusal::Code;

/// The longest a fault may keep a request waiting, seconds: every fault ends by itself.
const LONGEST_WAIT: f64 = 120.0;
/// Seconds by which the clock may be off: ten years, so that every time stays one that can be written.
const LARGEST_SKEW: i64 = 10 * 366 * 86_400;
/// The largest body sent on purpose.
const LARGEST_BODY: u64 = 1 << 30;

/// Which requests a fault strikes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    /// The authorization endpoints, and the form a person answers them by.
    Ac,
    /// The token endpoints, whatever the grant.
    Te,
    /// The token endpoints when a system asks for a token of its own.
    SystemToken,
    /// `/rs/prns/{oid}` and what is below it, `roles` excepted.
    Person,
    /// `/rs/prns/{oid}/roles`
    Roles,
    /// `/rs/orgs/{oid}`
    Organisation,
    /// All of them.
    Any,
}

/// What happens.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Kind {
    /// One of ESIA's own errors, in the shape of the place.
    Error { code: Code },
    /// A page in HTML with this status: the front of an ESIA that is away.
    Status {
        #[serde(default = "maintenance")]
        status: u16,
    },
    /// The answer begins late.
    Slow { seconds: f64 },
    /// The answer's body comes byte by byte.
    Drip { seconds: f64 },
    /// The body ends before the announced length, and so does the connection.
    Truncated {},
    /// A page in place of JSON, with status 200 and JSON's content type.
    NotJson {},
    /// A body of so many bytes, without an announced length.
    Huge {
        #[serde(default = "largest_body")]
        bytes: u64,
    },
    /// A small body that claims to be gzip and unpacks to so many bytes.
    GzipBomb {
        #[serde(default = "largest_body")]
        bytes: u64,
    },
    /// The connection ends without an answer.
    Disconnect {},
    /// A redirect to the same address, or to another one.
    Redirect { to: Option<Url> },
    /// The stand-in's clock is off: the `Date` header, token times, and the check of the request's own time.
    ClockSkew { seconds: i64 },
    /// Tokens are signed with a new key, which `/public/esia.pem` shows beside the old one or not yet.
    RotatedCertificate {
        #[serde(default)]
        published: bool,
    },
    /// Tokens, answers or redirects are forged.
    Forge(Box<Forgery>),
    /// Tokens name another issuer, by default that of ESIA's test stand.
    WrongIssuer {
        #[serde(default = "other_issuer")]
        issuer: String,
    },
}

const fn maintenance() -> u16 {
    503
}

const fn largest_body() -> u64 {
    LARGEST_BODY
}

fn other_issuer() -> String {
    "http://esia-portal1.test.gosuslugi.ru/".to_owned()
}

/// One fault: where, what, for whom, how often. Reads from JSON or TOML such as
/// `{"where": "te", "kind": "error", "code": "007053", "persona": "employee", "times": 1}`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Fault {
    #[serde(rename = "where")]
    pub(super) place: Place,
    /// Only requests that concern this person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) persona: Option<String>,
    /// Only so many requests; all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) times: Option<u32>,
    #[serde(flatten)]
    pub(super) kind: Kind,
}

impl TryFrom<Map<String, Value>> for Fault {
    type Error = String;

    fn try_from(mut members: Map<String, Value>) -> Result<Self, String> {
        let place = members.remove("where").ok_or("a fault needs \"where\"")?;
        let place = serde_json::from_value(place).map_err(|e| format!("where: {e}"))?;
        let mut optional = |name: &str| members.remove(name).unwrap_or_default();
        let persona = serde_json::from_value(optional("persona")).map_err(|e| format!("persona: {e}"))?;
        let times = serde_json::from_value(optional("times")).map_err(|e| format!("times: {e}"))?;
        let kind: Kind = serde_json::from_value(Value::Object(members)).map_err(|e| e.to_string())?;
        kind.check(place)?;
        Ok(Self { place, persona, times, kind })
    }
}

impl Fault {
    /// The personas it names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let of = if let Kind::Forge(forgery) = &self.kind { forgery.of.as_deref() } else { None };
        self.persona.as_deref().into_iter().chain(of)
    }
}

impl Esia {
    /// Makes the keys a fault needs, so that no login waits for them.
    pub(super) fn prepare(&self, fault: &Fault) {
        match &fault.kind {
            // What could not be made is answered with an error when it is needed.
            Kind::RotatedCertificate { .. } => {
                let _ = self.new_keys();
            }
            Kind::Forge(_) => {
                let _ = self.strangers_keys();
            }
            _ => {}
        }
    }
}

impl Kind {
    /// Bounds that the types do not hold.
    fn check(&self, place: Place) -> Result<(), String> {
        match self {
            Self::Slow { seconds } | Self::Drip { seconds } if !(0.0..=LONGEST_WAIT).contains(seconds) => {
                Err(format!("seconds must be 0 to {LONGEST_WAIT}"))
            }
            Self::ClockSkew { seconds } if !(-LARGEST_SKEW..=LARGEST_SKEW).contains(seconds) => {
                Err(format!("seconds must be -{LARGEST_SKEW} to {LARGEST_SKEW}"))
            }
            Self::Huge { bytes } | Self::GzipBomb { bytes } if *bytes > LARGEST_BODY => {
                Err(format!("bytes must be at most {LARGEST_BODY}"))
            }
            Self::Forge(forgery) => forgery.check(place),
            Self::Status { status } if !(400..=599).contains(status) => Err("status must be 400 to 599".to_owned()),
            _ => Ok(()),
        }
    }

    /// Changes what a sign-in yields, so there must be one: a request that only leads to the sign-in page does not count.
    pub(super) const fn needs_a_person(&self) -> bool {
        matches!(self, Self::RotatedCertificate { .. } | Self::WrongIssuer { .. } | Self::Forge(_))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Fault, String> {
        serde_json::from_value(value).map_err(|e| e.to_string())
    }

    #[test]
    fn faults_come_back_as_they_went() {
        for fault in [
            json!({"where": "te", "kind": "error", "code": "007053", "persona": "employee", "times": 1}),
            json!({"where": "ac", "kind": "error", "code": "noGrants"}),
            json!({"where": "any", "kind": "clock_skew", "seconds": -3600}),
            json!({"where": "system_token", "kind": "truncated"}),
            json!({"where": "roles", "kind": "slow", "seconds": 0.5}),
            json!({"where": "te", "kind": "forge", "token": "id", "claims": {"aud": null}, "sign": "none"}),
        ] {
            assert_eq!(serde_json::to_value(read(fault.clone()).expect("good")).expect("JSON"), fault);
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (fault, said) in [
            (json!({"kind": "truncated"}), "where"),
            (json!({"where": "te"}), "kind"),
            (json!({"where": "there", "kind": "truncated"}), "there"),
            (json!({"where": "te", "kind": "broken"}), "broken"),
            (json!({"where": "te", "kind": "truncated", "secons": 1}), "secons"),
            (json!({"where": "te", "kind": "error", "code": "1"}), "there is no code \"1\""),
            (json!({"where": "te", "kind": "slow", "seconds": 1e9}), "seconds must be 0 to 120"),
            (json!({"where": "te", "kind": "huge", "bytes": 1u64 << 40}), "bytes must be at most"),
            (json!({"where": "te", "kind": "truncated", "times": -1}), "times"),
            (json!({"where": "te", "kind": "forge", "sign": "none"}), "which token"),
            (json!({"where": "te", "kind": "forge", "token": "id", "sign": "hs512"}), "hs512"),
            (json!({"where": "te", "kind": "forge"}), "at least one"),
        ] {
            let error = read(fault.clone()).expect_err("refused");
            assert!(error.contains(said), "{fault}: {error}");
        }
    }
}
