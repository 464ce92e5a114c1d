//! Reading the file of personas: form, references, doubles. The built-in one is `personas.toml`.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::faults::Fault;
use super::organisations::Organisation;
use super::personas::{Branch, Membership, Persona};
use crate::domain::refusal::RefusalCode;

/// The built-in file, a start for one's own.
pub const BUILT_IN: &str = include_str!("personas.toml");

/// Everyone one can sign in as, and every organisation.
#[derive(Clone)]
pub struct People {
    /// People, in the file's order.
    pub personas: Vec<Arc<Persona>>,
    pub(super) organisations: Vec<Arc<Organisation>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    organisation: Vec<Organisation>,
    persona: Vec<RawPersona>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPersona {
    id: String,
    oid: u64,
    title: String,
    #[serde(default)]
    expect: String,
    last_name: String,
    first_name: String,
    #[serde(default)]
    middle_name: String,
    #[serde(default)]
    birth_date: String,
    #[serde(default)]
    gender: String,
    #[serde(default)]
    snils: String,
    #[serde(default)]
    inn: String,
    #[serde(default = "yes")]
    confirmed: bool,
    #[serde(default)]
    works: Vec<RawMembership>,
    #[serde(default)]
    fault: Vec<Fault>,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMembership {
    at: String,
    #[serde(rename = "as")]
    standing: Standing,
    #[serde(default = "yes")]
    active: bool,
    branch: Option<Branch>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Standing {
    Chief,
    Admin,
    Employee,
}

impl People {
    /// Reads a file of personas.
    ///
    /// # Errors
    /// What is wrong and where, for a person.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
        only_once("organisation", "id", file.organisation.iter().map(|o| o.id.clone()))?;
        only_once("organisation", "oid", file.organisation.iter().map(|o| o.oid.to_string()))?;
        only_once("persona", "id", file.persona.iter().map(|p| p.id.clone()))?;
        only_once("persona", "oid", file.persona.iter().map(|p| p.oid.to_string()))?;
        let organisations: Vec<Arc<Organisation>> = file.organisation.into_iter().map(Arc::new).collect();
        let personas: Result<Vec<_>, String> = file.persona.into_iter().map(|raw| raw.into_persona(&organisations).map(Arc::new)).collect();
        let people = Self { personas: personas?, organisations };
        if people.personas.is_empty() {
            return Err("there is no [[persona]]".to_owned());
        }
        people.personas.iter().flat_map(|p| &p.faults).try_for_each(|fault| people.check_fault(fault))?;
        Ok(people)
    }

    /// The built-in people.
    pub fn built_in() -> Self {
        static PEOPLE: LazyLock<People> = LazyLock::new(|| {
            // A test reads the same text, so this cannot fail in a build that passed.
            People::from_toml(BUILT_IN).unwrap_or_else(|e| unreachable!("personas.toml: {e}"))
        });
        PEOPLE.clone()
    }

    pub(super) fn persona(&self, id: &str) -> Option<&Arc<Persona>> {
        self.personas.iter().find(|persona| persona.id == id)
    }

    pub(super) fn organisation(&self, oid: u64) -> Option<&Arc<Organisation>> {
        self.organisations.iter().find(|organisation| organisation.oid == oid)
    }

    /// Ids of all, for messages.
    pub(super) fn ids(&self) -> String {
        self.personas.iter().map(|persona| persona.id.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// A fault that names people names people there are.
    pub(super) fn check_fault(&self, fault: &Fault) -> Result<(), String> {
        match fault.names().find(|wanted| self.persona(wanted).is_none()) {
            Some(wanted) => Err(format!("there is no persona {wanted:?}")),
            None => Ok(()),
        }
    }
}

impl RawPersona {
    fn into_persona(self, organisations: &[Arc<Organisation>]) -> Result<Persona, String> {
        let wrong = |problem: String| Err(format!("persona {:?}: {problem}", self.id));
        // The id travels in a header, a cookie and an address of e-mail.
        if self.id.is_empty() || !self.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return wrong("an id is made of small Latin letters, digits and hyphens".to_owned());
        }
        if !(self.expect.is_empty() || self.expect == "issued" || self.expect.parse::<RefusalCode>().is_ok()) {
            return wrong(format!("expect is \"issued\" or the code of a refusal, not {:?}", self.expect));
        }
        if self.fault.iter().any(|fault| fault.persona.is_some()) {
            return wrong("a persona's own fault names no persona".to_owned());
        }
        let mut memberships = Vec::new();
        for work in self.works {
            let Some(organisation) = organisations.iter().find(|o| o.id == work.at) else {
                return Err(format!("persona {:?}: there is no organisation {:?}", self.id, work.at));
            };
            let (chief, admin) = (work.standing == Standing::Chief, work.standing == Standing::Admin);
            let organisation = Arc::clone(organisation);
            memberships.push(Membership { organisation, chief, admin, active: work.active, branch: work.branch });
        }
        let id = self.id.clone();
        let faults = self.fault.into_iter().map(|fault| Fault { persona: Some(id.clone()), ..fault }).collect();
        Ok(Persona {
            id: self.id,
            title: self.title,
            expect: self.expect,
            memberships,
            faults,
            oid: self.oid,
            trusted: self.confirmed,
            last_name: self.last_name,
            first_name: self.first_name,
            middle_name: self.middle_name,
            birth_date: self.birth_date,
            gender: self.gender,
            snils: self.snils,
            inn: self.inn,
        })
    }
}

fn only_once(what: &str, key: &str, values: impl Iterator<Item = String>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for value in values {
        if !seen.insert(value.clone()) {
            return Err(format!("two {what}s have the {key} {value}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "[[persona]]\nid = \"a\"\noid = 1\ntitle = \"A\"\nlast_name = \"B\"\nfirst_name = \"C\"\n";

    fn error(more: &str) -> String {
        People::from_toml(&format!("{ONE}{more}")).err().expect("refused")
    }

    #[test]
    fn a_short_file_will_do() {
        assert_eq!(People::from_toml(ONE).expect("good").ids(), "a");
    }

    #[test]
    fn mistakes_are_named() {
        for (more, said) in [
            ("middel_name = \"x\"\n", "middel_name"),
            ("expect = \"F99\"\n", "F99"),
            ("oid = 2\n", "duplicate key"),
            ("works = [{ at = \"x\", as = \"chief\" }]\n", "there is no organisation \"x\""),
            ("works = [{ at = \"x\", as = \"boss\" }]\n", "boss"),
            ("fault = [{ where = \"te\", kind = \"slow\", seconds = 1e6 }]\n", "seconds must be"),
            ("fault = [{ where = \"te\", kind = \"truncated\", persona = \"a\" }]\n", "names no persona"),
            (ONE, "two personas have the id a"),
            ("[[organisation]]\nid = \"o\"\noid = 1\ntype = \"FIRM\"\nfull_name = \"\"\nshort_name = \"\"\n", "FIRM"),
            ("[[organization]]\n", "organization"),
        ] {
            let error = error(more);
            assert!(error.contains(said), "{more}: {error}");
        }
        assert!(People::from_toml("persona = []").err().expect("refused").contains("no [[persona]]"));
        assert!(People::from_toml(&ONE.replace("\"a\"", "\"Я\"")).err().expect("refused").contains("small Latin letters"));
    }
}
