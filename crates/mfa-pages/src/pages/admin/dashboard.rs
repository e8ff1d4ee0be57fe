//! Dashboard of administrators: totals, charts, newest events and the user search.

use actix_web::http::StatusCode;
use maud::{Markup, html};
use mfa_core::{Activity, Adoption, AuditQuery, BucketSize, Period, Role, Timestamp, Totals, UserState};
use mfa_flows::{FlowError, SupportAction};
use std::collections::BTreeMap;
use std::time::Duration;
use time::OffsetDateTime;

use super::{events, open, search_form, users};
use crate::SharedRequest;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{PlotColumn, PlotSeries, plot};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use mfa_http::problem::ApiError;

/// The number of events on the dashboard.
const EVENTS: u32 = 8;
/// The number of weeks of the plot of adoption.
const WEEKS: u32 = 12;
/// The selectable periods in days.
const PERIODS: [u64; 3] = [1, 7, 30];

/// `GET /interface/BRAND/admin`
pub(crate) async fn show(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let days =
        request.query("days").and_then(|it| it.parse().ok()).filter(|it| PERIODS.contains(it)).unwrap_or(1);
    let period = period(request.now(), days)?;
    let (profile, activity, totals, weeks, newest, names) = request
        .run(|flows| async move {
            let support = flows.support(&call, SupportAction::List, None).await?;
            let admin = support.admin();
            let (activity, totals) = flows.statistics(admin, period).await?;
            let weeks = flows.adoption(admin, WEEKS).await?;
            let query = AuditQuery::newest(EVENTS);
            // Only administrators see the events of all users.
            let newest = match support.role() {
                Role::Admin => Some(flows.list_events(admin, query).await?.events),
                Role::Helpdesk | Role::None => None,
            };
            let names = events::names(&flows, admin, newest.as_deref().unwrap_or_default()).await?;
            Ok::<_, FlowError>((flows.profile(&call).await?, activity, totals, weeks, newest, names))
        })
        .await?;
    let title = request.translate("admin-title");
    let page = document(
        &request,
        &Layout::signed_in(title.clone(), &profile, NavItem::Admin).wide(),
        html! {
            div.admin {
                div.admin-head { h1 { (title) } (periods(&request, days)) }
                section.sheet { (search_form(&request, None, None)) }
                (figures(&request, totals))
                // All times of this page are in one zone, so no script converts those of the table.
                p.hint { (request.translate("list-zone")) }
                section.sheet {
                    h2 { (request.translate("list-adoption")) }
                    p.hint { (request.translate("list-adoption-hint")) }
                    (adoption(&request, &weeks, totals.users))
                }
                section.sheet {
                    h2 { (request.translate("plot-checks")) }
                    (checks(&request, period, &activity))
                }
                div.columns {
                    section.sheet {
                        h2 { (request.translate("plot-locks")) }
                        (locks(&request, period, &activity))
                    }
                    section.sheet {
                        h2 { (request.translate("plot-sms")) }
                        (messages(&request, &activity))
                    }
                }
                @if let Some(newest) = &newest {
                    section.sheet {
                        div.sheet-head {
                            h2 { (request.translate("admin-events")) }
                            a.link href=(request.url("/admin/events")) { (request.translate("home-all")) }
                        }
                        (events::table(&request, newest, &names))
                    }
                }
            }
        },
    );
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// Returns the period of the last days: hourly for one day, daily for more.
fn period(now: Timestamp, days: u64) -> Result<Period, ApiError> {
    let bucket = if days == 1 { BucketSize::Hour } else { BucketSize::Day };
    let end = now.plus(Duration::from_secs(1));
    // The current bucket counts as one.
    let span = Duration::from_hours(days.saturating_mul(24)).saturating_sub(bucket.width());
    Period::new(now.minus(span), end, bucket).map_err(|_| ApiError::Bug("a period that is none"))
}

fn periods(request: &PageRequest, days: u64) -> Markup {
    html! {
        nav.periods aria-label=(request.translate("admin-period")) {
            @for choice in PERIODS {
                a href=(request.url(&format!("/admin?days={choice}"))) aria-current=[(choice == days).then_some("true")] {
                    (request.translate_with("admin-days", &[("days", choice.into())]))
                }
            }
        }
    }
}

/// Renders the totals. A tile is a number of users in a state, and leads to their list. The other numbers have no list, and
/// stand below the tiles.
fn figures(request: &PageRequest, totals: Totals) -> Markup {
    let without_factor = totals.users.saturating_sub(totals.with_factor);
    let without_passkey = totals.users.saturating_sub(totals.with_passkey);
    let tiles = [
        ("list-figure-no_factor", without_factor, UserState::NoFactor, false),
        ("list-figure-sms_only", totals.sms_only, UserState::SmsOnly, false),
        ("list-figure-no_passkey", without_passkey, UserState::NoPasskey, false),
        ("figure-enforced", totals.enforced, UserState::Enforced, false),
        ("figure-locked", totals.locked, UserState::Locked, totals.locked > 0),
        ("figure-codes", totals.recovery_codes_low, UserState::FewCodes, totals.recovery_codes_low > 0),
        ("list-figure-disabled", totals.disabled, UserState::Disabled, false),
    ];
    let shares = [
        ("figure-protected", totals.with_factor),
        ("list-figure-passkey", totals.with_passkey),
        ("figure-app", totals.with_totp),
        ("figure-sms", totals.with_sms),
    ];
    html! {
        dl.figures {
            div.figure {
                dt { a href=(request.url("/admin/users")) { (request.translate("figure-users")) } }
                dd { (totals.users) }
            }
            @for (name, count, state, warns) in tiles {
                div.figure.warn[warns] {
                    dt { a href=(users::address_of_state(request, state)) { (request.translate(name)) } }
                    dd { (count) " " small { (percent(request, count, totals.users)) } }
                }
            }
        }
        dl.shares {
            @for (name, count) in shares {
                div { dt { (request.translate(name)) } dd { (count) " (" (percent(request, count, totals.users)) ")" } }
            }
        }
    }
}

/// Returns a share of all users in per cent, rounded down, but more than none is never shown as zero.
fn percent(request: &PageRequest, count: u64, of: u64) -> String {
    let share = count.saturating_mul(100).checked_div(of).unwrap_or(0);
    let name = if share == 0 && count > 0 { "list-share-less" } else { "list-share" };
    request.translate_with(name, &[("share", share.into())])
}

/// Renders the share of users with a second factor over the last weeks.
fn adoption(request: &PageRequest, weeks: &[Adoption], users: u64) -> Markup {
    let series = [("used", "list-adoption-passkey"), ("sent", "list-adoption-other")]
        .map(|(class, name)| PlotSeries { class, name: request.translate(name) });
    let share = |count: u64| count.saturating_mul(100).checked_div(users).unwrap_or(0);
    let columns: Vec<_> = weeks
        .iter()
        .map(|week| {
            let (passkey, factor) = (share(week.with_passkey), share(week.with_factor));
            let counts = vec![passkey, factor.saturating_sub(passkey)];
            PlotColumn { label: label(request, week.at, BucketSize::Day), counts }
        })
        .collect();
    plot(request, "adoption", &request.translate("list-adoption"), &series, &columns)
}

/// Returns the buckets of a period with their labels.
fn buckets(request: &PageRequest, period: Period) -> Vec<(Timestamp, String)> {
    let width = period.bucket().width();
    let next = |at: &Timestamp| Some(at.plus(width)).filter(|it| *it < period.to());
    let begins = std::iter::successors(Some(period.from()), next);
    begins.map(|at| (at, label(request, at, period.bucket()))).collect()
}

fn label(request: &PageRequest, at: Timestamp, bucket: BucketSize) -> String {
    let Ok(parts) = OffsetDateTime::from_unix_timestamp(at.seconds()) else { return String::new() };
    match bucket {
        BucketSize::Hour => format!("{:02}:00", parts.hour()),
        BucketSize::Day => {
            let month = request.translate(&format!("month-{}", u8::from(parts.month())));
            request.translate_with(
                "plot-day",
                &[("day", parts.day().to_string().into()), ("month", month.into())],
            )
        }
    }
}

fn checks(request: &PageRequest, period: Period, activity: &Activity) -> Markup {
    let series = [("success", "plot-success"), ("failure", "plot-failure")]
        .map(|(class, name)| PlotSeries { class, name: request.translate(name) });
    let count = |at: Timestamp, good: bool| {
        let fits =
            activity.verifications.iter().filter(|it| it.at == at && (it.outcome == "success") == good);
        fits.fold(0_u64, |sum, it| sum.saturating_add(it.count))
    };
    let columns: Vec<_> = buckets(request, period)
        .into_iter()
        .map(|(at, label)| PlotColumn { label, counts: vec![count(at, true), count(at, false)] })
        .collect();
    plot(request, "checks", &request.translate("plot-checks"), &series, &columns)
}

fn locks(request: &PageRequest, period: Period, activity: &Activity) -> Markup {
    let series = [PlotSeries { class: "lock", name: request.translate("plot-lock") }];
    let count = |at: Timestamp| {
        let fits = activity.lockouts.iter().filter(|it| it.at == at);
        fits.fold(0_u64, |sum, it| sum.saturating_add(it.count))
    };
    let columns: Vec<_> = buckets(request, period)
        .into_iter()
        .map(|(at, label)| PlotColumn { label, counts: vec![count(at)] })
        .collect();
    plot(request, "locks", &request.translate("plot-locks"), &series, &columns)
}

/// SMS of the period by country and provider.
#[derive(Clone, Copy, Default)]
struct SmsSummary {
    sent: u64,
    delivered: u64,
    failed: u64,
    used: u64,
}

fn messages(request: &PageRequest, activity: &Activity) -> Markup {
    let mut by_place: BTreeMap<(&str, &str), SmsSummary> = BTreeMap::new();
    for it in &activity.sms {
        let sums = by_place.entry((&it.country, it.provider.as_deref().unwrap_or("–"))).or_default();
        sums.sent = sums.sent.saturating_add(it.sent);
        sums.delivered = sums.delivered.saturating_add(it.delivered);
        sums.failed = sums.failed.saturating_add(it.failed);
        sums.used = sums.used.saturating_add(it.used);
    }
    let top = by_place.values().map(|it| it.sent).max().unwrap_or(0);
    html! {
        @if by_place.is_empty() { p.empty { (request.translate("plot-sms-none")) } } @else {
            div.plot {
                div.scroll tabindex="0" role="group" aria-label=(request.translate("plot-sms")) {
                    table.sms {
                        thead { tr {
                            th scope="col" { (request.translate("column-country")) }
                            th.share-cell scope="col" { (request.translate("column-share")) }
                            th.count scope="col" { (request.translate("column-sent")) }
                            th.count scope="col" { (request.translate("column-delivered")) }
                            th.count scope="col" { (request.translate("column-failed")) }
                            th.count scope="col" { (request.translate("column-used")) }
                        } }
                        tbody {
                            @for ((country, provider), sms) in &by_place {
                                tr {
                                    th scope="row" { (country) " · " (provider) }
                                    td.share-cell { (share(*sms, top)) }
                                    td.count { (sms.sent) }
                                    td.count { (sms.delivered) }
                                    td.count { (sms.failed) }
                                    td.count { (sms.used) }
                                }
                            }
                        }
                    }
                }
                ul.legend {
                    li { i.key-sent {} (request.translate("column-sent")) }
                    li { i.key-used {} (request.translate("column-used")) }
                }
            }
        }
    }
}

/// Returns the conversion rate, if enough SMS were sent.
fn share(sms: SmsSummary, top: u64) -> Markup {
    let long = |count: u64| count.saturating_mul(100).checked_div(top).unwrap_or(0);
    html! {
        svg.share viewBox="0 0 100 18" width="100" height="18" aria-hidden="true" {
            rect.bar-sent x="0" y="1" width=(long(sms.sent)) height="7" rx="2" {}
            rect.bar-used x="0" y="10" width=(long(sms.used)) height="7" rx="2" {}
        }
    }
}
