//! Strict JSON: one object, no member twice at any depth.
//!
//! Two readers that pick different ones of two equal members see two different tokens under one signature (RFC 8725 §2.9,
//! RFC 7519 §4). serde's derived readers refuse only members they know, so a pass before them looks at all.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Reads one JSON object.
///
/// # Errors
/// serde_json's own, whose text names places and members.
pub(super) fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    // serde's structs would also take an array of values in order; a claim set is an object (RFC 7519 §3).
    if bytes.first() != Some(&b'{') {
        return Err(serde_json::Error::custom("expected a JSON object"));
    }
    serde_json::from_slice::<OnceEach>(bytes)?;
    serde_json::from_slice(bytes)
}

/// Without the white space of JSON (RFC 8259 §2) around it. `trim_ascii` takes a form feed for white space, which JSON does not:
/// fuzzing found a key set that only we could read.
pub(super) fn trimmed(bytes: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
    let start = bytes.iter().position(|b| !blank(b)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|b| !blank(b)).map_or(start, |at| at + 1);
    &bytes[start..end]
}

/// Reads an optional member so that `null` is a wrong type and not an absent one: CVE-2026-25537 took a claim of the wrong
/// type for one that was not there. For `#[serde(default, deserialize_with)]`.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

/// Any JSON value whose objects name each member once. Depth is capped by serde_json (128).
struct OnceEach;

impl<'de> Deserialize<'de> for OnceEach {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(OnceEachVisitor)
    }
}

struct OnceEachVisitor;

impl<'de> Visitor<'de> for OnceEachVisitor {
    type Value = OnceEach;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OnceEach, A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            map.next_value::<OnceEach>()?;
            if !seen.insert(name) {
                return Err(A::Error::custom("a member stands twice in one object"));
            }
        }
        Ok(OnceEach)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OnceEach, A::Error> {
        while seq.next_element::<OnceEach>()?.is_some() {}
        Ok(OnceEach)
    }

    fn visit_bool<E>(self, _: bool) -> Result<OnceEach, E> {
        Ok(OnceEach)
    }

    fn visit_i64<E>(self, _: i64) -> Result<OnceEach, E> {
        Ok(OnceEach)
    }

    fn visit_u64<E>(self, _: u64) -> Result<OnceEach, E> {
        Ok(OnceEach)
    }

    fn visit_f64<E>(self, _: f64) -> Result<OnceEach, E> {
        Ok(OnceEach)
    }

    fn visit_str<E>(self, _: &str) -> Result<OnceEach, E> {
        Ok(OnceEach)
    }

    fn visit_unit<E>(self) -> Result<OnceEach, E> {
        Ok(OnceEach)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn equal_members_are_refused_at_any_depth_and_in_any_spelling() {
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"b":2,"a":3}}"#,
            r#"{"x":[1,{"a":1,"a":1}]}"#,
            r#"["a"]"#,
            r#" {"a":1}"#,
            r#"{"a":1} {}"#,
            "",
            "null",
        ] {
            assert!(object::<Value>(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(object::<Value>(b"{\"a\":\"\xff\"}").is_err());
        assert!(object::<Value>(format!("{{\"a\":{}1{}}}", "[".repeat(5000), "]".repeat(5000)).as_bytes()).is_err());
        assert!(object::<Value>(r#"{"a":{"a":null},"b":[{"a":1.5},{"a":-1}],"A":true}"#.as_bytes()).is_ok());
    }
}
