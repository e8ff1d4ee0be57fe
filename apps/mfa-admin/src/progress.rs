//! Progress bar of a long command, on standard error if that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Progress bar that is cleared when dropped.
pub(crate) struct CommandProgress(ProgressBar);

impl CommandProgress {
    /// Starts a bar with the name of the activity, such as `importing`.
    pub(crate) fn new(activity: &'static str) -> Self {
        // Draws on standard error, and nothing if that is not a terminal.
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {per_sec}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(activity);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Shows how many of the total are done.
    pub(crate) fn update(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }
}

impl Drop for CommandProgress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
