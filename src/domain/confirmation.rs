//! Whether the chosen organisation is a public body: its record checked against the sign-in, against itself, and against
//! the legal form policy. The last word before an authority may be named in an attestation.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::agency_type::AgencyType;
use super::attestation::Branch;
use super::authority::AuthorityKind;
use super::body_kind::kind_of;
use super::eligibility::{Candidate, Mandate};
use super::inn::Inn;
use super::legal_form::public_form;
use super::official_name;
use super::ogrn::{BadOgrn, Ogrn};
use super::refusal::RefusalCode;
use super::register_codes::{Kpp, Okopf, Oktmo};

/// An organisation's record, as sent. Empty text counts as absent (ESIA sends `"leg":""`). A director's own INN may
/// stand in it, hence no `Debug`.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OrganisationFacts {
    /// Full name.
    pub full_name: Option<String>,
    /// Short name.
    pub short_name: Option<String>,
    /// OGRN.
    pub ogrn: Option<String>,
    /// INN.
    pub inn: Option<String>,
    /// KPP of the organisation itself, not of a branch.
    pub kpp: Option<String>,
    /// OKOPF.
    pub okopf: Option<String>,
    /// OKTMO.
    pub oktmo: Option<String>,
    /// ESIA `agencyType`.
    pub agency_type: Option<String>,
    /// ESIA `agencyTerRange`.
    pub agency_territory: Option<String>,
    /// Liquidated, where said.
    pub liquidated: Option<bool>,
}

/// A public body whose identity and representation are confirmed. What an attestation says of it comes from here alone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConfirmedAuthority {
    /// OGRN.
    pub ogrn: Ogrn,
    /// INN, where given.
    pub inn: Option<Inn>,
    /// KPP of the organisation itself, where given.
    pub kpp: Option<Kpp>,
    /// Territory, where given.
    pub oktmo: Option<Oktmo>,
    /// Legal form, where given.
    pub okopf: Option<Okopf>,
    /// Full name, at most 1000 characters.
    pub full_name: String,
    /// Short name, where given.
    pub short_name: Option<String>,
    /// Kind of body.
    pub kind: AuthorityKind,
    /// Set when the representative belongs to a branch: the badge is the branch's, told apart by its name.
    pub branch: Option<Branch>,
    /// Why the representative may act. Never in a public artefact.
    pub mandate: Mandate,
    /// Two-digit code of the subject of the federation whose body this is, `00` for the federation itself; only where the
    /// provider says so. The digits inside OGRN, INN and KPP are tax offices and not this.
    pub region: Option<String>,
}

/// Confirms that `org`, the record of the chosen `candidate`, is a public body in scope.
///
/// # Errors
/// `F06` liquidated; `F05` no OGRN in the record; `F23` a sole trader's; `F22` a number out of form, a record of another
/// organisation, a person's INN, or a name that cannot be shown; `F10` a branch without a name of its own; `F13` not a
/// public body.
pub fn confirm(candidate: &Candidate, org: &OrganisationFacts) -> Result<ConfirmedAuthority, RefusalCode> {
    if org.liquidated == Some(true) {
        return Err(RefusalCode::F06);
    }
    let recorded = given(&org.ogrn).ok_or(RefusalCode::F05)?.parse::<Ogrn>();
    match recorded {
        Ok(ogrn) if ogrn == candidate.ogrn => {}
        Err(BadOgrn::SoleTrader) => return Err(RefusalCode::F23),
        // A record of somebody else must never lend its names and legal form to this one.
        _ => return Err(RefusalCode::F22),
    }
    let okopf: Option<Okopf> = checked(&org.okopf)?;
    // A kind we do not know is no sign of a public body, and no contradiction either.
    let agency = given(&org.agency_type).and_then(|a| a.parse::<AgencyType>().ok());
    let full_name = name(&org.full_name)?.unwrap_or_else(|| candidate.full_name.clone());
    let short_name = name(&org.short_name)?.or_else(|| candidate.short_name.clone());
    let branch = branch_of(candidate, &full_name, short_name.as_deref())?;
    let (inn, kpp, oktmo) = (checked(&org.inn)?, checked(&org.kpp)?, checked(&org.oktmo)?);
    let form = public_form(okopf.as_ref(), agency).ok_or(RefusalCode::F13)?;
    let kind = kind_of(form, agency, &full_name, short_name.as_deref());
    let region = given(&org.agency_territory).filter(|t| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned);
    Ok(ConfirmedAuthority {
        ogrn: candidate.ogrn.clone(),
        inn,
        kpp,
        oktmo,
        okopf,
        full_name,
        short_name,
        kind,
        branch,
        mandate: candidate.mandate,
        region,
    })
}

