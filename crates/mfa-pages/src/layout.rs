//! Layout of every page: head, brand, navigation, language links, and in development the SMS preview.

use crate::flash::Flash;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use mfa_core::Role;
use mfa_flows::Profile;

use super::assets::AssetFile;
use super::canonical_url::canonical_url;
use super::parts::{
    help_in_foot, icon, key_field, preview, privacy_link, shows_mail_preview, shows_sms_preview,
};
use super::request::PageRequest;
use super::return_to::ReturnTo;
use mfa_http::Language;

/// Seconds before the end of a session from which pages warn.
const SESSION_WARNING: u64 = 120;

/// The layout around the content of a page.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    title: String,
    scripts: Vec<AssetFile>,
    member: Option<SignedInUser>,
    is_wide: bool,
    warns_of_end: bool,
    going_to: Option<String>,
}

/// The signed-in user, for the head of the page.
#[derive(Clone, Debug)]
struct SignedInUser {
    email: String,
    administers: bool,
    here: NavItem,
}

/// An entry of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NavItem {
    /// The reader's account.
    Account,
    /// The activity of the account.
    Activity,
    /// Administration.
    Admin,
}

impl Layout {
    /// Creates the layout for a reader who is not signed in.
    pub(super) const fn signed_out(title: String) -> Self {
        Self { title, scripts: Vec::new(), member: None, is_wide: false, warns_of_end: true, going_to: None }
    }

    /// Creates the layout for a signed-in user.
    pub(super) fn signed_in(title: String, profile: &Profile, here: NavItem) -> Self {
        // Administration requires a second factor, so the link would lead nowhere without one.
        let administers = profile.role != Role::None && profile.has_factor;
        let member = SignedInUser { email: profile.email.clone(), administers, here };
        Self {
            title,
            scripts: Vec::new(),
            member: Some(member),
            is_wide: false,
            warns_of_end: true,
            going_to: None,
        }
    }

    /// Adds a script.
    pub(super) fn with(mut self, script: AssetFile) -> Self {
        self.scripts.push(script);
        self
    }

    /// Makes the page wide, for tables and plots.
    pub(super) fn wide(mut self) -> Self {
        self.is_wide = true;
        self
    }

    /// Omits the warning that the session ends, on a page that says itself how to go on.
    pub(super) fn without_end_of_session(mut self) -> Self {
        self.warns_of_end = false;
        self
    }

    /// Returns the time zone of the page's times if it is not the reader's. Plots count the days of UTC, so the pages of
    /// administrators show every time in UTC, as logs and exports do.
    fn zone(&self) -> Option<&'static str> {
        self.member.as_ref().is_some_and(|it| it.here == NavItem::Admin).then_some("UTC")
    }

    /// Makes the browser continue to another page (`meta refresh`).
    pub(super) fn going_to(mut self, address: String) -> Self {
        self.going_to = Some(address);
        self
    }
}

/// Renders the HTML document.
#[expect(clippy::needless_pass_by_value, reason = "a page makes its content here, and for nothing else")]
pub(super) fn document(request: &PageRequest, layout: &Layout, content: Markup) -> Markup {
    let assets = request.site.assets();
    let asset = |file| request.url(&format!("/assets/{}", assets.name(file)));
    let is_signed_out = layout.member.is_none();
    let (has_sms_preview, has_mail_preview) = (shows_sms_preview(request), shows_mail_preview(request));
    let has_preview = has_sms_preview || has_mail_preview;
    let session = request.session_left().filter(|_| layout.warns_of_end);
    html! {
        (DOCTYPE)
        html lang=(request.language().tag()) data-format=(request.format_tag()) data-zone=[layout.zone()] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Older browsers identify the sender of a form only by the referrer.
                meta name="referrer" content="same-origin";
                meta name="robots" content="noindex";
                @if let Some(address) = &layout.going_to {
                    meta http-equiv="refresh" content=(format!("0; url={address}"));
                }
                title { (layout.title) " · " (request.site.name()) }
                link rel="preload" href=(asset(AssetFile::Font)) as="font" type="font/woff2" crossorigin;
                link rel="stylesheet" href=(asset(AssetFile::Style));
                link rel="icon" href=(asset(AssetFile::Icon)) type="image/svg+xml";
                @for script in &layout.scripts {
                    // Scripts run before the first paint, so that nothing moves while the reader looks.
                    script type="module" src=(asset(*script)) blocking="render" {}
                }
                @if session.is_some() { script type="module" src=(asset(AssetFile::Session)) {} }
                @if has_sms_preview { script type="module" src=(asset(AssetFile::SmsPreview)) {} }
                @if has_mail_preview { script type="module" src=(asset(AssetFile::MailPreview)) {} }
            }
            body.signed-out[is_signed_out].signed-in[!is_signed_out].wide[layout.is_wide].dev[has_preview] {
                a.skip href="#main" { (request.translate("skip")) }
                (head_of_page(request, layout.member.as_ref()))
                main #main tabindex="-1" {
                    @if let Some((left, is_prolonged)) = session { (session_end(request, left, is_prolonged)) }
                    @if let Some(flash) = request.flash() { (banner(request, flash)) }
                    (content)
                }
                @if has_preview { (preview(request)) }
                (foot_of_page(request))
            }
        }
    }
}

