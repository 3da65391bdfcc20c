//! A deserializer over a parsed object whose errors are data, not text: which field, and what it must
//! be instead. They never contain the value, which could be a password.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use identity::strict_json::StrictValue;
use serde::de::value::{MapAccessDeserializer, SeqDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer, MapAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// The members of an object in their order, including repeated ones.
pub(super) struct Members(Vec<(String, StrictValue)>);

impl Members {
    /// How often each name occurs.
    pub(super) fn count_names(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (name, _) in &self.0 {
            *counts.entry(name.clone()).or_default() += 1;
        }
        counts
    }

    /// The members whose value no body may have, and what is wrong with it. `null` is refused everywhere:
    /// a member that is not meant is left out.
    pub(super) fn flaws(&self) -> Vec<(String, String)> {
        let flaw = |value: &StrictValue| match (&value.value, value.flaw) {
            (_, Some(flaw)) => Some(flaw.to_string()),
            (Value::Null, None) => Some("must not be null; leave it out".to_owned()),
            _ => None,
        };
        let flaws = self.0.iter();
        flaws
            .filter_map(|(name, value)| Some((name.clone(), flaw(value)?)))
            .collect()
    }

    pub(super) fn into_deserializer(self) -> MapAccessDeserializer<Remaining> {
        let members = self.0.into_iter().map(|(name, value)| (name, value.value));
        MapAccessDeserializer::new(Remaining::new(members.collect()))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        json.deserialize_map(Object)
    }
}

/// That a body does not have the shape. Missing, unknown and repeated fields are found without it.
#[derive(Debug, Default)]
pub(super) struct Mismatch {
    /// The field.
    pub(super) field: Option<String>,
    /// What it must be.
    pub(super) expected: Option<String>,
}

impl Mismatch {
    fn expected(expected: &dyn Expected) -> Self {
        Self {
            expected: Some(expected.to_string()),
            field: None,
        }
    }

    fn within(self, field: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..self
        }
    }
}

impl Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body has another shape")
    }
}

impl std::error::Error for Mismatch {}

impl Error for Mismatch {
    fn custom<T: Display>(_: T) -> Self {
        Self::default()
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }
}

/// The members that are not deserialized yet.
pub(super) struct Remaining {
    members: std::vec::IntoIter<(String, Value)>,
    current: Option<(String, Value)>,
}

impl Remaining {
    fn new(members: Vec<(String, Value)>) -> Self {
        Self {
            members: members.into_iter(),
            current: None,
        }
    }
}

impl<'de> MapAccess<'de> for Remaining {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mismatch> {
        self.current = self.members.next();
        match &self.current {
            None => Ok(None),
            Some((name, _)) => seed.deserialize(name.clone().into_deserializer()).map(Some),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mismatch> {
        let (name, value) = self.current.take().unwrap_or_default();
        let deserialized = seed.deserialize(JsonValue(value));
        deserialized.map_err(|mismatch| mismatch.within(&name))
    }
}

struct JsonValue(Value);

impl<'de> Deserializer<'de> for JsonValue {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::String(value) => visitor.visit_string(value),
            Value::Array(elements) => {
                visitor.visit_seq(SeqDeserializer::new(elements.into_iter().map(JsonValue)))
            }
            Value::Object(members) => {
                visitor.visit_map(Remaining::new(members.into_iter().collect()))
            }
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), ..) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (.., Some(value)) => visitor.visit_f64(value),
                _ => Err(Mismatch::default()),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl IntoDeserializer<'_, Mismatch> for JsonValue {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
