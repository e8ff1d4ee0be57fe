//! Progress of the setup of an account.

use maud::{Markup, html};
use mfa_flows::Profile;

use crate::request::PageRequest;

/// A step of the setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetupStep {
    /// A passkey or an app.
    Factor,
    /// A phone number, for a user who chose SMS as the second factor.
    SmsFactor,
    Codes,
    /// SMS beside another factor, which is optional.
    SmsBackup,
}

/// Renders all steps with the current one. Whoever chose SMS as the second factor has no further step for it.
pub(crate) fn steps(request: &PageRequest, profile: &Profile, here: SetupStep) -> Markup {
    let counts = profile.status.authenticators;
    let has_other = counts.passkey > 0 || counts.totp > 0;
    let is_by_sms = here == SetupStep::SmsFactor || (profile.has_factor && !has_other);
    let here = if here == SetupStep::SmsFactor { SetupStep::Factor } else { here };
    let offers_backup = request.site.offers_sms() && !is_by_sms;
    let all = [
        (SetupStep::Factor, "step-factor", true),
        (SetupStep::Codes, "step-codes", true),
        (SetupStep::SmsBackup, "step-backup", offers_backup),
    ];
    let current = all.iter().position(|(step, _, _)| *step == here).unwrap_or(0);
    html! {
        ol.steps aria-label=(request.translate("steps")) {
            @for (place, (step, name, is_shown)) in all.into_iter().enumerate() {
                @if is_shown {
                    li.done[place < current] aria-current=[(step == here).then_some("step")] { span { (request.translate(name)) } }
                }
            }
        }
    }
}
