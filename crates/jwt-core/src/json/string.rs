use std::borrow::Cow;

use super::NotStrict;

/// Reads a string (RFC 8259 §7); `start` is the index after its opening quotation mark. Returns it
/// with the index after its closing quotation mark. It is borrowed if it has no escapes.
pub(super) fn read(text: &str, start: usize) -> Result<(Cow<'_, str>, usize), NotStrict> {
    let bytes = text.as_bytes();
    let mut end = special(bytes, start);
    if bytes.get(end) == Some(&b'"') {
        let plain = text.get(start..end).ok_or(NotStrict::Json)?;
        return Ok((Cow::Borrowed(plain), end + 1));
    }
    let mut unescaped = String::new();
    let mut plain = start;
    loop {
        unescaped.push_str(text.get(plain..end).ok_or(NotStrict::Json)?);
        match bytes.get(end) {
            Some(b'"') => return Ok((Cow::Owned(unescaped), end + 1)),
            Some(b'\\') => plain = escape(bytes, end + 1, &mut unescaped)?,
            // A control character, or the string is not terminated.
            _ => return Err(NotStrict::Json),
        }
        end = special(bytes, plain);
    }
}

/// The index of the next quotation mark, backslash or control character, or of the end. Scans
/// eight bytes at a time with bit tricks that set the highest bit of each matching byte.
fn special(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    let is = |word: u64, byte: u8| {
        let difference = word ^ (ONES * u64::from(byte));
        difference.wrapping_sub(ONES) & !difference
    };
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        // A borrow can cause false matches only after the first match.
        let found = (is(word, b'"') | is(word, b'\\') | control) & HIGHS;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    at + rest.iter().position(is_special).unwrap_or(rest.len())
}

/// Reads the escape after a backslash, and returns the index after its end.
fn escape(bytes: &[u8], at: usize, out: &mut String) -> Result<usize, NotStrict> {
    let plain = match bytes.get(at).ok_or(NotStrict::Json)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(bytes, at + 1, out),
        _ => return Err(NotStrict::Json),
    };
    out.push(plain);
    Ok(at + 1)
}

/// Reads a `\u` escape: four hexadecimal digits, or a surrogate pair. Rejects lone surrogates.
fn unicode(bytes: &[u8], at: usize, out: &mut String) -> Result<usize, NotStrict> {
    let first = hex(bytes, at)?;
    let (code, end) = match first {
        0xd800..0xdc00 => {
            if bytes.get(at + 4..at + 6) != Some(b"\\u") {
                return Err(NotStrict::Json);
            }
            match hex(bytes, at + 6)? {
                second @ 0xdc00..0xe000 => (
                    0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                    at + 10,
                ),
                _ => return Err(NotStrict::Json),
            }
        }
        _ => (first, at + 4),
    };
    out.push(char::from_u32(code).ok_or(NotStrict::Json)?);
    Ok(end)
}

fn hex(bytes: &[u8], at: usize) -> Result<u32, NotStrict> {
    let digits = bytes.get(at..at + 4).ok_or(NotStrict::Json)?;
    digits.iter().try_fold(0, |value, digit| {
        let digit = char::from(*digit).to_digit(16).ok_or(NotStrict::Json)?;
        Ok(value << 4 | digit)
    })
}
