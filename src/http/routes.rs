//! The complete route table, public and admin.

use actix_web::http::{Method, header};
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, web};

use super::{
    admin, admin_applications, applications, apply, assets, checking, confirm, control, deliveries, events, federation, health, log, login,
    metrics, oauth, openapi, public_pages, revocations, status_lists, streams, tokens, webhooks,
};

/// Largest body of an ordinary request, bytes.
pub const BODY_MAX: usize = 64 * 1024;

/// Largest body of a batch, bytes.
pub const BATCH_BODY_MAX: usize = 1024 * 1024;

/// Headers every answer carries.
pub fn common_headers(https: bool) -> DefaultHeaders {
    let headers = DefaultHeaders::new()
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // Addresses of the flow carry one-time values; no other site is told them.
        .add((header::REFERRER_POLICY, "no-referrer"))
        .add((header::X_FRAME_OPTIONS, "DENY"));
    if https { headers.add((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")) } else { headers }
}

/// Everything public.
pub fn public(cfg: &mut web::ServiceConfig) {
    cfg.app_data(web::PayloadConfig::new(BODY_MAX));
    assets::routes(cfg);
    cfg.route("/health/live", web::get().to(health::live))
        .route("/health/ready", web::get().to(health::ready))
        // before the pages, one of which would take a proof's address for its own
        .configure(log_routes)
        // pages
        .route("/", web::get().to(public_pages::front))
        .route("/check", web::get().to(public_pages::check))
        .route("/c/{community}", web::get().to(public_pages::badge))
        // for platforms' engineers
        .route("/docs", web::get().to(openapi::reader))
        .route("/problems/{code}", web::get().to(openapi::meaning))
        .route("/openapi.json", web::get().to(openapi::json_document))
        .route("/docs/guide", web::get().to(public_pages::guide))
        .route("/docs/integration.py", web::get().to(public_pages::guide_program))
        .route("/docs/integration.mjs", web::get().to(public_pages::guide_program))
        // a platform starts
        .route("/.well-known/oauth-authorization-server", web::get().to(oauth::metadata))
        .route("/oauth/par", web::post().to(oauth::par))
        .route("/oauth/authorize", web::get().to(oauth::authorize))
        .route("/oauth/callback", web::get().to(login::callback))
        .route("/oauth/callback/{idp}", web::get().to(login::callback_of))
        .route("/oauth/token", web::post().to(oauth::token))
        .route("/oauth/revoke", web::post().to(tokens::revoke))
        .route("/oauth/introspect", web::post().to(tokens::introspect))
        .route("/v1/applications", web::post().to(applications::start))
        .route("/v1/applications/{id}", web::get().to(applications::of_platform))
        .route("/v1/applications/{id}/redeem", web::post().to(applications::redeem))
        // an authority starts
        .route("/apply", web::get().to(apply::form))
        .route("/apply", web::post().to(apply::start))
        .route("/login", web::get().to(apply::login))
        // the person's way
        .route("/applications/{id}", web::get().to(applications::of_person))
        .route("/applications/{id}/login", web::get().to(login::again))
        .route("/applications/{id}/organisation", web::get().to(login::show_choice))
        .route("/applications/{id}/organisation", web::post().to(login::choose))
        .route("/applications/{id}/confirm", web::get().to(confirm::show))
        .route("/applications/{id}/confirm", web::post().to(confirm::confirm))
        .route("/applications/{id}/return", web::post().to(login::give_up))
        .route("/applications/{id}/logout", web::post().to(login::sign_out))
        .route("/oauth/platform/{platform}/callback", web::get().to(control::returned))
        .route("/applications/{id}/control", web::get().to(control::show))
        .route("/applications/{id}/control/{kind}", web::post().to(control::act))
        // the platform verification webhook
        .route("/v1/webhooks/{platform}", web::post().to(webhooks::receive))
        .route("/v1/webhooks/{platform}/callback", web::post().to(webhooks::callback));
    stream_routes(cfg);
    checking_routes(cfg);
    federation_routes(cfg);
    cfg.default_service(web::to(public_pages::not_found));
}

/// How platforms are told.
fn stream_routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/.well-known/ssf-configuration", web::get().to(streams::ssf_configuration))
        .route("/v1/stream", web::get().to(streams::show))
        .route("/v1/stream", web::put().to(streams::set))
        .route("/v1/stream/verify", web::post().to(streams::verify))
        .route("/v1/events", web::get().to(events::all))
        .route("/v1/events/poll", web::post().to(events::poll))
        .route("/v1/deliveries", web::get().to(deliveries::of_platform))
        .route("/v1/deliveries/redeliver", web::post().to(deliveries::range_again))
        .route("/v1/deliveries/{id}/redeliver", web::post().to(deliveries::again));
}

/// Headers that open a resource to every origin.
fn open() -> DefaultHeaders {
    DefaultHeaders::new().add((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")).add((header::ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, X-Request-Id"))
}

/// The transparency log, open to every origin.
fn log_routes(cfg: &mut web::ServiceConfig) {
    let resource = |path: &str| web::resource(path).wrap(open()).route(web::method(Method::OPTIONS).to(preflight));
    cfg.service(resource("/log/checkpoint").route(web::get().to(log::checkpoint)))
        .service(resource("/log/key").route(web::get().to(log::key)))
        .service(resource("/log/tile/{path:.*}").route(web::get().to(log::tile)))
        .service(resource("/c/{community}.tlog-proof").route(web::get().to(log::proof)));
}

/// Checking is open to every origin.
fn checking_routes(cfg: &mut web::ServiceConfig) {
    let resource = |path: &str| web::resource(path).wrap(open()).route(web::method(Method::OPTIONS).to(preflight));
    cfg.service(resource("/.well-known/jwks.json").route(web::get().to(checking::jwks)))
        .service(resource("/status").route(web::get().to(status_lists::aggregation)))
        .service(resource("/status/{n}").route(web::get().to(status_lists::status_list)))
        .service(resource("/v1/verify").app_data(web::PayloadConfig::new(BATCH_BODY_MAX)).route(web::post().to(checking::verify)))
        .service(resource("/v1/badges/{id}").route(web::get().to(public_pages::badge_json)))
        .service(resource("/c/{community}/attestation.jwt").route(web::get().to(checking::attestation)))
        .service(resource("/federation/historical-keys").route(web::get().to(checking::historical_keys)))
        .service(resource("/federation/trust-mark-status").route(web::post().to(checking::trust_mark_status)));
}

/// The federation's documents, open to every origin like all of checking.
fn federation_routes(cfg: &mut web::ServiceConfig) {
    let resource = |path: &str| web::resource(path).wrap(open()).route(web::method(Method::OPTIONS).to(preflight));
    cfg.service(resource("/.well-known/openid-federation").route(web::get().to(federation::own_configuration)))
        .service(resource("/c/{community}/.well-known/openid-federation").route(web::get().to(federation::community_configuration)))
        .service(resource("/federation/fetch").route(web::get().to(federation::fetch)))
        .service(resource("/federation/list").route(web::get().to(federation::list)))
        .service(resource("/federation/trust-mark").route(web::get().to(federation::trust_mark)))
        .service(resource("/federation/trust-mark-list").route(web::get().to(federation::trust_mark_list)));
}

async fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, If-None-Match"))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

/// Everything on the admin listener.
pub fn administration(cfg: &mut web::ServiceConfig) {
    cfg.app_data(web::PayloadConfig::new(BODY_MAX))
        .route("/health/live", web::get().to(health::live))
        .route("/health/ready", web::get().to(health::ready))
        .route("/metrics", web::get().to(metrics::metrics))
        .route("/admin/v1/badges/{badge}/revoke", web::post().to(admin::revoke))
        .route("/admin/v1/badges/{badge}/suspend", web::post().to(admin::suspend))
        .route("/admin/v1/badges/{badge}/reinstate", web::post().to(admin::reinstate))
        .route("/admin/v1/revocations", web::post().to(revocations::prepare))
        .route("/admin/v1/revocations/{id}", web::get().to(revocations::show))
        .route("/admin/v1/revocations/{id}/approve", web::post().to(revocations::approve))
        .route("/admin/v1/applications", web::get().to(admin_applications::list))
        .route("/admin/v1/applications/{id}", web::get().to(admin_applications::show))
        .route("/admin/v1/applications/{id}/decide", web::post().to(admin_applications::decide))
        .route("/admin/v1/audit", web::get().to(admin::audit))
        .route("/admin/v1/deliveries", web::get().to(deliveries::for_operator))
        .route("/admin/v1/deliveries/redeliver", web::post().to(deliveries::range_again_for_operator))
        .route("/admin/v1/deliveries/{id}/redeliver", web::post().to(deliveries::again_for_operator))
        .default_service(web::to(public_pages::not_found));
}
