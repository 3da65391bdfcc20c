use actix_web::web::Data;
use identity::users::{Sent, Users};
use paperclip::actix::api_v2_operation;

use crate::extract::access_token::Bearer;
use crate::extract::asking_browser::AskingBrowser;
use crate::extract::limit::SignInLimit;
use crate::mail_sent::MailSent;
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, rate_limited};
use crate::problem::{Code, Problem};

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[
        Code::EmailAlreadyVerified,
        Code::RateLimited,
        Code::Unavailable,
    ],
];

/// Send a mail to prove the address
///
/// Sends the current user a mail with a link and a code, in place of earlier ones.
#[api_v2_operation(operation_id = "sendVerification", tags(Accounts))]
pub(crate) async fn send_verification(
    _limit: SignInLimit,
    bearer: Bearer,
    browser: AskingBrowser,
    users: Data<Users>,
) -> Result<MailSent, Problem> {
    let (asking, cookie) = browser.ask(None)?;
    match users.send_verification(&bearer.0, asking).await? {
        Sent::Sent => Ok(MailSent(cookie)),
        Sent::AlreadyVerified => Err(Code::EmailAlreadyVerified.into()),
        Sent::RateLimited { wait } => Err(rate_limited(wait)),
        Sent::UserGone => Err(Code::SessionRevoked.into()),
    }
}
