//! The stand-in ESIA: an identity provider that enforces the real protocol (both generations, with their own signed strings and
//! signature formats) on invented people and organisations. It knows nothing of the service under test and shares no code with its
//! adapter. What of ESIA is not public stays configurable or is marked where it is decided.

mod authorize;
mod config;
mod control;
mod control_page;
mod faults;
mod forge;
mod gost;
mod keys;
mod logout;
mod memory;
mod organisations;
mod page;
mod params;
mod people;
mod permissions;
mod personas;
mod refusal;
mod rest;
mod scope;
mod sign_in;
mod signature;
mod token;
mod tokens;
mod wanted;

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::{App, HttpServer, web};
use url::Url;

pub use config::{ClientRegistration, EsiaConfig, StartError, TokenAlg};
pub use faults::{Fault, Faults};
pub use gost::gost_available;
pub use keys::SigningKeys;
pub use organisations::{Organisation, OrganisationType};
pub use people::{BUILT_IN as BUILT_IN_PERSONAS, People};
pub use personas::{Branch, Membership, Persona, personas};

use crate::ports::{Clock, Entropy};

/// Requests with larger bodies are refused: a signature with a certificate chain is a few kilobytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The two generations of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Generation {
    /// `/aas/oauth2/ac` and `/te`: PKCS#7 signatures.
    V1,
    /// `/aas/oauth2/v2/ac` and `/v3/te`: raw GOST signatures and the hash of the certificate.
    V2,
}

/// State of one running stand-in.
struct Esia {
    base_url: String,
    issuer: String,
    clients: Vec<ClientRegistration>,
    people: People,
    auto_approve: Option<Arc<Persona>>,
    timestamp_window: Duration,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    keys: SigningKeys,
    /// Made when a rotation is first asked for. `None` inside when they could not be made.
    new_keys: OnceLock<Option<SigningKeys>>,
    /// Of forgers, made in the same way.
    strangers_keys: OnceLock<Option<SigningKeys>>,
    /// How often somebody followed a forged header.
    strangers_visited: AtomicU32,
    certificates_pem: Vec<String>,
    memory: memory::Memory,
    faults: Faults,
    control_anywhere: bool,
}

/// A stand-in that listens. Await or spawn `server`; nothing is answered before.
pub struct Running {
    /// The server; its `handle()` stops it.
    pub server: Server,
    /// Certificates whose keys sign the tokens, PEM, RSA first: what a client must trust.
    pub signing_certificates_pem: Vec<String>,
    /// Base address without a trailing slash.
    pub base_url: String,
    /// Its faults, to be switched on and off from within the process; from outside `/sandbox/faults` does the same.
    pub faults: Faults,
}

/// Makes keys, where none were kept, and starts listening. Many stand-ins may run in one process.
///
/// # Errors
/// [`StartError`] for settings that cannot work and for a listener or a key that cannot be had.
pub fn start(config: EsiaConfig) -> Result<Running, StartError> {
    check_clients(&config.clients)?;
    let auto_approve = config.auto_approve.as_deref().map(|wanted| known_persona(&config.people, wanted)).transpose()?;
    let base_url = match config.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{}", config.listener.local_addr()?),
    };
    let keys = match config.signing_keys {
        Some(kept) => kept,
        None => SigningKeys::generate(config.clock.now(), &*config.entropy)?,
    };
    let certificates_pem = keys.certificates_pem()?;
    let faults = Faults::of(&config.people);
    let esia = web::Data::new(Esia {
        base_url: base_url.clone(),
        issuer: config.issuer,
        clients: config.clients,
        people: config.people,
        auto_approve,
        timestamp_window: config.timestamp_window,
        clock: config.clock,
        entropy: config.entropy,
        keys,
        new_keys: OnceLock::new(),
        strangers_keys: OnceLock::new(),
        strangers_visited: AtomicU32::new(0),
        certificates_pem: certificates_pem.clone(),
        memory: memory::Memory::default(),
        faults: faults.clone(),
        control_anywhere: config.control_anywhere,
    });
    let app = move || {
        App::new()
            .app_data(esia.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
            .wrap(from_fn(faults::around))
            // ESIA answers with and without a slash at the end.
            .wrap(NormalizePath::trim())
            .configure(routes)
    };
    let server = HttpServer::new(app).workers(1).disable_signals().on_connect(faults::remember_socket).listen(config.listener)?.run();
    Ok(Running { server, signing_certificates_pem: certificates_pem, base_url, faults })
}

