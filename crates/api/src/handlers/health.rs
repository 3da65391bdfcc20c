//! Health checks.

use actix_web::web::Data;
use identity::readiness::{Readiness, Ready};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use crate::problem::{Code, Problem};

/// The health of the service.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Health")]
pub(crate) struct HealthBody {
    /// `live` or `ready`.
    status: &'static str,
    /// How many events of the audit trail were lost since the start; only sent for `ready`.
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_events_lost: Option<u64>,
}

/// Check whether the process runs
#[api_v2_operation(operation_id = "live", tags(Operation))]
pub(crate) async fn live() -> Result<Json<HealthBody>, Problem> {
    Ok(Json(HealthBody {
        status: "live",
        audit_events_lost: None,
    }))
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[Code::Unavailable]];

/// Check whether the service is ready
///
/// The service is ready if the database is available and migrated and contains the signing keys.
#[api_v2_operation(operation_id = "ready", tags(Operation))]
pub(crate) async fn ready(readiness: Data<Readiness>) -> Result<Json<HealthBody>, Problem> {
    match readiness.check().await {
        Ready::Yes => Ok(Json(HealthBody {
            status: "ready",
            audit_events_lost: Some(readiness.audit_events_lost()),
        })),
        Ready::No(why) => Err(Problem::from(Code::Unavailable).with_detail(why)),
    }
}
