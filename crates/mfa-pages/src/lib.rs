//! Web pages of NOVA MFA for users and administrators, under `/interface/BRAND`.
//!
//! [`Pages`] is a [`RouteExtension`] of `mfa-http`. Pages are rendered on the server and work without scripts; the scripts
//! under `assets/` add comfort. A request becomes a `PageRequest` (language, cookies, form, CSRF check) and calls the
//! same flows as the API, without HTTP in between; a handler returns a `PageResponse`. An error of a flow becomes a text
//! on the form, or a page of `error_pages.rs`.
//!
//! The pages keep tokens only in a cookie that scripts cannot read, contain no business rule, and load nothing from
//! another host. To add a page: a handler in the file of its area under `pages/`, a line in `configure`, and its texts
//! in `locales/*/interface.ftl`. See `docs/interface.md`.

mod assets;
mod canonical_url;
mod cookies;
mod csrf;
mod error;
mod error_pages;
mod flash;
mod form_error;
mod layout;
mod pages;
mod parts;
mod refused_form;
mod region;
mod request;
mod response;
mod return_to;
mod sealed_state;
mod site_config;

use std::future::Future;
use std::io;
use std::rc::Rc;

use actix_web::http::Method;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, guard as route_guard};
use futures::future::LocalBoxFuture;

use mfa_http::RouteExtension;
use mfa_http::i18n::TranslationSource;
use mfa_http::problem::ApiError;
use mfa_http::request::BodyLimit;
use mfa_infra::Mfa;

use request::PageRequest;
use response::{PageResponse, PageResult};
use site_config::SiteConfig;

/// The texts of the pages.
const TEXTS: [TranslationSource; 5] = [
    TranslationSource {
        file: "interface.ftl",
        french: include_str!("../locales/fr/interface.ftl"),
        english: include_str!("../locales/en/interface.ftl"),
    },
    TranslationSource {
        file: "admin-acts.ftl",
        french: include_str!("../locales/fr/admin-acts.ftl"),
        english: include_str!("../locales/en/admin-acts.ftl"),
    },
    TranslationSource {
        file: "sessions.ftl",
        french: include_str!("../locales/fr/sessions.ftl"),
        english: include_str!("../locales/en/sessions.ftl"),
    },
    TranslationSource {
        file: "mail.ftl",
        french: include_str!("../locales/fr/mail.ftl"),
        english: include_str!("../locales/en/mail.ftl"),
    },
    TranslationSource {
        file: "admin-lists.ftl",
        french: include_str!("../locales/fr/admin-lists.ftl"),
        english: include_str!("../locales/en/admin-lists.ftl"),
    },
];

/// The web pages, ready to be mounted beside the API.
#[derive(Debug)]
pub struct Pages {
    site: web::Data<SiteConfig>,
}

impl Pages {
    /// Creates the pages for the settings of `mfa`.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] if an asset is damaged.
    pub fn new(mfa: &Mfa) -> io::Result<Self> {
        Ok(Self { site: web::Data::new(SiteConfig::from_settings(mfa)?) })
    }
}

impl RouteExtension for Pages {
    fn configure(&self, config: &mut ServiceConfig) {
        configure(config, &self.site);
    }

    fn configure_entry_points(&self, config: &mut ServiceConfig) {
        configure_entry_points(config, &self.site);
    }

    fn translations(&self) -> &'static [TranslationSource] {
        &TEXTS
    }
}

/// The request of a page, shared by its handler and its layout.
pub(crate) type SharedRequest = Rc<PageRequest>;

/// Registers the pages and their assets.
fn configure(config: &mut ServiceConfig, site: &web::Data<SiteConfig>) {
    let base = site.base();
    let at = |path: &str| web::resource(format!("{base}{path}"));
    config
        .app_data(site.clone())
        .service(read(web::resource([base.to_owned(), format!("{base}/")]), pages::login::show))
        .service(read(at("/assets/{file}"), pages::asset))
        .service(write(at("/login"), pages::login::login))
        .service(write(at("/logout"), pages::session::logout))
        .service(read(at("/start"), pages::start::show))
        .service(read(at("/verify"), pages::verify::show))
        .service(write(at("/verify/totp"), pages::verify::totp))
        .service(write(at("/verify/sms"), pages::verify::sms))
        .service(write(at("/verify/recovery"), pages::verify::recovery))
        .service(write(at("/verify/passkey"), pages::verify::passkey))
        .service(write(at("/verify/passkey/options"), pages::verify::passkey_options))
        .service(write(at("/verify/send"), pages::verify::send))
        .service(read(at("/verify/again"), pages::verify::log_in_again))
        .service(both(at("/lost"), pages::lost::show, pages::lost::redeem))
        .service(read(at("/recovered"), pages::lost::recovered))
        .service(read(at("/app"), pages::app::show))
        .service(write(at("/app/start"), pages::app::start))
        .service(both(at("/app/add"), pages::app::ask_name, pages::app::add))
        .service(read(at("/app/enrol"), pages::app::enrol))
        .service(write(at("/app/confirm"), pages::app::confirm))
        .service(both(at("/app/remove"), pages::app::ask_removal, pages::app::remove))
        .service(both(at("/passkey"), pages::passkey::show, pages::passkey::register))
        .service(write(at("/passkey/options"), pages::passkey::options))
        .service(read(at("/authenticators/{id}"), pages::authenticators::show))
        .service(write(at("/authenticators/{id}/rename"), pages::authenticators::rename))
        .service(both(
            at("/authenticators/{id}/remove"),
            pages::authenticators::ask_removal,
            pages::authenticators::remove,
        ))
        .service(read(at("/codes"), pages::codes::show))
        .service(both(at("/codes/new"), pages::codes::show_new, pages::codes::renew))
        .service(read(at("/codes/renew"), pages::codes::ask_renewal))
        .service(read(at("/codes/kept"), pages::codes::kept))
        .service(both(at("/phone"), pages::phone::show, pages::phone::set))
        .service(both(at("/phone/confirm"), pages::phone::await_code, pages::phone::confirm))
        .service(write(at("/phone/remove"), pages::phone::remove))
        .service(both(at("/backup"), pages::backup::show, pages::backup::choose))
        .service(read(at("/activity"), pages::activity::show))
        .service(read(at("/sessions"), pages::sessions::show))
        .service(write(at("/sessions/end"), pages::sessions::end))
        .service(write(at("/sessions/end-others"), pages::sessions::end_others))
        .service(read(at("/admin"), pages::admin::dashboard::show))
        .service(read(at("/admin/events"), pages::admin::events::list))
        .service(read(at("/admin/events.csv"), pages::admin::events::csv))
        .service(read(at("/admin/users"), pages::admin::users::list))
        .service(read(at("/admin/users.csv"), pages::admin::users::csv))
        .service(both(at("/admin/users/bulk"), pages::admin::bulk::ask, pages::admin::bulk::run))
        .service(read(at("/admin/users/bulk/result"), pages::admin::bulk::result))
        .service(read(at("/admin/users/{id}"), pages::admin::user::show))
        .service(both(
            at("/admin/users/{id}/authenticators/{authenticator}/remove"),
            pages::admin::act_page::ask,
            pages::admin::act_page::run,
        ))
        .service(both(
            at("/admin/users/{id}/{act}"),
            pages::admin::act_page::ask,
            pages::admin::act_page::run,
        ));
    if site.handover_from().is_some() {
        config.service(write(at("/handover"), pages::session::take_over));
    }
    if site.outbox().is_some() {
        config.service(read(at("/outbox"), pages::sms_preview::newest));
    }
    if site.mail_outbox().is_some() {
        config.service(read(at("/outbox/mail"), pages::mail_preview::newest));
    }
    config.service(read(at("/{nothing:.*}"), pages::nothing));
}

