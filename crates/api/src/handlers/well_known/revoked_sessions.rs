use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use identity::clock::Clock;
use identity::sessions::{RevocationList, RevocationListPublisher};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde::Serialize;

use crate::problem::Problem;

/// The sessions that were revoked within the last access-token lifetime.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "RevokedSessions")]
pub(crate) struct RevokedSessionsBody {
    /// The ids of the sessions (`sid` in access tokens), sorted.
    sessions: Vec<String>,
    /// A JWT of the type `revoked-sessions+jwt`, signed like access tokens, with the claims `iss`, `iat`,
    /// `exp`, `seq` (which never decreases) and `sha256`: the SHA-256, in base64url, of the ids, each
    /// followed by a line end.
    proof: String,
}

/// The list, or the answer that the reader has it already.
pub(crate) struct Listed(Arc<RevocationList>);

/// How long readers and caches may keep it.
const MAX_AGE: &str = "public, max-age=2";

/// Get the revocation list
///
/// For services that verify access tokens offline: a service that polls the list every N seconds refuses
/// the tokens of a revoked session within N + 4 seconds. With `If-None-Match` the answer is 304 while
/// nothing changes. An expired proof is invalid.
#[api_v2_operation(operation_id = "revokedSessions", tags(Keys))]
pub(crate) async fn revoked_sessions(
    publisher: Data<RevocationListPublisher>,
    clock: Data<Arc<dyn Clock>>,
) -> Result<Listed, Problem> {
    Ok(Listed(publisher.current(clock.now())?))
}

impl Responder for Listed {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let etag = self.0.etag();
        let known = request.headers().get_all(header::IF_NONE_MATCH);
        let is_known = known
            .filter_map(|known| known.to_str().ok())
            .flat_map(|known| known.split(','))
            .any(|known| known.trim().trim_start_matches("W/") == etag);
        let mut response = match is_known {
            true => HttpResponse::NotModified(),
            false => HttpResponse::Ok(),
        };
        response
            .insert_header((header::ETAG, etag))
            .insert_header((header::CACHE_CONTROL, MAX_AGE))
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
        if is_known {
            return response.finish();
        }
        response.json(RevokedSessionsBody {
            sessions: self.0.sessions.clone(),
            proof: self.0.proof.clone(),
        })
    }
}

impl paperclip::v2::schema::Apiv2Schema for Listed {}

impl OperationModifier for Listed {
    fn update_response(operation: &mut DefaultOperationRaw) {
        Json::<RevokedSessionsBody>::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        Json::<RevokedSessionsBody>::update_definitions(definitions);
    }
}
