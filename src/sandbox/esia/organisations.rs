//! An organisation at the stand-in. Which there are is in `personas.toml`, who works where in `personas`.

use serde::Deserialize;
use serde_json::{Map, Value};

/// An organisation's record at the stand-in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// How the file of personas names it.
    pub id: String,
    /// Its id at the stand-in.
    pub oid: u64,
    /// What it is.
    #[serde(rename = "type")]
    pub org_type: OrganisationType,
    /// Full name.
    pub full_name: String,
    /// Short name.
    pub short_name: String,
    /// OGRN, or the 15 digits of a sole trader's OGRNIP.
    pub ogrn: Option<String>,
    /// INN: 10 digits, a sole trader's 12.
    pub inn: Option<String>,
    /// KPP; a sole trader has none.
    pub kpp: Option<String>,
    /// OKOPF, ESIA's `leg`; empty for a sole trader.
    #[serde(default)]
    pub okopf: String,
    /// OKTMO.
    pub oktmo: Option<String>,
    /// ESIA's `agencyType`; only state and municipal bodies have one.
    pub agency_type: Option<String>,
    /// Code of the subject of the federation, ESIA's `agencyTerRange`.
    pub territory: Option<String>,
    /// Liquidated.
    #[serde(default)]
    pub liquidated: bool,
    /// What `/rs/orgs/{oid}` says instead of the above, by the names of its members.
    #[serde(default)]
    pub record: Map<String, Value>,
}

/// ESIA's words for what an organisation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OrganisationType {
    /// A state or municipal body.
    Agency,
    /// Another legal entity.
    Legal,
    /// A sole trader.
    Business,
}

impl OrganisationType {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "AGENCY",
            Self::Legal => "LEGAL",
            Self::Business => "BUSINESS",
        }
    }
}
