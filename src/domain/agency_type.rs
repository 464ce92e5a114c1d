//! What the identity provider says a state or municipal body is: ESIA's `agencyType`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of public body in ESIA's list. Only state and municipal bodies have one, so having one is a sign of being public.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum AgencyType {
    /// `10.FED`: federal executive body.
    FederalExecutive,
    /// `11.REG`: executive body of a subject of the federation.
    RegionalExecutive,
    /// `12.LCL`: body of local self-government.
    Local,
    /// `13.PVD`: organisation subordinate to a federal body.
    FederalSubordinate,
    /// `20.GOV`: state institution.
    StateInstitution,
    /// `21.MCL`: municipal institution.
    MunicipalInstitution,
    /// `30.FND`: state extra-budgetary fund.
    Fund,
    /// `31.PFN`: organisation subordinate to such a fund.
    FundSubordinate,
    /// `40.MFC`: multifunctional centre.
    MultifunctionalCentre,
    /// `41.LEG`: legislature of a subject of the federation.
    RegionalLegislature,
}

/// The list: number, letters, meaning.
const LIST: [(&str, &str, AgencyType); 10] = [
    ("10", "FED", AgencyType::FederalExecutive),
    ("11", "REG", AgencyType::RegionalExecutive),
    ("12", "LCL", AgencyType::Local),
    ("13", "PVD", AgencyType::FederalSubordinate),
    ("20", "GOV", AgencyType::StateInstitution),
    ("21", "MCL", AgencyType::MunicipalInstitution),
    ("30", "FND", AgencyType::Fund),
    ("31", "PFN", AgencyType::FundSubordinate),
    ("40", "MFC", AgencyType::MultifunctionalCentre),
    ("41", "LEG", AgencyType::RegionalLegislature),
];

/// Text that stands for no kind in the list. It is no sign of a public body then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown agency type; expected a number of the list, alone or with its letters, like 12 or 12.LCL")]
pub struct UnknownAgencyType;

impl FromStr for AgencyType {
    type Err = UnknownAgencyType;

    /// Both spellings seen on the wire are read: `12.LCL` and `12`. A number with another number's letters is neither.
    fn from_str(s: &str) -> Result<Self, UnknownAgencyType> {
        let (number, letters) = s.split_once('.').map_or((s, None), |(n, l)| (n, Some(l)));
        LIST.iter().find(|(n, l, _)| *n == number && letters.is_none_or(|given| given == *l)).map(|(_, _, t)| *t).ok_or(UnknownAgencyType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_and_nothing_else() {
        for (number, letters, kind) in LIST {
            assert_eq!(number.parse(), Ok(kind));
            assert_eq!(format!("{number}.{letters}").parse(), Ok(kind));
        }
        for bad in ["", ".", "12.", "12.FED", "99", "99.XXX", "LCL", "12.lcl", "12.LCL.1", "１２"] {
            assert_eq!(bad.parse::<AgencyType>(), Err(UnknownAgencyType), "{bad:?}");
        }
    }
}
