//! From what ESIA said to an [`IdpError`]. The codes themselves are in `error_table`, what the person reads is elsewhere.
//!
//! ESIA's own texts are never passed on: they can name the person. The code is, and the table has words for operators.

use super::error_table::{ErrorRow, error_table};
use crate::domain::refusal::RefusalCode::{self, F01, F17, F18, F19};
use crate::ports::identity_provider::{IdpError, TryAgain};

/// An error of ours about ESIA.
pub(super) fn fault(code: RefusalCode, detail: impl Into<String>) -> IdpError {
    IdpError::new(code, detail)
}

/// The error for what ESIA said: an OAuth `error`, and a text that usually carries a code. Of several the first counts.
pub(super) fn explain(error: &str, text: &str) -> IdpError {
    explain_coded(text).unwrap_or_else(|| without_code(error))
}

/// The error for a text with a code in it; `None` where there is none.
pub(super) fn explain_coded(text: &str) -> Option<IdpError> {
    let Some(code) = find_code(text) else { return named_row(text).map(from_row) };
    let row = error_table().iter().find(|row| row.code == code);
    Some(row.map_or_else(|| unknown(code), from_row))
}

fn unknown(code: &str) -> IdpError {
    let detail = format!("{code}: a code this version does not know; look it up in ESIA's methodical recommendations");
    // The code itself is in the detail. A browser can bring any along, and a hundred invented ones must not crowd the real ones
    // out of the meter.
    IdpError { code: F17, detail, upstream: Some("other".to_owned()), try_again: TryAgain::AfterFix }
}

fn from_row(row: &ErrorRow) -> IdpError {
    IdpError {
        code: row.refusal,
        detail: format!("{}: {}", row.code, row.advice),
        upstream: Some(row.code.to_owned()),
        try_again: row.try_again,
    }
}

/// A row known by a word in place of a number.
fn named_row(text: &str) -> Option<&'static ErrorRow> {
    error_table().iter().filter(|row| !row.code.starts_with("ESIA-")).find(|row| {
        text.match_indices(row.code).any(|(at, word)| !text[at + word.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()))
    })
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
    fn each_row_is_found_by_its_code_and_keeps_the_providers_text_out() {
        for row in error_table() {
            let e = explain("access_denied", &format!("{}: OAuthErrorEnum.some text about OID.1000299654", row.code));
            assert_eq!((e.code, e.upstream.as_deref(), e.try_again), (row.refusal, Some(row.code), row.try_again));
            assert!(!e.detail.contains("1000299654") && e.detail.starts_with(row.code), "{}", e.detail);
        }
    }

    #[test]
    fn each_code_has_its_refusal() {
        let all = |codes: &[&str], refusal: &str, try_again: TryAgain| {
            for code in codes {
                let e = explain("access_denied", &format!("ESIA-{code}: x"));
                assert_eq!((e.code.as_str(), e.try_again), (refusal, try_again), "{code}");
            }
        };
        all(&["007004"], "F01", TryAgain::Now);
        all(&["007055"], "F02", TryAgain::AfterFix);
        all(&["007194"], "F03", TryAgain::No);
        all(&["007007", "007008"], "F18", TryAgain::Later);
        all(&["007011", "007040"], "F19", TryAgain::Now);
        all(&["007023"], "F20", TryAgain::AfterFix);
        all(&["007046"], "F21", TryAgain::AfterFix);
        let ours = [
            "005029", "007002", "007003", "007005", "007006", "007009", "007012", "007013", "007014", "007015", "007019", "007038",
            "007039", "007053", "007060", "007061", "007062", "008010", "036700", "036701", "036702", "036703", "036704", "036705",
            "036706", "036707", "036716", "036726", "036727", "099999",
        ];
        all(&ours, "F17", TryAgain::AfterFix);
        // Nine above, one without a number; 099999 is in no table.
        assert_eq!(error_table().len(), 9 + ours.len() - 1 + 1, "every row is named in this test");
    }

    #[test]
    fn the_table_is_sorted_and_has_no_doubles() {
        assert!(error_table().windows(2).all(|w| w[0].code < w[1].code));
    }

    #[test]
    fn of_several_codes_the_first_counts() {
        let e = explain("access_denied", "ESIA-007055: x (cause: ESIA-007008, OAuthErrorEnum.noGrants)");
        assert_eq!((e.code.as_str(), e.upstream.as_deref()), ("F02", Some("ESIA-007055")));
        assert_eq!(explain("x", "ESIA-007019: OAuthErrorEnum.noGrants").upstream.as_deref(), Some("ESIA-007019"));
        assert_eq!(explain("x", "ESIA-1 ESIA-007008: y").upstream.as_deref(), Some("ESIA-007008"));
        assert_eq!(explain("access_denied", "OAuthErrorEnum.noGrants").upstream.as_deref(), Some("OAuthErrorEnum.noGrants"));
        assert_eq!(explain("access_denied", "OAuthErrorEnum.noGrantsAtAll").code, F01);
    }

    #[test]
    fn an_invented_code_is_for_the_log_and_not_for_the_meter() {
        let e = explain("access_denied", "ESIA-999999: x");
        assert!(e.upstream.as_deref() == Some("other") && e.detail.starts_with("ESIA-999999: "), "{e}");
    }

    #[test]
    fn no_code_or_a_broken_one_falls_back_to_the_oauth_word() {
        for text in ["", "ESIA-", "ESIA-12345", "ESIA-1234567", "ESIA-00701\u{661}", "esia-007011", "ESIA-ESIA-ESIA"] {
            assert_eq!(explain("access_denied", text).code, F01, "{text}");
            assert_eq!(explain("invalid_request", text).code, F17, "{text}");
            assert_eq!(explain("server_error", text).code, F18, "{text}");
        }
    }
}
