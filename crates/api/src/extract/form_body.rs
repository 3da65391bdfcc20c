use std::pin::Pin;

use actix_web::web::Payload;
use actix_web::{FromRequest, HttpRequest, dev};
use paperclip::actix::OperationModifier;
use url::form_urlencoded;

use super::json_body::{has_media_type, read};
use crate::problem::{Code, Problem};

/// A token in a form (RFC 7662 §2.1, RFC 7009 §2.1). Tokens state their type, so a hint is ignored.
pub(crate) struct TokenForm(pub(crate) String);

impl FromRequest for TokenForm {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let is_form = has_media_type(request, "application/x-www-form-urlencoded");
        let body = read(Payload::from_request(request, payload));
        Box::pin(async move {
            if !is_form {
                return Err(Problem::from(Code::UnsupportedMediaType)
                    .with_detail("Send it as `application/x-www-form-urlencoded`."));
            }
            parse(&body.await?).map(Self)
        })
    }
}

/// Unknown parameters are ignored; known ones may be sent once (RFC 6749 §3.2).
fn parse(body: &[u8]) -> Result<String, Problem> {
    let mut token = None;
    let mut hints = 0;
    for (name, value) in form_urlencoded::parse(body) {
        let is_second = match &*name {
            "token" => token.replace(value.into_owned()).is_some(),
            "token_type_hint" => {
                hints += 1;
                hints > 1
            }
            _ => false,
        };
        if is_second {
            return Err(Problem::invalid_field(&name, "must be sent only once"));
        }
    }
    token.ok_or_else(|| Problem::invalid_field("token", "is missing"))
}

impl paperclip::v2::schema::Apiv2Schema for TokenForm {}

// `openapi::operations` documents it, because paperclip drops forms when it converts to version 3.
impl OperationModifier for TokenForm {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_and_unknown_parameters_are_ignored() {
        for form in [
            "token=a.b.c",
            "x=1&token=a.b.c&token_type_hint=whatever&client_id=7",
            "token=a%2Eb%2Ec",
        ] {
            assert_eq!(parse(form.as_bytes()).unwrap(), "a.b.c", "{form}");
        }
    }

    #[test]
    fn without_a_token_or_with_two_it_is_refused() {
        for form in [
            "",
            "Token=a",
            "token_type_hint=x",
            "token=a&token=b",
            "token=a&token=a",
        ] {
            assert!(parse(form.as_bytes()).is_err(), "{form}");
        }
    }
}
