//! Draws the figures as bars, each with the range of its rounds.

use std::fmt::Write;

use crate::report::Report;

const LEFT: f64 = 330.0;
const WIDTH: f64 = 420.0;
const ROW: f64 = 28.0;

/// Each group of figures has its own scale: next to hello-world the others would be too short.
pub(crate) fn plot(report: &Report) -> String {
    let groups = [
        ("requests per second, 64 connections", true),
        ("per second, 16 connections", false),
    ];
    let mut body = String::new();
    let mut y = 20.0;
    for (title, with_64) in groups {
        let figures: Vec<_> = report
            .figures
            .iter()
            .filter(|f| f.name.contains("64 connections") == with_64)
            .collect();
        if figures.is_empty() {
            continue;
        }
        // The second group leaves out hello-world.
        let scale = figures
            .iter()
            .filter(|f| with_64 || !f.name.contains("hello"))
            .fold(1.0, |most: f64, f| most.max(f.range().1));
        let _ = writeln!(body, r#"<text x="10" y="{y}" class="title">{title}</text>"#);
        y += 12.0;
        for figures in figures {
            let length = |rate: f64| (rate / scale).min(1.08) * WIDTH;
            let (median, (min, max)) = (figures.median(), figures.range());
            let class = match figures.name.contains("refresh_") || figures.name.contains("verify") {
                true => "own",
                false => "other",
            };
            let (text, bar) = (y + 15.0, y + 2.0);
            let _ = writeln!(
                body,
                r#"<text x="{}" y="{text}" text-anchor="end">{}</text>
<rect x="{LEFT}" y="{bar}" width="{:.1}" height="18" class="{class}"/>
<line x1="{:.1}" x2="{:.1}" y1="{middle}" y2="{middle}" class="range"/>
<text x="{:.1}" y="{text}">{median:.0}</text>"#,
                LEFT - 8.0,
                figures.name,
                length(median),
                LEFT + length(min),
                LEFT + length(max),
                LEFT + length(max) + 8.0,
                middle = y + 11.0,
            );
            y += ROW;
        }
        y += ROW;
    }
    let (width, height) = (LEFT + WIDTH * 1.08 + 90.0, y);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" role="img" aria-label="Throughput of Symbolon and of the programs it is compared with">
<style>
text {{ font: 13px sans-serif; fill: #222 }}
.title {{ font-weight: bold }}
.own {{ fill: #2a6f97 }}
.other {{ fill: #b9c4cc }}
.range {{ stroke: #222; stroke-width: 2 }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} .range {{ stroke: #ddd }} .other {{ fill: #5c6770 }} .own {{ fill: #4da3cf }} }}
</style>
{body}</svg>
"#
    )
}
