use std::fmt;

use email_address::{EmailAddress, Options};
use thiserror::Error;

/// An email address (RFC 5321).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

/// The text is not an email address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an email address of at most 254 characters, such as ann@example.org")]
pub struct InvalidEmail;

impl Email {
    /// Reads an email address, ignoring surrounding white space.
    ///
    /// # Errors
    ///
    /// [`InvalidEmail`].
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let options = Options::default()
            .without_display_text()
            .without_domain_literal();
        if text.len() > 254 || text.chars().any(char::is_control) {
            return Err(InvalidEmail);
        }
        EmailAddress::parse_with_options(text, options).map_err(|_| InvalidEmail)?;
        Ok(Self(text.to_owned()))
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Email;

    #[test]
    fn real_addresses_are_accepted() {
        for text in [
            "ann@example.org",
            "a.b+c@sub.example.org",
            "o'neil@example.org",
            "анна@пример.рф",
            "root@localhost",
        ] {
            assert!(Email::parse(text).is_ok(), "{text}");
        }
        assert_eq!(
            Email::parse(" ann@example.org\n").unwrap().to_string(),
            "ann@example.org"
        );
    }

    #[test]
    fn everything_else_is_refused() {
        let long = format!("{}@example.org", "a".repeat(250));
        for text in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "a b@example.org",
            "a@b@c",
            "Ann <ann@example.org>",
            "ann@[192.0.2.1]",
            "a\u{0}@example.org",
            "ann@example.org\r\nX: y",
            &long,
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }
}
