use crate::guide::Guide;

const GUIDE: &str = include_str!("../../../../docs/guides/back-ends.md");

/// The sections that all need, and one more.
fn with(section: &str) -> String {
    let sections = GUIDE.split("\n## ").enumerate();
    let chosen = sections.filter(|(n, text)| {
        *n == 0
            || ["Symbolon\n", section, "When "]
                .iter()
                .any(|s| text.starts_with(s))
    });
    let chosen: Vec<_> = chosen.map(|(_, text)| text).collect();
    assert_eq!(chosen.len(), 4);
    chosen.join("\n## ")
}

#[test]
fn django_issues_tokens() {
    Guide::follow(&with("Django\n"), &["8000", "8001"]);
}

#[test]
fn express_issues_tokens() {
    Guide::follow(&with("Express\n"), &["8000", "8002"]);
}

#[test]
fn actix_issues_tokens() {
    assert!(Guide::follow(&with("Actix\n"), &["8000", "8003"]).is_some());
}

#[test]
fn the_excerpt_is_of_the_example() {
    let program = include_str!("../../../../examples/back-ends/actix.rs");
    let excerpt = GUIDE.split("```rust\n").nth(1).unwrap();
    assert!(program.contains(excerpt.split("```").next().unwrap()));
}
