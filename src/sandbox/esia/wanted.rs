//! What an authorization request wants the person to be: `person_filter`, `roles`, `obj_type`. Of the last two only the names and the
//! error codes are public; the values taken here are those words of the REST interface.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::params::Params;
use super::personas::{Membership, Persona};
use super::refusal::{Code, Refusal};

/// Conditions on whoever signs in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Wanted {
    filter: Option<Filter>,
    roles: Vec<String>,
    obj_types: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Filter {
    Confirmed,
    Child,
    NotChild,
}

const ROLES: [&str; 3] = ["chief", "admin", "employee"];
/// A person for themselves, or for an organisation of this type.
const OBJECT_TYPES: [&str; 4] = ["PERSON", "AGENCY", "LEGAL", "BUSINESS"];

impl Wanted {
    /// Reads the three parameters; none of them is signed.
    pub(super) fn read(params: &Params) -> Result<Self, Refusal> {
        let filter = params.get("person_filter").map(filter).transpose()?;
        let roles = words(params.text("roles"), &ROLES, Code::WrongRoles)?;
        let obj_types = words(params.text("obj_type"), &OBJECT_TYPES, Code::WrongObjectType)?;
        Ok(Self { filter, roles, obj_types })
    }

    /// Whether this person will do.
    pub(super) fn check(&self, persona: &Persona) -> Result<(), Refusal> {
        match self.filter {
            Some(Filter::Confirmed) if !persona.trusted => return Err(Code::NotConfirmed.into()),
            // No invented person is a child.
            Some(Filter::Child) => return Err(Code::WrongUserType.into()),
            _ => {}
        }
        let fits = |m: &Membership| {
            let standing = if m.chief {
                "chief"
            } else if m.admin {
                "admin"
            } else {
                "employee"
            };
            let role = self.roles.is_empty() || self.roles.iter().any(|role| role == standing);
            role && (self.obj_types.is_empty() || self.obj_types.iter().any(|t| t == m.organisation.org_type.as_str()))
        };
        let for_oneself = self.roles.is_empty() && self.obj_types.iter().any(|t| t == "PERSON");
        let nothing_wanted = self.roles.is_empty() && self.obj_types.is_empty();
        if nothing_wanted || for_oneself || persona.memberships.iter().any(fits) { Ok(()) } else { Err(Code::WrongUserType.into()) }
    }
}

/// Base64 of one of three words.
fn filter(text: &str) -> Result<Filter, Refusal> {
    let decoded = [URL_SAFE_NO_PAD, URL_SAFE, STANDARD, STANDARD_NO_PAD].iter().find_map(|alphabet| alphabet.decode(text).ok());
    match decoded.as_deref() {
        Some(b"conf_acc") => Ok(Filter::Confirmed),
        Some(b"acc_kid") => Ok(Filter::Child),
        Some(b"acc_not_kid") => Ok(Filter::NotChild),
        _ => Err(Refusal::because(Code::InvalidParameter, "person_filter is the base64 of conf_acc, acc_kid or acc_not_kid.")),
    }
}

fn words(text: &str, known: &[&str], code: Code) -> Result<Vec<String>, Refusal> {
    let words: Vec<String> = text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    match words.iter().find(|word| !known.contains(&word.as_str())) {
        Some(wrong) => Err(Refusal::because(code, format!("{wrong} is none of {}.", known.join(", ")))),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::esia::People;

    fn code(query: &str, persona: &str) -> Option<Code> {
        let params = Params::parse(query.as_bytes()).expect("well-formed");
        let wanted = match Wanted::read(&params) {
            Ok(wanted) => wanted,
            Err(refusal) => return Some(refusal.code),
        };
        wanted.check(People::built_in().persona(persona).expect("known")).err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_person_is_what_is_wanted_or_is_refused() {
        let confirmed = "person_filter=Y29uZl9hY2M";
        for (query, persona, expected) in [
            ("", "unconfirmed", None),
            (confirmed, "unconfirmed", Some(Code::NotConfirmed)),
            (confirmed, "employee", None),
            ("person_filter=YWNjX2tpZA%3D%3D", "employee", Some(Code::WrongUserType)),
            ("person_filter=YWNjX25vdF9raWQ", "employee", None),
            ("person_filter=conf_acc", "employee", Some(Code::InvalidParameter)),
            ("roles=chief", "employee", Some(Code::WrongUserType)),
            ("roles=chief,employee", "employee", None),
            ("roles=boss", "employee", Some(Code::WrongRoles)),
            ("obj_type=LEGAL", "kindergarten-head", None),
            ("obj_type=AGENCY", "kindergarten-head", Some(Code::WrongUserType)),
            ("obj_type=PERSON", "no-organisation", None),
            ("obj_type=person", "no-organisation", Some(Code::WrongObjectType)),
        ] {
            assert_eq!(code(query, persona), expected, "{query} {persona}");
        }
    }
}
