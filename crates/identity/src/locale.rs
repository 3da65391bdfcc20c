//! The languages of mails and pages.

/// A language that we have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Locale {
    /// English, also for everybody whose language we do not have.
    #[default]
    English,
    /// Russian.
    Russian,
}

impl Locale {
    /// All of them.
    pub const ALL: &[Self] = &[Locale::English, Locale::Russian];

    /// The language tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Locale::English => "en",
            Locale::Russian => "ru",
        }
    }

    /// The language of a tag such as `ru` or `ru-RU`, if we have it.
    pub fn parse(tag: &str) -> Option<Self> {
        let language = tag.trim().split(['-', '_']).next()?;
        let is_it = |locale: &Self| language.eq_ignore_ascii_case(locale.tag());
        Self::ALL.iter().copied().find(is_it)
    }

    /// The language that `Accept-Language` prefers among those that we have (RFC 9110 §12.5.4).
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for choice in header.split(',').take(32) {
            let mut parts = choice.split(';');
            let Some(locale) = parts.next().and_then(Self::parse) else {
                continue;
            };
            let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
            let weight = weight.map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            if weight > best.map_or(0.0, |(_, most)| most) {
                best = Some((locale, weight));
            }
        }
        best.map(|(locale, _)| locale)
    }
}

#[cfg(test)]
mod tests {
    use super::Locale;

    #[test]
    fn the_language_that_weighs_most_is_chosen() {
        for (header, locale) in [
            ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", Some(Locale::Russian)),
            ("en-GB, ru;q=0.5", Some(Locale::English)),
            ("de;q=1.0, ru;q=0.3, en;q=0.2", Some(Locale::Russian)),
            ("ru;q=0", None),
            ("de", None),
            ("*", None),
            ("", None),
            (";;,,q=1", None),
        ] {
            assert_eq!(Locale::accepted(header), locale, "{header}");
        }
    }
}
