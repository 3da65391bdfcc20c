//! JSON that means one thing: an object whose members are unique at every depth
//! (RFC 8725 §3.1 leaves no room for two readers that pick different duplicates).

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Deeper nesting is refused; no token of ours has more than a few levels.
const MAX_DEPTH: u8 = 16;

/// Whether `bytes` are one JSON object with unique members, nested at most [`MAX_DEPTH`] deep.
pub(crate) fn is_strict_object(bytes: &[u8]) -> bool {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    bytes.first() == Some(&b'{')
        && Strict { depth: 0 }.deserialize(&mut json).is_ok()
        && json.end().is_ok()
}

/// A member's name: borrowed from the input unless it was written with escapes.
pub(crate) struct MemberName;

impl<'de> DeserializeSeed<'de> for MemberName {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for MemberName {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

struct Strict {
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > MAX_DEPTH {
            return Err(de::Error::custom("nested too deeply"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let depth = self.depth + 1;
        while seq.next_element_seed(Strict { depth })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let depth = self.depth + 1;
        let mut names: Vec<Cow<'de, str>> = Vec::new();
        while let Some(name) = map.next_key_seed(MemberName)? {
            names.push(name);
            map.next_value_seed(Strict { depth })?;
        }
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(de::Error::custom("duplicate member"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::is_strict_object;

    #[test]
    fn an_object_with_unique_members_is_strict() {
        for json in [r"{}", r#"{"a":1,"b":{"a":[1.5,null,true,"x",-3]}}"#] {
            assert!(is_strict_object(json.as_bytes()), "{json}");
        }
    }

    #[test]
    fn duplicates_are_found_at_any_depth_and_behind_escapes() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":[{"b":1,"b":2}]}"#,
        ] {
            assert!(!is_strict_object(json.as_bytes()), "{json}");
        }
    }

    #[test]
    fn anything_but_one_object_is_refused() {
        for json in [
            "",
            "[]",
            "1",
            r"{}{}",
            r" {}",
            r#"{"a":1e400}"#,
            r#"{"a":NaN}"#,
            "{\"a\":\"\x01\"}",
        ] {
            assert!(!is_strict_object(json.as_bytes()), "{json}");
        }
        assert!(!is_strict_object(b"{\"a\":\"\xff\"}"));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_strict_object(nested(16).as_bytes()));
        assert!(!is_strict_object(nested(17).as_bytes()));
        assert!(!is_strict_object(nested(100_000).as_bytes()));
    }
}
