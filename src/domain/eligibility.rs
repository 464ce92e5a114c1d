//! Who may act for whom: which of a person's organisations can carry an application on. Only what the sign-in itself says
//! is judged here; the organisation's own record comes next, in `confirmation`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::official_name::{self, BadName};
use super::ogrn::{BadOgrn, Ogrn};
use super::refusal::RefusalCode;

/// What an organisation is at the identity provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrgType {
    /// State or municipal body.
    Agency,
    /// Any other legal entity; many schools are registered so, and it is no sign against them.
    Legal,
    /// Sole trader: a natural person.
    Business,
    /// A word we do not know; judged as a legal entity, by its numbers.
    Other,
}

/// A branch, as sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BranchFacts {
    /// The provider's id of the branch.
    pub oid: String,
    /// Its name.
    pub name: String,
}

/// One organisation the person belongs to, as sent. A sole trader's is personal data, hence no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleFacts {
    /// The provider's id of the organisation.
    pub oid: String,
    /// Full name.
    pub full_name: String,
    /// Short name, may be empty.
    pub short_name: String,
    /// OGRN, unchecked.
    pub ogrn: Option<String>,
    /// Kind.
    pub org_type: OrgType,
    /// The person heads it.
    pub chief: bool,
    /// The person administers its profile.
    pub admin: bool,
    /// The person is not blocked in it.
    pub active: bool,
    /// It is liquidated.
    pub liquidated: bool,
    /// Where the person belongs to a branch.
    pub branch: Option<BranchFacts>,
}

/// What counts about the person: nothing that names them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PersonFacts {
    /// The provider confirmed the person's identity.
    pub confirmed: bool,
}

/// Why the representative may act for the authority.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mandate {
    /// Heads the organisation.
    Chief,
    /// Administers its profile at the identity provider.
    Admin,
}

impl Mandate {
    /// Every mandate.
    pub const ALL: [Self; 2] = [Self::Chief, Self::Admin];

    /// The word in the database. Never in a public artefact.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chief => "chief",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Mandate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mandate {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|v| v.as_str() == s).ok_or_else(|| format!("unknown mandate {s:?}"))
    }
}

/// An organisation the person may act for, as far as the sign-in says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Candidate {
    /// The provider's id of the organisation.
    pub oid: String,
    /// Its OGRN, form and check digit right.
    pub ogrn: Ogrn,
    /// Full name, cleaned; never empty.
    pub full_name: String,
    /// Short name, cleaned.
    pub short_name: Option<String>,
    /// Why the person may act for it.
    pub mandate: Mandate,
    /// Where the person belongs to a branch.
    pub branch: Option<BranchFacts>,
}

/// Of several refusals, the one told: the nearest to success first, because the person can do most about it. Whoever
/// heads a school with a typo in its profile is not helped by hearing about a firm that was closed years ago.
pub const TOLD_FIRST: [RefusalCode; 6] =
    [RefusalCode::F22, RefusalCode::F05, RefusalCode::F06, RefusalCode::F04, RefusalCode::F09, RefusalCode::F23];

/// The organisations the person may act for: legal entities, not liquidated, in which the person is active and head or
/// profile administrator, with a good OGRN; in the provider's order.
///
/// # Errors
/// `F02` when the person is not confirmed, `F05` when there is no organisation at all; otherwise, when none remains, the
/// code among those of the single organisations that [`TOLD_FIRST`] names first.
pub fn eligible(person: &PersonFacts, roles: &[RoleFacts]) -> Result<Vec<Candidate>, RefusalCode> {
    if !person.confirmed {
        return Err(RefusalCode::F02);
    }
    let mut candidates = Vec::new();
    let mut refusals = Vec::new();
    for role in roles {
        match candidate(role) {
            Ok(c) => candidates.push(c),
            Err(code) => refusals.push(code),
        }
    }
    if candidates.is_empty() {
        return Err(TOLD_FIRST.into_iter().find(|code| refusals.contains(code)).unwrap_or(RefusalCode::F05));
    }
    Ok(candidates)
}

/// One organisation judged alone.
fn candidate(role: &RoleFacts) -> Result<Candidate, RefusalCode> {
    // A 15-digit OGRNIP is a sole trader whatever the type says.
    let ogrn = role.ogrn.as_deref().map(str::trim).filter(|s| !s.is_empty()).map(str::parse::<Ogrn>);
    if role.org_type == OrgType::Business || ogrn == Some(Err(BadOgrn::SoleTrader)) {
        return Err(RefusalCode::F23);
    }
    if !role.active {
        return Err(RefusalCode::F09);
    }
    let mandate = match (role.chief, role.admin) {
        (true, _) => Mandate::Chief,
        (false, true) => Mandate::Admin,
        (false, false) => return Err(RefusalCode::F04),
    };
    if role.liquidated {
        return Err(RefusalCode::F06);
    }
    let ogrn = ogrn.ok_or(RefusalCode::F05)?.map_err(|_| RefusalCode::F22)?;
    let short_name = official_name::clean(&role.short_name)?;
    let full_name = official_name::clean(&role.full_name)?.or_else(|| short_name.clone()).ok_or(RefusalCode::F22)?;
    Ok(Candidate { oid: role.oid.clone(), ogrn, full_name, short_name, mandate, branch: role.branch.clone() })
}

