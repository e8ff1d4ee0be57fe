//! Pages of a change of many users: one shows who and how many and takes the reason, the next shows the result for each.
//!
//! The address of the form has the selection, so that a refusal and a step-up lead back to the same users.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use data_encoding::HEXLOWER;
use maud::{Markup, html};
use mfa_core::{UserFilter, UserId, UserState, trim_login};
use mfa_flows::{AdminAction, BulkAction, BulkOutcome, BulkResult, Call, FlowError, Flows, Profile};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::bulk_choice::{ALL, TICKED};
use super::open;
use super::person::{PersonName, names_of, person_link};
use super::reason::{reason, reason_field};
use super::users::address_of_list;
use crate::SharedRequest;
use crate::canonical_url::canonical_url;
use crate::error::belongs_on_the_form;
use crate::flash::Flash;
use crate::layout::{Layout, NavItem, document};
use crate::parts::{FormError, form_error_for, hidden, icon, key_field, title_with_error};
use crate::request::PageRequest;
use crate::response::{PageResponse, PageResult};
use crate::sealed_state::{BulkGroup, BulkSummary, SealedState};
use mfa_http::problem::{ApiError, FieldError, FieldErrorKind};
use mfa_http::request::Field;

/// Users that one act changes at most.
const MAX_USERS: usize = 5_000;
/// Users that a list names at most. The others are counted.
const SHOWN: usize = 100;
/// Users up to whom the list of the form is open.
const OPEN: usize = 20;
/// Bytes of user ids in the cookie with the result. The users that do not fit are counted.
const RESULT_BYTES: usize = 2_400;
/// Results in the order of the page: first what needs attention.
const OUTCOMES: [BulkOutcome; 4] =
    [BulkOutcome::Refused, BulkOutcome::NotFound, BulkOutcome::Unchanged, BulkOutcome::Done];

/// Users that the address selects.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ChosenUsers {
    /// These users.
    Ids(Vec<UserId>),
    /// Everybody who matches the filter of the list.
    Filter(UserFilter),
}

/// Action and users that the address names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct BulkAddress {
    action: BulkAction,
    chosen: ChosenUsers,
}

/// What the page shows.
struct BulkView {
    profile: Profile,
    action: BulkAction,
    selected: BulkUserList,
    names: BTreeMap<UserId, PersonName>,
    /// Whether the caller is among the users.
    has_caller: bool,
}

/// Users whom the change is for, at most as many as one change covers.
struct BulkUserList {
    users: Vec<UserId>,
    /// More users match.
    is_limited: bool,
}

/// Fields of the form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkForm {
    shown: Field,
    reason: Field,
}

/// `GET /interface/BRAND/admin/users/bulk`
pub(crate) async fn ask(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let Some(asked) = read_address(&request)? else { return Ok(nobody_ticked(&request)) };
    let view = view(&request, call, asked).await?;
    Ok(PageResponse::page(&request, StatusCode::OK, preview(&request, &view)))
}

/// `POST /interface/BRAND/admin/users/bulk`
pub(crate) async fn run(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let Some(asked) = read_address(&request)? else { return Ok(nobody_ticked(&request)) };
    let action = asked.action;
    let error = match perform(&request, call, asked).await {
        Ok(Some(results)) => {
            let state = SealedState::BulkResult(summary(action, &results));
            let response = PageResponse::redirect(&request, "/admin/users/bulk/result");
            return Ok(response.with_sealed_state(&request, &state)?);
        }
        Ok(None) => {
            let error = FormError::new(request.translate("bulk-others"));
            return PageResponse::refused_with(&request, &canonical_url(&request), &error, None);
        }
        Err(error) => error,
    };
    if !belongs_on_the_form(&error) {
        return Err(error.into());
    }
    let form_error = if request.form_value("reason").is_none_or(|it| it.trim().is_empty()) {
        FormError::new(request.translate("act-reason.missing"))
    } else {
        form_error_for(&request, &error)
    };
    PageResponse::refused_with(&request, &canonical_url(&request), &form_error, error)
}

