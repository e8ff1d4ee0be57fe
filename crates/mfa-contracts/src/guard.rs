//! Resources of a fixture.

use std::any::Any;

/// Resources that live as long as the adapter, for example a temporary database.
#[derive(Debug, Default)]
pub(crate) struct Guard(Vec<Box<dyn Any>>);

impl Guard {
    /// Keeps one more resource.
    pub(crate) fn keep(&mut self, resource: impl Any) {
        self.0.push(Box::new(resource));
    }
}
