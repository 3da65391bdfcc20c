use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use identity::challenges::{BrowserSecret, Presented, Whose};
use identity::entropy::Entropy;
use identity::locale::Locale;
use identity::mail::Asking;
use paperclip::actix::OperationModifier;
use zeroize::Zeroizing;

use super::data;
use crate::cookie::{Cookies, LANGUAGE};
use crate::problem::{FieldErrors, Problem};
use crate::settings::ReturnUrls;

/// A browser that asks for a mail, or answers one. It is known again by a cookie.
pub(crate) struct AskingBrowser {
    new_secret: BrowserSecret,
    cookies: Cookies,
    presented: Vec<BrowserSecret>,
    locale: Option<Locale>,
    return_urls: ReturnUrls,
}

/// The cookie by which the browser that asked is known again.
pub(crate) struct AskingCookie(String);

impl AskingCookie {
    /// The value of `Set-Cookie`.
    pub(crate) fn into_header(self) -> String {
        self.0
    }
}

impl AskingBrowser {
    /// Who asks, and the cookie for the answer. A planted cookie is of no use: each mail has a new one.
    pub(crate) fn ask(self, return_to: Option<&str>) -> Result<(Asking, AskingCookie), Problem> {
        let return_to = match return_to {
            None | Some("") => None,
            Some(text) => {
                let url = self.return_urls.parse(text);
                let why = "must be a URL of this service or of an allowed origin (SYMBOLON_ALLOWED_ORIGINS)";
                Some(url.ok_or_else(|| Problem::invalid_field("return_to", why))?)
            }
        };
        let asking = Asking {
            browser: Some(self.new_secret.hash()),
            return_to,
            locale: self.locale,
        };
        let cookie = self.cookies.asking_browser(&self.new_secret);
        Ok((asking, AskingCookie(cookie)))
    }

    /// The secrets that the browser presented.
    pub(crate) fn known(&self) -> &[BrowserSecret] {
        &self.presented
    }

    /// What the body of a request answers with: the token of a link, or a code, for the user who is signed
    /// in or for the browser that asked.
    pub(crate) fn presented(
        self,
        token: Option<String>,
        code: Option<String>,
        whose: impl FnOnce(Vec<BrowserSecret>) -> Whose,
    ) -> Result<Presented, Problem> {
        match (token, code) {
            (Some(token), None) => Ok(Presented::Link(token)),
            (None, Some(code)) => Ok(Presented::Code {
                code: Zeroizing::new(code),
                whose: whose(self.presented),
            }),
            (Some(_), Some(_)) => Err(Problem::invalid_field(
                "code",
                "cannot be sent with a token",
            )),
            (None, None) => {
                let mut errors = FieldErrors::default();
                errors.check::<(), _>("token", Err("is missing; send a token or a code"));
                Err(errors.into())
            }
        }
    }
}

impl paperclip::v2::schema::Apiv2Schema for AskingBrowser {}

impl OperationModifier for AskingBrowser {}

impl FromRequest for AskingBrowser {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<AskingBrowser, Problem> {
    let cookies = data::<Cookies>(request)?;
    let entropy = data::<Arc<dyn Entropy>>(request)?;
    let values = cookies.asking.values(request).into_iter();
    Ok(AskingBrowser {
        new_secret: BrowserSecret::generate(&****entropy),
        cookies: cookies.as_ref().clone(),
        presented: values.map(BrowserSecret::presented).collect(),
        locale: locale(request),
        return_urls: data::<ReturnUrls>(request)?.as_ref().clone(),
    })
}

/// The language that was chosen on a page, or else the browser's.
pub(crate) fn locale(request: &HttpRequest) -> Option<Locale> {
    let chosen = LANGUAGE.values(request);
    let chosen = chosen.iter().find_map(|tag| Locale::parse(tag));
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|header| Locale::accepted(header.to_str().ok()?));
    chosen.or(accepted)
}
