//! Which legal forms may carry a badge: the written policy, by OKOPF code, as one table.
//!
//! Source: the OKOPF groups and the field's practice for official pages (state and municipal institutions are in scope,
//! private ones are not, unitary enterprises only when subordinate to a public body). State bodies themselves are usually
//! registered as public institutions (казённые учреждения) and pass by the same rows.

use super::agency_type::AgencyType;
use super::register_codes::Okopf;

/// Whose institution a legal form is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Owner {
    /// The Russian Federation.
    Federation,
    /// A subject of the federation.
    Region,
    /// A municipality.
    Municipality,
}

/// What a legal form means for a badge.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Admission {
    /// Public by its form alone.
    Public(Owner),
    /// The form says too little: accepted when the identity provider lists the body as a public one.
    IfListedAsPublic,
    /// Unitary enterprise: accepted when the identity provider lists it as a public body.
    EnterpriseIfListedAsPublic,
}

/// One row of the policy.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// First digits of the OKOPF code.
    pub okopf: &'static str,
    /// What the group is, in Russian.
    pub meaning: &'static str,
    /// What it means for a badge.
    pub admission: Admission,
}

/// The policy. A code that begins with no row's digits is out of scope: among them private, charitable and social
/// institutions (755xx), companies (122xx, 123xx) and every other form.
pub const POLICY: [Row; 6] = [
    Row { okopf: "751", meaning: "федеральные учреждения", admission: Admission::Public(Owner::Federation) },
    Row {
        okopf: "752", meaning: "учреждения субъектов Российской Федерации", admission: Admission::Public(Owner::Region)
    },
    Row { okopf: "754", meaning: "муниципальные учреждения", admission: Admission::Public(Owner::Municipality) },
    Row {
        okopf: "75000", meaning: "учреждения (без указания собственника)", admission: Admission::IfListedAsPublic
    },
    Row { okopf: "75300", meaning: "государственные академии наук", admission: Admission::IfListedAsPublic },
    Row { okopf: "652", meaning: "унитарные предприятия", admission: Admission::EnterpriseIfListedAsPublic },
];

/// What stood the test, for telling the kind of body afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PublicForm {
    /// An institution, or a body registered as one, with its owner.
    Institution(Owner),
    /// Public by the identity provider's word; the form does not name an owner.
    Listed,
    /// A unitary enterprise.
    Enterprise,
}

/// Applies the policy. Without a legal form the identity provider's word decides alone. `None` is out of scope (F13).
pub fn public_form(okopf: Option<&Okopf>, agency: Option<AgencyType>) -> Option<PublicForm> {
    let listed = agency.is_some();
    let Some(okopf) = okopf else { return listed.then_some(PublicForm::Listed) };
    match POLICY.iter().find(|row| okopf.as_str().starts_with(row.okopf))?.admission {
        Admission::Public(owner) => Some(PublicForm::Institution(owner)),
        Admission::IfListedAsPublic => listed.then_some(PublicForm::Listed),
        Admission::EnterpriseIfListedAsPublic => listed.then_some(PublicForm::Enterprise),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(okopf: &str, agency: Option<&str>) -> Option<PublicForm> {
        let okopf = (!okopf.is_empty()).then(|| okopf.parse::<Okopf>().unwrap());
        public_form(okopf.as_ref(), agency.map(|a| a.parse().unwrap()))
    }

    #[test]
    fn public_institutions_pass_by_their_form() {
        for (codes, owner) in [
            (["75101", "75103", "75104"], Owner::Federation),
            (["75201", "75203", "75204"], Owner::Region),
            (["75401", "75403", "75404"], Owner::Municipality),
        ] {
            for code in codes {
                assert_eq!(form(code, None), Some(PublicForm::Institution(owner)), "{code}");
            }
        }
    }

    #[test]
    fn private_forms_stay_out_whatever_the_provider_says() {
        for code in ["75500", "75502", "75505", "12200", "12247", "12267", "12300", "50102", "71400", "65141"] {
            assert_eq!(form(code, None), None, "{code}");
            assert_eq!(form(code, Some("21.MCL")), None, "{code}");
        }
    }

    #[test]
    fn unclear_forms_need_the_providers_word() {
        for code in ["75000", "75300", "65242", "65243", ""] {
            assert_eq!(form(code, None), None, "{code}");
            assert!(form(code, Some("13")).is_some(), "{code}");
        }
        assert_eq!(form("65243", Some("12.LCL")), Some(PublicForm::Enterprise));
    }

    #[test]
    fn no_row_hides_another() {
        for (i, row) in POLICY.iter().enumerate() {
            assert!(!POLICY.iter().enumerate().any(|(j, other)| i != j && row.okopf.starts_with(other.okopf)), "{}", row.okopf);
        }
    }
}
