//! The browser client, an ES module.

use actix_web::HttpResponse;

use super::static_file::{JAVASCRIPT, StaticFile};

const MODULE: StaticFile = StaticFile {
    name: "symbolon.js",
    media_type: JAVASCRIPT,
    gzipped: false,
    bytes: include_bytes!("../../../../clients/js/symbolon.js"),
};

pub(super) async fn module() -> HttpResponse {
    MODULE.answer()
}
