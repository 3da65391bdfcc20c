//! Mail: what is sent, in which words, and how it is handed over. The outbox is written in the transaction of
//! what causes a mail; one replica at a time delivers it, at least once.

mod delivery;
mod letters;
mod limit;
mod message;
mod outbox;
mod request;
mod templates;
mod transport;
mod url;

use crate::challenges::ChallengeSecrets;

pub use delivery::Deliverer;
pub use letters::{Letters, Unwritten};
pub use limit::{MailLimit, Requested};
pub use message::{InvalidSender, Sender};
pub use outbox::{Asked, Asking, Letter, Notices, Outbox};
pub use templates::{InvalidTemplate, Templates};
pub use transport::{Delivery, Transport};
pub use url::{InvalidMailUrl, MailUrl};

/// What use-cases need to ask for proofs by mail, and to check them. Clones share it.
#[derive(Clone)]
pub struct Mailing {
    /// Prepares mails.
    pub outbox: Outbox,
    /// Checks codes and links.
    pub secrets: ChallengeSecrets,
    /// Bounds how many mails an address gets.
    pub limit: MailLimit,
}