/// Changes the users; `None` if other users match now than those that the form showed.
async fn perform(
    request: &PageRequest,
    call: Call,
    asked: BulkAddress,
) -> Result<Option<Vec<BulkResult>>, ApiError> {
    let (shown, reason) = read(request)?;
    let BulkAddress { action, chosen } = asked;
    request
        .run(|flows| async move {
            let admin =
                flows.administrator(&call, AdminAction::Change(call.token.user), Some(reason)).await?;
            let BulkUserList { users, .. } = users_of(&flows, chosen).await?;
            if digest(&users) != shown {
                return Ok(None);
            }
            Ok::<_, FlowError>(Some(flows.perform_bulk(&admin, Some(call.token.user), action, users).await?))
        })
        .await
}

/// `GET /interface/BRAND/admin/users/bulk/result`
pub(crate) async fn result(request: SharedRequest) -> PageResult {
    let call = open(&request)?;
    let Some(SealedState::BulkResult(summary)) = request.sealed_state() else {
        return Ok(PageResponse::redirect(&request, "/admin/users"));
    };
    let listed = summary.groups.iter().flat_map(|it| it.users.iter().take(SHOWN));
    let users: Vec<_> = listed.copied().map(UserId::new).collect();
    let (profile, names) = request
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAction::Read, None).await?;
            let names = names_of(&flows, &admin, &users).await?;
            Ok::<_, FlowError>((flows.profile(&call).await?, names))
        })
        .await?;
    let page = result_page(&request, &profile, summary, &names);
    Ok(PageResponse::page(&request, StatusCode::OK, page))
}

/// Counts the results, and names as many users as fit into the cookie.
fn summary(action: BulkAction, results: &[BulkResult]) -> BulkSummary {
    let mut left = RESULT_BYTES;
    let groups = OUTCOMES.into_iter().map(|outcome| {
        let of_group = || results.iter().filter(|it| it.outcome == outcome).map(|it| it.user.value());
        let users = of_group()
            .take_while(|id| {
                // The digits and a comma.
                let length = id.to_string().len().saturating_add(1);
                let fits = length <= left;
                left = left.saturating_sub(length);
                fits
            })
            .collect();
        BulkGroup { outcome: outcome.as_str().to_owned(), count: of_group().count(), users }
    });
    let groups = groups.filter(|it| it.count > 0).collect();
    BulkSummary { action: action.as_str().to_owned(), groups }
}

/// Leads back to the list, which says that nobody is ticked.
fn nobody_ticked(request: &PageRequest) -> PageResponse {
    PageResponse::redirect(request, &address_of_list(request)).with_flash(request, Flash::NobodyTicked)
}

/// Reads the address; `None` if it is for those who are ticked, and nobody is.
///
/// Nothing unknown is ignored: a slip in the address of a filter must not select everybody.
fn read_address(request: &PageRequest) -> Result<Option<BulkAddress>, ApiError> {
    let pairs: Vec<_> = request.query_pairs().collect();
    parse_address(&pairs)
}

fn parse_address(pairs: &[(&str, &str)]) -> Result<Option<BulkAddress>, ApiError> {
    let refused = |field: &'static str| {
        ApiError::Fields(vec![FieldError { field: field.to_owned(), error: FieldErrorKind::NotOneOf }])
    };
    let all =
        |field: &'static str| pairs.iter().filter(move |(name, _)| *name == field).map(|(_, value)| *value);
    let one = |field: &'static str| {
        let mut values = all(field).filter(|it| !it.is_empty());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(refused(field)),
        }
    };
    let action = one("action")?.and_then(BulkAction::parse).ok_or_else(|| refused("action"))?;
    let state = match one("state")? {
        Some(state) => Some(UserState::parse(state).ok_or_else(|| refused("state"))?),
        None => None,
    };
    let text = one("query")?.map(|it| trim_login(it).chars().take(254).collect::<String>());
    let user =
        |id: &str| id.parse().ok().filter(|id| *id > 0).map(UserId::new).ok_or_else(|| refused("user"));
    let users = all("user").map(user).collect::<Result<Vec<_>, _>>()?;
    let chosen = match one("who")? {
        Some(ALL) => ChosenUsers::Filter(UserFilter::new(text.filter(|it| !it.is_empty()), state)),
        Some(TICKED) if users.is_empty() => return Ok(None),
        Some(TICKED) => ChosenUsers::Ids(users),
        _ => return Err(refused("who")),
    };
    Ok(Some(BulkAddress { action, chosen }))
}

