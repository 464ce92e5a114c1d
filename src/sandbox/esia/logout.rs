//! `/idp/ext/Logout`: ends the stand-in's session and returns to the client, never anywhere else.

use actix_web::cookie::Cookie;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::params::Params;
use super::refusal::Code;
use super::sign_in::COOKIE;
use super::{Esia, http_address, page};

/// `GET /idp/ext/Logout?client_id=&redirect_url=`. The parameter is `redirect_url` here, not `redirect_uri`.
pub(super) async fn logout(esia: web::Data<Esia>, request: HttpRequest) -> HttpResponse {
    let params = match Params::parse(request.query_string().as_bytes()).and_then(|params| params.require(&["client_id"]).map(|()| params)) {
        Ok(params) => params,
        Err(refusal) => return page::refusal(&refusal),
    };
    let Some(client) = esia.client(params.text("client_id")) else { return page::refusal(&Code::ClientNotAllowed.into()) };
    let mut gone = Cookie::build(COOKIE, "").path("/").finish();
    gone.make_removal();
    let Some(redirect_url) = params.get("redirect_url") else { return page::signed_out(gone) };
    // ESIA registers domains, not pages, for the way back.
    let registered = |host: &str| client.redirect_uris.iter().filter_map(|uri| http_address(uri)).any(|uri| uri.host_str() == Some(host));
    match http_address(redirect_url).filter(|url| url.host_str().is_some_and(registered)) {
        Some(url) => HttpResponse::Found().cookie(gone).insert_header((header::LOCATION, url.as_str())).finish(),
        None => page::refusal(&Code::RedirectNotAllowed.into()),
    }
}
