//! Authorities: what kinds of public body there are.

use serde::{Deserialize, Serialize};

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
