use thiserror::Error;

/// The display name of a user. It is not unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// The text is not a valid name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must have 1 to 150 characters and no control characters")]
pub struct InvalidName;

impl Name {
    /// Reads a name, ignoring surrounding white space.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] unless it has 1 to 150 characters and no control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let text = text.trim();
        if !(1..=150).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(InvalidName);
        }
        Ok(Self(text.to_owned()))
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
    fn a_name_has_1_to_150_characters_and_no_control_character() {
        assert_eq!(String::from(Name::parse("  Ann  Ёж ").unwrap()), "Ann  Ёж");
        assert!(Name::parse(&"ы".repeat(150)).is_ok());
        for text in ["", "  ", "a\nb", "a\u{0}", &"ы".repeat(151)] {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
    }
}