/// Warns that the session is about to end: a script shows it in time, and without scripts the next page does. `left`:
/// seconds until then. `is_prolonged`: a verification starts a new session.
fn session_end(request: &PageRequest, left: u64, is_prolonged: bool) -> Markup {
    let page = ReturnTo::from_path(&canonical_url(request));
    let stay = request.url(&format!("/verify?then={}", page.encoded()));
    html! {
        div.session-end role="status" data-session-ends=(left) data-warn=(SESSION_WARNING) {
            p.banner.warn hidden[left > SESSION_WARNING] {
                (icon("info"))
                span {
                    span data-said data-over=(request.translate("session-over")) { (request.translate("session-ending")) } " "
                    @if is_prolonged { a href=(stay) data-stay { (request.translate("session-stay")) } }
                    a href=(request.url(&canonical_url(request))) data-again hidden { (request.translate("session-again")) }
                }
            }
        }
    }
}

/// Renders the flash message.
fn banner(request: &PageRequest, flash: Flash) -> Markup {
    html! {
        p.banner.(if flash.is_good() { "good" } else { "warn" }) role="status" {
            (icon(if flash.is_good() { "check" } else { "info" }))
            span { (request.translate(&format!("flash-{}", flash.as_str()))) }
        }
    }
}

fn head_of_page(request: &PageRequest, member: Option<&SignedInUser>) -> Markup {
    html! {
        header.mast {
            div.mast-row {
                a.brand href=(request.url("")) {
                    (star())
                    span.brand-name { (request.site.name()) }
                    span.brand-what { (request.translate("brand-what")) }
                }
                @if let Some(member) = member {
                    div.me {
                        span.me-mail title=(member.email) { (member.email) }
                        form method="post" action=(request.url("/logout")) {
                            (key_field(request))
                            button.quiet type="submit" { (icon("leave")) span { (request.translate("logout")) } }
                        }
                    }
                }
            }
            @if let Some(member) = member {
                nav.tabs aria-label=(request.translate("nav")) {
                    (tab(request, "", "shield", "nav-account", member.here == NavItem::Account))
                    (tab(request, "/activity", "pulse", "nav-activity", member.here == NavItem::Activity))
                    @if member.administers {
                        (tab(request, "/admin", "people", "nav-admin", member.here == NavItem::Admin))
                    }
                }
            }
        }
    }
}

fn tab(request: &PageRequest, path: &str, sign: &'static str, name: &str, is_here: bool) -> Markup {
    html! {
        a href=(request.url(path)) aria-current=[is_here.then_some("page")] { (icon(sign)) span { (request.translate(name)) } }
    }
}

fn foot_of_page(request: &PageRequest) -> Markup {
    html! {
        footer.foot {
            nav.languages aria-label=(request.translate("languages")) {
                (language(request, Language::French, "Français"))
                (language(request, Language::English, "English"))
            }
            p.foot-help { (help_in_foot(request)) (privacy_link(request)) }
        }
    }
}

fn language(request: &PageRequest, language: Language, name: &str) -> Markup {
    let is_here = request.language() == language;
    let (tag, place) = (language.tag(), request.url(&canonical_url(request)));
    let sign = if place.contains('?') { '&' } else { '?' };
    html! {
        a href=(format!("{place}{sign}lang={tag}")) lang=(tag) hreflang=(tag)
            aria-current=[is_here.then_some("true")] { (name) }
    }
}

/// Renders the logo: a star in a ring.
fn star() -> Markup {
    PreEscaped(
        concat!(
            r#"<svg class="star" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">"#,
            r#"<rect class="star-sky" width="32" height="32" rx="9"/>"#,
            r#"<circle class="star-ring" cx="16" cy="16" r="10" fill="none"/>"#,
            r#"<path class="star-light" d="M16 5.5c.9 6.3 3.2 8.7 9.6 9.7v1.6c-6.4 1-8.7 3.4-9.6 9.7-.9-6.3-3.2-8.7-9.6-9.7v-1.6c6.4-1 8.7-3.4 9.6-9.7z"/>"#,
            "</svg>"
        )
        .to_owned(),
    )
}
