//! The links between the pages of the documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![
        root().join("clients/js/README.md"),
        root().join("crates/jwt-core/README.md"),
    ];
    for folder in ["", "docs", "docs/guides", "docs/decisions"] {
        let files = fs::read_dir(root().join(folder)).unwrap();
        let files = files.map(|file| file.unwrap().path());
        pages.extend(files.filter(|file| file.extension().is_some_and(|e| e == "md")));
    }
    pages
}

/// As GitHub and mdBook name a heading in a link.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let headings = markdown.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let text = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = text
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn each_link_leads_somewhere() {
    let mut links = 0;
    for page in pages() {
        let markdown = fs::read_to_string(&page).unwrap();
        let targets = markdown.split("](").skip(1);
        for target in targets.map(|rest| rest.split(')').next().unwrap()) {
            if target.contains("://") {
                continue;
            }
            links += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(file),
            };
            assert!(file.exists(), "{target} in {}", page.display());
            let found = || anchors(&fs::read_to_string(&file).unwrap()).contains(anchor);
            assert!(
                anchor.is_empty() || found(),
                "{target} in {}",
                page.display()
            );
        }
    }
    assert!(links > 40);
}

#[test]
fn the_book_has_every_page() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    for page in pages() {
        if let Ok(page) = page.strip_prefix(root().join("docs"))
            && page != Path::new("SUMMARY.md")
        {
            assert!(
                summary.contains(&format!("]({})", page.display())),
                "{}",
                page.display()
            );
        }
    }
}

/// Headings, commands and settings; a translation has no other text in common.
#[test]
fn the_russian_readme_keeps_step() {
    let read = |name| fs::read_to_string(root().join(name)).unwrap();
    let (english, russian) = (read("README.md"), read("README.ru.md"));
    let blocks = |text: &str| -> Vec<String> {
        let blocks = text.split("```").skip(1).step_by(2);
        blocks.map(str::to_owned).collect()
    };
    assert_eq!(blocks(&english), blocks(&russian));
    let headings = |text: &str| text.lines().filter(|line| line.starts_with("## ")).count();
    assert_eq!(headings(&english), headings(&russian));
    let code_in_tables = |text: &str| -> Vec<String> {
        let rows = text.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| row.split('|').nth(1).unwrap().to_owned())
            .collect()
    };
    assert_eq!(code_in_tables(&english), code_in_tables(&russian));
    let paragraphs = |text: &str| text.split("\n\n").count();
    assert_eq!(paragraphs(&english), paragraphs(&russian));
}
