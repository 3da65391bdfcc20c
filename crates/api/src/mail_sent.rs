//! The answer of every call that sends a mail.

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, OperationModifier};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde::Serialize;

use crate::extract::asking_browser::AskingCookie;

/// Confirms that a mail is on its way, if the address is somebody's.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Sent")]
pub(crate) struct SentBody {
    /// Always `sent`.
    message: &'static str,
}

/// A mail is on its way; the cookie makes this browser known as the one that asked.
pub(crate) struct MailSent(pub(crate) AskingCookie);

impl Responder for MailSent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Accepted()
            .insert_header((header::SET_COOKIE, self.0.into_header()))
            .json(SentBody { message: "sent" })
    }
}

impl paperclip::v2::schema::Apiv2Schema for MailSent {}

impl OperationModifier for MailSent {
    fn update_response(operation: &mut DefaultOperationRaw) {
        Json::<SentBody>::update_response(operation);
        if let Some(response) = operation.responses.remove("200") {
            operation.responses.insert("202".into(), response);
        }
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        Json::<SentBody>::update_definitions(definitions);
    }
}
