//! Reading a request: form pairs, the rules every request shares (mandatory names, `state`, `timestamp`), nothing about who sends it.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::format_description;

use super::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;

/// Form parameters, each at most once.
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads `application/x-www-form-urlencoded` text.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Refusal> {
        let mut params = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            // What a percent-encoded text that is not UTF-8 turns into.
            if name.contains(char::REPLACEMENT_CHARACTER) || value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(Code::Unreadable.into());
            }
            // RFC 6749 §3.1: parameters must not be included more than once.
            if params.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Code::InvalidParameter.into());
            }
        }
        Ok(Self(params))
    }

    /// No parameters: what a body of another content type amounts to at the token endpoint.
    pub(super) fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// The value, if there is one; an empty value is none (RFC 6749 §3.1).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value, or the empty string: how a value enters a signed string.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Whether the parameter stands in the request at all, even empty.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// 007014 with the names of all that is missing. A scope that is there but empty has a code of its own, 007013.
    pub(super) fn require(&self, names: &[&'static str]) -> Result<(), Refusal> {
        let missing: Vec<&str> = names.iter().copied().filter(|name| self.get(name).is_none()).collect();
        match missing[..] {
            [] => Ok(()),
            ["scope"] if self.has("scope") => Err(Code::NoScope.into()),
            _ => Err(Refusal::missing(&missing)),
        }
    }

    /// `state` must be a UUID in its usual spelling.
    pub(super) fn check_state(&self) -> Result<(), Refusal> {
        let state = self.text("state");
        if state.len() == 36 && uuid::Uuid::try_parse(state).is_ok() {
            return Ok(());
        }
        Err(Refusal::because(Code::InvalidParameter, "The parameter state must be a UUID."))
    }

    /// `timestamp` must be `yyyy.MM.dd HH:mm:ss Z` and not further than `window` from `now`, before or after.
    pub(super) fn check_timestamp(&self, now: Timestamp, window: Duration) -> Result<(), Refusal> {
        let sent = parse_timestamp(self.text("timestamp")).ok_or(Code::WrongTime)?;
        if now.since(sent) > window || sent.since(now) > window {
            return Err(Code::WrongTime.into());
        }
        Ok(())
    }
}

/// `2013.01.25 14:36:11 +0400`, and nothing looser.
fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let format = format_description!("[year].[month].[day] [hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]");
    // The parser alone would take a sign before the year and fewer digits in places.
    let shape = b"dddd.dd.dd dd:dd:dd sdddd";
    let fits = |(&byte, &want): (&u8, &u8)| match want {
        b'd' => byte.is_ascii_digit(),
        b's' => byte == b'+' || byte == b'-',
        other => byte == other,
    };
    if text.len() != shape.len() || !text.as_bytes().iter().zip(shape).all(fits) {
        return None;
    }
    let instant = OffsetDateTime::parse(text, format).ok()?;
    Some(Timestamp::from_secs(instant.unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_esias_spelling_of_time() {
        let expected = Timestamp::parse_rfc3339("2013-01-25T14:36:11+04:00");
        assert_eq!(parse_timestamp("2013.01.25 14:36:11 +0400"), expected);
        for bad in [
            "2013-01-25 14:36:11 +0400",
            "2013.01.25 14:36:11 +04:00",
            "2013.01.25 14:36:11 0400",
            "2013.01.25T14:36:11 +0400",
            "2013.13.25 14:36:11 +0400",
            "2013.1.25 14:36:11 +0400",
            "2013.01.25 14:36:11 +0400 ",
            "",
        ] {
            assert_eq!(parse_timestamp(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_window_is_closed_on_both_sides() {
        let params = Params::parse(b"timestamp=2013.01.25+14:36:11+%2B0400").expect("well-formed");
        let sent = parse_timestamp("2013.01.25 14:36:11 +0400").expect("well-formed");
        let window = Duration::from_secs(60);
        let second = Duration::from_secs(1);
        for now in [sent, sent.plus(window), sent.minus(window)] {
            assert_eq!(params.check_timestamp(now, window), Ok(()));
        }
        for now in [sent.plus(window).plus(second), sent.minus(window).minus(second)] {
            assert_eq!(params.check_timestamp(now, window), Err(Code::WrongTime.into()));
        }
    }

    #[test]
    fn says_what_is_missing() {
        let params = Params::parse(b"scope=&state=x").expect("well-formed");
        assert_eq!(params.require(&["scope", "state"]), Err(Code::NoScope.into()));
        let refusal = params.require(&["code", "client_id", "state"]).expect_err("two are missing");
        assert_eq!(refusal.description(), "ESIA-007014: The request doesn`t contain the mandatory parameter [code, client_id].");
        assert!(Params::parse(b"a=1&a=2").is_err());
    }
}
