//! Deserializes claims in one pass over the JSON: registered claims are taken out, and all other
//! members go to the custom claims type.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Audience, RegisteredClaims, is_registered};
use crate::json::{self, MemberName, NotStrict};

/// Reads the registered claims of a payload into `registered` and returns the custom claims. The
/// registered claims are read in place, because returning them through serde would copy them at
/// each step.
pub(crate) fn read<Own: DeserializeOwned>(
    payload: &str,
    registered: &mut RegisteredClaims,
) -> Result<Own, NotStrict> {
    json::read(
        payload,
        OwnClaims {
            registered,
            own: PhantomData,
        },
    )
}

struct OwnClaims<'a, Own> {
    registered: &'a mut RegisteredClaims,
    own: PhantomData<Own>,
}

impl<'de, Own: Deserialize<'de>> DeserializeSeed<'de> for OwnClaims<'_, Own> {
    type Value = Own;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Own, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, Own: Deserialize<'de>> Visitor<'de> for OwnClaims<'_, Own> {
    type Value = Own;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Own, A::Error> {
        let mut members = OwnMembers {
            map,
            registered: self.registered,
        };
        Own::deserialize(&mut members)
    }
}

struct OwnMembers<'a, A> {
    map: A,
    registered: &'a mut RegisteredClaims,
}

/// What the custom claims type reads from: an object. As in `serde_json`, it may be wrapped in a
/// newtype or an option.
impl<'de, A: MapAccess<'de>> Deserializer<'de> for &mut OwnMembers<'_, A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(self)
    }

    /// Rejects a field named like a registered claim, because it would never be set.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        match fields.iter().any(|field| is_registered(field)) {
            true => Err(A::Error::custom("a custom claim shadows a registered one")),
            false => visitor.visit_map(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for OwnMembers<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.map.next_key_seed(Name)? {
            if self.registered.take(&name, &mut self.map)? {
                continue;
            }
            return seed.deserialize(MemberName::new(name)).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AudienceVisitor)
    }
}

struct AudienceVisitor;

impl<'de> Visitor<'de> for AudienceVisitor {
    type Value = Audience;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of strings")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Audience, E> {
        Ok(Audience::One(name.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Audience, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = seq.next_element()? {
            names.push(name);
        }
        Ok(Audience::Many(names))
    }
}

/// A member's name, borrowed from the input unless it contains escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
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

impl RegisteredClaims {
    /// Reads the value if `name` is a registered claim; otherwise returns `false`.
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "iss" => set(&mut self.iss, "iss", map)?,
            "sub" => set(&mut self.sub, "sub", map)?,
            "aud" => set(&mut self.aud, "aud", map)?,
            "exp" => set(&mut self.exp, "exp", map)?,
            "nbf" => set(&mut self.nbf, "nbf", map)?,
            "iat" => set(&mut self.iat, "iat", map)?,
            "jti" => set(&mut self.jti, "jti", map)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

#[inline]
fn set<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    claim: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if claim.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *claim = Some(map.next_value()?);
    Ok(())
}
