//! Tests of whole ceremonies.

mod assertion;
mod challenge;
mod malformed;
mod options;
mod properties;
mod registration;
mod relying_party;
mod support;
mod w3c_vectors;
