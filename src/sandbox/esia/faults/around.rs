//! Carries out, around every answer, the faults that concern the connection or the whole answer, and sets the `Date` by the stand-in's
//! clock. Faults that change what an answer says are carried out where it is put together.

use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{Extensions, Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HttpDate};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, web};
use futures_util::stream;

use super::plan::{Plan, place};
use super::{Kind, Place, bodies};
use crate::sandbox::esia::refusal::Refusal;
use crate::sandbox::esia::{Esia, page};

/// The last second an HTTP date can say.
const LAST_DATE: i64 = 253_402_300_799;

/// A second handle on a connection's socket, to end the connection where the protocol would not. It goes with the connection.
#[derive(Clone)]
pub(super) struct Socket(Arc<TcpStream>);

impl Socket {
    /// Ends the connection in both directions.
    pub(super) fn end(&self) {
        // Fails only when the other side has ended it already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// For `HttpServer::on_connect`.
pub(in super::super) fn remember_socket(io: &dyn Any, data: &mut Extensions) {
    let stream = io.downcast_ref::<actix_web::rt::net::TcpStream>();
    if let Some(handle) = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok()) {
        data.insert(Socket(Arc::new(handle.into())));
    }
}

/// The middleware around all of the stand-in.
pub(in super::super) async fn around(mut request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(esia) = request.app_data::<web::Data<Esia>>().cloned() else { return next.call(request).await };
    let place = place(request.method(), request.path());
    let body = match read(&mut request, place).await {
        Ok(body) => body,
        Err(error) => return Ok(request.error_response(error)),
    };
    let plan = esia.plan(&request, place, &body);
    request.extensions_mut().insert(plan.clone());
    for kind in plan.kinds() {
        if let Kind::Slow { seconds } = kind {
            wait(*seconds).await;
        }
    }
    let socket = request.request().conn_data::<Socket>().cloned();
    let answer = match instead(&plan, place, &request, socket.as_ref()) {
        Some(answer) => request.into_response(answer),
        None => next.call(request).await?,
    };
    let mut answer = respoken(&plan, answer, socket).await;
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(esia.now(&plan).secs().clamp(0, LAST_DATE).unsigned_abs());
    if let Ok(date) = header::TryIntoHeaderValue::try_into_value(HttpDate::from(date)) {
        answer.headers_mut().insert(header::DATE, date);
    }
    Ok(answer)
}

/// The body of a request whose body tells whom it concerns; the request keeps it.
async fn read(request: &mut ServiceRequest, place: Option<Place>) -> Result<web::Bytes, Error> {
    if request.method() != Method::POST || place.is_none() {
        return Ok(web::Bytes::new());
    }
    let body = request.extract::<web::Bytes>().await?;
    let again = stream::iter([Ok(body.clone())]);
    request.set_payload(Payload::Stream { payload: Box::pin(again) });
    Ok(body)
}

/// An answer in the place of the real one.
fn instead(plan: &Plan, place: Option<Place>, request: &ServiceRequest, socket: Option<&Socket>) -> Option<HttpResponse> {
    plan.kinds().iter().find_map(|kind| match kind {
        Kind::Error { code } if matches!(place, Some(Place::Person | Place::Roles | Place::Organisation)) => {
            Some(Refusal::from(*code).rest())
        }
        Kind::Status { status } => Some(page::away(StatusCode::from_u16(*status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE))),
        Kind::NotJson {} => Some(HttpResponse::Ok().content_type("application/json").body(bodies::PAGE)),
        Kind::Huge { bytes } => Some(HttpResponse::Ok().content_type("application/json").body(bodies::huge(*bytes))),
        Kind::GzipBomb { bytes } => Some(
            HttpResponse::Ok()
                .content_type("application/json")
                .insert_header((header::CONTENT_ENCODING, "gzip"))
                .body(bodies::gzip_bomb(*bytes)),
        ),
        Kind::Redirect { to } => {
            let to = to.as_ref().map_or_else(|| request.uri().to_string(), ToString::to_string);
            // 307, so that a client that follows sends its request again as it was.
            Some(HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, to)).finish())
        }
        Kind::Disconnect {} => {
            socket.map(Socket::end);
            Some(HttpResponse::ServiceUnavailable().finish())
        }
        _ => None,
    })
}

/// The answer as it was, sent in a way no client hopes for.
async fn respoken(plan: &Plan, answer: ServiceResponse<BoxBody>, socket: Option<Socket>) -> ServiceResponse<BoxBody> {
    let Some(kind) = plan.kinds().iter().find(|kind| matches!(kind, Kind::Drip { .. } | Kind::Truncated {})) else { return answer };
    let (request, answer) = answer.into_parts();
    let (head, body) = answer.into_parts();
    // The stand-in's own bodies are in memory; one that is not is a fault's, and comes as it is meant to.
    let whole = to_bytes(body).await.unwrap_or_default();
    let body = match kind {
        Kind::Drip { seconds } => bodies::drip(whole, *seconds),
        _ => bodies::truncated(whole, socket),
    };
    ServiceResponse::new(request, head.set_body(body))
}

/// Waits; [`Kind`] bounds for how long.
#[expect(clippy::disallowed_methods, reason = "being slow is what this fault is for")]
pub(super) async fn wait(seconds: f64) {
    tokio::time::sleep(Duration::try_from_secs_f64(seconds).unwrap_or_default()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_date_can_be_written() {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(LAST_DATE.unsigned_abs());
        assert_eq!(HttpDate::from(date).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
