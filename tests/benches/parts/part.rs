//! One part of a verification, and what visits all parts.

/// Operation that is measured alone.
pub(crate) trait MeasuredPart {
    /// Input of one operation, such as a code or a token, which is accepted once.
    type Input;

    /// Prepares the input of one operation. Not measured.
    fn input(&self) -> Self::Input;

    /// Runs the operation once and checks that it succeeded.
    fn run(&self, input: &mut Self::Input);
}

/// Measures or lists parts.
pub(crate) trait PartVisitor {
    /// Visits a part. A count runs it this many times; `open` prepares what all operations share.
    fn visit<P: MeasuredPart>(&mut self, name: &'static str, iterations: usize, open: impl Fn() -> P);
}
