//! Mail: what use-cases need, and the task that delivers.

use identity::Ports;
use identity::challenges::ChallengeSecrets;
use identity::keys::MasterKey;
use identity::mail::{Deliverer, Letters, MailLimit, Mailing, Notices, Outbox};
use identity::users::Verification;

use crate::settings::Settings;

/// What use-cases need.
pub(super) fn mailing(settings: &Settings, ports: &Ports, master_key: &MasterKey) -> Mailing {
    let only_verified = settings.accounts.rules.verification != Verification::Off;
    let notices = Notices::new(settings.mail.notices.clone(), only_verified);
    Mailing {
        outbox: Outbox::new(ports.clock.clone(), ports.entropy.clone(), notices),
        secrets: ChallengeSecrets::new(master_key),
        limit: MailLimit::new(ports.store.clone(), ports.clock.clone()),
    }
}

/// The task that delivers.
pub(super) fn deliverer(settings: &Settings, ports: &Ports, mailing: &Mailing) -> Deliverer {
    let letters = Letters::new(
        settings.mail.templates.clone(),
        mailing.secrets.clone(),
        settings.mail.sender.clone(),
        settings.http.public_url.issuer(),
    );
    let transport = settings.mail.transport.clone();
    Deliverer::new(ports.clone(), mailing.outbox.clone(), letters, transport)
}
