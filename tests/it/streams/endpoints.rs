//! A platform's endpoint of any kind: takes webhooks and SETs, keeps what it got, answers as told.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;

/// What the endpoint does with a message.
#[derive(Clone)]
pub enum Reaction {
    /// 202, and the state of a verification event in the body.
    Takes,
    /// 202 without a body, whatever comes.
    Nods,
    /// This status with this body.
    Says(u16, &'static str),
    /// Nothing, ever.
    Hangs,
}

/// One message as it came.
#[derive(Clone)]
pub struct Got {
    pub content_type: String,
    pub authorization: Option<String>,
    pub body: String,
}

impl Got {
    /// The claims of a SET, or the JSON of a webhook.
    pub fn json(&self) -> Value {
        if self.content_type == "application/secevent+jwt" {
            return jsonwebtoken::dangerous::insecure_decode::<Value>(&self.body).unwrap().claims;
        }
        serde_json::from_str(&self.body).unwrap()
    }

    /// What a verification event wants back.
    pub fn state(&self) -> Option<String> {
        let body = self.json();
        let of_set = &body["events"]["https://schemas.openid.net/secevent/ssf/event-type/verification"]["state"];
        let of_webhook = (body["type"] == "stream.verification").then(|| body["data"]["state"].clone());
        of_webhook.as_ref().unwrap_or(of_set).as_str().map(str::to_owned)
    }
}

struct Inner {
    got: Mutex<Vec<Got>>,
    reaction: Mutex<Reaction>,
}

pub struct Endpoint {
    pub url: String,
    inner: Arc<Inner>,
    handle: actix_web::dev::ServerHandle,
}

async fn receive(inner: web::Data<Inner>, request: HttpRequest, body: String) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
    let got = Got { content_type: header("content-type").unwrap(), authorization: header("authorization"), body };
    let state = got.state();
    inner.got.lock().unwrap().push(got);
    let reaction = inner.reaction.lock().unwrap().clone();
    match (reaction, state) {
        (Reaction::Takes, Some(state)) => HttpResponse::Accepted().json(serde_json::json!({ "state": state })),
        (Reaction::Takes | Reaction::Nods, _) => HttpResponse::Accepted().finish(),
        (Reaction::Says(status, text), _) => HttpResponse::build(StatusCode::from_u16(status).unwrap()).body(text),
        (Reaction::Hangs, _) => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            HttpResponse::Ok().finish()
        }
    }
}

impl Endpoint {
    pub fn start(reaction: Reaction) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let inner = Arc::new(Inner { got: Mutex::default(), reaction: Mutex::new(reaction) });
        let data = web::Data::from(Arc::clone(&inner));
        let make = move || App::new().app_data(data.clone()).route("/hook", web::post().to(receive));
        let server = HttpServer::new(make).workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, inner, handle }
    }

    pub fn react(&self, reaction: Reaction) {
        *self.inner.reaction.lock().unwrap() = reaction;
    }

    pub fn got(&self) -> Vec<Got> {
        self.inner.got.lock().unwrap().clone()
    }

    /// Events, without verification events.
    pub fn events(&self) -> Vec<Got> {
        self.got().into_iter().filter(|g| g.state().is_none()).collect()
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}
