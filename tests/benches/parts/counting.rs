//! Runs of a single part for a tool that counts instructions.

use std::process::ExitCode;

use crate::part::{MeasuredPart, PartVisitor};

/// Prints each part with the iterations of a count.
#[derive(Debug)]
pub(crate) struct PartList;

impl PartVisitor for PartList {
    fn visit<P: MeasuredPart>(&mut self, name: &'static str, iterations: usize, _: impl Fn() -> P) {
        println!("{name} {iterations}");
    }
}

/// Runs one part a number of times.
///
/// The inputs are prepared before the first operation, always for twice the iterations of a count. The difference of
/// two runs is then that of their operations.
#[derive(Debug)]
pub(crate) struct PartCounter {
    part: String,
    iterations: usize,
    /// Operations that succeeded. `None` if no part has this name.
    finished: Option<usize>,
}

impl PartCounter {
    /// Reads the arguments of a count.
    pub(crate) fn parse(part: &str, iterations: &str) -> Result<Self, String> {
        let iterations = iterations.parse().map_err(|_| format!("{iterations} is no number"))?;
        Ok(Self { part: part.to_owned(), iterations, finished: None })
    }

    /// Returns whether the part ran as often as was asked.
    pub(crate) fn finish(self) -> ExitCode {
        match self.finished {
            Some(finished) if finished == self.iterations => ExitCode::SUCCESS,
            Some(finished) => {
                eprintln!("{} has inputs for {finished} iterations, not for {}", self.part, self.iterations);
                ExitCode::from(2)
            }
            None => {
                eprintln!("no part is named {}", self.part);
                ExitCode::from(2)
            }
        }
    }
}

impl PartVisitor for PartCounter {
    fn visit<P: MeasuredPart>(&mut self, name: &'static str, iterations: usize, open: impl Fn() -> P) {
        if self.part != name {
            return;
        }
        let part = open();
        let mut inputs: Vec<_> = (0..iterations.saturating_mul(2)).map(|_| part.input()).collect();
        let chosen = inputs.iter_mut().take(self.iterations);
        self.finished = Some(chosen.map(|input| part.run(input)).count());
        // A used input may be larger than an unused one: dropping them would be counted.
        std::mem::forget(inputs);
    }
}