/// Registers redirects to the first page from the addresses that people try first.
fn configure_entry_points(config: &mut ServiceConfig, site: &web::Data<SiteConfig>) {
    for path in ["/", "/interface", "/interface/"] {
        let first = site.base().to_owned();
        let method = route_guard::Any(route_guard::Get()).or(route_guard::Head());
        let go = move |_: BodyLimit| {
            let answer = HttpResponse::Found().insert_header((LOCATION, first.as_str())).finish();
            async move { answer }
        };
        config.service(refusing(web::resource(path).route(web::route().guard(method).to(go)), "GET, HEAD"));
    }
}

fn read<F, Fut>(resource: Resource, handler: F) -> Resource
where
    F: Fn(SharedRequest) -> Fut + Clone + 'static,
    Fut: Future<Output = PageResult> + 'static,
{
    let method = route_guard::Any(route_guard::Get()).or(route_guard::Head());
    refusing(resource.route(web::route().guard(method).to(page(handler))), "GET, HEAD")
}

fn write<F, Fut>(resource: Resource, handler: F) -> Resource
where
    F: Fn(SharedRequest) -> Fut + Clone + 'static,
    Fut: Future<Output = PageResult> + 'static,
{
    // A reload or the back button leads to the page with the form.
    let method = route_guard::Any(route_guard::Get()).or(route_guard::Head());
    let begin = web::route().guard(method).to(page(pages::session::go_to_the_form));
    refusing(resource.route(web::post().to(page(handler))).route(begin), "GET, HEAD, POST")
}

fn both<F, Fut, G, Gut>(resource: Resource, shown: F, posted: G) -> Resource
where
    F: Fn(SharedRequest) -> Fut + Clone + 'static,
    Fut: Future<Output = PageResult> + 'static,
    G: Fn(SharedRequest) -> Gut + Clone + 'static,
    Gut: Future<Output = PageResult> + 'static,
{
    let method = route_guard::Any(route_guard::Get()).or(route_guard::Head());
    let shown = web::route().guard(method).to(page(shown));
    refusing(resource.route(web::post().to(page(posted))).route(shown), "GET, HEAD, POST")
}

fn refusing(resource: Resource, allow: &'static str) -> Resource {
    resource.default_service(web::to(move |_: BodyLimit| async move {
        Err::<&str, _>(ApiError::MethodNotAllowed { allow })
    }))
}

/// Wraps a page handler as an actix handler; an error becomes a page or a redirect.
fn page<F, Fut>(
    handler: F,
) -> impl Fn(HttpRequest, web::Payload) -> LocalBoxFuture<'static, HttpResponse> + Clone + 'static
where
    F: Fn(SharedRequest) -> Fut + Clone + 'static,
    Fut: Future<Output = PageResult> + 'static,
{
    move |request, payload| {
        let handler = handler.clone();
        Box::pin(async move {
            let (page, admitted) = match PageRequest::read(&request, payload.into_inner()).await {
                Ok(read) => read,
                Err(error) => return PageResponse::without_a_page(error),
            };
            let page = Rc::new(page);
            let result = match admitted {
                Ok(()) => match page.notice() {
                    Some(notice) => Ok(error_pages::notice_of_a_refused_form(&page, &notice)),
                    None => handler(Rc::clone(&page)).await,
                },
                Err(error) => Err(error),
            };
            let is_head = request.method() == Method::HEAD;
            let response = result.unwrap_or_else(|error| error_pages::respond(&page, error));
            let answer = response.into_http(&page);
            if is_head { answer.drop_body().map_into_boxed_body() } else { answer }
        })
    }
}

#[cfg(test)]
mod tests;