fn routes(app: &mut web::ServiceConfig) {
    app.route("/aas/oauth2/ac", web::get().to(authorize::first_generation_get))
        .route("/aas/oauth2/ac", web::post().to(authorize::first_generation_post))
        .route("/aas/oauth2/v2/ac", web::get().to(authorize::second_generation_get))
        .route("/aas/oauth2/v2/ac", web::post().to(authorize::second_generation_post))
        .route("/aas/oauth2/te", web::post().to(token::first_generation))
        .route("/aas/oauth2/v3/te", web::post().to(token::second_generation))
        .route("/login", web::get().to(sign_in::form))
        .route("/login", web::post().to(sign_in::submit))
        .route("/idp/ext/Logout", web::get().to(logout::logout))
        .route("/rs/prns/{oid}", web::get().to(rest::person))
        .route("/rs/prns/{oid}/roles", web::get().to(rest::roles))
        .route("/rs/prns/{oid}/ctts", web::get().to(rest::contacts))
        .route("/rs/prns/{oid}/ctts/{id}", web::get().to(rest::contact))
        .route("/rs/prns/{oid}/{collection:addrs|docs|vhls|kids}", web::get().to(rest::empty_collection))
        .route("/rs/orgs/{oid}", web::get().to(rest::organisation))
        .route("/public/esia.pem", web::get().to(page::certificates))
        .route("/sandbox.css", web::get().to(page::style))
        .service(
            web::resource("/sandbox/faults")
                .route(web::get().to(control::list))
                .route(web::put().to(control::replace))
                .route(web::post().to(control::add))
                .route(web::delete().to(control::clear)),
        )
        .route("/sandbox/strangers/{file}", web::get().to(forge::strangers))
        .route("/sandbox", web::get().to(control_page::show))
        .route("/sandbox", web::post().to(control_page::submit))
        .route("/sandbox/faults/{id}", web::delete().to(control::remove))
        .route("/", web::get().to(page::front))
        // Clients in the field poll HEAD / and set their clocks by its Date.
        .route("/", web::head().to(page::front))
        .default_service(web::to(page::not_found));
}

fn check_clients(clients: &[ClientRegistration]) -> Result<(), StartError> {
    for client in clients {
        let client_id = client.client_id.clone();
        if client.certificates.is_empty() {
            return Err(StartError::NoCertificate { client_id });
        }
        if client.token_alg == TokenAlg::Gost3410_2012_256 && !gost_available() {
            return Err(StartError::NoGost { client_id });
        }
        if let Some(uri) = client.redirect_uris.iter().find(|uri| http_address(uri).is_none()) {
            return Err(StartError::BadRedirectUri { client_id, uri: uri.clone() });
        }
    }
    Ok(())
}

/// An absolute http or https address.
fn http_address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn known_persona(people: &People, wanted: &str) -> Result<Arc<Persona>, StartError> {
    let found = people.persona(wanted).cloned();
    found.ok_or_else(|| StartError::UnknownPersona { wanted: wanted.to_owned(), known: people.ids() })
}

impl Esia {
    /// The keys that follow the present ones.
    fn new_keys(&self) -> Result<&SigningKeys, refusal::Refusal> {
        let made = self.new_keys.get_or_init(|| SigningKeys::generate(self.clock.now(), &*self.entropy).ok());
        made.as_ref().ok_or_else(|| refusal::Code::ServerError.into())
    }

    fn client(&self, client_id: &str) -> Option<&ClientRegistration> {
        self.clients.iter().find(|client| client.client_id == client_id)
    }

    /// Says so plainly where the second generation is asked for and this process has no Russian algorithms.
    fn check_generation(generation: Generation) -> Result<(), refusal::Refusal> {
        if generation == Generation::V1 || gost_available() {
            return Ok(());
        }
        Err(refusal::Refusal::because(
            refusal::Code::ServerError,
            "This stand-in runs without the OpenSSL GOST engine: start it with OPENSSL_CONF=certs/openssl-gost.cnf, or use /aas/oauth2/ac and /te.",
        ))
    }
}
