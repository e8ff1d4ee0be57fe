//! What pages are put together from.

mod agents;
mod fields;
mod icons;
mod moments;
mod plot;
mod steps;
mod then;
mod told;

pub(super) use agents::agent_name;
pub(super) use fields::{Complaint, code_field, complaint_of, hidden, key_field, post_button};
pub(super) use icons::icon;
pub(super) use moments::{countdown, moment};
pub(super) use plot::{Column, Series, plot};
pub(super) use steps::{TimeStep, steps};
pub(super) use then::Then;
pub(super) use told::Told;
