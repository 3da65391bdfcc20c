//! The words of mails: one template for each kind and language, rendered as text and as HTML. An operator's
//! directory replaces single files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value, context};
use store::outbox::MailKind;
use thiserror::Error;

use crate::brand::Brand;
use crate::locale::Locale;

/// Defines the files that are compiled in.
macro_rules! files {
    ($($path:literal)*) => {
        const FILES: &[(&str, &str)] = &[$(($path, include_str!(concat!("../../assets/mail/", $path)))),*];
    };
}

files! {
    "layout.txt" "layout.html" "parts.txt" "parts.html"
    "en/account_deleted.jinja" "en/account_exists.jinja" "en/change_email.jinja" "en/email_changed.jinja"
    "en/invitation.jinja" "en/new_device.jinja" "en/password_changed.jinja" "en/reset_password.jinja"
    "en/session_reused.jinja" "en/sign_in.jinja" "en/verify_email.jinja"
    "ru/account_deleted.jinja" "ru/account_exists.jinja" "ru/change_email.jinja" "ru/email_changed.jinja"
    "ru/invitation.jinja" "ru/new_device.jinja" "ru/password_changed.jinja" "ru/reset_password.jinja"
    "ru/session_reused.jinja" "ru/sign_in.jinja" "ru/verify_email.jinja"
}

/// The templates. Clones share them.
#[derive(Clone, Debug)]
pub struct Templates(Arc<Environments>);

#[derive(Debug)]
struct Environments {
    text: Environment<'static>,
    html: Environment<'static>,
}

/// A template cannot be used.
#[derive(Debug, Error)]
#[error("{file}: {why}")]
pub struct InvalidTemplate {
    file: String,
    why: String,
}

/// What differs from mail to mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Variables(pub(super) BTreeMap<&'static str, String>);

/// The names of all variables, with a value to check templates with.
const VARIABLES: [(&str, &str); 10] = [
    ("email", "ann@example.org"),
    ("new_email", "new@example.org"),
    ("link", "https://id.example.org/verify-email#token=AAAA"),
    ("code", "1234 5678"),
    ("code_minutes", "10"),
    ("expires", "2026-11-28 12:00 UTC"),
    ("device", "Firefox on Linux"),
    ("ip", "192.0.2.7"),
    ("time", "2026-11-27 12:00 UTC"),
    ("old_email", "old@example.org"),
];

/// A mail in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rendered {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Templates {
    /// The templates, with the files in `directory` in place of ours. Each is rendered once, with all
    /// variables.
    ///
    /// # Errors
    ///
    /// [`InvalidTemplate`] for the first file that cannot be read or rendered, or that replaces none.
    pub fn load(
        directory: Option<&Path>,
        brand: &Brand,
        public_url: &str,
    ) -> Result<Self, InvalidTemplate> {
        let mut files: BTreeMap<String, String> = FILES
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        if let Some(directory) = directory {
            replace(&mut files, directory, directory)?;
        }
        let environment =
            |extension: &str, escape| environment(&files, extension, escape, brand, public_url);
        let templates = Self(Arc::new(Environments {
            text: environment("txt", AutoEscape::None)?,
            html: environment("html", AutoEscape::Html)?,
        }));
        templates.check()?;
        Ok(templates)
    }

    /// Renders every mail with all variables.
    fn check(&self) -> Result<(), InvalidTemplate> {
        let all = VARIABLES
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let all = Variables(all.collect());
        for locale in Locale::ALL.iter().copied() {
            for kind in MailKind::ALL.iter().copied() {
                let rendered = self.render(kind, locale, &all);
                let rendered = rendered.map_err(|why| InvalidTemplate {
                    file: name(kind, locale),
                    why,
                })?;
                if rendered.subject.is_empty() || rendered.text.is_empty() {
                    let why = "must have a block subject and a block body, neither of them empty"
                        .to_owned();
                    let file = name(kind, locale);
                    return Err(InvalidTemplate { file, why });
                }
            }
        }
        Ok(())
    }

    /// Renders a mail.
    ///
    /// # Errors
    ///
    /// Why it cannot be rendered.
    pub(super) fn render(
        &self,
        kind: MailKind,
        locale: Locale,
        variables: &Variables,
    ) -> Result<Rendered, String> {
        let name = name(kind, locale);
        let values = Value::from_pairs(variables.0.clone());
        let values = context! { lang => locale.tag(), ..values };
        let text = self.0.text.get_template(&name);
        let mut text = text.and_then(|template| template.render_captured(values.clone()));
        let text = text.as_mut().map_err(|why| told(why))?;
        let subject = text.with_state_mut(|state| state.render_block("subject"));
        let subject = subject.map_err(|why| told(&why))?;
        let html = self
            .0
            .html
            .get_template(&name)
            .and_then(|template| template.render(values));
        Ok(Rendered {
            // Whatever is in it, it is one line.
            subject: subject.split_whitespace().collect::<Vec<_>>().join(" "),
            text: tidy(text.output()),
            html: html.map_err(|why| told(&why))?,
        })
    }
}

