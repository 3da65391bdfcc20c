//! The documentation: Swagger UI, Redoc and the OpenAPI document, all from this binary.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::http::problem::{Code, Problem};

/// The OpenAPI document, as it is served.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) json: Bytes,
    pub(crate) yaml: Bytes,
}

/// Scripts of our own alone, and no other host. Both pages make their styles while they run;
/// Redoc searches in a worker that it makes likewise.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; \
     worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How long a browser may keep a file that changes with the version alone.
const CACHED: (header::HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=3600");

struct Asset {
    name: &'static str,
    media_type: &'static str,
    gzipped: bool,
    bytes: &'static [u8],
}

const ASSETS: [Asset; 6] = [
    Asset {
        name: "swagger-ui-bundle.js",
        media_type: JAVASCRIPT,
        gzipped: true,
        bytes: include_bytes!("../../../assets/swagger-ui/swagger-ui-bundle.js.gz"),
    },
    Asset {
        name: "swagger-ui.css",
        media_type: "text/css; charset=utf-8",
        gzipped: true,
        bytes: include_bytes!("../../../assets/swagger-ui/swagger-ui.css.gz"),
    },
    Asset {
        name: "swagger-ui-start.js",
        media_type: JAVASCRIPT,
        gzipped: false,
        bytes: include_bytes!("../../../assets/pages/swagger-ui-start.js"),
    },
    Asset {
        name: "redoc.js",
        media_type: JAVASCRIPT,
        gzipped: true,
        bytes: include_bytes!("../../../assets/redoc/redoc.standalone.js.gz"),
    },
    Asset {
        name: "redoc-start.js",
        media_type: JAVASCRIPT,
        gzipped: false,
        bytes: include_bytes!("../../../assets/pages/redoc-start.js"),
    },
    Asset {
        name: "icon.svg",
        media_type: "image/svg+xml",
        gzipped: false,
        bytes: include_bytes!("../../../assets/pages/icon.svg"),
    },
];

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// `/docs`, for those who leave out the slash.
pub(crate) async fn to_slash() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

pub(crate) async fn swagger_ui() -> HttpResponse {
    page().body(include_str!("../../../assets/pages/swagger-ui.html"))
}

pub(crate) async fn redoc() -> HttpResponse {
    page().body(include_str!("../../../assets/pages/redoc.html"))
}

/// All problem codes: the `type` of a problem document leads here.
pub(crate) async fn problems() -> HttpResponse {
    let rows: String = Code::ALL.iter().map(|&code| row(code)).collect();
    page().body(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Symbolon problems</title><link rel=\"icon\" href=\"/docs/icon.svg\">\
         <style>body{{font:1rem/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;\
         color-scheme:light dark}}dt{{margin-top:1.5rem}}dd{{margin:0}}:target{{outline:2px solid}}\
         </style></head><body><h1>Problems</h1><p>Errors are answered as \
         <code>application/problem+json</code> (RFC 9457). A program matches <code>code</code>.</p>\
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

fn page() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY));
    response
}

/// A file that a page asks for. The large ones are kept compressed; every browser takes that.
pub(crate) async fn asset(name: Path<String>) -> Result<HttpResponse, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == *name);
    let asset = asset.ok_or(Code::NotFound)?;
    let mut response = HttpResponse::Ok();
    response
        .content_type(asset.media_type)
        .insert_header(CACHED);
    if asset.gzipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Ok(response.body(Pieces(Bytes::from_static(asset.bytes))))
}

/// A body that is handed over piece by piece: a client that does not read then holds one piece in
/// memory, not a copy of the whole.
struct Pieces(Bytes);

impl Pieces {
    const LEN: usize = 16 * 1024;
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let rest = &mut self.get_mut().0;
        let piece = rest.split_to(rest.len().min(Self::LEN));
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
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
