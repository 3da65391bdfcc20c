//! JSON values without what parsers disagree about: a member twice, and numbers that are rounded.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use thiserror::Error;

/// What is ambiguous about a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Flaw {
    /// An object has two members of one name; parsers choose the first or the last.
    #[error("must not contain a member twice")]
    Repeated,
    /// A number has no exact 64-bit representation, and would be rounded.
    #[error("must not contain an integer of more than 64 bits")]
    Rounded,
}

/// A JSON value, and the first flaw in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StrictValue {
    /// The value.
    pub value: Value,
    /// What is ambiguous about it.
    pub flaw: Option<Flaw>,
}

impl From<Value> for StrictValue {
    fn from(value: Value) -> Self {
        Self { value, flaw: None }
    }
}

impl<'de> Deserialize<'de> for StrictValue {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = StrictValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<StrictValue, E> {
        Ok(Value::Null.into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<StrictValue, E> {
        Ok(Value::Bool(value).into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<StrictValue, E> {
        Ok(Value::from(value).into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<StrictValue, E> {
        Ok(Value::from(value).into())
    }

    /// An integer of more than 64 bits arrives here as well.
    fn visit_f64<E>(self, value: f64) -> Result<StrictValue, E> {
        const MOST: f64 = 9_007_199_254_740_992.0;
        Ok(StrictValue {
            value: Number::from_f64(value).map_or(Value::Null, Value::Number),
            flaw: (value.abs() >= MOST).then_some(Flaw::Rounded),
        })
    }

    fn visit_str<E>(self, value: &str) -> Result<StrictValue, E> {
        Ok(Value::String(value.to_owned()).into())
    }

    fn visit_string<E>(self, value: String) -> Result<StrictValue, E> {
        Ok(Value::String(value).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<StrictValue, A::Error> {
        let (mut elements, mut flaw) = (Vec::new(), None);
        while let Some(element) = seq.next_element::<StrictValue>()? {
            flaw = flaw.or(element.flaw);
            elements.push(element.value);
        }
        Ok(StrictValue {
            value: Value::Array(elements),
            flaw,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StrictValue, A::Error> {
        let (mut members, mut flaw) = (Map::new(), None);
        while let Some((name, member)) = map.next_entry::<String, StrictValue>()? {
            flaw = flaw.or(member.flaw);
            if members.insert(name, member.value).is_some() {
                flaw = flaw.or(Some(Flaw::Repeated));
            }
        }
        Ok(StrictValue {
            value: Value::Object(members),
            flaw,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaw(json: &str) -> Option<Flaw> {
        serde_json::from_str::<StrictValue>(json).unwrap().flaw
    }

    #[test]
    fn what_parsers_agree_about_has_no_flaw_and_its_value() {
        for json in [
            r#"{"a":[1,-1,0.5,1e3,true,null,"x",{"b":{}}]}"#,
            "18446744073709551615",
            "-9223372036854775808",
            r#"{"a":{"b":1},"c":{"b":2}}"#,
        ] {
            let strict: StrictValue = serde_json::from_str(json).unwrap();
            assert_eq!(strict.flaw, None, "{json}");
            assert_eq!(strict.value, serde_json::from_str::<Value>(json).unwrap());
        }
    }

    #[test]
    fn a_member_twice_is_found_at_any_depth() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"[[{"a":1,"\u0061":2}]]"#,
        ] {
            assert_eq!(flaw(json), Some(Flaw::Repeated), "{json}");
        }
    }

    #[test]
    fn an_integer_that_would_be_rounded_is_found() {
        for json in [
            "18446744073709551616",
            "-9223372036854775809",
            r#"{"a":[100000000000000000000001]}"#,
            "1e20",
        ] {
            assert_eq!(flaw(json), Some(Flaw::Rounded), "{json}");
        }
    }
}