fn name(kind: MailKind, locale: Locale) -> String {
    format!("{}/{kind}.jinja", locale.tag())
}

/// Reads the files that replace ours.
fn replace(
    files: &mut BTreeMap<String, String>,
    root: &Path,
    directory: &Path,
) -> Result<(), InvalidTemplate> {
    let fail = |path: &Path, why: String| InvalidTemplate {
        file: path.display().to_string(),
        why,
    };
    let entries = fs::read_dir(directory).map_err(|why| fail(directory, why.to_string()))?;
    for entry in entries {
        let path = entry
            .map_err(|why| fail(directory, why.to_string()))?
            .path();
        if path.is_dir() {
            replace(files, root, &path)?;
            continue;
        }
        let relative = path.strip_prefix(root).unwrap_or(&path);
        let relative = relative.to_string_lossy().replace('\\', "/");
        let Some(ours) = files.get_mut(&relative) else {
            let known: Vec<_> = FILES.iter().map(|(path, _)| *path).collect();
            return Err(fail(
                &path,
                format!("replaces no file; there are {}", known.join(", ")),
            ));
        };
        *ours = fs::read_to_string(&path).map_err(|why| fail(&path, why.to_string()))?;
    }
    Ok(())
}

fn environment(
    files: &BTreeMap<String, String>,
    extension: &str,
    escape: AutoEscape,
    brand: &Brand,
    public_url: &str,
) -> Result<Environment<'static>, InvalidTemplate> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).build();
    environment.set_syntax(syntax.map_err(|why| InvalidTemplate {
        file: extension.to_owned(),
        why: told(&why),
    })?);
    environment.set_auto_escape_callback(move |_| escape.clone());
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::SemiStrict);
    environment.add_global("layout", format!("layout.{extension}"));
    environment.add_global("parts", format!("parts.{extension}"));
    environment.add_global("brand", brand.name.clone());
    environment.add_global("url", public_url.to_owned());
    environment.add_global("color", brand.color.to_string());
    environment.add_global("on_color", brand.color.text().to_string());
    for (path, text) in files {
        let added = environment.add_template_owned(path.clone(), text.clone());
        added.map_err(|why| InvalidTemplate {
            file: path.clone(),
            why: told(&why),
        })?;
    }
    Ok(environment)
}

/// An error with the line.
fn told(error: &minijinja::Error) -> String {
    match (error.name(), error.line()) {
        (Some(name), Some(line)) => format!("{name}, line {line}: {error}"),
        _ => error.to_string(),
    }
}

