//! The people one can sign in as. Who there is stands in `personas.toml`; the ids of the first ten are part of the contract.

use std::sync::Arc;

use serde::Deserialize;

use super::faults::Fault;
use super::organisations::Organisation;
use super::people::People;

/// A person's standing in one organisation. An inactive one is a blocked employee.
pub struct Membership {
    /// Where.
    pub organisation: Arc<Organisation>,
    /// Heads it.
    pub chief: bool,
    /// Administers its profile.
    pub admin: bool,
    /// Not blocked.
    pub active: bool,
    /// Where the person belongs to a branch.
    pub branch: Option<Branch>,
}

/// A branch of an organisation.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// Its id at the stand-in.
    pub oid: u64,
    /// Its name; some have none.
    pub name: Option<String>,
}

/// One person of the stand-in.
pub struct Persona {
    /// Stable id, sent in `X-Sandbox-Persona`.
    pub id: String,
    /// Who it is, in Russian.
    pub title: String,
    /// How an application ends: `issued` or a refusal code; empty where nothing is promised.
    pub expect: String,
    /// Where the person works.
    pub memberships: Vec<Membership>,
    /// What goes wrong whenever this person signs in.
    pub faults: Vec<Fault>,
    pub(super) oid: u64,
    pub(super) trusted: bool,
    pub(super) last_name: String,
    pub(super) first_name: String,
    pub(super) middle_name: String,
    /// `dd.MM.yyyy`
    pub(super) birth_date: String,
    pub(super) gender: String,
    pub(super) snils: String,
    pub(super) inn: String,
}

impl Persona {
    /// Stands in the place of a portrait.
    pub(super) fn initials(&self) -> String {
        [&self.first_name, &self.last_name].iter().filter_map(|name| name.chars().next()).collect()
    }

    /// Whether the person works in the organisation, in whatever standing.
    pub(super) fn works_in(&self, oid: u64) -> bool {
        self.memberships.iter().any(|membership| membership.active && membership.organisation.oid == oid)
    }
}

/// Everyone one can sign in as when nobody says otherwise.
pub fn personas() -> Vec<Arc<Persona>> {
    People::built_in().personas
}

#[cfg(test)]
mod tests {
    use super::super::organisations::OrganisationType;
    use super::*;
    use crate::domain::refusal::RefusalCode;

    fn digits(text: &str) -> Vec<u64> {
        text.chars().map(|c| u64::from(c.to_digit(10).expect("a digit"))).collect()
    }

    fn remainder_of_prefix(text: &str, modulus: u64) -> u64 {
        let prefix = &text[..text.len() - 1];
        prefix.parse::<u64>().expect("digits") % modulus % 10
    }

    fn weighed(digits: &[u64], weights: &[u64]) -> u64 {
        digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u64>() % 11 % 10
    }

    fn ogrn_holds(text: &str) -> bool {
        let modulus = if text.len() == 15 { 13 } else { 11 };
        digits(text).last() == Some(&remainder_of_prefix(text, modulus))
    }

    fn inn_holds(text: &str) -> bool {
        let d = digits(text);
        match d.len() {
            10 => d[9] == weighed(&d, &[2, 4, 10, 3, 5, 9, 4, 6, 8]),
            12 => d[10] == weighed(&d, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) && d[11] == weighed(&d, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]),
            _ => false,
        }
    }

    #[test]
    fn the_arithmetic_knows_right_from_wrong() {
        // Real and public: a ministry and a tax service.
        assert!(ogrn_holds("1047702026701") && inn_holds("7710474375"));
        assert!(ogrn_holds("1047707030513") && inn_holds("7707329152"));
        assert!(!ogrn_holds("1047702026702") && !inn_holds("7710474376"));
    }

    #[test]
    fn every_number_has_good_check_digits() {
        for persona in personas() {
            assert!(inn_holds(&persona.inn) && persona.inn.len() == 12, "{}", persona.id);
        }
        for organisation in People::built_in().organisations {
            let business = organisation.org_type == OrganisationType::Business;
            if let Some(ogrn) = &organisation.ogrn {
                assert!(ogrn_holds(ogrn), "{ogrn}");
                assert_eq!(ogrn.len(), if business { 15 } else { 13 });
            }
            let inn = organisation.inn.as_deref().expect("each has one");
            assert!(inn_holds(inn), "{inn}");
            assert_eq!(inn.len(), if business { 12 } else { 10 });
            assert_eq!(organisation.kpp.as_deref().map(|kpp| (kpp.len(), &kpp[..2])), (!business).then_some((9, "99")));
            assert_eq!(organisation.agency_type.is_some(), organisation.org_type == OrganisationType::Agency);
            assert_eq!(organisation.oktmo.as_deref().map(str::len), Some(8));
            // The one promised contradiction.
            let recorded = organisation.record.get("inn").and_then(serde_json::Value::as_str);
            assert!(recorded.is_none_or(|inn| !inn_holds(inn)), "{}", organisation.id);
        }
    }

    #[test]
    fn the_contract_names_are_all_there() {
        let personas = personas();
        let ids: Vec<&str> = personas.iter().map(|persona| persona.id.as_str()).collect();
        assert_eq!(
            ids[..10],
            [
                "kindergarten-head",
                "ministry-head",
                "city-admin",
                "employee",
                "two-organisations",
                "liquidated-head",
                "private-school-head",
                "sole-trader",
                "unconfirmed",
                "no-organisation"
            ]
        );
        for persona in personas.iter() {
            assert!(persona.expect == "issued" || persona.expect.parse::<RefusalCode>().is_ok(), "{}", persona.expect);
        }
    }
}
