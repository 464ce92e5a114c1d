//! Bodies of ESIA's REST interface and what they say in the words of the port. Types are read loosely, grants strictly: a flag
//! that is missing, null or no boolean grants nothing.

use serde::Deserialize;

use super::errors::fault;
use super::rest::checked_oid;
use crate::domain::refusal::RefusalCode::F17;
use crate::ports::identity_provider::{IdpError, RoleBranch, RoleOrgType, UnverifiedOrganisation, UnverifiedRole};

/// A member sent as text by some stands and as a number by others.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Word(String),
    Number(u64),
}

impl Text {
    fn into_string(self) -> String {
        match self {
            Self::Word(s) => s,
            Self::Number(n) => n.to_string(),
        }
    }

    /// A number has lost the zeros a code began with (INN and KPP of region 01).
    fn into_code(self, width: usize) -> Self {
        match self {
            Self::Number(n) => Self::Word(format!("{n:0width$}")),
            word => word,
        }
    }
}

/// `None` also for an empty text, as ESIA writes `"leg":""`.
fn filled(text: Option<Text>) -> Option<String> {
    text.map(Text::into_string).filter(|s| !s.trim().is_empty())
}

/// `/rs/prns/{oid}`.
#[derive(Deserialize)]
pub(super) struct RawPerson {
    /// Whether the account is confirmed.
    pub trusted: Option<bool>,
}

/// A list; `size`, where there is one, says nothing the elements do not.
#[derive(Deserialize)]
pub(super) struct Collection<T> {
    elements: Option<Vec<Element<T>>>,
}

impl<T> Collection<T> {
    pub(super) fn into_elements(self) -> Vec<Element<T>> {
        self.elements.unwrap_or_default()
    }
}

/// ESIA lists objects, or their addresses where a request did not ask for objects.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Element<T> {
    Address(String),
    Object(T),
}

/// One element of `/rs/prns/{oid}/roles`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawRole {
    oid: Text,
    prn_oid: Option<Text>,
    full_name: Option<Text>,
    short_name: Option<Text>,
    ogrn: Option<Text>,
    #[serde(rename = "type")]
    org_type: Option<Text>,
    // Missing flags count against the person: nothing is granted by silence.
    chief: Option<bool>,
    admin: Option<bool>,
    active: Option<bool>,
    is_liquidated: Option<bool>,
    branch_oid: Option<Text>,
    branch_name: Option<Text>,
}

impl RawRole {
    pub(super) fn into_role(self, person: &str) -> Result<UnverifiedRole, IdpError> {
        if filled(self.prn_oid).is_some_and(|oid| oid != person) {
            return Err(fault(F17, "ESIA's list of roles is about another person than the token"));
        }
        let branch = match (filled(self.branch_oid), filled(self.branch_name)) {
            (None, None) => None,
            // Half a branch is a branch: it must not pass for the head office, whose OGRN it shares.
            (oid, name) => Some(RoleBranch { oid: oid.unwrap_or_default(), name: name.unwrap_or_default() }),
        };
        Ok(UnverifiedRole {
            oid: checked_oid(&self.oid.into_string())?.to_owned(),
            full_name: filled(self.full_name).unwrap_or_default(),
            short_name: filled(self.short_name).unwrap_or_default(),
            ogrn: filled(self.ogrn),
            org_type: match filled(self.org_type).as_deref() {
                Some("AGENCY") => RoleOrgType::Agency,
                Some("LEGAL") => RoleOrgType::Legal,
                Some("BUSINESS") => RoleOrgType::Business,
                _ => RoleOrgType::Other,
            },
            chief: self.chief.unwrap_or(false),
            admin: self.admin.unwrap_or(false),
            active: self.active.unwrap_or(false),
            liquidated: self.is_liquidated.unwrap_or(false),
            branch,
        })
    }
}

/// `/rs/orgs/{oid}`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawOrganisation {
    oid: Option<Text>,
    full_name: Option<Text>,
    short_name: Option<Text>,
    ogrn: Option<Text>,
    inn: Option<Text>,
    kpp: Option<Text>,
    leg: Option<Text>,
    oktmo: Option<Text>,
    agency_type: Option<Text>,
    agency_ter_range: Option<Text>,
    is_liquidated: Option<bool>,
}

impl RawOrganisation {
    pub(super) fn into_organisation(self, asked: &str) -> Result<UnverifiedOrganisation, IdpError> {
        if filled(self.oid).is_some_and(|oid| oid != asked) {
            return Err(fault(F17, "ESIA answered with another organisation than was asked for"));
        }
        Ok(UnverifiedOrganisation {
            full_name: filled(self.full_name),
            short_name: filled(self.short_name),
            ogrn: filled(self.ogrn),
            inn: filled(self.inn.map(|t| t.into_code(10))),
            kpp: filled(self.kpp.map(|t| t.into_code(9))),
            okopf: filled(self.leg),
            oktmo: filled(self.oktmo),
            agency_type: filled(self.agency_type),
            agency_territory: filled(self.agency_ter_range.map(|t| t.into_code(2))),
            liquidated: self.is_liquidated,
        })
    }
}
