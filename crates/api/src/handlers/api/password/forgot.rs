use actix_web::web::Data;
use identity::mail::Requested;
use identity::users::{Email, Users};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use crate::extract::asking_browser::AskingBrowser;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::SignInLimit;
use crate::mail_sent::MailSent;
use crate::outcomes::rate_limited;
use crate::problem::{Code, Problem};

/// The address to which a mail is sent.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailRequest {
    /// The email address.
    email: String,
    /// Where the browser goes afterwards: a URL of this service or of an allowed origin.
    #[serde(default)]
    return_to: Option<String>,
}

impl MailRequest {
    pub(crate) fn parse(self) -> Result<(Email, Option<String>), Problem> {
        let email = Email::parse(&self.email);
        let email = email.map_err(|why| Problem::invalid_field("email", &why.to_string()))?;
        Ok((email, self.return_to))
    }
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[Code::RateLimited, Code::Unavailable]];

/// Send a mail to set a new password
///
/// If somebody has this address, they get a mail with a link and a code. The answer is the same, in the same
/// time, if nobody has it. An address gets at most three such mails an hour.
#[api_v2_operation(operation_id = "forgotPassword", tags(Accounts))]
pub(crate) async fn forgot_password(
    _limit: SignInLimit,
    body: JsonBody<MailRequest>,
    browser: AskingBrowser,
    device: ClientDevice,
    users: Data<Users>,
) -> Result<MailSent, Problem> {
    let (email, return_to) = body.0.parse()?;
    let (asking, cookie) = browser.ask(return_to.as_deref())?;
    match users.forgot_password(email, asking, &device.0).await? {
        Requested::Sent => Ok(MailSent(cookie)),
        Requested::RateLimited { wait } => Err(rate_limited(wait)),
    }
}
