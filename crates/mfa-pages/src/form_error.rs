//! Error that is shown beside a form field.

/// Text of the error, and the time to wait if waiting helps.
#[derive(Clone, Debug)]
pub(crate) struct FormError {
    text: String,
    seconds: Option<u64>,
}

impl FormError {
    /// Creates an error with this text.
    pub(crate) const fn new(text: String) -> Self {
        Self { text, seconds: None }
    }

    /// Returns the error with a time to wait.
    pub(crate) fn with_seconds(self, seconds: Option<u64>) -> Self {
        Self { seconds, ..self }
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the seconds to wait, if waiting helps.
    pub(crate) const fn seconds(&self) -> Option<u64> {
        self.seconds
    }

    /// Returns the text.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}
