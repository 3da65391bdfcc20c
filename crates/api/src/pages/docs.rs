//! The documentation: Swagger UI, Redoc and the OpenAPI document, all from this binary.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path};

use super::static_file::{CSS, JAVASCRIPT, StaticFile, page};
use crate::openapi::Document;
use crate::problem::{Code, Problem};

/// Own scripts only, and no other host. Both pages create styles at run time, and Redoc creates a worker
/// for its search.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; \
     worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FILES: [StaticFile; 6] = [
    StaticFile {
        name: "swagger-ui-bundle.js",
        media_type: JAVASCRIPT,
        gzipped: true,
        bytes: include_bytes!("../../assets/swagger-ui/swagger-ui-bundle.js.gz"),
    },
    StaticFile {
        name: "swagger-ui.css",
        media_type: CSS,
        gzipped: true,
        bytes: include_bytes!("../../assets/swagger-ui/swagger-ui.css.gz"),
    },
    StaticFile {
        name: "swagger-ui-start.js",
        media_type: JAVASCRIPT,
        gzipped: false,
        bytes: include_bytes!("../../assets/pages/swagger-ui-start.js"),
    },
    StaticFile {
        name: "redoc.js",
        media_type: JAVASCRIPT,
        gzipped: true,
        bytes: include_bytes!("../../assets/redoc/redoc.standalone.js.gz"),
    },
    StaticFile {
        name: "redoc-start.js",
        media_type: JAVASCRIPT,
        gzipped: false,
        bytes: include_bytes!("../../assets/pages/redoc-start.js"),
    },
    StaticFile {
        name: "icon.svg",
        media_type: "image/svg+xml",
        gzipped: false,
        bytes: include_bytes!("../../assets/pages/icon.svg"),
    },
];

/// `/docs` without the slash.
pub(crate) async fn to_slash() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

pub(crate) async fn swagger_ui() -> HttpResponse {
    page(CONTENT_SECURITY_POLICY).body(include_str!("../../assets/pages/swagger-ui.html"))
}

pub(crate) async fn redoc() -> HttpResponse {
    page(CONTENT_SECURITY_POLICY).body(include_str!("../../assets/pages/redoc.html"))
}

/// All problem codes; the `type` of a problem document links here.
pub(crate) async fn problems() -> HttpResponse {
    let rows: String = Code::ALL.iter().map(|&code| row(code)).collect();
    page(CONTENT_SECURITY_POLICY).body(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Symbolon problem codes</title><link rel=\"icon\" href=\"/docs/icon.svg\">\
         <style>body{{font:1rem/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;\
         color-scheme:light dark}}dt{{margin-top:1.5rem}}dd{{margin:0}}:target{{outline:2px solid}}\
         </style></head><body><h1>Problem codes</h1><p>Errors are answered as \
         <code>application/problem+json</code> (RFC 9457). Programs match <code>code</code>.</p>\
         <dl>{rows}</dl></body></html>"
    ))
}

fn row(code: Code) -> String {
    format!(
        "<dt id=\"{0}\"><code>{0}</code> {1} {2}</dt><dd>{3}</dd>",
        code.word(),
        code.status(),
        code.title(),
        code.meaning().replace('&', "&amp;").replace('<', "&lt;")
    )
}

/// A file of a page.
pub(crate) async fn file(name: Path<String>) -> Result<HttpResponse, Problem> {
    StaticFile::answer_one_of(&FILES, &name)
}

pub(crate) async fn json(document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(document.json.clone())
}

pub(crate) async fn yaml(document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/yaml")
        .body(document.yaml.clone())
}
