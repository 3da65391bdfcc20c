//! The pages for users: signing in, registering, mailed links, and the account.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use identity::brand::Brand;
use identity::locale::Locale;
use minijinja::{Environment, Value, context};
use serde::Deserialize;
use serde_json::Map;

use super::redirect;
use super::static_file::{self, CSS, JAVASCRIPT, StaticFile};
use crate::cookie::{Cookies, LANGUAGE};
use crate::extract::asking_browser::locale;
use crate::problem::{Code, Problem};
use crate::settings::{Accounts, PublicUrl, ReturnUrls};

/// Own scripts, styles and calls only; text never becomes a script.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A logo that is opened by itself runs nothing.
const LOGO_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// The place in a page where the server says whether the browser may be signed in.
const SESSION: &str = r#"data-session="unknown""#;

/// Seconds for which the language that was chosen on a page is remembered.
const LANGUAGE_KEPT: u64 = 365 * 86_400;

/// Defines the files, by their names and media types.
macro_rules! files {
    ($($name:literal $media_type:expr)*) => {
        const FILES: &[StaticFile] = &[$(StaticFile {
            name: $name,
            media_type: $media_type,
            gzipped: false,
            bytes: include_bytes!(concat!("../../assets/hosted/", $name)),
        }),*];
    };
}

/// Defines the templates, by their names.
macro_rules! templates {
    ($($name:literal)*) => {
        const TEMPLATES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../assets/hosted/", $name)))),*];
    };
}

const JSON: &str = "application/json";

files! {
    "account.js" JAVASCRIPT
    "activity.js" JAVASCRIPT
    "card.css" CSS
    "code.js" JAVASCRIPT
    "events-en.json" JSON
    "events-ru.json" JSON
    "flow.js" JAVASCRIPT
    "forgot-password.js" JAVASCRIPT
    "invitation.js" JAVASCRIPT
    "page.css" CSS
    "playground.css" CSS
    "playground.js" JAVASCRIPT
    "reasons-en.json" JSON
    "reasons-ru.json" JSON
    "register.js" JAVASCRIPT
    "reset-password.js" JAVASCRIPT
    "shared.js" JAVASCRIPT
    "sign-in.js" JAVASCRIPT
    "time.js" JAVASCRIPT
    "undo-email-change.js" JAVASCRIPT
    "verify-email.js" JAVASCRIPT
    "wide.css" CSS
}

templates! {
    "layout.html" "code.html" "other.html" "terms.html"
    "account.html" "forgot-password.html" "invitation.html" "playground.html" "register.html" "reset-password.html"
    "sign-in.html" "undo-email-change.html" "verify-email.html"
}

/// The pages, which are the templates that are not part of others.
pub(super) const PAGES: &[&str] = &[
    "account",
    "forgot-password",
    "invitation",
    "register",
    "reset-password",
    "sign-in",
    "undo-email-change",
    "verify-email",
];

/// The page that shows tokens.
pub(super) const PLAYGROUND: &str = "playground";

/// The texts of the pages in each language.
fn texts(locale: Locale) -> Map<String, serde_json::Value> {
    let json = match locale {
        Locale::English => include_str!("../../assets/hosted/en.json"),
        Locale::Russian => include_str!("../../assets/hosted/ru.json"),
    };
    serde_json::from_str(json).unwrap_or_default()
}

/// The pages, rendered for each language.
#[derive(Clone)]
pub(crate) struct HostedPages {
    pages: Arc<HashMap<(&'static str, &'static str), String>>,
    style: Arc<str>,
    brand: Arc<Brand>,
}

impl HostedPages {
    /// The pages as these settings want them.
    pub(crate) fn new(accounts: &Accounts, brand: &Brand, public_url: &PublicUrl) -> Self {
        let mut environment = Environment::new();
        for (name, text) in TEMPLATES {
            let added = environment.add_template(name, text);
            added.unwrap_or_else(|why| log::error!("page {name}: {why}"));
        }
        let names = PAGES.iter().chain([&PLAYGROUND]);
        let all = names.flat_map(|name| Locale::ALL.iter().map(|locale| (*name, *locale)));
        let pages = all
            .map(|(name, locale)| {
                let template = environment.get_template(&format!("{name}.html"));
                let values = values(name, locale, accounts, brand, public_url);
                let html = template.and_then(|template| template.render(values));
                let html = html.unwrap_or_else(|why| {
                    log::error!("page {name}: {why}");
                    String::new()
                });
                ((name, locale.tag()), html)
            })
            .collect();
        Self {
            pages: Arc::new(pages),
            style: style(brand).into(),
            brand: Arc::new(brand.clone()),
        }
    }
}

fn values(
    page: &str,
    locale: Locale,
    accounts: &Accounts,
    brand: &Brand,
    public_url: &PublicUrl,
) -> Value {
    let t = texts(locale);
    let wanted = |key: &str| {
        script_texts(page)
            .iter()
            .any(|group| key.starts_with(group))
    };
    let for_scripts: Map<_, _> = t
        .iter()
        .filter(|(key, _)| wanted(key))
        .map(|(key, text)| (key.clone(), text.clone()))
        .collect();
    let for_scripts = serde_json::Value::Object(for_scripts).to_string();
    let t = t
        .iter()
        .map(|(key, text)| (key.as_str(), text.as_str().unwrap_or_default()));
    let t = Value::from_pairs(t.map(|(key, text)| (key.to_owned(), text.to_owned())));
    context! {
        lang => locale.tag(),
        page,
        t,
        // Nothing ends the element before its end.
        script_texts => for_scripts.replace('<', "\\u003c"),
        public_url => public_url.issuer(),
        brand => context! {
            // The host says nothing that the address bar does not.
            name => if brand.is_named { brand.name.as_str() } else { "" },
            has_logo => brand.logo.is_some(),
            style => "/hosted/brand.css",
        },
        features => context! {
            registration => accounts.rules.registration != identity::users::Registration::Closed,
            mail => true,
            login_code => accounts.sign_in_by_mail,
            playground => accounts.playground,
            verification => verification(accounts),
        },
        links => context! {
            terms => brand.terms.as_deref(),
            privacy => brand.privacy.as_deref(),
        },
    }
}

