//! `permissions`: consents asked for together with a sign-in. The form and the rules behind the error codes are public, the real
//! directory of consents is not; the one here is invented, with one type that takes scopes and one that takes none.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::refusal::{Code, Refusal};

/// A type of consent.
struct ConsentType {
    sysname: &'static str,
    /// Scopes that must be there, and that may be.
    mandatory: &'static [&'static str],
    optional: &'static [&'static str],
}

const TYPES: [ConsentType; 2] = [
    ConsentType { sysname: "SANDBOX_DATA", mandatory: &["fullname"], optional: &["birthdate", "snils", "inn", "usr_org"] },
    ConsentType { sysname: "SANDBOX_NOTICE", mandatory: &[], optional: &[] },
];
const ACTIONS: [&str; 2] = ["ALL_ACTIONS_TO_DATA", "SANDBOX_READ"];
const PURPOSES: [&str; 2] = ["SANDBOX_SERVICE", "SANDBOX_REGISTER"];
/// A year in minutes; what ESIA permits is not public.
const LONGEST: i64 = 525_600;

#[derive(Deserialize)]
struct Permission {
    sysname: Option<String>,
    /// Minutes.
    expire: Option<i64>,
    #[serde(default)]
    actions: Vec<Named>,
    #[serde(default)]
    purposes: Vec<Named>,
    #[serde(default)]
    scopes: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    sysname: String,
}

/// Checks the parameter, base64url of a JSON array.
pub(super) fn check(text: Option<&str>) -> Result<(), Refusal> {
    let Some(text) = text else { return Ok(()) };
    let decoded = [URL_SAFE_NO_PAD, URL_SAFE, STANDARD, STANDARD_NO_PAD].iter().find_map(|alphabet| alphabet.decode(text).ok());
    let asked: Option<Vec<Permission>> = decoded.and_then(|json| serde_json::from_slice(&json).ok());
    let asked = asked.ok_or_else(|| Refusal::because(Code::Unreadable, "permissions is the base64url of a JSON array."))?;
    asked.iter().try_for_each(|permission| permission.check().map_err(Refusal::from))
}

impl Permission {
    fn check(&self) -> Result<(), Code> {
        let sysname = self.sysname.as_deref().filter(|name| !name.is_empty()).ok_or(Code::ConsentTypeMissing)?;
        let kind = TYPES.iter().find(|kind| kind.sysname == sysname).ok_or(Code::ConsentTypeUnknown)?;
        if !self.expire.is_some_and(|minutes| (1..=LONGEST).contains(&minutes)) {
            return Err(Code::ConsentWrongExpiry);
        }
        let (mandatory, optional) = (kind.mandatory, kind.optional);
        if mandatory.is_empty() && optional.is_empty() && !self.scopes.is_empty() {
            return Err(Code::ConsentScopeForbidden);
        }
        if !mandatory.iter().all(|wanted| self.scopes.iter().any(|scope| scope.sysname == *wanted)) {
            return Err(Code::ConsentScopeMissing);
        }
        if !self.scopes.iter().all(|scope| mandatory.iter().chain(optional).any(|known| scope.sysname == *known)) {
            return Err(Code::ConsentScopeTooWide);
        }
        if self.actions.is_empty() {
            return Err(Code::ConsentActionMissing);
        }
        if !self.actions.iter().all(|action| ACTIONS.contains(&action.sysname.as_str())) {
            return Err(Code::ConsentActionUnknown);
        }
        match self.purposes.as_slice() {
            [] => Err(Code::ConsentPurposeMissing),
            [purpose] if PURPOSES.contains(&purpose.sysname.as_str()) => Ok(()),
            [_] => Err(Code::ConsentPurposeUnknown),
            _ => Err(Code::ConsentOnePurpose),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn code(permission: &Value) -> Option<Code> {
        let text = URL_SAFE_NO_PAD.encode(json!([permission]).to_string());
        check(Some(&text)).err().map(|refusal| refusal.code)
    }

    #[test]
    fn each_rule_has_its_code() {
        let named = |names: &[&str]| json!(names.iter().map(|name| json!({ "sysname": name })).collect::<Vec<_>>());
        let good = json!({
            "responsibleObject": "x", "sysname": "SANDBOX_DATA", "expire": 60, "scopes": named(&["fullname", "inn"]),
            "actions": named(&["SANDBOX_READ"]), "purposes": named(&["SANDBOX_SERVICE"]),
        });
        assert_eq!(code(&good), None);
        for (member, value, expected) in [
            ("sysname", json!(null), Code::ConsentTypeMissing),
            ("sysname", json!("OTHER"), Code::ConsentTypeUnknown),
            ("scopes", named(&["inn"]), Code::ConsentScopeMissing),
            ("scopes", named(&["fullname", "mobile"]), Code::ConsentScopeTooWide),
            ("sysname", json!("SANDBOX_NOTICE"), Code::ConsentScopeForbidden),
            ("actions", named(&[]), Code::ConsentActionMissing),
            ("actions", named(&["OTHER"]), Code::ConsentActionUnknown),
            ("purposes", named(&[]), Code::ConsentPurposeMissing),
            ("expire", json!(0), Code::ConsentWrongExpiry),
            ("purposes", named(&["OTHER"]), Code::ConsentPurposeUnknown),
            ("purposes", named(&PURPOSES), Code::ConsentOnePurpose),
            ("scopes", json!("fullname"), Code::Unreadable),
        ] {
            let mut wrong = good.clone();
            wrong[member] = value;
            assert_eq!(code(&wrong), Some(expected), "{wrong}");
        }
        assert_eq!(check(Some("W10")), Ok(()));
        assert_eq!(check(Some("{}")).expect_err("refused").code, Code::Unreadable);
    }
}
