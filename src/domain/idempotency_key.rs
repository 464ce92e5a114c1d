//! The `Idempotency-Key` of a request that may be sent again (draft-ietf-httpapi-idempotency-key-header).

/// A key its sender chose: 1 to 255 printable ASCII characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotencyKey(String);

/// The text is no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("Idempotency-Key must be 1 to 255 printable ASCII characters, plain or as a quoted string")]
pub struct BadIdempotencyKey;

impl IdempotencyKey {
    /// Reads the header's value: a structured-field string as the draft has it (RFC 8941 §3.3.3, in quotes), or the bare
    /// characters most clients send. Both spellings of the same characters are one key.
    ///
    /// # Errors
    /// [`BadIdempotencyKey`].
    pub fn from_header(value: &str) -> Result<Self, BadIdempotencyKey> {
        let value = value.trim_matches(' ');
        let key = match value.strip_prefix('"') {
            Some(rest) => unquoted(rest)?,
            None => value.to_owned(),
        };
        let good = (1..=255).contains(&key.len()) && key.bytes().all(|b| matches!(b, b' '..=b'~'));
        if good { Ok(Self(key)) } else { Err(BadIdempotencyKey) }
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stands between the quotes, the first of which is gone already.
fn unquoted(rest: &str) -> Result<String, BadIdempotencyKey> {
    let mut out = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next().ok_or(BadIdempotencyKey)? {
            '"' => break,
            '\\' => match chars.next() {
                Some(c @ ('"' | '\\')) => out.push(c),
                _ => return Err(BadIdempotencyKey),
            },
            c => out.push(c),
        }
    }
    // Parameters are no part of the draft's header.
    if chars.next().is_some() { Err(BadIdempotencyKey) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_one_key() {
        let key = |v: &str| IdempotencyKey::from_header(v).map(|k| k.0);
        assert_eq!(key("8e03978e-40d5"), Ok("8e03978e-40d5".to_owned()));
        assert_eq!(key("\"8e03978e-40d5\""), key("8e03978e-40d5"));
        assert_eq!(key("\"a \\\" \\\\ b\""), Ok("a \" \\ b".to_owned()));
        assert!(key(&"k".repeat(255)).is_ok());
        for bad in ["", " ", "\"\"", "\"", "\"a", "\"a\\n\"", "\"a\"b", "\"a\";x=1", "ключ", "a\tb", "a\u{7f}", &"k".repeat(256)] {
            assert_eq!(key(bad), Err(BadIdempotencyKey), "{bad:?}");
        }
    }
}
