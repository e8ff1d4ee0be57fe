//! Tests of rows that NOVA, operators and other programs wrote: values that this service would not write.

mod addresses;
mod locks;
mod neighbours;
mod texts;
mod zones;
