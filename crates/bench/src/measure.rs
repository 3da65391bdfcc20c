//! Contenders, measured in turn.

use std::time::Duration;

/// Requests or statements per second, in each round.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) name: String,
    rates: Vec<f64>,
}

impl Figures {
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.rates.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }

    pub(crate) fn range(&self) -> (f64, f64) {
        let min = self.rates.iter().copied().fold(f64::INFINITY, f64::min);
        let max = self.rates.iter().copied().fold(0.0, f64::max);
        (min, max)
    }
}

/// Runs for the given time and returns its rate per second.
pub(crate) struct Contender<'a> {
    pub(crate) name: &'a str,
    turn: Box<dyn FnMut(Duration) -> Result<f64, String> + 'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(
        name: &'a str,
        turn: impl FnMut(Duration) -> Result<f64, String> + 'a,
    ) -> Self {
        Self {
            name,
            turn: Box::new(turn),
        }
    }
}

/// Runs each contender once as a warm-up, then once per round.
pub(crate) fn interleave(
    mut contenders: Vec<Contender<'_>>,
    rounds: usize,
    turn: Duration,
) -> Result<Vec<Figures>, String> {
    let mut figures: Vec<_> = contenders
        .iter()
        .map(|contender| Figures {
            name: contender.name.to_owned(),
            rates: Vec::new(),
        })
        .collect();
    for contender in &mut contenders {
        (contender.turn)(Duration::from_secs(1))?;
    }
    for round in 1..=rounds {
        // Each round starts with another contender, so that none always runs after the same one.
        let first = round % contenders.len();
        for n in 0..contenders.len() {
            let place = match round % 2 {
                0 => (first + n) % contenders.len(),
                _ => (first + contenders.len() - n) % contenders.len(),
            };
            let (contender, figures) = (&mut contenders[place], &mut figures[place]);
            let rate = (contender.turn)(turn)?;
            eprintln!(
                "round {round} of {rounds}: {:9.0}/s  {}",
                rate, contender.name
            );
            figures.rates.push(rate);
        }
    }
    Ok(figures)
}
