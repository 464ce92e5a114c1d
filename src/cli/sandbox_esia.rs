//! `gosbadge sandbox esia`: the stand-in ESIA alone, for anyone's tests.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use openssl::x509::X509;
use serde_json::json;

use crate::ports::{Clock, Entropy};
use crate::sandbox::esia::{BUILT_IN_PERSONAS, ClientRegistration, EsiaConfig, People, Persona, TokenAlg, gost_available, start};

/// Runs the stand-in ESIA alone: the real protocol, invented people
#[derive(Args)]
pub struct EsiaArgs {
    /// Where to listen; port 0 takes any free port
    #[arg(long, default_value = "127.0.0.1:8177", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Address under which browsers reach it, if it is not the one it listens on
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Mnemonic of the client system
    #[arg(long, default_value = "TESTIS", value_name = "MNEMONIC")]
    client_id: String,
    /// PEM file with the client's certificate (RSA or GOST; the second generation needs GOST); may be repeated. Without any client, nobody
    /// is known and every request is refused
    #[arg(long, value_name = "FILE")]
    client_cert: Vec<PathBuf>,
    /// Address the client may be returned to, compared to the byte; may be repeated
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/oauth/callback")]
    redirect_uri: Vec<String>,
    /// A further client system in one word, its certificate and its return addresses; may be repeated
    #[arg(long, value_name = "MNEMONIC=CERTIFICATE[,URL]…")]
    client: Vec<String>,
    /// Sign tokens with GOST R 34.10-2012 instead of RS256
    #[arg(long)]
    gost_tokens: bool,
    /// `iss` of every token
    #[arg(long, value_name = "URL", default_value = "http://esia.gosuslugi.ru/")]
    issuer: String,
    /// How far a request's timestamp may be from the clock, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timestamp_window: u64,
    /// TOML file with people of your own in place of the invented ones
    #[arg(long, value_name = "FILE")]
    personas: Option<PathBuf>,
    /// Print the file of the invented people, a start for your own, and end
    #[arg(long)]
    print_personas: bool,
    /// Sign this persona in at once, without the sign-in page
    #[arg(long, value_name = "PERSONA")]
    auto_approve: Option<String>,
    /// Let others than this machine switch faults on and off at /sandbox
    #[arg(long)]
    control_anywhere: bool,
    /// Print where it listens and who can sign in as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the stand-in until the process is told to stop.
///
/// # Errors
/// One line for a person: what is wrong and with which option.
pub async fn run(args: EsiaArgs, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<(), String> {
    if args.print_personas {
        anstream::print!("{BUILT_IN_PERSONAS}");
        return Ok(());
    }
    let clients = clients(&args)?;
    let people = args.personas.as_deref().map_or_else(|| Ok(People::built_in()), read_people)?;
    let listener = TcpListener::bind(args.listen).map_err(|e| format!("cannot listen on {}: {e}", args.listen))?;
    let mut config = EsiaConfig::new(listener, clock, entropy);
    config.public_url = args.public_url;
    config.issuer = args.issuer;
    config.timestamp_window = Duration::from_secs(args.timestamp_window);
    config.auto_approve = args.auto_approve;
    config.control_anywhere = args.control_anywhere;
    config.people = people.clone();
    config.clients = clients;
    let mnemonics: Vec<String> = config.clients.iter().map(|client| client.client_id.clone()).collect();
    let running = start(config).map_err(|e| e.to_string())?;
    let announce = if args.json { announcement_json } else { announcement };
    anstream::println!("{}", announce(&running.base_url, &mnemonics, &people));
    let server = running.server;
    let handle = server.handle();
    tokio::spawn(async move {
        // An error means that signals cannot be had here; then only the process's end stops the server.
        if tokio::signal::ctrl_c().await.is_ok() {
            handle.stop(true).await;
        }
    });
    server.await.map_err(|e| format!("the stand-in ESIA stopped: {e}"))
}

/// The client of `--client-id`, if it has a certificate, and those of `--client`.
fn clients(args: &EsiaArgs) -> Result<Vec<ClientRegistration>, String> {
    let token_alg = if args.gost_tokens { TokenAlg::Gost3410_2012_256 } else { TokenAlg::Rs256 };
    let mut clients = Vec::new();
    if !args.client_cert.is_empty() {
        let mut certificates = Vec::new();
        for file in &args.client_cert {
            certificates.extend(read_certificates("--client-cert", file)?);
        }
        clients.push(ClientRegistration {
            client_id: args.client_id.clone(),
            certificates,
            redirect_uris: args.redirect_uri.clone(),
            token_alg,
        });
    }
    for word in &args.client {
        let (client_id, rest) = word.split_once('=').ok_or_else(|| format!("--client {word}: write MNEMONIC=CERTIFICATE,URL"))?;
        let mut parts = rest.split(',');
        let certificates = read_certificates("--client", Path::new(parts.next().unwrap_or_default()))?;
        let mut redirect_uris: Vec<String> = parts.map(str::to_owned).collect();
        if redirect_uris.is_empty() {
            redirect_uris.clone_from(&args.redirect_uri);
        }
        if clients.iter().any(|client| client.client_id == client_id) {
            return Err(format!("--client {client_id} is given twice"));
        }
        clients.push(ClientRegistration { client_id: client_id.to_owned(), certificates, redirect_uris, token_alg });
    }
    Ok(clients)
}

fn read_people(file: &Path) -> Result<People, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("--personas {}: {e}", file.display()))?;
    People::from_toml(&text).map_err(|e| format!("--personas {}: {e}", file.display()))
}

fn read_certificates(option: &str, file: &Path) -> Result<Vec<X509>, String> {
    let pem = std::fs::read(file).map_err(|e| format!("{option} {}: {e}", file.display()))?;
    match X509::stack_from_pem(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(format!("{option} {}: no PEM certificate in it", file.display())),
    }
}

fn announcement(base_url: &str, clients: &[String], people: &People) -> String {
    let generations = if gost_available() {
        "v1 (PKCS#7) and v2/v3 (raw GOST)"
    } else {
        "v1 (PKCS#7) only: no GOST engine; for v2/v3 install libengine-gost-openssl and set OPENSSL_CONF=certs/openssl-gost.cnf"
    };
    let clients = if clients.is_empty() { "none: name one with --client-cert".to_owned() } else { clients.join(", ") };
    let ids: Vec<&str> = people.personas.iter().map(|persona| persona.id.as_str()).collect();
    format!(
        "stand-in ESIA at {base_url}\n  clients       {clients}\n  protocol      {generations}\n  certificates  {base_url}/public/esia.pem\n  \
         faults        {base_url}/sandbox\n  personas      {}\n  choose one on the sign-in page or by the header X-Sandbox-Persona",
        ids.join(", ")
    )
}

fn announcement_json(base_url: &str, clients: &[String], people: &People) -> String {
    let persona = |p: &Arc<Persona>| json!({"id": p.id, "title": p.title, "expect": p.expect});
    json!({
        "esia_url": base_url,
        "clients": clients,
        "generations": if gost_available() { vec!["v1", "v2"] } else { vec!["v1"] },
        "certificates_url": format!("{base_url}/public/esia.pem"),
        "faults_url": format!("{base_url}/sandbox/faults"),
        "personas": people.personas.iter().map(persona).collect::<Vec<_>>(),
    })
    .to_string()
}
