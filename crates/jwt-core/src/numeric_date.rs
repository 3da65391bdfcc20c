use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// Seconds since 1970-01-01T00:00:00Z (RFC 7519 §2), from 1970 to the end of the year 9999.
///
/// The RFC allows fractions; they are truncated when a date is read.
///
/// ```
/// use jwt_core::NumericDate;
///
/// let date = NumericDate::from_secs(1_800_000_000).unwrap();
/// assert_eq!(date.saturating_add(300).as_secs(), 1_800_000_300);
/// assert_eq!(NumericDate::from_secs(u64::MAX), None);
/// assert_eq!(date.saturating_add(u64::MAX), NumericDate::MAX);
/// assert_eq!(serde_json::from_str::<NumericDate>("1800000000.9")?, date);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(u64);

impl NumericDate {
    /// The latest date: 9999-12-31T23:59:59Z.
    pub const MAX: NumericDate = NumericDate(253_402_300_799);

    /// The date `secs` seconds after the epoch; `None` if it is later than [`NumericDate::MAX`].
    pub const fn from_secs(secs: u64) -> Option<Self> {
        if secs <= Self::MAX.0 {
            Some(Self(secs))
        } else {
            None
        }
    }

    /// Seconds since the epoch, 1970-01-01T00:00:00Z.
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// This date plus `secs` seconds, at most [`NumericDate::MAX`].
    #[must_use]
    pub fn saturating_add(self, secs: u64) -> Self {
        Self(self.0.saturating_add(secs).min(Self::MAX.0))
    }
}

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumericDateVisitor)
    }
}

struct NumericDateVisitor;

impl Visitor<'_> for NumericDateVisitor {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds since 1970, up to the end of the year 9999")
    }

    fn visit_u64<E: de::Error>(self, secs: u64) -> Result<NumericDate, E> {
        NumericDate::from_secs(secs)
            .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(secs), &self))
    }

    /// Formats other than JSON may represent integers as `i64`.
    fn visit_i64<E: de::Error>(self, secs: i64) -> Result<NumericDate, E> {
        u64::try_from(secs)
            .map_err(|_| E::invalid_value(Unexpected::Signed(secs), &self))
            .and_then(|secs| self.visit_u64(secs))
    }

    fn visit_f64<E: de::Error>(self, secs: f64) -> Result<NumericDate, E> {
        // Written so that NaN fails too.
        #[allow(clippy::cast_precision_loss)]
        let in_range = secs >= 0.0 && secs <= NumericDate::MAX.0 as f64;
        if in_range {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            Ok(NumericDate(secs as u64))
        } else {
            Err(E::invalid_value(Unexpected::Float(secs), &self))
        }
    }
}