/// Reads the digest of the users that the form showed, and the reason.
fn read(request: &PageRequest) -> Result<(String, String), ApiError> {
    let (form, mut errors) = request.form().parse::<BulkForm>()?;
    let shown = form.shown.text(&mut errors, |it| Ok(it.to_owned()));
    let reason = form.reason.text(&mut errors, reason);
    errors.finish(shown.zip(reason))
}

async fn users_of(flows: &Flows, chosen: ChosenUsers) -> Result<BulkUserList, FlowError> {
    let mut users = match chosen {
        ChosenUsers::Ids(users) => users,
        // One more shows whether others match.
        ChosenUsers::Filter(filter) => flows.find_user_ids(filter, MAX_USERS.saturating_add(1)).await?,
    };
    let is_limited = users.len() > MAX_USERS;
    users.truncate(MAX_USERS);
    Ok(BulkUserList { users, is_limited })
}

async fn view(request: &PageRequest, call: Call, asked: BulkAddress) -> Result<BulkView, ApiError> {
    let BulkAddress { action, chosen } = asked;
    request
        .run(|flows| async move {
            let admin = flows.administrator(&call, AdminAction::Prepare, None).await?;
            let selected = users_of(&flows, chosen).await?;
            let shown = selected.users.get(..SHOWN.min(selected.users.len())).unwrap_or_default();
            let names = names_of(&flows, &admin, shown).await?;
            let has_caller = selected.users.contains(&call.token.user);
            let profile = flows.profile(&call).await?;
            Ok::<_, FlowError>(BulkView { profile, action, selected, names, has_caller })
        })
        .await
}

fn preview(request: &PageRequest, view: &BulkView) -> Markup {
    let form_error = request.form_error();
    let name = format!("bulk-{}", view.action.as_str());
    let BulkUserList { users, is_limited } = &view.selected;
    let count = number(users.len());
    let title = request.translate_with(
        "bulk-title",
        &[("action", request.translate(&name).into()), ("count", count.into())],
    );
    let layout = Layout::signed_in(
        title_with_error(request, title.clone(), form_error.as_ref()),
        &view.profile,
        NavItem::Admin,
    );
    let is_reset = view.action == BulkAction::Reset;
    let list = address_of_list(request);
    let content = html! {
        p.back { a.link href=(request.url(&list)) { (icon("next")) (request.translate("bulk-back")) } }
        section.sheet {
            h1 { (title) }
            @if users.is_empty() { p.empty { (request.translate("admin-nobody")) } } @else {
                @if is_reset {
                    p.banner.warn {
                        (icon("alert"))
                        span {
                            (request.translate("bulk-reset.hint")) " "
                            (request.translate(if view.has_caller { "bulk-reset.self" } else { "bulk-reset.others" }))
                        }
                    }
                }
                @if *is_limited { p.hint { (request.translate_with("bulk-limit", &[("count", count.into())])) } }
                form.stack method="post" action=(request.url(&canonical_url(request))) {
                    (key_field(request))
                    (hidden("shown", &digest(users)))
                    (reason_field(request, form_error.as_ref()))
                    p.actions {
                        button.button.danger[is_reset] type="submit" { (request.translate(&name)) }
                        a.button.plain-button href=(request.url(&list)) { (request.translate("act-cancel")) }
                    }
                }
                (selection(request, users, &view.names))
            }
        }
    };
    document(request, &layout, content)
}

