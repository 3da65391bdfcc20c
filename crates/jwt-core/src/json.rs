//! A strict JSON parser (RFC 8259). It accepts a single object whose members are unique at every
//! depth, so that two parsers cannot see different claims in the same token.
//!
//! It is a serde data format like the one in `serde_json`, but it enforces strictness in the same
//! pass: duplicate members, deep nesting and numbers out of range are errors for every type.

mod member_name;
mod names;
mod number;
mod string;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

pub(crate) use member_name::MemberName;
use names::Names;

/// The maximum nesting depth. Real tokens have only a few levels.
const MAX_DEPTH: u8 = 16;

/// Deserializes a value from a text that must be a single JSON object.
pub(crate) fn from_str<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, NotStrict> {
    read(text, PhantomData)
}

/// Like [`from_str`], for a value that is deserialized with a seed.
pub(crate) fn read<'de, S: DeserializeSeed<'de>>(
    text: &'de str,
    seed: S,
) -> Result<S::Value, NotStrict> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    if reader.peek() != Some(b'{') {
        return Err(NotStrict::Json);
    }
    let value = seed.deserialize(&mut reader)?;
    match reader.peek() {
        None if reader.depth == 0 => Ok(value),
        _ => Err(NotStrict::Json),
    }
}

/// Why a text was rejected. It has no more detail, because that could contain a part of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotStrict {
    /// The text is not strict JSON, or does not have the expected type.
    Json,
    /// A member that the type requires is missing.
    Missing(&'static str),
}

impl fmt::Display for NotStrict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not strict JSON, or not of the expected type")
    }
}

impl std::error::Error for NotStrict {}

impl de::Error for NotStrict {
    fn custom<T: fmt::Display>(_: T) -> Self {
        NotStrict::Json
    }

    fn missing_field(name: &'static str) -> Self {
        NotStrict::Missing(name)
    }
}

/// A `Deserialize` implementation may ignore an error and continue. Therefore the reader never
/// advances past invalid JSON, reads a value of an unexpected type to its end, and counts an object
/// or array that was abandoned as open for good, so that the whole text is rejected.
struct Reader<'de> {
    text: &'de str,
    /// The number of bytes read.
    at: usize,
    /// The number of open objects and arrays.
    depth: u8,
}

