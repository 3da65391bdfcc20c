use std::fs;

use crate::{root, rust_files};

/// Lines of a file.
const MAX_FILE: usize = 400;

/// Lines of a function, from its signature to its closing brace.
const MAX_FUNCTION: usize = 80;

#[test]
fn files_and_functions_are_short() {
    let folder = root().join("crates");
    let files = rust_files(&folder);
    assert!(files.len() > 300, "{}", files.len());
    for file in files {
        let text = fs::read_to_string(folder.join(&file)).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let (file, count) = (file.display(), lines.len());
        assert!(count <= MAX_FILE, "{file} has {count} lines");
        for (number, length) in functions(&lines) {
            assert!(
                length <= MAX_FUNCTION,
                "{file}:{number}: the function has {length} lines"
            );
        }
    }
}

#[test]
fn a_function_is_measured_to_its_brace() {
    let lines = [
        "impl A {",
        "    pub fn a() {",
        "        1",
        "    }",
        "}",
        "fn b() {}",
    ];
    assert_eq!(functions(&lines), [(2, 3), (6, 1)]);
}

/// The first line and the length of each function; rustfmt aligns its brace with its signature.
fn functions(lines: &[&str]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let is_function = code.starts_with("fn ")
            || code.starts_with("pub") && code.contains(" fn ")
            || code.starts_with("async fn ")
            || code.starts_with("const fn ");
        if !is_function {
            continue;
        }
        let indent = &line[..line.len() - code.len()];
        let closing = format!("{indent}}}");
        let end = lines[start..].iter().position(|line| {
            *line == closing
                || line.ends_with("{}")
                || line.ends_with(';')
                    && line.starts_with(indent)
                    && !line.starts_with(&format!("{indent} "))
        });
        found.push((start + 1, end.unwrap_or(0) + 1));
    }
    found
}
