//! Style sheet, pictures: compiled in, served under paths that change with their content.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::pages;

/// Registers every asset under its path.
pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    for asset in pages::assets() {
        cfg.route(
            &asset.path,
            web::get().to(move || async move {
                HttpResponse::Ok()
                    .insert_header((header::CACHE_CONTROL, asset.cache_control))
                    .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
                    .content_type(asset.content_type)
                    .body(asset.bytes)
            }),
        );
    }
}
