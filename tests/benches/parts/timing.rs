//! Times with criterion.

use std::cell::OnceCell;

use criterion::{BatchSize, Criterion};

use crate::part::{MeasuredPart, PartVisitor};

impl PartVisitor for Criterion {
    fn visit<P: MeasuredPart>(&mut self, name: &'static str, _: usize, open: impl Fn() -> P) {
        // Criterion calls the closure several times, and not at all for a part that its filter leaves out.
        let part = OnceCell::new();
        self.bench_function(name, |bencher| {
            let part = part.get_or_init(&open);
            bencher.iter_batched_ref(|| part.input(), |input| part.run(input), BatchSize::SmallInput);
        });
    }
}
