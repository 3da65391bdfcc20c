//! Serializes registered and custom claims as one flat object. Flattening by hand takes a single
//! pass, and rejects custom claims that would shadow a registered one.

use std::collections::HashSet;
use std::fmt::Display;

use serde::ser::{
    Error, Impossible, Serialize, SerializeMap, SerializeStruct, Serializer, StdError,
};

use super::{Claims, is_registered};

impl<Own: Serialize> Serialize for Claims<Own> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let registered = &self.registered;
        entry(&mut map, "iss", registered.iss.as_ref())?;
        entry(&mut map, "sub", registered.sub.as_ref())?;
        entry(&mut map, "aud", registered.aud.as_ref())?;
        entry(&mut map, "exp", registered.exp.as_ref())?;
        entry(&mut map, "nbf", registered.nbf.as_ref())?;
        entry(&mut map, "iat", registered.iat.as_ref())?;
        entry(&mut map, "jti", registered.jti.as_ref())?;
        self.own.serialize(OwnMembers {
            map: &mut map,
            name: None,
            names: HashSet::new(),
        })?;
        map.end()
    }
}

fn entry<M: SerializeMap, T: Serialize>(
    map: &mut M,
    name: &str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    match value {
        Some(value) => map.serialize_entry(name, value),
        None => Ok(()),
    }
}

/// Serializes the members of a struct or map into a map that is already open.
struct OwnMembers<'a, M> {
    map: &'a mut M,
    /// The name of the member whose value comes next. Used only for maps.
    name: Option<String>,
    /// The names written from a map. The fields of a struct are unique, but `#[serde(flatten)]`
    /// turns a struct into a map whose members may not be.
    names: HashSet<String>,
}

impl<M: SerializeMap> OwnMembers<'_, M> {
    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), M::Error> {
        if is_registered(name) {
            return Err(M::Error::custom(format_args!(
                "`{name}` is a registered claim; set it in `registered`"
            )));
        }
        self.map.serialize_entry(name, value)
    }
}

impl<M: SerializeMap> SerializeStruct for OwnMembers<'_, M> {
    type Ok = ();
    type Error = M::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        self.member(name, value)
    }

    fn end(self) -> Result<(), M::Error> {
        Ok(())
    }
}

impl<M: SerializeMap> SerializeMap for OwnMembers<'_, M> {
    type Ok = ();
    type Error = M::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), M::Error> {
        match serde_json::to_value(key) {
            Ok(serde_json::Value::String(name)) => {
                self.name = Some(name);
                Ok(())
            }
            _ => Err(M::Error::custom("claim names must be strings")),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), M::Error> {
        let Some(name) = self.name.take() else {
            return Err(M::Error::custom("a claim has a value but no name"));
        };
        self.member(&name, value)?;
        match self.names.insert(name) {
            true => Ok(()),
            false => Err(M::Error::custom("a claim occurs twice")),
        }
    }

    fn end(self) -> Result<(), M::Error> {
        Ok(())
    }
}

fn not_an_object<T, E: Error>() -> Result<T, E> {
    Err(E::custom("custom claims must be a struct or a map"))
}

macro_rules! refuse {
    ($($method:ident($($argument:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$ok, Self::Error> {
            not_an_object()
        })*
    };
}

type No<M> = Impossible<(), <M as SerializeMap>::Error>;

impl<'a, M: SerializeMap> Serializer for OwnMembers<'a, M>
where
    M::Error: StdError,
{
    type Ok = ();
    type Error = M::Error;
    type SerializeSeq = No<M>;
    type SerializeTuple = No<M>;
    type SerializeTupleStruct = No<M>;
    type SerializeTupleVariant = No<M>;
    type SerializeMap = OwnMembers<'a, M>;
    type SerializeStruct = OwnMembers<'a, M>;
    type SerializeStructVariant = No<M>;

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, M::Error> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, M::Error> {
        Ok(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), M::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), M::Error> {
        not_an_object()
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result<(), M::Error> {
        not_an_object()
    }

    refuse! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}
