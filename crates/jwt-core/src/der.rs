//! The subset of DER (X.690) that PKCS#8 (RFC 5958) and SubjectPublicKeyInfo (RFC 5280) use.

use crate::error::KeyError;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
/// `[0]`: the attributes in PKCS#8, the curve in RFC 5915.
pub(crate) const CONTEXT_0_CONSTRUCTED: u8 = 0xa0;
/// `[1]`: the public key, primitive in PKCS#8 version 2 and constructed in RFC 5915.
pub(crate) const CONTEXT_1: u8 = 0x81;
pub(crate) const CONTEXT_1_CONSTRUCTED: u8 = 0xa1;

const MALFORMED: KeyError = KeyError::Malformed("it is not a DER-encoded key");

/// The rest of the input.
#[derive(Clone, Copy)]
pub(crate) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Reads the content of the next element, which must have this tag.
    pub(crate) fn read(&mut self, tag: u8) -> Result<&'a [u8], KeyError> {
        let (found, content) = self.element()?;
        if found == tag {
            Ok(content)
        } else {
            Err(MALFORMED)
        }
    }

    /// Reads the next element like [`Der::read`], and returns a reader for the elements in it.
    pub(crate) fn enter(&mut self, tag: u8) -> Result<Der<'a>, KeyError> {
        self.read(tag).map(Der)
    }

    /// Reads the content of the next element if it has this tag.
    pub(crate) fn read_optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, KeyError> {
        match self.0.first() {
            Some(found) if *found == tag => self.read(tag).map(Some),
            _ => Ok(None),
        }
    }

    /// Reads a non-negative integer, without the leading zero byte that DER may require.
    pub(crate) fn unsigned(&mut self) -> Result<&'a [u8], KeyError> {
        match self.read(INTEGER)? {
            [0, rest @ ..] if rest.first().is_some_and(|byte| byte & 0x80 != 0) => Ok(rest),
            [0] => Ok(&[]),
            [0, ..] | [] => Err(MALFORMED),
            [first, ..] if first & 0x80 != 0 => Err(MALFORMED),
            bytes => Ok(bytes),
        }
    }

    /// Fails if any input is left.
    pub(crate) fn end(self) -> Result<(), KeyError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(MALFORMED)
        }
    }

    fn element(&mut self) -> Result<(u8, &'a [u8]), KeyError> {
        let [tag, first, rest @ ..] = self.0 else {
            return Err(MALFORMED);
        };
        let (length, rest) = match (first, rest) {
            (0..=0x7f, _) => (usize::from(*first), rest),
            (0x81, [length @ 0x80..=0xff, rest @ ..]) => (usize::from(*length), rest),
            (0x82, [high @ 1..=0xff, low, rest @ ..]) => {
                (usize::from(*high) << 8 | usize::from(*low), rest)
            }
            // Not the shortest encoding of the length, or longer than any key.
            _ => return Err(MALFORMED),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or(MALFORMED)?;
        self.0 = rest;
        Ok((*tag, content))
    }
}

/// The bytes of a bit string, which must have no unused bits.
pub(crate) fn whole_bytes(bit_string: &[u8]) -> Result<&[u8], KeyError> {
    match bit_string {
        [0, bytes @ ..] => Ok(bytes),
        _ => Err(MALFORMED),
    }
}
