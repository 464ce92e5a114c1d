//! Scopes: which exist, how each protocol generation spells them, and how a token says what was granted.

use std::collections::BTreeSet;

use super::Generation;
use super::personas::Persona;
use super::refusal::{Code, Refusal};

/// Literally this on every stand, the test stand included.
pub(super) const ORGANISATION_PREFIX: &str = "http://esia.gosuslugi.ru/";

const PERSON: [&str; 22] = [
    "fullname",
    "birthdate",
    "gender",
    "snils",
    "inn",
    "id_doc",
    "birthplace",
    "medical_doc",
    "military_doc",
    "foreign_passport_doc",
    "drivers_licence_doc",
    "birth_cert_doc",
    "residence_doc",
    "temporary_residence_doc",
    "vehicles",
    "email",
    "mobile",
    "contacts",
    "addresses",
    "usr_org",
    "usr_avt",
    "self_employed",
];

const ORGANISATION: [&str; 24] = [
    "org_shortname",
    "org_fullname",
    "org_type",
    "org_ogrn",
    "org_inn",
    "org_leg",
    "org_kpp",
    "org_agencyterrange",
    "org_agencytype",
    "org_oktmo",
    "org_ctts",
    "org_addrs",
    "org_vhls",
    "org_grps",
    "org_emps",
    "org_brhs",
    "org_brhs_ctts",
    "org_brhs_addrs",
    "org_rcs",
    "org_stms",
    "org_invts",
    "org_inf",
    "org_ra",
    "categories",
];

/// One requested scope.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Scope {
    /// `openid`: an `id_token` is wanted.
    OpenId,
    /// About the person who signs in.
    Person(String),
    /// About an organisation, named by its id. The text is the request's own spelling, which the token repeats.
    Organisation {
        /// The organisation's id.
        oid: u64,
        /// As requested.
        text: String,
    },
}

/// Reads a space-separated scope. The order means nothing and repetitions fold.
pub(super) fn parse(text: &str, generation: Generation) -> Result<BTreeSet<Scope>, Refusal> {
    text.split(' ').filter(|word| !word.is_empty()).map(|word| parse_word(word, generation)).collect()
}

fn parse_word(word: &str, generation: Generation) -> Result<Scope, Refusal> {
    let unknown = || Refusal::because(Code::BadScope, format!("The requested scope is unknown or malformed: {word}"));
    if word == "openid" {
        return Ok(Scope::OpenId);
    }
    if PERSON.contains(&word) || word.starts_with("kid_") {
        return Ok(Scope::Person(word.to_owned()));
    }
    let named = match (word.strip_prefix(ORGANISATION_PREFIX), generation) {
        (Some(named), _) => named,
        (None, Generation::V2) => word,
        (None, Generation::V1) => return Err(unknown()),
    };
    let (name, oid) = named.split_once("?org_oid=").ok_or_else(unknown)?;
    let oid: u64 = oid.parse().map_err(|_| unknown())?;
    if ORGANISATION.contains(&name) { Ok(Scope::Organisation { oid, text: word.to_owned() }) } else { Err(unknown()) }
}

/// Reads `scope_org` of the second generation: bare names, may be empty.
pub(super) fn parse_organisation_names(text: &str) -> Result<BTreeSet<&'static str>, Refusal> {
    let known = |word: &str| ORGANISATION.into_iter().find(|name| *name == word);
    let unknown = |word: &str| Refusal::because(Code::BadScope, format!("The requested scope_org is unknown: {word}"));
    text.split(' ').filter(|word| !word.is_empty()).map(|word| known(word).ok_or_else(|| unknown(word))).collect()
}

/// The organisations a requested scope names, whatever else is wrong with it.
pub(super) fn organisations(text: &str) -> Vec<u64> {
    text.split(' ').filter_map(|word| word.split_once("?org_oid=")?.1.parse().ok()).collect()
}

/// The `scope` claim for a person: every personal scope carries the person's id, `openid` does not, organisation scopes stay as asked.
///
/// `scope_org` names no organisation. Which one ESIA applies it to is not public; here it is every organisation of the person.
pub(super) fn claim_for(persona: &Persona, scopes: &BTreeSet<Scope>, names: &BTreeSet<&'static str>) -> Result<String, Refusal> {
    let mut words = BTreeSet::new();
    for scope in scopes {
        words.insert(match scope {
            Scope::OpenId => "openid".to_owned(),
            Scope::Person(name) => format!("{name}?oid={}", persona.oid),
            Scope::Organisation { oid, text } if persona.works_in(*oid) => text.clone(),
            Scope::Organisation { .. } => return Err(Code::NotEmployee.into()),
        });
    }
    for membership in &persona.memberships {
        words.extend(names.iter().map(|name| format!("{name}?org_oid={}", membership.organisation.oid)));
    }
    Ok(words.into_iter().collect::<Vec<_>>().join(" "))
}

/// Whether a token's `scope` claim grants the named scope over a person.
pub(super) fn grants_person(claim: &str, name: &str, oid: u64) -> bool {
    let wanted = format!("{name}?oid={oid}");
    claim.split(' ').any(|word| word == wanted)
}

/// Whether a token's `scope` claim grants the named scope over an organisation. The old `org_inf` grants the whole record.
pub(super) fn grants_organisation(claim: &str, name: &str, oid: u64) -> bool {
    claim.split(' ').any(|word| {
        let word = word.strip_prefix(ORGANISATION_PREFIX).unwrap_or(word);
        word.split_once("?org_oid=").is_some_and(|(granted, of)| (granted == name || granted == "org_inf") && of == oid.to_string())
    })
}

/// Whether a token's `scope` claim grants anything at all over an organisation.
pub(super) fn touches_organisation(claim: &str, oid: u64) -> bool {
    claim.split(' ').any(|word| word.split_once("?org_oid=").is_some_and(|(_, of)| of == oid.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_generation_wants_the_prefix() {
        let prefixed = "http://esia.gosuslugi.ru/org_inn?org_oid=1000";
        assert!(parse(prefixed, Generation::V1).is_ok());
        assert!(parse("org_inn?org_oid=1000", Generation::V1).is_err());
        assert!(parse("org_inn?org_oid=1000", Generation::V2).is_ok());
        for bad in [
            "http://esia.gosuslugi.ru/org_inn",
            "http://esia.gosuslugi.ru/org_x?org_oid=1",
            "http://esia.gosuslugi.ru/org_inn?org_oid=x",
            "nope",
        ] {
            assert_eq!(parse(bad, Generation::V1).expect_err("refused").code, Code::BadScope, "{bad}");
        }
    }

    #[test]
    fn grants_name_their_object_exactly() {
        let claim = "fullname?oid=10 http://esia.gosuslugi.ru/org_inn?org_oid=20 openid";
        assert!(grants_person(claim, "fullname", 10));
        assert!(!grants_person(claim, "fullname", 1));
        assert!(!grants_person(claim, "snils", 10));
        assert!(grants_organisation(claim, "org_inn", 20));
        assert!(!grants_organisation(claim, "org_inn", 2));
        assert!(!grants_organisation(claim, "org_kpp", 20));
        assert!(touches_organisation(claim, 20) && !touches_organisation(claim, 10));
    }
}
