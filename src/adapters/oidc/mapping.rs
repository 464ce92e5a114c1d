//! From claims to a person, their organisations and the organisations' records, by the operator's map.
//!
//! Nothing is granted by silence, and a claim of the wrong type fails the login instead of being passed over. Errors name
//! the place (`/organizations/0/inn`) and never a value.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claim_map::{ClaimMap, Flag, Pointer};
use super::errors::fault;
use crate::domain::refusal::RefusalCode::{F17, F22};
use crate::ports::identity_provider::{IdpError, RoleBranch, RoleOrgType, UnverifiedOrganisation, UnverifiedRole};

/// Most organisations of one person.
const MOST_ORGANISATIONS: usize = 500;
/// Longest id of a person or organisation, bytes.
const LONGEST_ID: usize = 255;

/// One organisation's record and its id.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub id: String,
    pub organisation: UnverifiedOrganisation,
}

/// What the claims say. No `Debug`: a person.
pub(super) struct Mapped {
    pub subject: String,
    pub confirmed: bool,
    pub roles: Vec<UnverifiedRole>,
    pub records: Vec<Record>,
}

/// Adds the userinfo claims to the id token's. The signed ones stay; where both say different things about a member the
/// decision rests on, nobody knows which is true.
pub(super) fn merge(map: &ClaimMap, mut signed: Map<String, Value>, userinfo: Map<String, Value>) -> Result<Value, IdpError> {
    for (name, value) in userinfo {
        match signed.get(&name) {
            None => {
                signed.insert(name, value);
            }
            Some(said) if *said != value && map.members().any(|m| unescape(m) == name) => {
                return Err(fault(F22, format!("the id token and userinfo contradict each other in /{}", map_member(map, &name))));
            }
            Some(_) => {}
        }
    }
    Ok(Value::Object(signed))
}

/// The member as the operator wrote it, so that no text of the provider's is repeated.
fn map_member<'m>(map: &'m ClaimMap, name: &str) -> &'m str {
    map.members().find(|m| unescape(m) == name).unwrap_or_default()
}

/// RFC 6901 §4.
fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// Reads everything the map names.
pub(super) fn read(map: &ClaimMap, claims: &Value) -> Result<Mapped, IdpError> {
    let top = Place { value: claims, path: String::new() };
    let subject = top.text(&map.subject, "subject")?.ok_or_else(|| missing(&map.subject, "subject"))?;
    let organisations = organisations(&top, &map.organisations)?;
    if organisations.len() > MOST_ORGANISATIONS {
        return Err(fault(F17, format!("claim {} lists more than {MOST_ORGANISATIONS} organisations", map.organisations)));
    }
    let mut mapped = Mapped {
        subject: checked_id(subject, &map.subject)?,
        confirmed: top.flag(&map.confirmed, "confirmed")?.unwrap_or(false),
        roles: Vec::new(),
        records: Vec::new(),
    };
    for place in &organisations {
        let (role, record) = organisation(map, place)?;
        // The person chooses by id: one id for two organisations would let one lend its record to the other.
        if mapped.records.iter().any(|r| r.id == record.id) {
            return Err(fault(F22, format!("{}{}: two organisations have one id", place.path, map.id)));
        }
        mapped.roles.push(role);
        mapped.records.push(record);
    }
    Ok(mapped)
}

fn organisations<'v>(top: &Place<'v>, pointer: &Pointer) -> Result<Vec<Place<'v>>, IdpError> {
    match top.value.pointer(pointer) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(value @ Value::Object(_)) => Ok(vec![Place { value, path: pointer.clone() }]),
        Some(Value::Array(list)) if list.iter().all(Value::is_object) => {
            Ok(list.iter().enumerate().map(|(i, value)| Place { value, path: format!("{pointer}/{i}") }).collect())
        }
        Some(_) => {
            Err(fault(F17, format!("claim {pointer} is neither a list of objects nor an object; see idp.oidc.claims.organisations")))
        }
    }
}