/// The groups of texts that the scripts of a page use.
fn script_texts(page: &str) -> &'static [&'static str] {
    match page {
        "account" => &["js_", "ac_"],
        "playground" => &["js_", "pl_"],
        "register" => &["js_", "au_", "rg_"],
        _ => &["js_", "au_"],
    }
}

fn verification(accounts: &Accounts) -> &'static str {
    use identity::users::Verification;
    match accounts.rules.verification {
        Verification::Off => "off",
        Verification::Optional => "optional",
        Verification::Required => "required",
    }
}

/// The colours of buttons, in both themes.
fn style(brand: &Brand) -> String {
    let (light, dark) = (brand.color, brand.color.in_the_dark());
    format!(
        ":root{{--brand:{light};--on-brand:{}}}\n\
         @media (prefers-color-scheme:dark){{:root{{--brand:{dark};--on-brand:{}}}}}\n",
        light.text(),
        dark.text()
    )
}

/// The query of a page.
#[derive(Deserialize)]
pub(super) struct PageQuery {
    /// The language that was chosen on a page.
    lang: Option<String>,
}

/// A page.
pub(super) async fn page(
    request: HttpRequest,
    query: Query<PageQuery>,
    pages: Data<HostedPages>,
    cookies: Data<Cookies>,
) -> HttpResponse {
    let chosen = query.lang.as_deref().and_then(Locale::parse);
    let shown = chosen.or_else(|| locale(&request)).unwrap_or_default();
    let name = request.path().trim_matches('/');
    let html = pages
        .pages
        .iter()
        .find(|((page, tag), _)| *page == name && *tag == shown.tag());
    let Some((_, html)) = html else {
        return HttpResponse::from_error(Problem::from(Code::NotFound));
    };
    let session = match cookies.refresh.values(&request).is_empty() {
        true => r#"data-session="none""#,
        false => r#"data-session="maybe""#,
    };
    let mut response = static_file::page(CONTENT_SECURITY_POLICY);
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(chosen) = chosen {
        let cookie = LANGUAGE.set(chosen.tag(), LANGUAGE_KEPT);
        response.insert_header((header::SET_COOKIE, cookie));
    }
    response.body(html.replacen(SESSION, session, 1))
}

/// `/`: the account of whoever may be signed in, or else the sign-in.
pub(super) async fn home(request: HttpRequest, cookies: Data<Cookies>) -> HttpResponse {
    let place = match cookies.refresh.values(&request).is_empty() {
        true => "/sign-in",
        false => "/account",
    };
    redirect(place)
}

/// The query of `/continue`.
#[derive(Deserialize)]
pub(super) struct Destination {
    /// Where the browser goes.
    return_to: Option<String>,
}

/// `/continue`: back to where the browser came from, if that is ours or allowed, or else to the account.
pub(super) async fn go_on(query: Query<Destination>, urls: Data<ReturnUrls>) -> HttpResponse {
    let url = query.return_to.as_deref().and_then(|text| urls.parse(text));
    redirect(url.as_deref().unwrap_or("/account"))
}

/// A file of the pages.
pub(super) async fn file(name: Path<String>) -> Result<HttpResponse, Problem> {
    StaticFile::answer_one_of(FILES, &name)
}

/// The colours of the brand.
pub(super) async fn brand_style(pages: Data<HostedPages>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(CSS)
        .insert_header((header::CACHE_CONTROL, "public, max-age=600"))
        .body(pages.style.to_string())
}

/// The logo.
pub(super) async fn logo(pages: Data<HostedPages>) -> Result<HttpResponse, Problem> {
    let logo = pages.brand.logo.as_ref().ok_or(Code::NotFound)?;
    Ok(HttpResponse::Ok()
        .content_type(logo.media_type)
        .insert_header((header::CACHE_CONTROL, "public, max-age=600"))
        .insert_header((header::CONTENT_SECURITY_POLICY, LOGO_POLICY))
        .body(logo.bytes.clone()))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Languages have different plural forms (CLDR).
    fn without_plural(key: &str) -> &str {
        let forms = ["_one", "_few", "_many", "_other"];
        forms
            .iter()
            .find_map(|form| key.strip_suffix(form))
            .unwrap_or(key)
    }

    /// The texts by key, each with its places for values.
    fn places(locale: Locale) -> BTreeMap<String, BTreeSet<String>> {
        let texts = texts(locale).into_iter().map(|(key, text)| {
            let parts = text.as_str().unwrap().split('{').skip(1);
            let places = parts.map(|rest| rest.split('}').next().unwrap().to_owned());
            (without_plural(&key).to_owned(), places.collect())
        });
        texts.collect()
    }

    #[test]
    fn both_languages_have_the_same_texts_with_the_same_places() {
        assert!(places(Locale::English).len() > 100);
        assert_eq!(places(Locale::English), places(Locale::Russian));
    }
}
