//! Parts that several pages share: fields, buttons, icons, plots, times.

mod fields;
mod help;
mod icons;
mod lock;
mod mail_preview;
mod passkey;
mod plot;
mod sms_preview;
mod steps;
mod times;
mod user_agent;

pub(super) use crate::form_error::FormError;
pub(super) use fields::{
    CodeField, back_link, clock_error, code_field, code_field_of, form_error_for, hidden, key_field,
    leave_form, passkey_only, post_button, resend_button, title_with_error,
};
pub(super) use help::{help_in_foot, need_help, privacy_link};
pub(super) use icons::icon;
pub(super) use lock::{lock_notice, lock_seconds, lock_text};
pub(super) use mail_preview::{is_shown as shows_mail_preview, mails};
pub(super) use passkey::{PasskeyCall, PasskeyStart, passkey_form};
pub(super) use plot::{PlotColumn, PlotSeries, plot};
pub(super) use sms_preview::{MessageView, is_shown as shows_sms_preview, messages, preview};
pub(super) use steps::{SetupStep, steps};
pub(super) use times::{countdown, day, moment};
pub(super) use user_agent::{agent_name, is_handheld};
