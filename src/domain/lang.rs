//! The two languages people read us in, and which of them a browser asks for. Texts stand with what they describe.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language of the pages. Russian comes first everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Russian, the default.
    #[default]
    Ru,
    /// English.
    En,
}

impl Lang {
    /// Every language, the default first.
    pub const ALL: [Self; 2] = [Self::Ru, Self::En];

    /// The primary language subtag (RFC 5646), as in `lang="ru"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }

    /// The text of the pair that is in this language.
    pub const fn pick(self, ru: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Ru => ru,
            Self::En => en,
        }
    }

    /// The language of a tag such as `en`, `EN` or `en-GB`; `None` for one we do not speak.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|l| l.as_str().eq_ignore_ascii_case(primary))
    }

    /// The language an `Accept-Language` header asks for (RFC 9110 §12.5.4): the highest weight wins, then the default,
    /// Russian. Ranges out of form and weight 0 ("not acceptable") ask for nothing.
    pub fn negotiate(accept_language: &str) -> Self {
        let (mut best, mut best_weight) = (Self::default(), 0);
        for lang in Self::ALL {
            let weight = weight_of(lang, accept_language);
            if weight > best_weight {
                (best, best_weight) = (lang, weight);
            }
        }
        best
    }
}

/// The weight the header gives to `lang`, in thousandths. A range that names it counts before `*`.
fn weight_of(lang: Lang, header: &str) -> u16 {
    let mut named = None;
    let mut any = None;
    for (range, weight) in header.split(',').filter_map(range_and_weight) {
        let slot = match range {
            "*" => &mut any,
            _ if Lang::parse(range) == Some(lang) => &mut named,
            _ => continue,
        };
        *slot = (*slot).max(Some(weight));
    }
    named.or(any).unwrap_or(0)
}

/// `en-GB;q=0.8` as (`en-GB`, 800).
fn range_and_weight(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next().filter(|r| !r.is_empty())?;
    let weight = match parts.next() {
        None => 1000,
        Some(parameter) => thousandths(parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?)?,
    };
    Some((range, weight))
}

/// A `qvalue` of RFC 9110 §12.4.2: `0` to `1` with at most three decimals.
fn thousandths(qvalue: &str) -> Option<u16> {
    let (whole, decimals) = qvalue.split_once('.').unwrap_or((qvalue, ""));
    let good = matches!(whole, "0" | "1") && decimals.len() <= 3 && decimals.bytes().all(|b| b.is_ascii_digit());
    let value: u16 = good.then(|| format!("{whole}{decimals:0<3}"))?.parse().ok()?;
    (value <= 1000).then_some(value)
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Lang {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::parse(s).ok_or_else(|| format!("unknown language {s:?}; use ru or en"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_weight_wins() {
        for (header, lang) in [
            ("", Lang::Ru),
            ("ru", Lang::Ru),
            ("en", Lang::En),
            ("EN-gb", Lang::En),
            ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", Lang::Ru),
            ("en-US,en;q=0.9,ru;q=0.8", Lang::En),
            ("de;q=1, en;q=0.5", Lang::En),
            ("de", Lang::Ru),
            ("*", Lang::Ru),
            ("en;q=0.5, *;q=0.1", Lang::En),
            ("ru;q=0, *", Lang::En),
            ("en;q=0", Lang::Ru),
            ("ru;q=0.001, en;q=0.002", Lang::En),
            ("ru;q=0.5, en;q=0.5", Lang::Ru),
            ("en;q=2, ru;q=0.1", Lang::Ru),
            ("en;q=1.001", Lang::Ru),
            ("en;level=1", Lang::Ru),
            (";;;,,,q=", Lang::Ru),
        ] {
            assert_eq!(Lang::negotiate(header), lang, "{header}");
        }
    }

    #[test]
    fn tags_are_read_by_their_primary_subtag() {
        assert_eq!(Lang::parse("ru-RU"), Some(Lang::Ru));
        assert_eq!(Lang::parse("english"), None);
        assert!("".parse::<Lang>().is_err());
    }
}
