use std::sync::LazyLock;

/// The 30,000 most common passwords of zxcvbn's list, sorted, without those that are too short anyway.
const LIST: &str = include_str!("../../assets/common-passwords/8-or-more.txt");

static SORTED: LazyLock<Vec<&str>> = LazyLock::new(|| LIST.lines().collect());

/// Whether a password is one of the most common, ignoring case.
pub(super) fn is_common(password: &str) -> bool {
    SORTED
        .binary_search(&password.to_lowercase().as_str())
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_long() {
        assert!(SORTED.is_sorted());
        assert!(SORTED.len() > 10_000);
    }

    #[test]
    fn passwords_of_everyone_are_common() {
        for common in [
            "password1",
            "12345678",
            "Iloveyou",
            "QWERTYUIOP",
            "zxcvbnm1",
        ] {
            assert!(is_common(common), "{common}");
        }
        for rare in ["correct horse battery", "", "password1 ", "ы"] {
            assert!(!is_common(rare), "{rare}");
        }
    }
}
