//! Lengths of time as an operator writes them: a whole number and one unit, `500ms`, `10s`, `15m`, `24h`, `90d`.

use std::time::Duration;

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Parses one length of time. A bare number is refused: nobody can tell its unit later.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*millis).map(Duration::from_millis)
}

/// Writes a length of time in the largest unit that divides it.
pub(super) fn format(length: Duration) -> String {
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    match UNITS.iter().find(|(_, size)| millis >= *size && millis % size == 0) {
        Some((unit, size)) => format!("{}{unit}", millis / size),
        None => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["500ms", "10s", "15m", "24h", "90d", "0ms"] {
            let canonical = if text == "24h" { "1d" } else { text };
            assert_eq!(parse(text).map(format).as_deref(), Some(canonical));
        }
    }

    #[test]
    fn refuses_what_can_be_misread() {
        for text in ["", "10", "s", "1.5s", "-1s", "10 s", "10S", "1h30m", "10sec", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
