//! `SYMBOLON_BRAND_NAME`, `SYMBOLON_BRAND_COLOR`, `SYMBOLON_BRAND_LOGO`, `SYMBOLON_TERMS_URL`,
//! `SYMBOLON_PRIVACY_URL`.

use std::fs;
use std::path::PathBuf;

use api::settings::PublicUrl;
use clap::Args;
use identity::brand::{Brand, Color, Logo};
use url::Url;

use super::Mistakes;

/// How the service presents itself, as text.
#[derive(Args, Clone)]
pub(super) struct BrandArgs {
    /// The name of your product, on pages and in mails [default: none on pages, the host of the public URL in
    /// mails]
    #[arg(long, env = "SYMBOLON_BRAND_NAME", value_name = "NAME")]
    brand_name: Option<String>,

    /// The colour of buttons on pages and in mails
    #[arg(
        long,
        env = "SYMBOLON_BRAND_COLOR",
        value_name = "COLOR",
        default_value = "#1659c7"
    )]
    brand_color: String,

    /// A logo for pages: an SVG, PNG or WebP file of at most 64 KiB [default: none]
    #[arg(long, env = "SYMBOLON_BRAND_LOGO", value_name = "FILE")]
    brand_logo: Option<PathBuf>,

    /// Your terms of use, linked from pages [default: none]
    #[arg(long, env = "SYMBOLON_TERMS_URL", value_name = "URL")]
    terms_url: Option<String>,

    /// Your privacy notice, linked from pages [default: none]
    #[arg(long, env = "SYMBOLON_PRIVACY_URL", value_name = "URL")]
    privacy_url: Option<String>,
}

/// Maximum length of a logo, in bytes.
const MOST_LOGO: usize = 64 * 1024;

impl BrandArgs {
    pub(super) fn resolve(
        self,
        public_url: Option<&PublicUrl>,
        mistakes: &mut Mistakes,
    ) -> Option<Brand> {
        let name = self.brand_name.as_deref().map(|name| {
            let is_fine = name.chars().count() <= 60 && !name.contains(char::is_control);
            let name = is_fine.then(|| name.to_owned());
            let name =
                name.ok_or("must have at most 60 characters, none of them a control character");
            mistakes.note(
                "SYMBOLON_BRAND_NAME",
                self.brand_name.as_deref().unwrap_or_default(),
                name,
            )
        });
        let color = Color::parse(&self.brand_color);
        let color = mistakes.note("SYMBOLON_BRAND_COLOR", &self.brand_color, color);
        let logo = self.brand_logo.as_ref().map(|file| {
            let shown = file.display().to_string();
            mistakes.note("SYMBOLON_BRAND_LOGO", &shown, logo(file))
        });
        let mut link = |variable: &str, text: Option<String>| {
            text.map(|text| mistakes.note(variable, &text, web_url(&text)))
        };
        let terms = link("SYMBOLON_TERMS_URL", self.terms_url);
        let privacy = link("SYMBOLON_PRIVACY_URL", self.privacy_url);
        let is_named = name.is_some();
        Some(Brand {
            name: match name {
                Some(name) => name?,
                None => host(public_url?),
            },
            is_named,
            color: color?,
            logo: logo.map_or(Some(None), |logo| logo.map(Some))?,
            terms: terms.map_or(Some(None), |url| url.map(Some))?,
            privacy: privacy.map_or(Some(None), |url| url.map(Some))?,
        })
    }
}

/// The host, without the scheme and the port.
fn host(public_url: &PublicUrl) -> String {
    let host = public_url.issuer().split("://").nth(1).unwrap_or_default();
    host.split(':').next().unwrap_or_default().to_owned()
}

fn logo(file: &PathBuf) -> Result<Logo, String> {
    let bytes = fs::read(file).map_err(|why| why.to_string())?;
    if bytes.len() > MOST_LOGO {
        return Err("must have at most 64 KiB".to_owned());
    }
    Logo::read(bytes).ok_or_else(|| "must be an SVG, PNG or WebP file".to_owned())
}

fn web_url(text: &str) -> Result<String, &'static str> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| ["http", "https"].contains(&url.scheme()));
    url.map(String::from)
        .ok_or("must be a URL, such as https://example.org/terms")
}
