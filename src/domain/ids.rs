//! Identifiers: a fixed prefix and a ULID, so that an id says what it names, sorts by time and survives a copy-paste.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ulid::Ulid;

use super::time::Timestamp;

/// Text that is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of this kind: expected {expected}")]
pub struct BadId {
    /// What a good one looks like.
    pub expected: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// A new identifier from an instant and 10 random bytes (both are the caller's: this layer has neither).
            pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
                let mut wide = [0u8; 16];
                wide[6..].copy_from_slice(&random);
                Self(Ulid::from_parts(u64::try_from(at.millis()).unwrap_or(0), u128::from_be_bytes(wide)))
            }

            /// The 128 bits, for compact in-memory keys.
            pub fn bits(self) -> u128 {
                self.0.into()
            }

            /// Back from [`Self::bits`].
            pub fn from_bits(bits: u128) -> Self {
                Self(Ulid::from(bits))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                let bad = BadId { expected: concat!($prefix, "<26 characters of Crockford base32>") };
                let rest = s.strip_prefix($prefix).ok_or(bad.clone())?;
                let ulid = Ulid::from_string(rest).map_err(|_| bad.clone())?;
                // One spelling only: lower case and the aliases I, L, O would make two names for one thing.
                if ulid.array_to_str(&mut [0; ulid::ULID_LEN]) == rest { Ok(Self(ulid)) } else { Err(bad) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(/// One attempt to get a badge.
    ApplicationId, "app_");
id!(/// The standing fact (authority, community).
    BadgeId, "bdg_");
id!(/// One signed attestation; also its JWT `jti`.
    AttestationId, "att_");
id!(/// A legal entity in our register of confirmed bodies.
    AuthorityId, "aut_");
id!(/// A community; no prefix, because it stands in public addresses: `{iss}/c/{ulid}`.
    CommunityId, "");
id!(/// One entry of the ledger.
    EventId, "evt_");
id!(/// One pass through the identity provider.
    LoginId, "lgn_");
id!(/// One delivery of an event to a platform; also the `webhook-id` header.
    DeliveryId, "msg_");
id!(/// An operator of this service.
    OperatorId, "opr_");
id!(/// One audit entry.
    AuditId, "aud_");
id!(/// One evidence record.
    EvidenceId, "evd_");
id!(/// One attempt to prove control of a community.
    ProofId, "prf_");
id!(/// One background job.
    JobId, "job_");
id!(/// One decision to end many badges.
    RevocationId, "rvk_");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_and_refuses_other_spellings() {
        let id = BadgeId::new(Timestamp::from_millis(1_795_453_977_123), [7; 10]);
        let text = id.to_string();
        assert_eq!(text.parse::<BadgeId>(), Ok(id));
        assert!(text.to_lowercase().parse::<BadgeId>().is_err());
        assert!(text.parse::<ApplicationId>().is_err());
        assert!("bdg_".parse::<BadgeId>().is_err());
        assert_eq!(BadgeId::from_bits(id.bits()), id);
    }
}
