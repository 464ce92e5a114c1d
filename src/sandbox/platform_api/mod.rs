//! Stand-ins of the platforms' own interfaces, for anyone's tests: VK, Одноклассники and MAX as far as reading communities goes. Each
//! enforces the rules of the real one: credentials, signatures, limits, parameters, error bodies. What the pages say is its owner's
//! to give; nothing here knows the service.

mod max;
mod ok;
mod vk;

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};

use crate::domain::time::Timestamp;
use crate::ports::Clock;

/// Whether people can see a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Standing {
    /// Everybody.
    #[default]
    Open,
    /// Members only.
    Closed,
    /// Nobody: deleted.
    Deleted,
    /// Nobody: blocked by the platform.
    Banned,
    /// It keeps out whoever asks here.
    KeepsOut,
}

/// A page of the social network.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the fields are what they are called on every platform")]
pub struct Page {
    pub number: u64,
    pub name: String,
    pub screen_name: Option<String>,
    pub description: String,
    pub status: String,
    pub site: String,
    pub standing: Standing,
}

/// Where pages come from.
pub trait Pages: Send + Sync {
    /// All pages now.
    fn all(&self) -> Vec<Page>;
}

/// Pages kept in memory.
#[derive(Default)]
pub struct Shelf(Mutex<BTreeMap<u64, Page>>);

impl Shelf {
    /// Puts a page there, in place of the one with its number.
    pub fn put(&self, page: Page) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(page.number, page);
    }
}

impl Pages for Shelf {
    fn all(&self) -> Vec<Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// Which interface, and who may use it.
#[derive(Clone)]
#[expect(missing_docs, reason = "the fields are what the platforms call them")]
pub enum Interface {
    /// `/method/groups.getById`
    Vk { token: String },
    /// `/fb.do`
    Ok { application_key: String, application_secret: String, access_token: Option<String> },
    /// `/chats/{id}`
    Max { token: String },
}

/// One stand-in. Holds secrets, therefore no `Debug`.
pub struct PlatformApiConfig {
    /// Which interface.
    pub interface: Interface,
    /// What pages there are.
    pub pages: Arc<dyn Pages>,
    /// Requests in any second.
    pub per_second: usize,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The memory of a stand-in, for tests: what it was asked, and what it is told to answer wrongly.
pub struct PlatformApi {
    config: PlatformApiConfig,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When requests came within the last second.
    recent: VecDeque<Timestamp>,
    /// Codes to answer next, in place of the truth.
    forced: VecDeque<i64>,
    /// Raw answers to give next.
    garbled: VecDeque<(u16, String)>,
    requests: usize,
}

impl PlatformApi {
    /// Makes one; [`start`] serves it, or [`routes`] in somebody else's application.
    pub fn new(config: PlatformApiConfig) -> Arc<Self> {
        Arc::new(Self { config, state: Mutex::default() })
    }

    /// The next request is answered with this code of the platform's, whatever it asks.
    pub fn force(&self, code: i64) {
        self.state().forced.push_back(code);
    }

    /// The next request is answered with this status and body.
    pub fn garble(&self, status: u16, body: &str) {
        self.state().garbled.push_back((status, body.to_owned()));
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.state().requests
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A forced code or a broken answer, whichever was ordered; counts the request.
    fn ordered(&self) -> (Option<i64>, Option<HttpResponse>) {
        let mut state = self.state();
        state.requests += 1;
        let garbled = state.garbled.pop_front().map(|(status, body)| {
            let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
            HttpResponse::build(status).insert_header(("Location", "/elsewhere")).body(body)
        });
        (state.forced.pop_front(), garbled)
    }

    /// Whether one more request fits into this second.
    fn within_limit(&self) -> bool {
        let now = self.config.clock.now();
        let mut state = self.state();
        while state.recent.front().is_some_and(|t| now.millis() - t.millis() >= 1000) {
            state.recent.pop_front();
        }
        state.recent.push_back(now);
        state.recent.len() <= self.config.per_second
    }

    fn by_number(&self, number: &str) -> Option<Page> {
        self.config.pages.all().into_iter().find(|p| p.number.to_string() == number)
    }

    fn by_screen_name(&self, name: &str) -> Option<Page> {
        let same = |p: &Page| p.screen_name.as_deref().is_some_and(|s| s.eq_ignore_ascii_case(name));
        self.config.pages.all().into_iter().find(same)
    }
}

/// Serves a stand-in alone.
///
/// # Errors
/// When the listener cannot be used.
pub fn start(api: &Arc<PlatformApi>, listener: TcpListener) -> std::io::Result<Server> {
    let api = Arc::clone(api);
    let server = HttpServer::new(move || App::new().configure(|cfg| routes(cfg, &api)));
    Ok(server.workers(1).disable_signals().listen(listener)?.run())
}

/// The routes of a stand-in, in an application of its own or beside others.
pub fn routes(cfg: &mut web::ServiceConfig, api: &Arc<PlatformApi>) {
    cfg.app_data(web::Data::from(Arc::clone(api)));
    match api.config.interface {
        Interface::Vk { .. } => cfg.route("/method/{name}", web::route().to(vk::call)),
        Interface::Ok { .. } => cfg.route("/fb.do", web::route().to(ok::call)),
        Interface::Max { .. } => cfg.route("/chats/{id}", web::get().to(max::chat)),
    };
}

/// Parameters of the address and of a form together.
fn parameters(query: &str, body: &[u8]) -> BTreeMap<String, String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes()).chain(url::form_urlencoded::parse(body));
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}