fn organisation(map: &ClaimMap, place: &Place<'_>) -> Result<(UnverifiedRole, Record), IdpError> {
    let at = |p: &Pointer| format!("{}{p}", place.path);
    let optional = |p: &Option<Pointer>, setting: &str| p.as_ref().map_or(Ok(None), |p| place.text(p, setting));
    let flag = |f: &Option<Flag>, setting: &str| f.as_ref().map_or(Ok(None), |f| place.flag(f, setting));

    let id = place.text(&map.id, "id")?.ok_or_else(|| missing(&at(&map.id), "id"))?;
    let id = checked_id(id, &at(&map.id))?;
    let liquidated = map.liquidated.as_ref().map_or(Ok(None), |f| place.plain_flag(f, "liquidated"))?;
    if let (Some(f), None) = (&map.liquidated, liquidated) {
        return Err(missing(&at(&f.pointer), "liquidated"));
    }
    let branch = match (optional(&map.branch_id, "branch_id")?, optional(&map.branch_name, "branch_name")?) {
        (None, None) => None,
        // Half a branch is a branch: it must not pass for the head office, whose OGRN it shares.
        (oid, name) => Some(RoleBranch { oid: oid.unwrap_or_default(), name: name.unwrap_or_default() }),
    };
    let (full_name, short_name) = (place.text(&map.full_name, "full_name")?, optional(&map.short_name, "short_name")?);
    let ogrn = place.text(&map.ogrn, "ogrn")?;
    let role = UnverifiedRole {
        oid: id.clone(),
        full_name: full_name.clone().unwrap_or_default(),
        short_name: short_name.clone().unwrap_or_default(),
        ogrn: ogrn.clone(),
        org_type: org_type(map, optional(&map.org_type, "type")?.as_deref()),
        chief: flag(&map.chief, "chief")?.unwrap_or(false),
        admin: flag(&map.admin, "admin")?.unwrap_or(false),
        active: place.flag(&map.active, "active")?.unwrap_or(false),
        liquidated: liquidated.unwrap_or(false),
        branch,
    };
    let organisation = UnverifiedOrganisation {
        full_name,
        short_name,
        ogrn,
        inn: optional(&map.inn, "inn")?,
        kpp: optional(&map.kpp, "kpp")?,
        okopf: optional(&map.okopf, "okopf")?,
        oktmo: optional(&map.oktmo, "oktmo")?,
        agency_type: optional(&map.agency_type, "agency_type")?,
        agency_territory: optional(&map.agency_territory, "agency_territory")?,
        liquidated,
    };
    Ok((role, Record { id, organisation }))
}

fn org_type(map: &ClaimMap, word: Option<&str>) -> RoleOrgType {
    let among = |words: &[String]| word.is_some_and(|w| words.iter().any(|x| x == w));
    // A word that stands in two lists counts as the one that grants least.
    if among(&map.business_words) {
        RoleOrgType::Business
    } else if among(&map.agency_words) {
        RoleOrgType::Agency
    } else if among(&map.legal_words) {
        RoleOrgType::Legal
    } else {
        RoleOrgType::Other
    }
}

fn checked_id(id: String, place: &str) -> Result<String, IdpError> {
    if id.len() > LONGEST_ID || id.chars().any(char::is_control) {
        return Err(fault(F17, format!("claim {place} is longer than {LONGEST_ID} bytes or has control characters")));
    }
    Ok(id)
}

fn missing(place: &str, setting: &str) -> IdpError {
    let never = if setting == "liquidated" { " (\"off\" if the provider never says it)" } else { "" };
    fault(F17, format!("claim {place} is missing; have the provider send it, or set idp.oidc.claims.{setting}{never}"))
}

/// An object of the claims and where it stands.
struct Place<'v> {
    value: &'v Value,
    path: String,
}

impl Place<'_> {
    /// Text, or a whole number as its digits. Empty text counts as absent.
    fn text(&self, pointer: &Pointer, setting: &str) -> Result<Option<String>, IdpError> {
        match self.value.pointer(pointer) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(s)) => Ok(Some(s.clone()).filter(|s| !s.trim().is_empty())),
            Some(Value::Number(n)) if n.is_u64() => Ok(Some(n.to_string())),
            Some(_) => Err(self.wrong_type(pointer, setting, "text")),
        }
    }

    /// `None` where nothing is said.
    fn flag(&self, flag: &Flag, setting: &str) -> Result<Option<bool>, IdpError> {
        let accepted = |v: &Value| -> Result<bool, IdpError> {
            let word = match v {
                Value::Bool(b) => b.to_string(),
                Value::String(s) => s.clone(),
                Value::Number(n) if n.is_u64() => n.to_string(),
                _ => return Err(self.wrong_type(&flag.pointer, setting, "a boolean, text, a whole number or a list of them")),
            };
            Ok(flag.accepted.contains(&word))
        };
        match self.value.pointer(&flag.pointer) {
            None | Some(Value::Null) => Ok(None),
            // As for text: nothing is said, and for `liquidated` nothing must not read as a no.
            Some(Value::String(s)) if s.trim().is_empty() => Ok(None),
            Some(Value::Array(list)) => {
                let all = list.iter().map(accepted).collect::<Result<Vec<_>, _>>()?;
                Ok(Some(all.contains(&true)))
            }
            Some(value) => accepted(value).map(Some),
        }
    }

    /// The same where a no is what admits: a word nobody named, `1` or `yes`, is then no answer.
    fn plain_flag(&self, flag: &Flag, setting: &str) -> Result<Option<bool>, IdpError> {
        let said = self.flag(flag, setting)?;
        let booleans_only = flag.accepted.iter().all(|a| a == "true" || a == "false");
        match self.value.pointer(&flag.pointer) {
            Some(v) if said == Some(false) && booleans_only && !v.is_boolean() && !matches!(v.as_str(), Some("true" | "false")) => {
                Err(self.wrong_type(&flag.pointer, setting, &format!("true or false, and {setting}_values names no other word")))
            }
            _ => Ok(said),
        }
    }

    fn wrong_type(&self, pointer: &Pointer, setting: &str, wanted: &str) -> IdpError {
        fault(F17, format!("claim {}{pointer} is not {wanted}; see idp.oidc.claims.{setting}", self.path))
    }
}
