use serde::de::Visitor;

use super::NotStrict;

/// A number (RFC 8259 §6): an integer if it is written as one and fits, otherwise a finite float.
pub(super) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl Number {
    pub(super) fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotStrict> {
        match self {
            Number::Unsigned(number) => visitor.visit_u64(number),
            Number::Signed(number) => visitor.visit_i64(number),
            Number::Float(number) => visitor.visit_f64(number),
        }
    }
}

/// Reads the number that begins at `start`. Returns it with the index after its end.
pub(super) fn read(text: &str, start: usize) -> Result<(Number, usize), NotStrict> {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        let rest = bytes.iter().skip(from);
        from + rest.take_while(|byte| byte.is_ascii_digit()).count()
    };
    let negative = bytes.get(start) == Some(&b'-');
    let first = start + usize::from(negative);
    let mut end = digits(first);
    if end == first || (bytes.get(first) == Some(&b'0') && end > first + 1) {
        return Err(NotStrict::Json);
    }
    let mut integer = true;
    if bytes.get(end) == Some(&b'.') {
        integer = false;
        let fraction = end + 1;
        end = digits(fraction);
        if end == fraction {
            return Err(NotStrict::Json);
        }
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        integer = false;
        let signed = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
        let exponent = end + 1 + usize::from(signed);
        end = digits(exponent);
        if end <= exponent {
            return Err(NotStrict::Json);
        }
    }
    let written = text.get(start..end).ok_or(NotStrict::Json)?;
    let number = match (integer, negative) {
        (true, false) => written.parse().map(Number::Unsigned).ok(),
        // "-0" is a float, because integers have no negative zero.
        (true, true) => written.parse().ok().filter(|n| *n != 0).map(Number::Signed),
        (false, _) => None,
    };
    match number {
        Some(number) => Ok((number, end)),
        None => match written.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok((Number::Float(number), end)),
            _ => Err(NotStrict::Json),
        },
    }
}
