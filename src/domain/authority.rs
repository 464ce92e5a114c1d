//! Authorities: what kinds of public body there are, and what they are called in public.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::lang::Lang;

/// Kind of public body; a closed list, published next to the trust mark type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorityKind {
    /// Federal ministry.
    FederalMinistry,
    /// Federal service, agency or other federal executive body.
    FederalAgency,
    /// Executive body of a subject of the federation.
    RegionalExecutive,
    /// Legislature of a subject of the federation.
    RegionalLegislature,
    /// Administration of a municipality.
    MunicipalAdministration,
    /// Another body of local self-government.
    MunicipalBody,
    /// Court or another state body.
    CourtOtherStateBody,
    /// State extra-budgetary fund or its branch.
    ExtraBudgetaryFund,
    /// Multifunctional centre of public services.
    MultifunctionalCentre,
    /// School.
    School,
    /// Kindergarten.
    Kindergarten,
    /// Another municipal institution.
    MunicipalInstitution,
    /// Another state institution.
    OtherStateInstitution,
    /// State or municipal unitary enterprise in scope.
    UnitaryEnterprise,
}

impl AuthorityKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::FederalMinistry,
        Self::FederalAgency,
        Self::RegionalExecutive,
        Self::RegionalLegislature,
        Self::MunicipalAdministration,
        Self::MunicipalBody,
        Self::CourtOtherStateBody,
        Self::ExtraBudgetaryFund,
        Self::MultifunctionalCentre,
        Self::School,
        Self::Kindergarten,
        Self::MunicipalInstitution,
        Self::OtherStateInstitution,
        Self::UnitaryEnterprise,
    ];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FederalMinistry => "federal_ministry",
            Self::FederalAgency => "federal_agency",
            Self::RegionalExecutive => "regional_executive",
            Self::RegionalLegislature => "regional_legislature",
            Self::MunicipalAdministration => "municipal_administration",
            Self::MunicipalBody => "municipal_body",
            Self::CourtOtherStateBody => "court_other_state_body",
            Self::ExtraBudgetaryFund => "extra_budgetary_fund",
            Self::MultifunctionalCentre => "multifunctional_centre",
            Self::School => "school",
            Self::Kindergarten => "kindergarten",
            Self::MunicipalInstitution => "municipal_institution",
            Self::OtherStateInstitution => "other_state_institution",
            Self::UnitaryEnterprise => "unitary_enterprise",
        }
    }

    /// Public name in Russian.
    pub const fn title_ru(self) -> &'static str {
        match self {
            Self::FederalMinistry => "Федеральное министерство",
            Self::FederalAgency => "Федеральный орган исполнительной власти",
            Self::RegionalExecutive => "Орган исполнительной власти региона",
            Self::RegionalLegislature => "Законодательный орган региона",
            Self::MunicipalAdministration => "Администрация муниципального образования",
            Self::MunicipalBody => "Орган местного самоуправления",
            Self::CourtOtherStateBody => "Суд или иной государственный орган",
            Self::ExtraBudgetaryFund => "Государственный внебюджетный фонд",
            Self::MultifunctionalCentre => "Многофункциональный центр",
            Self::School => "Школа",
            Self::Kindergarten => "Детский сад",
            Self::MunicipalInstitution => "Муниципальное учреждение",
            Self::OtherStateInstitution => "Государственное учреждение",
            Self::UnitaryEnterprise => "Унитарное предприятие",
        }
    }

    /// Public name in English.
    pub const fn title_en(self) -> &'static str {
        match self {
            Self::FederalMinistry => "Federal ministry",
            Self::FederalAgency => "Federal executive body",
            Self::RegionalExecutive => "Regional executive body",
            Self::RegionalLegislature => "Regional legislature",
            Self::MunicipalAdministration => "Municipal administration",
            Self::MunicipalBody => "Body of local self-government",
            Self::CourtOtherStateBody => "Court or other state body",
            Self::ExtraBudgetaryFund => "State extra-budgetary fund",
            Self::MultifunctionalCentre => "Multifunctional centre of public services",
            Self::School => "School",
            Self::Kindergarten => "Kindergarten",
            Self::MunicipalInstitution => "Municipal institution",
            Self::OtherStateInstitution => "State institution",
            Self::UnitaryEnterprise => "Unitary enterprise",
        }
    }

    /// Public name in the reader's language.
    pub const fn title(self, lang: Lang) -> &'static str {
        lang.pick(self.title_ru(), self.title_en())
    }
}

impl fmt::Display for AuthorityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AuthorityKind {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or_else(|| format!("unknown authority kind {s:?}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_agree_with_serde_and_titles_are_unique() {
        for kind in AuthorityKind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        for lang in Lang::ALL {
            assert_eq!(AuthorityKind::ALL.map(|k| k.title(lang)).into_iter().collect::<HashSet<_>>().len(), AuthorityKind::ALL.len());
        }
    }
}
