use lettre::Message;
use lettre::address::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use thiserror::Error;

use super::templates::Rendered;

/// Whom mails are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// The text is no sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an address, or a name with an address: Example <no-reply@example.org>")]
pub struct InvalidSender;

impl Sender {
    /// Reads an address, or a name with an address in angle brackets.
    ///
    /// # Errors
    ///
    /// [`InvalidSender`].
    pub fn parse(text: &str) -> Result<Self, InvalidSender> {
        if text.contains(|c: char| c.is_control()) {
            return Err(InvalidSender);
        }
        text.trim().parse().map(Self).map_err(|_| InvalidSender)
    }

    /// This address, with a name.
    ///
    /// # Errors
    ///
    /// [`InvalidSender`].
    pub fn named(name: &str, address: &str) -> Result<Self, InvalidSender> {
        let address: Address = address.parse().map_err(|_| InvalidSender)?;
        Ok(Self(Mailbox::new(Some(name.to_owned()), address)))
    }
}

/// The mail with its headers. `id` and `host` make its `Message-ID`, which a second copy has too.
///
/// # Errors
///
/// Why it cannot be sent to this address.
pub(super) fn message(
    sender: &Sender,
    recipient: &str,
    rendered: Rendered,
    id: &str,
    host: &str,
) -> Result<Message, String> {
    let message = Message::builder()
        .from(sender.0.clone())
        .to(Mailbox::new(None, address(recipient)?))
        .subject(rendered.subject)
        .message_id(Some(format!("<{id}@{host}>")))
        .date_now()
        .multipart(MultiPart::alternative_plain_html(
            rendered.text,
            rendered.html,
        ));
    let mut message = message.map_err(|error| error.to_string())?;
    let headers = message.headers_mut();
    // Nobody is on holiday for it (RFC 3834 §5).
    headers.insert_raw(HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    ));
    headers.insert_raw(HeaderValue::new(
        HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"),
        "All".to_owned(),
    ));
    Ok(message)
}

/// The address as servers know it, with the domain in ASCII.
fn address(email: &str) -> Result<Address, String> {
    let (mailbox, domain) = email.rsplit_once('@').ok_or("is not an address")?;
    let domain = idna::domain_to_ascii(domain).map_err(|_| "has an invalid domain")?;
    Address::new(mailbox, domain).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for text in [
            "no-reply@example.org",
            "Example <no-reply@example.org>",
            "\"A, B\" <a@example.org>",
        ] {
            assert!(Sender::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "Example",
            "a@example.org\r\nBcc: b@example.org",
            "a@b@c",
        ] {
            assert!(Sender::parse(text).is_err(), "{text:?}");
        }
    }
}
