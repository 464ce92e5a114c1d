//! Reason codes: why a badge was suspended, reinstated or revoked. Codes are public; free text never is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::lang::Lang;

/// Why the state of a badge changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// The authority asked for it.
    AuthorityRequest,
    /// The identity was confirmed wrongly.
    IdentityError,
    /// The representative had or has no right to act, or it was not confirmed again in time.
    MandateLost,
    /// The community was taken over by somebody else.
    CommunityCaptured,
    /// The community was renamed.
    CommunityRenamed,
    /// The community no longer exists.
    CommunityDeleted,
    /// The legal entity was liquidated.
    AuthorityLiquidated,
    /// The legal entity was reorganised.
    AuthorityReorganised,
    /// The signing key can no longer be trusted.
    KeyCompromise,
    /// The platform asked for it.
    PlatformRequest,
    /// An operator of the service decided.
    OperatorDecision,
    /// A court decided.
    CourtDecision,
    /// The holder gave the badge up.
    HolderRequest,
}

impl ReasonCode {
    /// Every code, in the order of the contract.
    pub const ALL: [Self; 13] = [
        Self::AuthorityRequest,
        Self::IdentityError,
        Self::MandateLost,
        Self::CommunityCaptured,
        Self::CommunityRenamed,
        Self::CommunityDeleted,
        Self::AuthorityLiquidated,
        Self::AuthorityReorganised,
        Self::KeyCompromise,
        Self::PlatformRequest,
        Self::OperatorDecision,
        Self::CourtDecision,
        Self::HolderRequest,
    ];

    /// The code as it stands on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorityRequest => "authority_request",
            Self::IdentityError => "identity_error",
            Self::MandateLost => "mandate_lost",
            Self::CommunityCaptured => "community_captured",
            Self::CommunityRenamed => "community_renamed",
            Self::CommunityDeleted => "community_deleted",
            Self::AuthorityLiquidated => "authority_liquidated",
            Self::AuthorityReorganised => "authority_reorganised",
            Self::KeyCompromise => "key_compromise",
            Self::PlatformRequest => "platform_request",
            Self::OperatorDecision => "operator_decision",
            Self::CourtDecision => "court_decision",
            Self::HolderRequest => "holder_request",
        }
    }

    /// Public name in the reader's language: a heading, true of suspension, return and end alike.
    pub const fn title(self, lang: Lang) -> &'static str {
        let (ru, en) = match self {
            Self::AuthorityRequest => ("По обращению организации", "Requested by the organisation"),
            Self::IdentityError => ("Организация определена ошибочно", "The organisation was identified wrongly"),
            Self::MandateLost => (
                "Право представителя действовать за организацию не подтверждено",
                "The representative's right to act for the organisation is not confirmed",
            ),
            Self::CommunityCaptured => ("Страницей завладел посторонний", "The page was taken over by a stranger"),
            Self::CommunityRenamed => ("Страница переименована", "The page was renamed"),
            Self::CommunityDeleted => ("Страница удалена", "The page was deleted"),
            Self::AuthorityLiquidated => ("Организация ликвидирована", "The organisation was liquidated"),
            Self::AuthorityReorganised => ("Организация реорганизована", "The organisation was reorganised"),
            Self::KeyCompromise => ("Ключ подписи больше не надёжен", "The signing key can no longer be trusted"),
            Self::PlatformRequest => ("По обращению социальной сети", "Requested by the platform"),
            Self::OperatorDecision => ("По решению оператора сервиса", "Decided by the operator of the service"),
            Self::CourtDecision => ("По решению суда", "Decided by a court"),
            Self::HolderRequest => ("Организация отказалась от знака", "The organisation gave the badge up"),
        };
        lang.pick(ru, en)
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that is no reason code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown reason code; use one of: authority_request, identity_error, mandate_lost, community_captured, community_renamed, community_deleted, authority_liquidated, authority_reorganised, key_compromise, platform_request, operator_decision, court_decision, holder_request"
)]
pub struct UnknownReason;

impl FromStr for ReasonCode {
    type Err = UnknownReason;
    fn from_str(s: &str) -> Result<Self, UnknownReason> {
        Self::ALL.into_iter().find(|r| r.as_str() == s).ok_or(UnknownReason)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_its_own_word_and_titles() {
        for reason in ReasonCode::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
            assert!(UnknownReason.to_string().contains(reason.as_str()), "the error must list {reason}");
        }
        for lang in Lang::ALL {
            assert_eq!(ReasonCode::ALL.map(|r| r.title(lang)).into_iter().collect::<HashSet<_>>().len(), ReasonCode::ALL.len());
        }
    }
}
