use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::body::BoxBody;
use actix_web::http::header::{self, ContentType};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, Responder};
use identity::clock::Clock;
use identity::sessions::{MOST_LISTED, RevocationList, RevocationListPublisher};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde::Serialize;

use crate::problem::{Code, Problem};

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
pub(crate) struct Listed {
    list: Arc<RevocationList>,
    json: Bytes,
}

/// How long readers and caches may keep it.
const MAX_AGE: &str = "public, max-age=1";

/// The last list as JSON, which all its readers share, however slow they are.
#[derive(Default)]
pub(crate) struct SerializedList(Mutex<Option<(Arc<RevocationList>, Bytes)>>);

impl SerializedList {
    fn of(&self, list: &Arc<RevocationList>) -> Result<Bytes, Problem> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, json)) = &*last
            && Arc::ptr_eq(known, list)
        {
            return Ok(json.clone());
        }
        let body = RevokedSessionsBody {
            sessions: list.sessions.clone(),
            proof: list.proof.clone(),
        };
        let json = Bytes::from(serde_json::to_vec(&body).map_err(|_| Code::Internal)?);
        *last = Some((list.clone(), json.clone()));
        Ok(json)
    }
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[Code::Unavailable]];

/// Get the revocation list
///
/// For services that verify access tokens offline: a service that polls the list every N seconds refuses
/// the tokens of a revoked session within N + 4 seconds. With `If-None-Match` the answer is 304 while
/// nothing changes. An expired proof is invalid. Of more than 50,000 sessions there is no list, but a 503:
/// ask `/api/introspect` instead.
#[api_v2_operation(operation_id = "revokedSessions", tags(Keys))]
pub(crate) async fn revoked_sessions(
    publisher: Data<RevocationListPublisher>,
    serialized: Data<SerializedList>,
    clock: Data<Arc<dyn Clock>>,
) -> Result<Listed, Problem> {
    let Some(list) = publisher.current(clock.now())? else {
        return Err(Problem::from(Code::Unavailable).with_detail(format!(
            "More than {MOST_LISTED} sessions were revoked lately, too many for a list. Ask \
             /api/introspect instead."
        )));
    };
    let json = serialized.of(&list)?;
    Ok(Listed { list, json })
}

impl Responder for Listed {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let etag = self.list.etag();
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
            .insert_header((header::CACHE_CONTROL, MAX_AGE));
        if is_known {
            return response.finish();
        }
        response.content_type(ContentType::json()).body(self.json)
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
