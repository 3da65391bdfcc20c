use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::{root, rust_files};

/// Which of its siblings each module uses, by the path of their parent.
type Uses = BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>>;

#[test]
fn no_modules_use_each_other() {
    for name in ["jwt-core", "store", "identity", "api", "symbolon"] {
        let uses = uses_of(&root().join("crates").join(name).join("src"));
        assert!(!uses.is_empty(), "{name}");
        for (parent, siblings) in &uses {
            for module in siblings.keys() {
                let all = reachable(siblings, module);
                assert!(
                    !all.contains(module),
                    "{name}: in {parent:?}, {module} uses itself through one of {all:?}"
                );
            }
        }
    }
}

#[test]
fn a_cycle_is_found() {
    let paths = paths_in("use crate::{a, b::{self, c as d}};\nfn f() { super::e::g(); }");
    assert_eq!(
        paths[..3],
        [
            vec!["crate", "a"],
            vec!["crate", "b", "self"],
            vec!["crate", "b", "c"]
        ]
    );
    assert_eq!(paths.last().unwrap(), &["super", "e", "g"]);
    let modules = [("a", "b"), ("b", "c"), ("c", "a")];
    let siblings = modules.map(|(from, to)| (from.to_owned(), BTreeSet::from([to.to_owned()])));
    assert!(reachable(&siblings.into(), "a").contains("a"));
}

fn uses_of(source: &Path) -> Uses {
    let files = rust_files(source);
    let modules: BTreeSet<_> = files.iter().map(|file| module_of(file)).collect();
    let mut uses = Uses::new();
    for file in &files {
        let from = module_of(file);
        let text = fs::read_to_string(source.join(file)).unwrap();
        for path in paths_in(&without_tests_and_comments(&text)) {
            let mut to = resolve(&from, &path);
            while !modules.contains(&to) {
                to.pop();
            }
            let parent = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(user), Some(used)) = (from.get(parent), to.get(parent)) {
                let siblings = uses.entry(from[..parent].to_vec()).or_default();
                siblings
                    .entry(user.clone())
                    .or_default()
                    .insert(used.clone());
            }
        }
    }
    uses
}

/// `sessions/renew.rs` is the module `sessions::renew`; the root is empty.
fn module_of(file: &Path) -> Vec<String> {
    let path = file.with_extension("");
    let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
    names
        .filter(|name| name != "lib" && name != "main")
        .collect()
}

fn resolve(from: &[String], path: &[&str]) -> Vec<String> {
    let mut to = match path[0] {
        "crate" => Vec::new(),
        _ => from.to_vec(),
    };
    for name in path {
        match *name {
            "crate" | "self" => {}
            "super" => drop(to.pop()),
            name => to.push(name.to_owned()),
        }
    }
    to
}

fn without_tests_and_comments(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// All paths that begin with `crate` or `super`, in `use` items and elsewhere.
fn paths_in(text: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = ["crate::", "super::"]
        .iter()
        .filter_map(|word| rest.find(word))
        .min()
    {
        rest = &rest[start..];
        read_path(&mut rest, &[], &mut found);
    }
    found
}

/// Reads a path such as `crate::a::{b, c::d}`, and adds each path that it names.
fn read_path<'a>(rest: &mut &'a str, prefix: &[&'a str], found: &mut Vec<Vec<&'a str>>) {
    let mut path = prefix.to_vec();
    loop {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        *rest = after;
        if !name.is_empty() {
            path.push(name);
        }
        match after.strip_prefix("::") {
            Some(after) => *rest = after,
            None => break,
        }
    }
    match rest.strip_prefix('{') {
        Some(inside) if rest.len() > inside.len() && path.len() > prefix.len() => {
            *rest = inside.trim_start();
            while !rest.starts_with('}') && !rest.is_empty() {
                let before = rest.len();
                read_path(rest, &path, found);
                if rest.len() == before {
                    *rest = &rest[1..];
                }
                *rest = rest.trim_start_matches([',', ' ', '\n']);
            }
        }
        _ => found.push(path),
    }
}

fn reachable(siblings: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next = vec![from.to_owned()];
    while let Some(module) = next.pop() {
        for used in siblings.get(&module).into_iter().flatten() {
            if found.insert(used.clone()) {
                next.push(used.clone());
            }
        }
    }
    found
}
