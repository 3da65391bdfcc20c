use actix_web::web::Data;
use identity::mail::Requested;
use identity::sign_in::SignIn;
use paperclip::actix::api_v2_operation;

use crate::extract::asking_browser::AskingBrowser;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::SignInLimit;
use crate::handlers::api::password::forgot::MailRequest;
use crate::mail_sent::MailSent;
use crate::outcomes::rate_limited;
use crate::problem::{Code, Problem};

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] =
    &[&[Code::SignInByMailOff, Code::RateLimited, Code::Unavailable]];

/// Send a mail to sign in with
///
/// If somebody has this address, they get a mail with a code and a link, for ten minutes, to be used in this
/// browser. The answer is the same, in the same time, if nobody has it. The operator must have switched it on
/// (`SYMBOLON_SIGN_IN_BY_MAIL`).
#[api_v2_operation(operation_id = "sendLoginCode", tags(Accounts))]
pub(crate) async fn send_login_code(
    _limit: SignInLimit,
    body: JsonBody<MailRequest>,
    browser: AskingBrowser,
    device: ClientDevice,
    sign_in: Data<SignIn>,
) -> Result<MailSent, Problem> {
    let (email, return_to) = body.0.parse()?;
    let (asking, cookie) = browser.ask(return_to.as_deref())?;
    match sign_in.send_code(email, asking, &device.0).await? {
        Some(Requested::Sent) => Ok(MailSent(cookie)),
        Some(Requested::RateLimited { wait }) => Err(rate_limited(wait)),
        None => Err(Code::SignInByMailOff.into()),
    }
}
