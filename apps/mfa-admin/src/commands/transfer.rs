//! Commands `import otpauth` and `export otpauth`.

mod export;
mod import;
mod report;

pub(super) use export::run as export;
pub(super) use import::run as import;
