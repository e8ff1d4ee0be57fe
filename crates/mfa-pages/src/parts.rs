//! What pages are put together from.

mod fields;
mod flash;
mod icons;
mod plot;
mod return_to;
mod steps;
mod times;
mod user_agent;

pub(super) use fields::{FormError, code_field, complaint_of, hidden, key_field, post_button};
pub(super) use flash::Flash;
pub(super) use icons::icon;
pub(super) use plot::{PlotColumn, PlotSeries, plot};
pub(super) use return_to::ReturnTo;
pub(super) use steps::{SetupStep, steps};
pub(super) use times::{countdown, moment};
pub(super) use user_agent::agent_name;
