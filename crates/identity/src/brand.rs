//! How the operator presents the service to its users, in mails and on pages.

use std::fmt;

use thiserror::Error;

/// The name, the colour, and links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// The name of the product.
    pub name: String,
    /// Whether the operator has chosen the name. Otherwise it is that of the host.
    pub is_named: bool,
    /// The logo on pages.
    pub logo: Option<Logo>,
    /// The colour of buttons.
    pub color: Color,
    /// The terms of use.
    pub terms: Option<String>,
    /// The privacy notice.
    pub privacy: Option<String>,
}

impl Brand {
    /// A product of this name, with nothing else chosen.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_named: true,
            logo: None,
            color: Color::default(),
            terms: None,
            privacy: None,
        }
    }
}

/// A logo. `Debug` does not show the image.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub media_type: &'static str,
}

impl Logo {
    /// Recognises an SVG, PNG or WebP file.
    pub fn read(bytes: Vec<u8>) -> Option<Self> {
        let head = &bytes[..bytes.len().min(1024)];
        let is_svg = || str::from_utf8(&bytes).is_ok_and(|text| text.contains("<svg"));
        let media_type = if head.starts_with(b"\x89PNG\r\n\x1a\n") {
            "image/png"
        } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
            "image/webp"
        } else if is_svg() {
            "image/svg+xml"
        } else {
            return None;
        };
        Some(Self { bytes, media_type })
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

/// A colour that can be told from a white page, in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color([u8; 3]);

/// The text is not such a colour.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum InvalidColor {
    /// It cannot be read.
    #[error("must be a colour such as #1659c7")]
    Unreadable,
    /// It is too light (WCAG 2.2, 1.4.11).
    #[error(
        "has a contrast of {0:.1} with a white page; at least 3.0 is needed, so choose a darker colour"
    )]
    TooLight(f64),
}

/// White.
const WHITE: Color = Color([255; 3]);

/// The text on a light colour.
const INK: Color = Color([0x10, 0x14, 0x1b]);

/// The page in the dark.
const DARK_PAGE: Color = Color([0x1d, 0x21, 0x28]);

impl Default for Color {
    fn default() -> Self {
        Self([0x16, 0x59, 0xc7])
    }
}

impl Color {
    /// Reads `#rrggbb`.
    ///
    /// # Errors
    ///
    /// [`InvalidColor`].
    pub fn parse(text: &str) -> Result<Self, InvalidColor> {
        let digits = text.trim().strip_prefix('#').unwrap_or_default();
        let is_hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex);
        let [_, rgb @ ..] = number.ok_or(InvalidColor::Unreadable)?.to_be_bytes();
        let contrast = Self(rgb).contrast(WHITE);
        match contrast >= 3.0 {
            true => Ok(Self(rgb)),
            false => Err(InvalidColor::TooLight(contrast)),
        }
    }

    /// The colour of text on it.
    #[must_use]
    pub fn text(self) -> Self {
        match self.contrast(WHITE) >= 4.5 {
            true => WHITE,
            false => INK,
        }
    }

    /// The same hue, light enough for a dark page.
    #[must_use]
    pub fn in_the_dark(self) -> Self {
        let lighter = (0..=20u16).map(|step| {
            let mix = |channel: u8| {
                let channel = u16::from(channel);
                u8::try_from(channel + (255 - channel) * step / 20).unwrap_or(u8::MAX)
            };
            Self(self.0.map(mix))
        });
        let visible = |color: &Self| color.contrast(DARK_PAGE) >= 4.5;
        lighter.into_iter().find(visible).unwrap_or(WHITE)
    }

    /// The contrast ratio (WCAG 2.2).
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| match f64::from(channel) / 255.0 {
            c if c <= 0.04045 => c / 12.92,
            c => ((c + 0.055) / 1.055).powf(2.4),
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrasts_are_those_of_the_standard() {
        // Examples of WCAG: black on white is 21; #767676 is the lightest grey with 4.5.
        assert!((Color([0; 3]).contrast(WHITE) - 21.0).abs() < 0.001);
        assert!((Color([0x76; 3]).contrast(WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_colour_that_nobody_sees_is_refused() {
        for text in ["", "#fff", "1659c7", "#12345g", "red", "#+12345"] {
            assert_eq!(Color::parse(text), Err(InvalidColor::Unreadable), "{text}");
        }
        for text in ["#ffffff", "#ffdd00", "#a0a0a0"] {
            assert!(
                matches!(Color::parse(text), Err(InvalidColor::TooLight(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn text_can_be_read_on_every_colour_in_both_themes() {
        for text in [
            "#1659c7", "#000000", "#0a7a3c", "#e8590c", "#8e8e8e", "#5f3dc4",
        ] {
            let color = Color::parse(text).unwrap();
            for color in [color, color.in_the_dark()] {
                assert!(color.text().contrast(color) >= 4.5, "{text}: {color}");
            }
            assert!(color.in_the_dark().contrast(DARK_PAGE) >= 4.5, "{text}");
        }
    }
}
