use std::fmt;

use email_address::{EmailAddress, Options};
use thiserror::Error;

use crate::unicode;

/// An email address (RFC 5321).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

/// The text is not an email address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an email address of at most 254 characters, such as ann@example.org")]
pub struct InvalidEmail;

impl Email {
    /// Reads an email address, ignoring surrounding white space: with the mailbox composed, and the domain as
    /// people write it (UTS 46), so that `dömäin.com` and `xn--dmin-moa0i.com` are one address.
    ///
    /// # Errors
    ///
    /// [`InvalidEmail`].
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let (mailbox, domain) = text.trim().rsplit_once('@').ok_or(InvalidEmail)?;
        let address = format!("{}@{}", unicode::composed(mailbox), unicode_domain(domain)?);
        // A quoted mailbox has many forms, which would be as many accounts.
        if mailbox.contains('"') || address.len() > 254 || !unicode::is_displayable(&address) {
            return Err(InvalidEmail);
        }
        let options = Options::default()
            .without_display_text()
            .without_domain_literal();
        EmailAddress::parse_with_options(&address, options).map_err(|_| InvalidEmail)?;
        Ok(Self(address))
    }
}

fn unicode_domain(domain: &str) -> Result<String, InvalidEmail> {
    let ascii = idna::domain_to_ascii(domain).map_err(|_| InvalidEmail)?;
    match idna::domain_to_unicode(&ascii) {
        (unicode, Ok(())) => Ok(unicode),
        (_, Err(_)) => Err(InvalidEmail),
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
    fn one_address_has_one_form() {
        for (text, form) in [
            ("ann@dömäin.com", "ann@dömäin.com"),
            ("ann@do\u{308}ma\u{308}in.com", "ann@dömäin.com"),
            ("ann@xn--dmin-moa0i.com", "ann@dömäin.com"),
            ("ann@DÖMÄIN.com", "ann@dömäin.com"),
            ("ann@ｅｘａｍｐｌｅ。org", "ann@example.org"),
            ("Ann@Example.ORG", "Ann@example.org"),
            ("jose\u{301}@example.org", "josé@example.org"),
            ("ann@faß.de", "ann@faß.de"),
        ] {
            assert_eq!(Email::parse(text).unwrap().to_string(), form, "{text}");
        }
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
            "\"ann\"@example.org",
            "\"a b\"@example.org",
            "a@b@c",
            "Ann <ann@example.org>",
            "ann@[192.0.2.1]",
            "a\u{0}@example.org",
            "ann@example.org\r\nX: y",
            "an\u{200b}n@example.org",
            "\u{202e}nna@example.org",
            "ann@exam\u{202e}ple.org",
            "ann@xn--a",
            "ann@-example.org",
            &long,
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }
}
