//! The calendar month in which an attestation ends: attestations of one month share status lists, so that a list can be
//! retired as a whole. In UTC, as `exp` is; the civil day of Moscow has nothing to do with it.

use time::{Date, OffsetDateTime};

use super::time::Timestamp;

/// A calendar month in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExpiryMonth {
    starts: Timestamp,
    ends: Timestamp,
}

impl ExpiryMonth {
    /// The month in which `end` lies.
    pub fn of(end: Timestamp) -> Self {
        let first = end.to_utc().date().replace_day(1).unwrap_or(Date::MIN);
        // The last month a calendar knows ends with the calendar.
        let next = Date::from_calendar_date(first.year() + i32::from(first.month() == time::Month::December), first.month().next(), 1);
        Self { starts: midnight(first), ends: midnight(next.unwrap_or(Date::MAX)) }
    }

    /// Its first instant: the name of the group.
    pub const fn starts(self) -> Timestamp {
        self.starts
    }

    /// The first instant after it: everything in the group ends before.
    pub const fn ends(self) -> Timestamp {
        self.ends
    }
}

fn midnight(day: Date) -> Timestamp {
    Timestamp::from_secs(OffsetDateTime::new_utc(day, time::Time::MIDNIGHT).unix_timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn month(end: &str) -> (String, String) {
        let month = ExpiryMonth::of(Timestamp::parse_rfc3339(end).unwrap());
        (month.starts().to_string()[..10].to_owned(), month.ends().to_string()[..10].to_owned())
    }

    #[test]
    fn months_begin_and_end_at_midnight_utc() {
        let december = ("2026-12-01".to_owned(), "2027-01-01".to_owned());
        assert_eq!(month("2026-12-31T23:59:59.999Z"), december);
        assert_eq!(month("2026-12-01T00:00:00Z"), december);
        assert_eq!(month("2027-01-01T02:00:00+03:00"), december, "Moscow has its new year earlier");
        assert_eq!(month("2028-02-29T12:00:00Z"), ("2028-02-01".to_owned(), "2028-03-01".to_owned()));
    }

    proptest! {
        #[test]
        fn an_end_lies_in_its_month_and_months_meet(ms in 0i64..253_402_300_000_000) {
            let end = Timestamp::from_millis(ms);
            let month = ExpiryMonth::of(end);
            prop_assert!(month.starts() <= end && end < month.ends());
            prop_assert_eq!(ExpiryMonth::of(month.starts()), month);
            prop_assert_eq!(ExpiryMonth::of(Timestamp::from_millis(month.ends().millis() - 1)), month);
        }
    }
}
