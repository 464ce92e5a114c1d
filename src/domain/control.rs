//! Proof of control of a community: which kinds there are, where one stands, and what it is bound to. Modelled on the challenges of
//! ACME (RFC 8555 §7.1.5, §8). How a proof is looked for is the services' and adapters'.

use std::fmt;
use std::str::FromStr;

/// How somebody proves to control a community, the strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ProofKind {
    /// The platform itself said so, authenticated, when it started the application.
    PlatformPush,
    /// The person signed in at the platform, and the platform named them an administrator.
    PlatformOauth,
    /// A one-time text stood in the community's own description and was read back from the platform.
    PlatformToken,
    /// The authority's official site links to the community, and the community links back.
    SiteLink,
    /// Two operators looked and agreed.
    Operator,
}

impl ProofKind {
    /// Every kind, the strongest first.
    pub const ALL: [Self; 5] = [Self::PlatformPush, Self::PlatformOauth, Self::PlatformToken, Self::SiteLink, Self::Operator];

    /// The word on the wire, in attestations and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlatformPush => "platform_push",
            Self::PlatformOauth => "platform_oauth",
            Self::PlatformToken => "platform_token",
            Self::SiteLink => "site_link",
            Self::Operator => "operator",
        }
    }

    /// Whether the proof speaks of a whole sitting that returns to where it began, so that it holds for whichever organisation the
    /// person then chooses. The platform's word does: the badge is issued only to the very session at the platform that pushed it.
    /// Anything else was shown to whoever had the application open, and holds for one organisation alone.
    pub const fn holds_for_any_authority(self) -> bool {
        matches!(self, Self::PlatformPush)
    }
}

impl fmt::Display for ProofKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that names no kind of proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of proof; use one of: platform_push, platform_oauth, platform_token, site_link, operator")]
pub struct UnknownProofKind;

impl FromStr for ProofKind {
    type Err = UnknownProofKind;
    fn from_str(s: &str) -> Result<Self, UnknownProofKind> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or(UnknownProofKind)
    }
}

/// Where a proof stands (RFC 8555 §7.1.6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ProofStatus {
    /// The person has something to do.
    Pending,
    /// It is being looked at, or will be looked at again.
    Processing,
    /// It holds.
    Valid,
    /// It does not hold and never will again. Final.
    Invalid,
}

impl ProofStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Processing, Self::Valid, Self::Invalid];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
        }
    }

    /// Whether a proof may go from `self` to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        use ProofStatus as S;
        matches!(
            (self, next),
            (S::Pending, S::Processing | S::Valid | S::Invalid)
                | (S::Processing, S::Pending | S::Valid | S::Invalid)
                // Bound to another organisation, or no longer true.
                | (S::Valid, S::Invalid)
        )
    }
}

impl fmt::Display for ProofStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProofStatus {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or_else(|| format!("unknown status of a proof {s:?}"))
    }
}

/// What becomes of a proof when the person chooses an organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binding {
    /// It is bound to the chosen organisation from now on.
    Bind,
    /// It was bound to it before.
    Keep,
    /// It was given for another organisation.
    Void,
}

/// Binds a proof of this kind, bound to `bound` so far, to the organisation `chosen`.
pub fn bind(kind: ProofKind, bound: Option<&str>, chosen: &str) -> Binding {
    match bound {
        Some(before) if before == chosen => Binding::Keep,
        Some(_) if !kind.holds_for_any_authority() => Binding::Void,
        _ => Binding::Bind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for kind in ProofKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert!(UnknownProofKind.to_string().contains(kind.as_str()));
        }
        for status in ProofStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("platform-push".parse::<ProofKind>().is_err() && "done".parse::<ProofStatus>().is_err());
    }

    #[test]
    fn what_is_invalid_stays_so_and_what_is_valid_only_ends() {
        for next in ProofStatus::ALL {
            assert!(!ProofStatus::Invalid.may_become(next));
            assert_eq!(ProofStatus::Valid.may_become(next), next == ProofStatus::Invalid);
        }
    }

    #[test]
    fn a_proof_given_for_one_organisation_is_void_for_another() {
        for kind in ProofKind::ALL {
            assert_eq!(bind(kind, None, "a"), Binding::Bind);
            assert_eq!(bind(kind, Some("a"), "a"), Binding::Keep);
            let other = if kind == ProofKind::PlatformPush { Binding::Bind } else { Binding::Void };
            assert_eq!(bind(kind, Some("a"), "b"), other, "{kind}");
        }
    }

    #[test]
    fn the_order_is_that_of_strength() {
        assert!(ProofKind::ALL.is_sorted());
    }
}
