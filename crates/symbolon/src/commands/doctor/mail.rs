//! Whether mails can be handed over.

use api::settings::Settings;
use identity::users::Verification;

use super::Findings;

/// Greets the server, with TLS and credentials, and sends nothing.
pub(super) fn look(settings: &Settings, findings: &mut Findings) {
    let Some(transport) = &settings.mail.transport else {
        findings.note(
            "mail: SYMBOLON_MAIL_URL is not set, so mails wait in the outbox (symbolon mail list)",
        );
        if settings.accounts.rules.verification == Verification::Required {
            findings.bad(
                "mail: SYMBOLON_EMAIL_VERIFICATION=required, but nobody gets the mail with which to prove an \
                 address; set SYMBOLON_MAIL_URL",
            );
        }
        return;
    };
    if transport.is_unencrypted() {
        findings.bad(format!(
            "mail: {transport} is not encrypted (SYMBOLON_DANGER_MAIL_WITHOUT_TLS); links and codes can be read on \
             the way"
        ));
    }
    match transport.check() {
        Ok(()) => findings.ok(format!(
            "mail: {transport} takes mails; symbolon mail test ADDRESS sends one"
        )),
        Err(why) => findings.bad(format!("mail: {transport}: {why}")),
    }
}
