//! Calls about a token, of OAuth clients.

use std::pin::Pin;

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, dev};
use identity::sessions::Introspected;
use paperclip::actix::Apiv2Security;
use store::Actor;
use store::service_keys::Scope;

use super::client_credentials::ClientCredentials;
use super::form_body::{TokenForm, read_form};
use super::service_key::{authorize, invalid, missing};
use crate::problem::Problem;

/// A token, from a back end with the scope `tokens:introspect` (RFC 7662 §2.1).
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "serviceKey", in = "header", name = "Authorization")]
pub(crate) struct IntrospectionCall {
    pub(crate) token: String,
    pub(crate) wanted: Introspected,
}

/// A token (RFC 7009 §2.1), and who revokes it: a back end with the scope `tokens:revoke`, or else, with
/// `None`, the holder of the token.
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "serviceKey", in = "header", name = "Authorization")]
pub(crate) struct RevocationCall {
    pub(crate) token: String,
    pub(crate) by: Option<Actor>,
}

impl FromRequest for IntrospectionCall {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, form) = (request.clone(), read_form(request, payload));
        Box::pin(async move {
            let (form, by) = read(&request, form, Scope::TokensIntrospect).await?;
            if by.is_none() {
                return Err(missing(&request));
            }
            let wanted = match form.hint.as_deref() {
                Some("refresh_token") => Introspected::RefreshTokens,
                _ => Introspected::AccessTokens,
            };
            let token = form.token;
            Ok(Self { token, wanted })
        })
    }
}

impl FromRequest for RevocationCall {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, form) = (request.clone(), read_form(request, payload));
        Box::pin(async move {
            let (form, by) = read(&request, form, Scope::TokensRevoke).await?;
            let token = form.token;
            // Credentials that are no service key must not pass for none (RFC 7009 §2.1).
            let has_credentials = request.headers().contains_key(header::AUTHORIZATION);
            match by.is_none() && has_credentials {
                true => Err(invalid()),
                false => Ok(Self { token, by }),
            }
        })
    }
}

/// The form, and the back end whose service key came along: in a header, or in the form. Who presents a
/// key that is refused learns nothing about the form.
async fn read(
    request: &HttpRequest,
    form: impl Future<Output = Result<TokenForm, Problem>>,
    scope: Scope,
) -> Result<(TokenForm, Option<Actor>), Problem> {
    if let Some(credentials) = ClientCredentials::of_header(request) {
        let actor = authorize(request, &credentials, scope).await?;
        let form = form.await?;
        return match form.client {
            None => Ok((form, Some(actor))),
            // RFC 6749 §2.3: at most one method.
            Some(_) => Err(Problem::invalid_field(
                "client_secret",
                "must not be sent beside an Authorization header",
            )),
        };
    }
    let form = form.await?;
    let actor = match &form.client {
        Some((name, secret)) => {
            let credentials = ClientCredentials::named(name, secret).ok_or_else(invalid)?;
            Some(authorize(request, &credentials, scope).await?)
        }
        None => None,
    };
    Ok((form, actor))
}
