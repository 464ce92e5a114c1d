//! A platform's endpoint that answers as told and keeps what it got.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;

/// What to answer.
#[derive(Clone, Copy)]
pub enum Answer {
    Status(u16),
    /// With one further header.
    With(u16, &'static str, &'static str),
    /// Never.
    Silence,
}

/// One message as it came.
#[derive(Clone)]
pub struct Got {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub content_type: String,
    pub body: String,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What a verification event wants back.
    fn verification(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        (body["type"] == "stream.verification").then(|| body["data"]["state"].as_str().unwrap().to_owned())
    }

    /// Badge and version.
    pub fn what(&self) -> (String, u64) {
        let body = self.json();
        (body["data"]["badge"].as_str().unwrap().to_owned(), body["data"]["version"].as_u64().unwrap())
    }
}

type Rule = Box<dyn Fn(&Got) -> Answer + Send>;

struct Inner {
    got: Mutex<Vec<Got>>,
    rule: Mutex<Rule>,
}

pub struct Receiver {
    pub url: String,
    inner: Arc<Inner>,
    handle: actix_web::dev::ServerHandle,
}

async fn receive(inner: web::Data<Inner>, request: HttpRequest, body: String) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    let got = Got {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        content_type: header("content-type"),
        body,
    };
    // An endpoint proves itself whatever it answers to events.
    if let Some(state) = got.verification() {
        return HttpResponse::Ok().body(state);
    }
    let answer = (inner.rule.lock().unwrap())(&got);
    inner.got.lock().unwrap().push(got);
    let status = |s| StatusCode::from_u16(s).unwrap();
    match answer {
        Answer::Status(s) => HttpResponse::build(status(s)).finish(),
        Answer::With(s, name, value) => HttpResponse::build(status(s)).insert_header((name, value)).finish(),
        Answer::Silence => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            HttpResponse::Ok().finish()
        }
    }
}

impl Receiver {
    /// Answers 204 until told otherwise.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let inner = Arc::new(Inner { got: Mutex::default(), rule: Mutex::new(Box::new(|_| Answer::Status(204))) });
        let data = web::Data::from(Arc::clone(&inner));
        // Only /hook exists: a sender that follows redirects would be seen by its missing message.
        let make = move || App::new().app_data(data.clone()).route("/hook", web::post().to(receive));
        let server = HttpServer::new(make).workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, inner, handle }
    }

    pub fn answer(&self, answer: Answer) {
        self.answer_by(move |_| answer);
    }

    pub fn answer_by(&self, rule: impl Fn(&Got) -> Answer + Send + 'static) {
        *self.inner.rule.lock().unwrap() = Box::new(rule);
    }

    pub fn got(&self) -> Vec<Got> {
        self.inner.got.lock().unwrap().clone()
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}
