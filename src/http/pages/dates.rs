//! Dates as people read them. Days are counted in Moscow time (UTC+3 all year since 2014), which official papers use.

use time::{OffsetDateTime, UtcOffset};

use crate::domain::lang::Lang;
use crate::domain::time::Timestamp;

const NBSP: char = '\u{a0}';

const MONTHS_RU: [&str; 12] =
    ["января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"];
const MONTHS_EN: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// A day for people and for machines: `<time datetime="2026-11-20">20 ноября 2026</time>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Day {
    pub(super) machine: String,
    pub(super) text: String,
}

impl Day {
    /// The Moscow day of an instant.
    pub(super) fn of(lang: Lang, at: Timestamp) -> Self {
        let t = moscow(at);
        Self::from_parts(lang, t.year(), u8::from(t.month()), t.day())
    }

    /// A day that is already a day, `2026-11-20`, as `assurance` carries it. Text of another form is shown as it stands.
    pub(super) fn parse(lang: Lang, iso: &str) -> Self {
        let mut parts = iso.splitn(3, '-').map(|p| p.parse::<u16>().ok());
        match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten()) {
            (Some(y), Some(m @ 1..=12), Some(d @ 1..=31)) => {
                // m and d are below 32 here, so the casts keep their value.
                Self::from_parts(lang, i32::from(y), m as u8, d as u8)
            }
            _ => Self { machine: iso.to_owned(), text: iso.to_owned() },
        }
    }

    fn from_parts(lang: Lang, year: i32, month: u8, day: u8) -> Self {
        let names = match lang {
            Lang::Ru => &MONTHS_RU,
            Lang::En => &MONTHS_EN,
        };
        let name = names.get(usize::from(month.saturating_sub(1))).copied().unwrap_or_default();
        Self { machine: format!("{year:04}-{month:02}-{day:02}"), text: format!("{day}{NBSP}{name} {year}") }
    }
}

/// Day and time of day, which always names its zone: «20 ноября 2026, 14:05 по московскому времени».
pub(super) fn moment(lang: Lang, at: Timestamp) -> String {
    let (t, day) = (moscow(at), Day::of(lang, at).text);
    match lang {
        Lang::Ru => format!("{day}, {:02}:{:02} по{NBSP}московскому времени", t.hour(), t.minute()),
        Lang::En => format!("{day}, {:02}:{:02} Moscow time", t.hour(), t.minute()),
    }
}

fn moscow(at: Timestamp) -> OffsetDateTime {
    let utc = at.to_utc();
    // Only the last hours of the year 9999 have no Moscow form.
    UtcOffset::from_hms(3, 0, 0).ok().and_then(|msk| utc.checked_to_offset(msk)).unwrap_or(utc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_moscow_days() {
        let late = Timestamp::parse_rfc3339("2026-11-19T21:30:00Z").unwrap();
        assert_eq!(Day::of(Lang::Ru, late), Day { machine: "2026-11-20".into(), text: "20\u{a0}ноября 2026".into() });
        assert_eq!(Day::of(Lang::En, late).text, "20\u{a0}November 2026");
        assert_eq!(moment(Lang::Ru, late), "20\u{a0}ноября 2026, 00:30 по\u{a0}московскому времени");
        assert_eq!(Day::of(Lang::Ru, Timestamp::from_millis(i64::MAX)).machine, "1970-01-01");
    }

    #[test]
    fn a_given_day_is_not_shifted() {
        assert_eq!(Day::parse(Lang::Ru, "2026-11-20").text, "20\u{a0}ноября 2026");
        for odd in ["", "2026-13-01", "2026-11-99", "20.11.2026", "<b>"] {
            assert_eq!(Day::parse(Lang::En, odd).text, odd);
        }
    }
}