/// The `#[inline]` hints on the functions called for each member save about 5% of a verification.
impl<'de> Reader<'de> {
    /// Skips white space and returns the next byte without consuming it.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn expect(&mut self, byte: u8) -> Result<(), NotStrict> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(NotStrict::Json)
        }
    }

    fn word(&mut self, word: &str) -> Result<(), NotStrict> {
        let rest = self.text.get(self.at..).ok_or(NotStrict::Json)?;
        if rest.starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(NotStrict::Json)
        }
    }

    #[inline]
    fn string(&mut self) -> Result<Cow<'de, str>, NotStrict> {
        if self.peek() != Some(b'"') {
            return Err(NotStrict::Json);
        }
        let (string, end) = string::read(self.text, self.at + 1)?;
        self.at = end;
        Ok(string)
    }

    /// Enters an object or array, calls `read`, and leaves it.
    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, NotStrict>,
    ) -> Result<T, NotStrict> {
        if self.depth == MAX_DEPTH {
            return Err(NotStrict::Json);
        }
        self.at += 1;
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, NotStrict> {
        self.nested(|reader| {
            let mut members = Members {
                elements: Elements::new(reader, b'}'),
                names: Names::default(),
            };
            let value = visitor.visit_map(&mut members)?;
            members.elements.end()?;
            Ok(value)
        })
    }

    fn seq<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, NotStrict> {
        self.nested(|reader| {
            let mut elements = Elements::new(reader, b']');
            let value = visitor.visit_seq(&mut elements)?;
            elements.end()?;
            Ok(value)
        })
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = NotStrict;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotStrict> {
        match self.peek() {
            Some(b'"') => match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Some(b'{') => self.map(visitor),
            Some(b'[') => self.seq(visitor),
            Some(b'-' | b'0'..=b'9') => {
                let (number, end) = number::read(self.text, self.at)?;
                self.at = end;
                number.visit(visitor)
            }
            Some(b't') => self.word("true").and_then(|()| visitor.visit_bool(true)),
            Some(b'f') => self.word("false").and_then(|()| visitor.visit_bool(false)),
            Some(b'n') => self.word("null").and_then(|()| visitor.visit_unit()),
            _ => Err(NotStrict::Json),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotStrict> {
        match self.peek() {
            Some(b'n') => self.word("null").and_then(|()| visitor.visit_none()),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotStrict> {
        visitor.visit_newtype_struct(self)
    }

    /// As in `serde_json`, a variant without data is a string, and one with data is an object with
    /// a single member.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotStrict> {
        match self.peek() {
            Some(b'"') => {
                let name = self.string()?;
                let unit: StrDeserializer<'_, NotStrict> = (&*name).into_deserializer();
                visitor.visit_enum(unit)
            }
            Some(b'{') => self.nested(|reader| {
                let value = visitor.visit_enum(Variant(reader))?;
                reader.expect(b'}')?;
                Ok(value)
            }),
            _ => Err(NotStrict::Json),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The elements of an array or the members of an object, up to the closing bracket.
struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    close: u8,
    first: bool,
    ended: bool,
}

impl<'a, 'de> Elements<'a, 'de> {
    fn new(reader: &'a mut Reader<'de>, close: u8) -> Self {
        Self {
            reader,
            close,
            first: true,
            ended: false,
        }
    }

    /// Advances to the next element. Returns `false` after the last one, even if called again.
    #[inline]
    fn advance(&mut self) -> Result<bool, NotStrict> {
        if self.ended {
            return Ok(false);
        }
        match self.reader.peek() {
            Some(byte) if byte == self.close => {
                self.reader.at += 1;
                self.ended = true;
                return Ok(false);
            }
            Some(b',') if !self.first => self.reader.at += 1,
            Some(_) if self.first => self.first = false,
            _ => return Err(NotStrict::Json),
        }
        // A trailing comma is not allowed.
        match self.reader.peek() {
            Some(byte) if byte != self.close => Ok(true),
            _ => Err(NotStrict::Json),
        }
    }

    /// Fails unless all elements have been read.
    fn end(mut self) -> Result<(), NotStrict> {
        if !self.advance()? {
            Ok(())
        } else {
            Err(NotStrict::Json)
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, 'de> {
    type Error = NotStrict;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, NotStrict> {
        if self.advance()? {
            seed.deserialize(&mut *self.reader).map(Some)
        } else {
            Ok(None)
        }
    }
}

struct Members<'a, 'de> {
    elements: Elements<'a, 'de>,
    names: Names<'de>,
}

impl<'de> MapAccess<'de> for &mut Members<'_, 'de> {
    type Error = NotStrict;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, NotStrict> {
        if !self.elements.advance()? {
            return Ok(None);
        }
        let reader = &mut *self.elements.reader;
        let start = reader.at;
        let name = reader.string()?;
        let key = match &name {
            Cow::Borrowed(name) => seed.deserialize(MemberName::new(*name)),
            Cow::Owned(name) => seed.deserialize(MemberName::new(name.clone())),
        };
        if !self.names.insert(name) {
            reader.at = start;
            return Err(NotStrict::Json);
        }
        key.map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NotStrict> {
        self.elements.reader.expect(b':')?;
        seed.deserialize(&mut *self.elements.reader)
    }
}

/// An enum variant with data: `"name": data`, inside an object.
struct Variant<'a, 'de>(&'a mut Reader<'de>);

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = NotStrict;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), NotStrict> {
        let name = self.0.string()?;
        let value = seed.deserialize(StrDeserializer::<NotStrict>::new(&name))?;
        self.0.expect(b':')?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = NotStrict;

    fn unit_variant(self) -> Result<(), NotStrict> {
        Deserialize::deserialize(self.0)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, NotStrict> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, NotStrict> {
        self.0.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotStrict> {
        self.0.deserialize_any(visitor)
    }
}
