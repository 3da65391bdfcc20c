use actix_web::web::Payload;
use actix_web::{FromRequest, HttpRequest, dev};
use url::form_urlencoded;

use super::json_body::{encoded, has_media_type, is_encoded, read};
use crate::problem::{Code, Problem};

/// A form about a token (RFC 7662 §2.1, RFC 7009 §2.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TokenForm {
    pub(super) token: String,
    /// `token_type_hint`.
    pub(super) hint: Option<String>,
    /// `client_id` and `client_secret` (RFC 6749 §2.3.1), if there is a secret.
    pub(super) client: Option<(String, String)>,
}

pub(super) fn read_form(
    request: &HttpRequest,
    payload: &mut dev::Payload,
) -> impl Future<Output = Result<TokenForm, Problem>> + use<> {
    let is_form = has_media_type(request, "application/x-www-form-urlencoded");
    let is_encoded = is_encoded(request);
    let body = read(Payload::from_request(request, payload));
    async move {
        if is_encoded {
            return Err(encoded());
        }
        if !is_form {
            return Err(Problem::from(Code::UnsupportedMediaType)
                .with_detail("Send it as `application/x-www-form-urlencoded`."));
        }
        parse(&body.await?)
    }
}

/// Unknown parameters are ignored; known ones may be sent once (RFC 6749 §3.2).
fn parse(body: &[u8]) -> Result<TokenForm, Problem> {
    let (mut token, mut hint, mut client_id, mut client_secret) = (None, None, None, None);
    for (name, value) in form_urlencoded::parse(body) {
        let parameter = match &*name {
            "token" => &mut token,
            "token_type_hint" => &mut hint,
            "client_id" => &mut client_id,
            "client_secret" => &mut client_secret,
            _ => continue,
        };
        if parameter.replace(value.into_owned()).is_some() {
            return Err(Problem::invalid_field(&name, "must be sent only once"));
        }
    }
    let client = match (client_id, client_secret) {
        (Some(id), Some(secret)) => Some((id, secret)),
        (None, Some(_)) => return Err(Problem::invalid_field("client_id", "is missing")),
        // A public client, such as a browser.
        (_, None) => None,
    };
    Ok(TokenForm {
        token: token.ok_or_else(|| Problem::invalid_field("token", "is missing"))?,
        hint,
        client,
    })
}

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
            let read = parse(form.as_bytes()).unwrap();
            assert_eq!((&*read.token, read.client), ("a.b.c", None), "{form}");
        }
    }

    #[test]
    fn credentials_are_read() {
        let read = parse(b"client_id=gate%20way&client_secret=s%2Bs&token=a").unwrap();
        assert_eq!(read.client, Some(("gate way".into(), "s+s".into())));
    }

    #[test]
    fn without_a_token_or_with_two_it_is_refused() {
        for form in [
            "",
            "Token=a",
            "token_type_hint=x",
            "token=a&token=b",
            "token=a&token=a",
            "token=a&client_id=x&client_id=x",
            "token=a&client_secret=x",
        ] {
            assert!(parse(form.as_bytes()).is_err(), "{form}");
        }
    }
}
