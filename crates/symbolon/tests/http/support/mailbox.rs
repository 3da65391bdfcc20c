//! The mails of a service, as their readers see them.

use identity::mail::Letters;
use store::outbox::{self, MailOutcome};
use store::{Store, UnixMillis};

/// A mail.
#[derive(Clone, Debug)]
pub(crate) struct ReadMail {
    pub(crate) kind: &'static str,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl ReadMail {
    /// The token of its link.
    pub(crate) fn token(&self) -> String {
        let (_, rest) = self
            .text
            .split_once("#token=")
            .unwrap_or_else(|| panic!("{self:?}"));
        rest.split(['&', '\n']).next().unwrap().to_owned()
    }

    /// Its code.
    pub(crate) fn code(&self) -> String {
        let words: Vec<_> = self.text.split_whitespace().collect();
        let is_half = |word: &str| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
        let halves = words
            .windows(2)
            .find(|two| is_half(two[0]) && is_half(two[1]));
        halves.unwrap_or_else(|| panic!("{self:?}")).join(" ")
    }
}

/// Reads the outbox.
pub(crate) fn read(store: &Store, letters: &Letters, now: UnixMillis) -> Vec<ReadMail> {
    let mut mails = store.read(|c| outbox::list(c, None, 100)).unwrap();
    mails.reverse();
    mails.retain(|mail| mail.mail.outcome != Some(MailOutcome::Suppressed));
    mails
        .iter()
        .map(|mail| {
            // What is not valid any more has no words.
            let shown = letters.show(store, mail, now);
            let (subject, text) = shown.unwrap_or_default();
            ReadMail {
                kind: mail.mail.kind.as_str(),
                to: mail.mail.recipient.clone(),
                subject,
                text,
            }
        })
        .collect()
}
