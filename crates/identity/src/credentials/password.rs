use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use super::common;
use crate::unicode;

/// A password that somebody typed. `Debug` does not show it.
#[derive(Clone)]
pub struct Password {
    /// The same from every keyboard (RFC 8265 §4.2).
    opaque: Zeroizing<String>,
    /// As it was typed, if that differs. Hashes from elsewhere may be of that.
    typed: Option<Zeroizing<String>>,
}

/// A password that satisfies the policy. `Debug` does not show it.
#[derive(Clone, Debug)]
pub struct AcceptedPassword(pub(super) Password);

/// Why a password violates the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidPassword {
    /// It is too short to withstand guessing, or longer than anything people type.
    #[error("must have 8 to 128 characters")]
    Length,
    /// It is among the passwords that attackers try first.
    #[error("is one of the most common passwords; choose another")]
    Common,
    /// It contains the user's name or email address, which attackers try next.
    #[error("must not contain the name or the email address")]
    ContainsIdentity,
}

/// The shortest name that a password is searched for; shorter ones occur in many words.
const SHORTEST_NAME: usize = 4;

impl Password {
    /// Any text that somebody typed.
    pub fn attempt(text: String) -> Self {
        let (opaque, typed) = (unicode::opaque(&text), Zeroizing::new(text));
        Self {
            typed: (opaque != *typed).then_some(typed),
            opaque: Zeroizing::new(opaque),
        }
    }

    /// What is hashed.
    pub(super) fn opaque(&self) -> &str {
        &self.opaque
    }

    /// As it was typed, if that differs.
    pub(super) fn typed(&self) -> Option<&str> {
        self.typed.as_ref().map(|typed| typed.as_str())
    }

    /// Checks the policy for a user of this name and email address: 8 to 128 characters of any kind
    /// (V6.2.1, V6.2.5, V6.2.9), not one of the most common passwords (V6.2.4), and without the name or
    /// the mailbox (V6.2.11).
    ///
    /// # Errors
    ///
    /// [`InvalidPassword`].
    pub fn accept(self, name: &str, email: &str) -> Result<AcceptedPassword, InvalidPassword> {
        if !(8..=128).contains(&self.opaque.chars().count()) {
            return Err(InvalidPassword::Length);
        }
        if common::is_common(&self.opaque) {
            return Err(InvalidPassword::Common);
        }
        let lower = Zeroizing::new(self.opaque.to_lowercase());
        let mailbox = email.split('@').next().unwrap_or_default();
        let contains = |who: &str| {
            let who = who.trim().to_lowercase();
            who.chars().count() >= SHORTEST_NAME && lower.contains(&who)
        };
        match contains(name) || contains(mailbox) {
            true => Err(InvalidPassword::ContainsIdentity),
            false => Ok(AcceptedPassword(self)),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(text: &str) -> Result<(), InvalidPassword> {
        let password = Password::attempt(text.to_owned());
        password
            .accept("Ольга", "olga.petrova@example.org")
            .map(drop)
    }

    #[test]
    fn a_password_has_8_to_128_characters_of_any_kind() {
        let with = |n: usize| accept(&"ы".repeat(n));
        assert_eq!((with(8), with(128)), (Ok(()), Ok(())));
        assert_eq!(with(7), Err(InvalidPassword::Length));
        assert_eq!(with(129), Err(InvalidPassword::Length));
        assert_eq!(accept("        \u{0}\u{1f600}"), Ok(()));
    }

    #[test]
    fn common_passwords_and_ones_with_the_name_or_mailbox_are_refused() {
        assert_eq!(accept("Password1"), Err(InvalidPassword::Common));
        for text in [
            "я Ольга и всё",
            "xOLGA.PETROVAx",
            "olga.petrova@example.org",
        ] {
            assert_eq!(
                accept(text),
                Err(InvalidPassword::ContainsIdentity),
                "{text}"
            );
        }
        assert_eq!(accept("olga and a horse"), Ok(()));
    }

    #[test]
    fn a_short_name_is_not_searched_for() {
        let password = Password::attempt("a planning horse".to_owned());
        assert!(password.accept("Ann", "an@example.org").is_ok());
    }

    #[test]
    fn debug_output_shows_no_password() {
        let password = Password::attempt("sesame and more".to_owned());
        let accepted = password.clone().accept("", "").unwrap();
        assert!(!format!("{password:?}{accepted:?}").contains("sesame"));
    }
}