/// Renders who is selected, below the form: the list may be long.
fn selection(request: &PageRequest, users: &[UserId], names: &BTreeMap<UserId, PersonName>) -> Markup {
    let count = [("count", number(users.len()).into())];
    let more = users.len().saturating_sub(SHOWN);
    html! {
        details.bulk-list open[users.len() <= OPEN] {
            summary { (request.translate_with("bulk-selection", &count)) }
            ul { @for user in users.iter().take(SHOWN) { li { (person_link(request, *user, names)) } } }
            @if more > 0 { p { (request.translate_with("bulk-more", &[("count", number(more).into())])) } }
        }
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Returns a digest of these users: the change is for the users that were shown, and no others.
fn digest(users: &[UserId]) -> String {
    let users: Vec<_> = users.iter().map(ToString::to_string).collect();
    HEXLOWER.encode(&Sha256::digest(users.join(",")))
}

/// Returns why users with this result were not changed.
fn reason_of(action: &str, outcome: &str) -> Option<&'static str> {
    let is_reset = action == BulkAction::Reset.as_str();
    (outcome == BulkOutcome::Refused.as_str()).then_some(if is_reset {
        "bulk-refused.reset"
    } else {
        "bulk-refused.other"
    })
}

fn result_page(
    request: &PageRequest,
    profile: &Profile,
    summary: &BulkSummary,
    names: &BTreeMap<UserId, PersonName>,
) -> Markup {
    let title = request.translate("bulk-done");
    let needs_attention = |group: &BulkGroup| {
        [BulkOutcome::Refused, BulkOutcome::NotFound]
            .map(BulkOutcome::as_str)
            .contains(&group.outcome.as_str())
    };
    let content = html! {
        (super::back(request))
        section.sheet {
            h1 { (title) }
            p.banner role="status" { (icon("check")) span { (request.translate(&format!("bulk-{}", summary.action))) } }
            @for group in &summary.groups {
                details.bulk-list open[needs_attention(group)] {
                    summary {
                        (request.translate_with(
                            &format!("bulk-outcome-{}", group.outcome),
                            &[("count", number(group.count).into())],
                        ))
                    }
                    @if let Some(reason) = reason_of(&summary.action, &group.outcome) { p { (request.translate(reason)) } }
                    ul { @for user in group.users.iter().take(SHOWN) { li { (person_link(request, UserId::new(*user), names)) } } }
                    @let more = group.count.saturating_sub(group.users.len().min(SHOWN));
                    @if more > 0 { p { (request.translate_with("bulk-more", &[("count", number(more).into())])) } }
                }
            }
            p.actions { a.button.plain-button href=(request.url("/admin/users")) { (request.translate("admin-users")) } }
        }
    };
    document(request, &Layout::signed_in(title.clone(), profile, NavItem::Admin), content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_the_address_never_selects_everybody() {
        let parse = parse_address;
        let filter = |state| ChosenUsers::Filter(UserFilter::new(None, state));
        let chosen = |pairs: &[(&str, &str)]| parse(pairs).unwrap().map(|it| it.chosen);
        let all = [("action", "unlock"), ("who", "all")];
        assert_eq!(chosen(&all), Some(filter(None)));
        assert_eq!(chosen(&[&all[..], &[("state", "")]].concat()), Some(filter(None)));
        let locked = [&all[..], &[("state", "locked"), ("user", "7")]].concat();
        assert_eq!(chosen(&locked), Some(filter(Some(UserState::Locked))));
        let ticked = [("action", "unlock"), ("who", "ticked"), ("user", "7"), ("user", "8")];
        assert_eq!(chosen(&ticked), Some(ChosenUsers::Ids(vec![UserId::new(7), UserId::new(8)])));
        assert_eq!(chosen(&ticked[..2]), None, "nobody is ticked");
        for (name, value) in [
            ("action", "bogus"),
            ("action", ""),
            ("who", "bogus"),
            ("who", ""),
            ("state", "bogus"),
            ("user", "abc"),
            ("user", ""),
            ("user", "-1"),
        ] {
            let pairs: Vec<_> = all.into_iter().filter(|it| it.0 != name).chain([(name, value)]).collect();
            assert!(parse(&pairs).is_err(), "{name}={value}");
        }
        assert!(parse(&[&all[..], &[("state", "locked"), ("state", "disabled")]].concat()).is_err());
        assert!(parse(&[]).is_err());
    }

    #[test]
    fn the_result_names_whom_it_can_and_counts_everybody() {
        let result = |id, outcome| BulkResult { user: UserId::new(id), outcome };
        let done = (1_000..6_000).map(|id| result(id, BulkOutcome::Done));
        let results: Vec<_> = done.chain([result(7, BulkOutcome::Refused)]).collect();
        let BulkSummary { action, groups } = summary(BulkAction::Unlock, &results);
        let found: Vec<_> = groups.iter().map(|it| (it.outcome.as_str(), it.count, it.users.len())).collect();
        // Who was refused comes first. An id of four digits takes five bytes.
        assert_eq!((action.as_str(), found), ("unlock", vec![("refused", 1, 1), ("done", 5_000, 479)]));
    }
}
