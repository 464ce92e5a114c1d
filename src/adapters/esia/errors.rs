//! The table from ESIA's error codes to ours, and the ways to build an [`IdpError`]. What the person reads is elsewhere.
//!
//! ESIA's own texts are never passed on: they can name the person. The code is, and the table has words for operators.

use crate::domain::refusal::RefusalCode::{self, F01, F02, F03, F17, F18, F19, F20, F21};
use crate::ports::identity_provider::IdpError;

/// ESIA's code, ours, and what it means for the operator.
const TABLE: [(&str, RefusalCode, &str); 29] = [
    ("ESIA-005029", F17, "the token lacks the scope for this read; have the scope granted to the system"),
    ("ESIA-007002", F17, "certificate and mnemonic do not belong together, or no certificate is registered"),
    ("ESIA-007003", F17, "a parameter is missing, wrong or repeated"),
    ("ESIA-007004", F01, "the person or the service declined"),
    ("ESIA-007005", F17, "the system may not use this method, or mnemonic or certificate are wrong"),
    ("ESIA-007006", F17, "a requested scope does not exist or is not granted to the system"),
    ("ESIA-007007", F18, "unexpected error at ESIA"),
    ("ESIA-007008", F18, "ESIA is overloaded or in maintenance"),
    ("ESIA-007009", F17, "the method is not supported"),
    ("ESIA-007011", F19, "the code is used, expired, or of another redirect address or client"),
    ("ESIA-007012", F17, "the kind of code is not supported"),
    ("ESIA-007013", F17, "no scope was sent"),
    ("ESIA-007014", F17, "a mandatory parameter is missing"),
    ("ESIA-007015", F17, "the request's time is off; set this machine's clock"),
    ("ESIA-007019", F17, "the system has no permission"),
    ("ESIA-007023", F20, "our redirect address is not registered for the system"),
    ("ESIA-007038", F17, "the parameters could not be read"),
    ("ESIA-007039", F17, "a PKCE verifier without a challenge in the first request"),
    ("ESIA-007040", F19, "the PKCE verifier does not match: the code belongs to another login"),
    ("ESIA-007046", F21, "a second factor is required and not available to the person"),
    ("ESIA-007053", F17, "the request's signature is wrong, or the certificate does not match or is inactive"),
    ("ESIA-007055", F02, "the person's account is not confirmed"),
    ("ESIA-007060", F17, "wrong value of roles"),
    ("ESIA-007061", F17, "wrong value of obj_type"),
    ("ESIA-007062", F17, "wrong type of user"),
    ("ESIA-007194", F03, "the person does not work in the organisation"),
    ("ESIA-008010", F17, "the system failed to authenticate"),
    ("ESIA-036700", F17, "the consent (permissions) is wrong"),
    ("ESIA-036707", F17, "the consent (permissions) is wrong"),
];

/// An error of ours about ESIA.
pub(super) fn fault(code: RefusalCode, detail: impl Into<String>) -> IdpError {
    IdpError { code, detail: detail.into(), upstream: None }
}

/// The error for what ESIA said: an OAuth `error`, and a text that usually carries a code.
pub(super) fn explain(error: &str, text: &str) -> IdpError {
    let Some(code) = find_code(text) else {
        return without_code(error);
    };
    let (refusal, detail) = TABLE
        .iter()
        .find(|(known, ..)| *known == code)
        .map_or((F17, "a code this version does not know"), |(_, refusal, detail)| (*refusal, *detail));
    IdpError { code: refusal, detail: format!("{code}: {detail}"), upstream: Some(code.to_owned()) }
}

/// RFC 6749 §4.1.2.1 and §5.2, for answers without a code of ESIA's.
fn without_code(error: &str) -> IdpError {
    match error {
        "access_denied" => fault(F01, "ESIA said access_denied without a code"),
        "temporarily_unavailable" | "server_error" => fault(F18, "ESIA said it is unavailable"),
        "invalid_grant" => fault(F19, "ESIA said invalid_grant without a code"),
        _ => fault(F17, "ESIA refused without a code of its own"),
    }
}

/// `ESIA-` and six digits, anywhere in the text.
fn find_code(text: &str) -> Option<&str> {
    text.match_indices("ESIA-").find_map(|(at, _)| {
        let code = text.get(at..at + 11)?;
        let next_is_digit = text.as_bytes().get(at + 11).is_some_and(u8::is_ascii_digit);
        (code[5..].bytes().all(|b| b.is_ascii_digit()) && !next_is_digit).then_some(code)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_refusal_and_keeps_its_name() {
        let expected = [
            ("007004", "F01"),
            ("007055", "F02"),
            ("007194", "F03"),
            ("007007", "F18"),
            ("007008", "F18"),
            ("007011", "F19"),
            ("007023", "F20"),
            ("007046", "F21"),
            ("007002", "F17"),
            ("007005", "F17"),
            ("007014", "F17"),
            ("007015", "F17"),
            ("007053", "F17"),
            ("005029", "F17"),
            ("099999", "F17"),
        ];
        for (code, refusal) in expected {
            let e = explain("access_denied", &format!("ESIA-{code}: OAuthErrorEnum.some text about OID.1000299654"));
            assert_eq!((e.code.as_str(), e.upstream.as_deref()), (refusal, Some(format!("ESIA-{code}").as_str())));
            assert!(!e.detail.contains("1000299654"), "the provider's text stays out: {}", e.detail);
        }
    }

    #[test]
    fn the_table_is_sorted_and_has_no_doubles() {
        assert!(TABLE.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn no_code_or_a_broken_one_falls_back_to_the_oauth_word() {
        for text in ["", "ESIA-", "ESIA-12345", "ESIA-1234567", "ESIA-00701\u{661}", "esia-007011", "ESIA-ESIA-ESIA"] {
            assert_eq!(explain("access_denied", text).code, F01, "{text}");
            assert_eq!(explain("invalid_request", text).code, F17, "{text}");
            assert_eq!(explain("server_error", text).code, F18, "{text}");
        }
        assert_eq!(explain("x", "ESIA-1 ESIA-007008: y").upstream.as_deref(), Some("ESIA-007008"));
    }
}