/// A branch shares its head office's OGRN, and the provider does not give its KPP; so its name alone tells it apart. A
/// branch without a name, or with the head office's, would get a badge that reads as the head office's: refused.
fn branch_of(candidate: &Candidate, full_name: &str, short_name: Option<&str>) -> Result<Option<Branch>, RefusalCode> {
    let Some(branch) = &candidate.branch else { return Ok(None) };
    let name = official_name::clean(&branch.name)?.ok_or(RefusalCode::F10)?;
    let same = |head: &str| head.to_lowercase() == name.to_lowercase();
    if same(full_name) || short_name.is_some_and(same) {
        return Err(RefusalCode::F10);
    }
    Ok(Some(Branch { name, kpp: None }))
}

fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|s| !s.is_empty())
}

fn name(value: &Option<String>) -> Result<Option<String>, RefusalCode> {
    value.as_deref().map_or(Ok(None), official_name::clean).map_err(RefusalCode::from)
}

/// An absent number is fine; one out of form means the record cannot be trusted.
fn checked<T: FromStr>(value: &Option<String>) -> Result<Option<T>, RefusalCode> {
    given(value).map(str::parse).transpose().map_err(|_| RefusalCode::F22)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::eligibility::BranchFacts;

    fn candidate() -> Candidate {
        Candidate {
            oid: "1".into(),
            ogrn: "1047702026701".parse().unwrap(),
            full_name: "Детский сад № 7 «Ромашка»".into(),
            short_name: None,
            mandate: Mandate::Chief,
            branch: None,
        }
    }

    fn some(s: &str) -> Option<String> {
        Some(s.to_owned())
    }

    fn record() -> OrganisationFacts {
        OrganisationFacts {
            ogrn: some("1047702026701"),
            inn: some("7710474375"),
            kpp: some("771001001"),
            okopf: some("75403"),
            agency_territory: some("74"),
            ..OrganisationFacts::default()
        }
    }

    fn in_branch(name: &str) -> Candidate {
        Candidate { branch: Some(BranchFacts { oid: "2".into(), name: name.into() }), ..candidate() }
    }

    #[test]
    fn a_kindergarten_is_confirmed() {
        let authority = confirm(&candidate(), &record()).unwrap();
        assert_eq!(authority.kind, AuthorityKind::Kindergarten);
        assert_eq!(authority.inn.unwrap().as_str(), "7710474375");
        assert_eq!(authority.region.as_deref(), Some("74"));
        assert_eq!(authority.full_name, "Детский сад № 7 «Ромашка»");
    }

    #[test]
    fn each_contradiction_has_its_code() {
        use RefusalCode as R;
        for (org, code) in [
            (OrganisationFacts { liquidated: Some(true), ..record() }, R::F06),
            (OrganisationFacts { ogrn: None, ..record() }, R::F05),
            (OrganisationFacts { ogrn: some("1047707030513"), ..record() }, R::F22),
            (OrganisationFacts { ogrn: some("319990000000018"), ..record() }, R::F23),
            (OrganisationFacts { inn: some("990000000115"), ..record() }, R::F22),
            (OrganisationFacts { inn: some("7704251617"), ..record() }, R::F22),
            (OrganisationFacts { kpp: some("77100100"), ..record() }, R::F22),
            (OrganisationFacts { oktmo: some("1"), ..record() }, R::F22),
            (OrganisationFacts { okopf: some("7 54 03"), ..record() }, R::F22),
            (OrganisationFacts { full_name: some("а\u{202e}б"), ..record() }, R::F22),
            (OrganisationFacts { okopf: some("75500"), ..record() }, R::F13),
            (OrganisationFacts { okopf: some("12200"), agency_type: some("21.MCL"), ..record() }, R::F13),
            (OrganisationFacts { okopf: some(""), ..record() }, R::F13),
            (OrganisationFacts { okopf: None, agency_type: some("99.XXX"), ..record() }, R::F13),
        ] {
            assert_eq!(confirm(&candidate(), &org), Err(code));
        }
    }

    #[test]
    fn without_a_legal_form_the_providers_list_decides() {
        for agency in ["12.LCL", "12"] {
            let org = OrganisationFacts {
                okopf: some(" "),
                agency_type: some(agency),
                full_name: some("Администрация города Примерного"),
                ..record()
            };
            assert_eq!(confirm(&candidate(), &org).unwrap().kind, AuthorityKind::MunicipalAdministration);
        }
    }

    #[test]
    fn a_branch_needs_a_name_of_its_own() {
        let named = confirm(&in_branch(" Филиал  «Лесной» "), &record()).unwrap();
        assert_eq!(named.branch, Some(Branch { name: "Филиал «Лесной»".into(), kpp: None }));
        for name in ["", " ", "детский сад № 7 «РОМАШКА»"] {
            assert_eq!(confirm(&in_branch(name), &record()), Err(RefusalCode::F10), "{name:?}");
        }
    }

    #[test]
    fn odd_territories_are_left_out() {
        for odd in ["", "7", "740", "７４", "RU"] {
            let org = OrganisationFacts { agency_territory: some(odd), ..record() };
            assert_eq!(confirm(&candidate(), &org).unwrap().region, None, "{odd}");
        }
    }
}