/// Paragraphs with one empty line between them.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        // The mark before a signature ends with a space (RFC 3676 §4.3).
        let line = if line == "-- " { line } else { line.trim_end() };
        if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n").trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(directory: Option<&Path>, brand_name: &str) -> Result<Templates, InvalidTemplate> {
        Templates::load(
            directory,
            &Brand::named(brand_name),
            "https://id.example.org",
        )
    }

    fn variables(all: &[(&'static str, &str)]) -> Variables {
        Variables(
            all.iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_mail_has_the_link_and_the_code_in_text_and_in_html() {
        let all = Variables(
            VARIABLES
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        );
        let templates = load(None, "Example").unwrap();
        for locale in Locale::ALL.iter().copied() {
            for kind in [
                MailKind::VerifyEmail,
                MailKind::ResetPassword,
                MailKind::SignIn,
            ] {
                let mail = templates.render(kind, locale, &all).unwrap();
                for part in [&mail.text, &mail.html] {
                    assert!(part.contains("1234 5678"), "{part}");
                    assert!(part.contains("verify-email#token=AAAA"), "{part}");
                    assert!(part.contains("Example"), "{part}");
                }
            }
        }
        let english = templates
            .render(MailKind::VerifyEmail, Locale::English, &all)
            .unwrap();
        assert_eq!(
            english.text,
            "Somebody, hopefully you, has registered ann@example.org with Example. Confirm that the address is yours.\n\
             \n\
             Confirm the address:\n\
             https://id.example.org/verify-email#token=AAAA\n\
             \n\
             Or enter this code: 1234 5678\n\
             \n\
             The code is valid for 10 minutes, the link until 2026-11-28 12:00 UTC.\n\
             \n\
             If you did not register, ignore this mail.\n\
             \n\
             -- \n\
             Example\n\
             https://id.example.org\n"
        );
    }

    #[test]
    fn what_people_choose_is_text() {
        let templates = load(None, "A <b>& Co").unwrap();
        let chosen = variables(&[
            ("device", "<img src=x>"),
            ("ip", "192.0.2.7"),
            ("time", "now"),
            ("link", "https://id.example.org/account?a=1&b=2"),
        ]);
        let mail = templates
            .render(MailKind::NewDevice, Locale::English, &chosen)
            .unwrap();
        assert!(mail.html.contains("&lt;img src=x&gt;"), "{}", mail.html);
        assert!(mail.html.contains("A &lt;b&gt;&amp; Co"), "{}", mail.html);
        assert!(
            !mail.html.contains("<img") && !mail.html.contains("<b>"),
            "{}",
            mail.html
        );
        assert!(mail.text.contains("<img src=x>"), "{}", mail.text);
    }

    #[test]
    fn an_html_mail_has_no_remote_content() {
        let all = Variables(
            VARIABLES
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        );
        let templates = load(None, "Example").unwrap();
        for kind in MailKind::ALL.iter().copied() {
            let html = templates.render(kind, Locale::Russian, &all).unwrap().html;
            for remote in ["src=", "url(", "@import", "<link", "<script"] {
                assert!(!html.contains(remote), "{kind}: {html}");
            }
        }
    }

    #[test]
    fn single_files_are_replaced_and_mistakes_are_found_at_the_start() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("en")).unwrap();
        let file = place.path().join("en/sign_in.jinja");
        let write = |text: &str| fs::write(&file, text).unwrap();
        write(
            "{% extends layout %}{% block subject %}Hi {{ code }}{% endblock %}{% block body %}Own {{ link }}{% endblock %}",
        );
        let templates = load(Some(place.path()), "Example").unwrap();
        let values = variables(&[("code", "1234 5678"), ("link", "https://x")]);
        let mail = templates
            .render(MailKind::SignIn, Locale::English, &values)
            .unwrap();
        assert_eq!(mail.subject, "Hi 1234 5678");
        assert!(mail.text.starts_with("Own https://x\n"), "{}", mail.text);

        for (text, part) in [
            (
                "{% extends layout %}{% block subject %}Hi{% endblock %}{% block body %}{{ nothing }}{% endblock %}",
                "line 1",
            ),
            ("{% block subject %}", "line 1"),
            ("no blocks", "subject"),
        ] {
            write(text);
            let why = load(Some(place.path()), "Example").unwrap_err().to_string();
            assert!(
                why.contains("en/sign_in.jinja") && why.contains(part),
                "{why}"
            );
        }
        fs::remove_file(&file).unwrap();
        fs::write(place.path().join("en/signin.jinja"), "").unwrap();
        let why = load(Some(place.path()), "Example").unwrap_err().to_string();
        assert!(why.contains("replaces no file"), "{why}");
        assert!(load(Some(Path::new("/nowhere")), "Example").is_err());
    }
}
