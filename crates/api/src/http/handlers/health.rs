//! Health, for whoever runs the service.

use actix_web::web::Data;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use crate::http::problem::{Code, Problem};
use crate::readiness::{Readiness, Ready};

/// How the service is.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Health")]
pub(crate) struct HealthBody {
    /// `live` or `ready`.
    status: &'static str,
    /// How many events of the audit trail were not written since the start; not there for `live`.
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_events_lost: Option<u64>,
}

/// See whether the process runs
#[api_v2_operation(operation_id = "live", tags(Operation))]
pub(crate) async fn live() -> Result<Json<HealthBody>, Problem> {
    Ok(Json(HealthBody {
        status: "live",
        audit_events_lost: None,
    }))
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[Code::Unavailable]];

/// See whether requests can be answered
///
/// The database answers, its tables are up to date, and the signing keys are in it.
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