/// A name no official register would hold is a contradiction in the organisation's data.
impl From<BadName> for RefusalCode {
    fn from(_: BadName) -> Self {
        Self::F22
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CONFIRMED: PersonFacts = PersonFacts { confirmed: true };

    fn role() -> RoleFacts {
        RoleFacts {
            oid: "1".into(),
            full_name: "  Детский сад\t№ 7  «Ромашка» ".into(),
            short_name: String::new(),
            ogrn: Some("1047702026701".into()),
            org_type: OrgType::Legal,
            chief: true,
            admin: false,
            active: true,
            liquidated: false,
            branch: None,
        }
    }

    fn refused(roles: &[RoleFacts]) -> RefusalCode {
        eligible(&CONFIRMED, roles).unwrap_err()
    }

    #[test]
    fn a_head_or_an_administrator_qualifies() {
        let both = eligible(&CONFIRMED, &[role(), RoleFacts { chief: false, admin: true, ..role() }]).unwrap();
        assert_eq!(both.iter().map(|c| c.mandate).collect::<Vec<_>>(), [Mandate::Chief, Mandate::Admin]);
        assert_eq!(both[0].full_name, "Детский сад № 7 «Ромашка»");
        assert_eq!(both[0].short_name, None);
    }

    #[test]
    fn each_obstacle_has_its_code() {
        use RefusalCode as R;
        assert_eq!(eligible(&PersonFacts { confirmed: false }, &[role()]), Err(R::F02));
        assert_eq!(refused(&[]), R::F05);
        for (one, code) in [
            (RoleFacts { org_type: OrgType::Business, ..role() }, R::F23),
            (RoleFacts { ogrn: Some("319990000000018".into()), ..role() }, R::F23),
            (RoleFacts { active: false, ..role() }, R::F09),
            (RoleFacts { chief: false, ..role() }, R::F04),
            (RoleFacts { liquidated: true, ..role() }, R::F06),
            (RoleFacts { ogrn: None, ..role() }, R::F05),
            (RoleFacts { ogrn: Some(" ".into()), ..role() }, R::F05),
            (RoleFacts { ogrn: Some("1027700000000".into()), ..role() }, R::F22),
            (RoleFacts { full_name: String::new(), ..role() }, R::F22),
            (RoleFacts { full_name: "Ромашка\u{0}".into(), ..role() }, R::F22),
        ] {
            assert_eq!(refused(std::slice::from_ref(&one)), code);
            // One hopeless organisation does not spoil a good one.
            assert_eq!(eligible(&CONFIRMED, &[one, role()]).unwrap().len(), 1);
        }
    }

    #[test]
    fn of_several_obstacles_the_nearest_to_success_is_told() {
        let closed = RoleFacts { liquidated: true, ..role() };
        let employee = RoleFacts { chief: false, ..role() };
        let trader = RoleFacts { org_type: OrgType::Business, ..role() };
        let typo = RoleFacts { ogrn: Some("1027700000000".into()), ..role() };
        assert_eq!(refused(&[trader.clone(), employee.clone()]), RefusalCode::F04);
        assert_eq!(refused(&[employee, closed.clone(), trader]), RefusalCode::F06);
        assert_eq!(refused(&[closed, typo]), RefusalCode::F22);
    }

    proptest! {
        /// Whatever the provider sends, nobody passes without each of the conditions.
        #[test]
        fn only_the_entitled_pass(flags: [bool; 4], confirmed: bool, kind in 0usize..4, ogrn in "\\PC{0,4}|1047702026701|319990000000018", name in "\\PC{0,30}") {
            let org_type = [OrgType::Agency, OrgType::Legal, OrgType::Business, OrgType::Other][kind];
            let [chief, admin, active, liquidated] = flags;
            let one = RoleFacts { full_name: name, ogrn: Some(ogrn), org_type, chief, admin, active, liquidated, ..role() };
            if let Ok(found) = eligible(&PersonFacts { confirmed }, &[one]) {
                prop_assert!(confirmed && active && !liquidated && (chief || admin) && org_type != OrgType::Business);
                prop_assert_eq!(found[0].ogrn.as_str(), "1047702026701");
                prop_assert!(!found[0].full_name.is_empty());
            }
        }
    }
}
