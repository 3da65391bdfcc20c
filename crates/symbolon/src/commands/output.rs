//! Standard output: text and tables for people, JSON for programs.

use std::io::{self, Write};

use serde::Serialize;

use super::Failed;

/// Prints text, made [`safe`]. A reader that stops reading, such as `head`, is not an error.
pub(super) fn print(text: &str) -> Result<(), Failed> {
    print_if_read(&safe(text)).map(drop)
}

/// Prints an error or a warning, made [`safe`].
pub(super) fn complain(text: &str) {
    eprintln!("{}", safe(text));
}

/// Prints text as it is, and returns whether anybody still reads.
pub(super) fn print_if_read(text: &str) -> Result<bool, Failed> {
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.trim_end().as_bytes())
        .and_then(|()| out.write_all(b"\n"));
    match written.and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failed::work(error)),
    }
}

/// How many sessions were revoked, and what follows.
pub(super) fn revoked(sessions: usize) -> String {
    let sessions = match sessions {
        1 => "1 session".to_owned(),
        n => format!("{n} sessions"),
    };
    format!("Revoked {sessions}; their access tokens are refused within 2 seconds.")
}

/// Prints JSON.
pub(super) fn print_json<T: Serialize + ?Sized>(value: &T) -> Result<(), Failed> {
    let json = serde_json::to_string_pretty(value).map_err(Failed::work)?;
    print_if_read(&json).map(drop)
}

/// Prints a table with aligned columns.
pub(super) fn print_table<const N: usize>(
    titles: [&str; N],
    rows: &[[String; N]],
) -> Result<(), Failed> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([titles[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..N).map(width).collect();
    let line = |cells: &[String; N]| {
        let cells = cells.iter().zip(&widths);
        let line: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        line.join("  ").trim_end().to_owned()
    };
    let titles = line(&titles.map(str::to_owned));
    let lines: Vec<_> = std::iter::once(titles)
        .chain(rows.iter().map(line))
        .collect();
    print(&lines.join("\n"))
}

/// Text that is safe to print: nothing that moves the cursor, except to a new line, or changes the direction of
/// writing reaches the terminal.
fn safe(text: &str) -> String {
    let lines = text.lines().map(plain);
    lines.collect::<Vec<_>>().join("\n")
}

/// Text in one line that is [`safe`].
pub(super) fn plain(text: &str) -> String {
    let changes_direction = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain = |c: char| {
        if c.is_control() || changes_direction(c) {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().map(plain).collect()
}
