//! `[federation]`: typed settings, how they are read, and their rules. What they do is in `settings_list.rs`.

use std::path::PathBuf;

use url::Url;

use super::error::Fault;
use super::reader::{Reader, Wrong, shown, text};

/// What is said of this service in the federation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Federation {
    /// Who runs it.
    pub organization_name: String,
    /// How to reach them.
    pub contacts: Vec<String>,
    /// Where somebody else owns the kind of badge.
    pub delegation: Option<DelegationFiles>,
}

/// The owner's word and keys; their content is checked at start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DelegationFiles {
    /// The owner's entity identifier.
    pub owner: String,
    /// Their public keys, a JWK set.
    pub owner_jwks_file: PathBuf,
    /// The delegation, a JWT.
    pub delegation_file: PathBuf,
}

const KEYS: [&str; 3] = ["federation.owner", "federation.owner_jwks_file", "federation.delegation_file"];

/// Reads the section.
pub(super) fn read(r: &mut Reader) -> Federation {
    let owner =
        r.optional(KEYS[0], "write the owner's entity identifier, an https address such as \"https://owner.example.ru\"", |given| {
            let owner = text(given)?;
            if is_entity_identifier(&owner) { Ok(owner) } else { Err(Wrong(Fault::BadValue, format!("{} is not one", shown(owner)))) }
        });
    let (owner_jwks_file, delegation_file) = (r.readable_file(KEYS[1]), r.readable_file(KEYS[2]));
    let given = KEYS.map(|key| r.is_given(key));
    if given.contains(&true) {
        for (key, _) in KEYS.iter().zip(given).filter(|(_, given)| !given) {
            r.fail(
                Fault::Conflict,
                key,
                "is not given, though another setting of the delegation is",
                "give owner, owner_jwks_file and delegation_file together",
            );
        }
    }
    Federation {
        organization_name: r.text("federation.organization_name", "write it as text in quotes"),
        contacts: r.list("federation.contacts", "write a list such as [\"badge@example.ru\"]", |contact| Ok(contact.to_owned())),
        delegation: match (owner, owner_jwks_file, delegation_file) {
            (Some(owner), Some(owner_jwks_file), Some(delegation_file)) => {
                Some(DelegationFiles { owner, owner_jwks_file, delegation_file })
            }
            _ => None,
        },
    }
}

/// OpenID Federation 1.1, "Terminology": an https URL with host, optional port and path, without query and fragment.
fn is_entity_identifier(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        url.scheme() == "https"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}
