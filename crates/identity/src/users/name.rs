use thiserror::Error;

use crate::unicode;

/// The display name of a user. It is not unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// The text is not a valid name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "must have 1 to 150 characters, something of it visible, and no hidden or control characters, such as line ends, \
     zero-width spaces and marks that change the direction of writing"
)]
pub struct InvalidName;

impl Name {
    /// Reads a name: composed, with single spaces and none around it (Nickname, RFC 8266 §2.3).
    ///
    /// # Errors
    ///
    /// [`InvalidName`] unless it has 1 to 150 characters and people see it as it is.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        // Not of the whole text: a tab or a line end is no space.
        let words = text.trim().split(unicode::is_space);
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        let name = unicode::composed(&words.join(" "));
        let is_short = name.chars().count() <= 150;
        (is_short && unicode::is_displayable(&name))
            .then_some(Self(name))
            .ok_or(InvalidName)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn a_name_has_1_to_150_characters_that_people_see() {
        let name = |text| String::from(Name::parse(text).unwrap());
        assert_eq!(name("  Ann \u{3000} \u{415}\u{308}ж\n"), "Ann Ёж");
        assert!(Name::parse(&"ы".repeat(150)).is_ok());
        for text in [
            "",
            "  ",
            "a\nb",
            "a\tb",
            "\u{202e}a",
            "\u{200b}",
            &"ы".repeat(151),
        ] {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
    }
}
