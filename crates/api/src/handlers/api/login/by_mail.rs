use actix_web::web::Data;
use identity::mail::Asking;
use identity::sign_in::{Browser, Mailed, MailedOutcome, SignIn};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{SignedInAnswer, answer};
use crate::extract::asking_browser::AskingBrowser;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::known_device::KnownDevices;
use crate::extract::limit::SignInLimit;
use crate::extract::refresh_tokens::RefreshTokensToReplace;
use crate::outcomes::refused_proof;
use crate::problem::{Code, Problem};

/// What was mailed: the code, or the token of the link.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailedCredentials {
    /// The code, eight digits.
    #[serde(default)]
    code: Option<String>,
    /// The token of the link.
    #[serde(default)]
    token: Option<String>,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::LinkInvalid,
    Code::OtherBrowser,
    Code::SignInByMailOff,
    Code::RateLimited,
    Code::Unavailable,
]];

/// Sign in with a mailed code or link
///
/// Opens a session, in the browser that asked for the mail and in no other. If nobody has proven the address
/// before, somebody else may have registered with it: its password and its sessions go.
#[api_v2_operation(operation_id = "loginByMail", tags(Accounts))]
pub(crate) async fn login_by_mail(
    _limit: SignInLimit,
    body: JsonBody<MailedCredentials>,
    asking: AskingBrowser,
    device: ClientDevice,
    known: KnownDevices,
    presented: RefreshTokensToReplace,
    sign_in: Data<SignIn>,
) -> Result<SignedInAnswer, Problem> {
    let MailedCredentials { code, token } = body.0;
    let by_code = code.is_some();
    let mailed = match (token, code) {
        (Some(token), None) => Mailed::Link(token),
        (None, Some(code)) => Mailed::Code(Zeroizing::new(code)),
        _ => {
            return Err(Problem::invalid_field(
                "code",
                "is missing; send a code or a token, not both",
            ));
        }
    };
    let browser = Browser {
        device: device.0,
        known: known.0,
        refresh_tokens: presented.0,
        asking: Asking::default(),
    };
    match sign_in
        .sign_in_by_mail(mailed, asking.known().to_vec(), browser)
        .await?
    {
        MailedOutcome::SignIn(outcome) => answer(outcome, || refused_proof(by_code)),
        MailedOutcome::OtherBrowser => Err(Code::OtherBrowser.into()),
        MailedOutcome::Off => Err(Code::SignInByMailOff.into()),
    }
}
