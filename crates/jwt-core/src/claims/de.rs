//! One pass over the JSON: registered claims are taken out on the way, all other members go to
//! the application's type.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, StringDeserializer};
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess,
    Visitor,
};

use super::{Audience, RegisteredClaims};
use crate::json::{self, NotStrict};

/// Reads a payload: its registered claims into `registered`, and the application's own. The former
/// are read in place, as to hand them up through serde would copy them at each step.
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
        Own::deserialize(MapAccessDeserializer::new(OwnMembers {
            map,
            registered: self.registered,
        }))
    }
}

struct OwnMembers<'a, A> {
    map: A,
    registered: &'a mut RegisteredClaims,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for OwnMembers<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.map.next_key_seed(MemberName)? {
            if self.registered.take(&name, &mut self.map)? {
                continue;
            }
            let name = match name {
                Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
                Cow::Owned(name) => seed.deserialize(StringDeserializer::new(name)),
            };
            return name.map(Some);
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
        f.write_str("a name or an array of names")
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

/// A member's name: borrowed from the input unless it was written with escapes.
struct MemberName;

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

impl RegisteredClaims {
    /// Takes the value of a registered claim; `false` when `name` is not one.
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
