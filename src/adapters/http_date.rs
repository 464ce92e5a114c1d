//! HTTP dates (RFC 9110 §5.6.7), read only. Only the IMF-fixdate form, the one senders must generate; the two obsolete
//! forms read as absent, which every caller here treats as "nothing said".

use time::PrimitiveDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

use crate::domain::time::Timestamp;

const IMF_FIXDATE: &[FormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// The instant in an HTTP date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let date = PrimitiveDateTime::parse(text.trim(), &IMF_FIXDATE).ok()?;
    Some(Timestamp::from_secs(date.assume_utc().unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_example_of_the_rfc_and_nothing_sloppy() {
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Timestamp::from_secs(784_111_777)));
        for bad in ["", "0", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 MSK"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
