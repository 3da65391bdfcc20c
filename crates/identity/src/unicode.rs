//! Text that people type, in one form for all keyboards and systems, and fit to be shown.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Composed (NFC): what one system writes as `n` and a tilde, another writes as `ñ`.
pub(crate) fn composed(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(text)
        .into_owned()
}

/// A password in the form in which it is compared (OpaqueString, RFC 8265 §4.2.2): all spaces are the
/// ASCII one, and the rest is composed. What the profile disallows is only unusual, and stays.
pub(crate) fn opaque(text: &str) -> String {
    let one_space = |c: char| if is_space(c) { ' ' } else { c };
    composed(&text.chars().map(one_space).collect::<String>())
}

/// Whether it is a space, of any width.
pub(crate) fn is_space(c: char) -> bool {
    category(c) == GeneralCategory::SpaceSeparator
}

/// Whether people see a text as it is: something of it is visible, and nothing in it is hidden, unassigned or
/// changes the direction or the place of what is written (cf. FreeformClass, RFC 8264 §4.3).
pub(crate) fn is_displayable(text: &str) -> bool {
    let characters: Vec<_> = text.chars().collect();
    let is_fit = |(index, c): (usize, &char)| match category(*c) {
        GeneralCategory::Control
        | GeneralCategory::Surrogate
        | GeneralCategory::PrivateUse
        | GeneralCategory::Unassigned
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => false,
        _ if is_ignorable(*c) => joins(&characters, index),
        _ => true,
    };
    characters.iter().enumerate().all(is_fit) && characters.iter().copied().any(is_visible)
}

/// Whether an ignorable character has its place where it stands: a variation selector behind what it varies, or
/// a joiner between two others, as in Persian, in the scripts of India and in emoji.
fn joins(characters: &[char], index: usize) -> bool {
    let neighbour = |index: Option<usize>| {
        let c = index.and_then(|index| characters.get(index));
        c.is_some_and(|c| is_visible(*c) || is_mark(*c) || is_variation(*c))
    };
    let follows = neighbour(index.checked_sub(1));
    match characters.get(index) {
        Some('\u{200c}' | '\u{200d}') => follows && neighbour(index.checked_add(1)),
        Some(c) => follows && is_variation(*c),
        None => false,
    }
}

fn is_variation(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}')
}

fn is_mark(c: char) -> bool {
    matches!(
        category(c),
        GeneralCategory::NonspacingMark
            | GeneralCategory::SpacingMark
            | GeneralCategory::EnclosingMark
    )
}

fn is_visible(c: char) -> bool {
    let is_blank = is_space(c) || is_mark(c) || c == BRAILLE_BLANK;
    !is_blank && !is_ignorable(c) && !c.is_control()
}

/// A symbol that looks like a space.
const BRAILLE_BLANK: char = '\u{2800}';

fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_same_from_every_keyboard() {
        assert_eq!(opaque("man\u{303}ana"), "mañana");
        assert_eq!(opaque("mañana"), "mañana");
        // Examples of RFC 8265 §4.3.
        assert_eq!(
            opaque("Correct Horse Battery Staple"),
            "Correct Horse Battery Staple"
        );
        assert_eq!(opaque("Jack of \u{2666}s"), "Jack of \u{2666}s");
        assert_eq!(opaque("foo\u{1680}bar"), "foo bar");
        assert_ne!(opaque("πßå"), opaque("ΠSSÅ"));
    }

    #[test]
    fn names_of_people_are_displayable() {
        for name in [
            "Ann",
            "Ольга Ёж",
            "José",
            "李小龍",
            "O’Neil-Smith, Jr.",
            "نرگس می\u{200c}خواهد",
            "ക്\u{200d}ഷ",
            "Ann 👩\u{200d}💻",
            "❤\u{fe0f} Ann",
            "R2-D2",
            "∅",
        ] {
            assert!(is_displayable(name), "{name}");
        }
    }

    #[test]
    fn what_is_hidden_or_moves_other_text_is_not() {
        for name in [
            "",
            "\u{200b}",
            "\u{3164}",
            "\u{2800}\u{2800}",
            "\u{301}",
            "\u{ad}",
            "Ann\u{200b}",
            "\u{202e}nnA",
            "Ann\u{2066}",
            "Ann\u{200f}",
            "Ann\u{feff}",
            "\u{200d}Ann",
            "Ann\u{200d}",
            "An\u{200d}\u{200d}n",
            "Ann\u{e0041}",
            "Ann\u{3164}",
            "a\nb",
            "a\u{0}",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{e000}",
            "a\u{378}",
        ] {
            assert!(!is_displayable(name), "{name:?}");
        }
    }
}
