//! The figures as a table for people and as JSON for programs.

use std::fmt::Write;

use serde_json::json;

use crate::measure::Figures;

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) figures: Vec<Figures>,
    pub(crate) targets: Vec<Target>,
    pub(crate) memory: Option<Memory>,
}

/// A ratio measured in this run, and its minimum.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) least: f64,
}

/// Resident memory after so many renewals, in MiB.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) renewals: u64,
    pub(crate) samples: Vec<(u64, f64)>,
}

/// The rate of two steps that run one after the other on the same processors.
pub(crate) fn composite(hello: f64, statement: f64) -> f64 {
    1.0 / (1.0 / hello + 1.0 / statement)
}

impl Report {
    pub(crate) fn median(&self, name: &str) -> f64 {
        let figures = self.figures.iter().find(|figures| figures.name == name);
        figures.map_or(f64::NAN, Figures::median)
    }

    pub(crate) fn to_markdown(&self) -> String {
        let mut text =
            String::from("| per second | median | min | max |\n| --- | ---: | ---: | ---: |\n");
        for figures in &self.figures {
            let (min, max) = figures.range();
            let (name, median) = (&figures.name, figures.median());
            let _ = writeln!(text, "| {name} | {median:.0} | {min:.0} | {max:.0} |");
        }
        text.push_str(
            "\n| ratio, in this run | measured | target | |\n| --- | ---: | ---: | --- |\n",
        );
        for Target { name, value, least } in &self.targets {
            let verdict = if value >= least { "met" } else { "**missed**" };
            let _ = writeln!(text, "| {name} | {value:.2} | ≥ {least} | {verdict} |");
        }
        if let Some(memory) = &self.memory {
            let first = memory.samples.first().map_or(0.0, |(_, mib)| *mib);
            let most = memory
                .samples
                .iter()
                .fold(0.0, |most: f64, (_, mib)| most.max(*mib));
            let _ = writeln!(
                text,
                "\nResident memory: {first:.1} MiB after the first {} renewals, at most {most:.1} MiB \
                 over {}.",
                memory.samples.first().map_or(0, |(renewals, _)| *renewals),
                memory.renewals,
            );
        }
        text
    }

    pub(crate) fn to_json(&self) -> String {
        let figures: Vec<_> = self
            .figures
            .iter()
            .map(|figures| {
                let (min, max) = figures.range();
                json!({ "name": figures.name, "per_second": figures.median(), "min": min, "max": max })
            })
            .collect();
        let targets: Vec<_> = self
            .targets
            .iter()
            .map(|t| json!({ "name": t.name, "value": t.value, "at_least": t.least }))
            .collect();
        let memory = self.memory.as_ref().map(|memory| &memory.samples);
        let report = json!({ "figures": figures, "ratios": targets, "memory_mib": memory });
        format!("{report:#}\n")
    }
}
