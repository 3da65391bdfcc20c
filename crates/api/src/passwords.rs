//! Passwords: which will do (OWASP ASVS 5.0, V6.2), and their hashing.

mod argon2id;
mod common;
mod hasher;
mod lane;
mod scheme;

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

pub use hasher::{Busy, PasswordHasher, Verified};
pub use scheme::InvalidHash;
use scheme::Scheme;

/// A password as somebody typed it. `Debug` does not show it.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// A password that may be set for a user. `Debug` does not show it.
#[derive(Clone, Debug)]
pub struct AcceptedPassword(Password);

/// The text will not do as a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidPassword {
    /// Too short to withstand guessing, or longer than anything that is typed.
    #[error("must have 8 to 128 characters")]
    Length,
    /// It is guessed first.
    #[error("is one of the commonest passwords: choose another")]
    Common,
    /// It is guessed next.
    #[error("must not contain the name or the e-mail address")]
    TellsWho,
}

/// The shortest name that a password is searched for; a shorter one is in many words.
const SHORTEST_NAME: usize = 4;

impl Password {
    /// Whatever was typed.
    pub fn attempt(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// A password to be set for a user of this name and e-mail address: 8 to 128 characters of
    /// any kind (V6.2.1, V6.2.5, V6.2.9), not one of the commonest (V6.2.4), and without who it is
    /// for (V6.2.11).
    ///
    /// # Errors
    ///
    /// [`InvalidPassword`].
    pub fn accept(self, name: &str, email: &str) -> Result<AcceptedPassword, InvalidPassword> {
        if !(8..=128).contains(&self.0.chars().count()) {
            return Err(InvalidPassword::Length);
        }
        if common::is_common(&self.0) {
            return Err(InvalidPassword::Common);
        }
        let lower = Zeroizing::new(self.0.to_lowercase());
        let mailbox = email.split('@').next().unwrap_or_default();
        let tells = |who: &str| {
            let who = who.trim().to_lowercase();
            who.chars().count() >= SHORTEST_NAME && lower.contains(&who)
        };
        match tells(name) || tells(mailbox) {
            true => Err(InvalidPassword::TellsWho),
            false => Ok(AcceptedPassword(self)),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Whether a hash that was made elsewhere can be verified here.
///
/// # Errors
///
/// [`InvalidHash`].
pub fn check_hash(text: &str) -> Result<(), InvalidHash> {
    Scheme::parse(text).map(drop)
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
    fn common_ones_and_ones_that_tell_who_will_not_do() {
        assert_eq!(accept("Password1"), Err(InvalidPassword::Common));
        for tells in [
            "я Ольга и всё",
            "xOLGA.PETROVAx",
            "olga.petrova@example.org",
        ] {
            assert_eq!(accept(tells), Err(InvalidPassword::TellsWho), "{tells}");
        }
        assert_eq!(accept("olga and a horse"), Ok(()));
    }

    #[test]
    fn a_name_that_is_in_many_words_is_not_searched_for() {
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
