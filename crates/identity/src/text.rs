//! Text from files and from standard input, as tools on Windows write it as well.

use std::io::{self, BufRead, Read};

use thiserror::Error;

const UTF_8_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
const UTF_16_LE_MARK: &[u8] = &[0xff, 0xfe];
const UTF_16_BE_MARK: &[u8] = &[0xfe, 0xff];

/// The bytes are not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is not text in UTF-8, nor in UTF-16 with a byte order mark")]
pub struct NotText;

/// Decodes UTF-8, or UTF-16 with a byte order mark, and leaves the mark out.
///
/// # Errors
///
/// [`NotText`].
pub fn decode(mut bytes: Vec<u8>) -> Result<String, NotText> {
    if bytes.starts_with(UTF_8_MARK) {
        bytes.drain(..UTF_8_MARK.len());
    }
    let unit: fn([u8; 2]) -> u16 = if bytes.starts_with(UTF_16_LE_MARK) {
        u16::from_le_bytes
    } else if bytes.starts_with(UTF_16_BE_MARK) {
        u16::from_be_bytes
    } else {
        return String::from_utf8(bytes).map_err(|_| NotText);
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(NotText);
    }
    let units: Vec<_> = pairs.iter().skip(1).copied().map(unit).collect();
    String::from_utf16(&units).map_err(|_| NotText)
}

/// Reads text to its end.
///
/// # Errors
///
/// If reading fails, or what was read is [`NotText`].
pub fn read(mut reader: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    decode(bytes).map_err(io::Error::other)
}

/// Reads a line, without what ends it.
///
/// # Errors
///
/// If reading fails, or the line is not in UTF-8.
pub fn read_line(mut reader: impl BufRead) -> io::Result<String> {
    let mut bytes = Vec::new();
    reader.read_until(b'\n', &mut bytes)?;
    if bytes.starts_with(UTF_16_LE_MARK) || bytes.starts_with(UTF_16_BE_MARK) {
        return Err(io::Error::other("is in UTF-16; send UTF-8"));
    }
    let line = decode(bytes).map_err(io::Error::other)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_left_out_and_utf_16_is_read() {
        let utf_16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
            let text = "ключ\n𝄞".encode_utf16().flat_map(bytes);
            mark.iter().copied().chain(text).collect()
        };
        for bytes in [
            "ключ\n𝄞".into(),
            "\u{feff}ключ\n𝄞".into(),
            utf_16(&[0xff, 0xfe], u16::to_le_bytes),
            utf_16(&[0xfe, 0xff], u16::to_be_bytes),
        ] {
            assert_eq!(decode(bytes).unwrap(), "ключ\n𝄞");
        }
        assert_eq!(decode(Vec::new()).unwrap(), "");
    }

    #[test]
    fn anything_else_is_no_text() {
        for bytes in [
            &b"\xff"[..],
            b"caf\xe9",
            b"\xff\xfea",
            b"\xff\xfe\x00\xd8",
            b"\xef\xbb\xbf\xff",
        ] {
            assert_eq!(decode(bytes.to_vec()), Err(NotText), "{bytes:?}");
        }
    }

    #[test]
    fn a_line_ends_where_it_ends() {
        let line = |text: &str| read_line(text.as_bytes()).unwrap();
        assert_eq!(line("\u{feff} pass word \r\nrest"), " pass word ");
        assert_eq!(line("no end"), "no end");
        assert!(read_line(&b"\xff\xfea\x00\n\x00"[..]).is_err());
    }
}
