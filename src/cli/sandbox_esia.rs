//! `gosbadge sandbox esia`: the stand-in ESIA alone, for anyone's tests.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use openssl::x509::X509;
use serde_json::json;

use crate::ports::{Clock, Entropy};
use crate::sandbox::esia::{ClientRegistration, EsiaConfig, Persona, TokenAlg, gost_available, personas, start};

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
    /// PEM file with the client's certificate (RSA or GOST; the second generation needs GOST); may be repeated. Without any, nobody is
    /// known and every request is refused
    #[arg(long, value_name = "FILE")]
    client_cert: Vec<PathBuf>,
    /// Address the client may be returned to, compared to the byte; may be repeated
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/oauth/callback")]
    redirect_uri: Vec<String>,
    /// Sign tokens with GOST R 34.10-2012 instead of RS256
    #[arg(long)]
    gost_tokens: bool,
    /// Sign this persona in at once, without the sign-in page
    #[arg(long, value_name = "PERSONA")]
    auto_approve: Option<String>,
    /// Print where it listens and who can sign in as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the stand-in until the process is told to stop.
///
/// # Errors
/// One line for a person: what is wrong and with which option.
pub async fn run(args: EsiaArgs, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<(), String> {
    let mut certificates = Vec::new();
    for file in &args.client_cert {
        certificates.extend(read_certificates(file)?);
    }
    let listener = TcpListener::bind(args.listen).map_err(|e| format!("cannot listen on {}: {e}", args.listen))?;
    let mut config = EsiaConfig::new(listener, clock, entropy);
    config.public_url = args.public_url;
    config.auto_approve = args.auto_approve;
    if !certificates.is_empty() {
        config.clients.push(ClientRegistration {
            client_id: args.client_id,
            certificates,
            redirect_uris: args.redirect_uri,
            token_alg: if args.gost_tokens { TokenAlg::Gost3410_2012_256 } else { TokenAlg::Rs256 },
        });
    }
    let clients: Vec<String> = config.clients.iter().map(|client| client.client_id.clone()).collect();
    let running = start(config).map_err(|e| e.to_string())?;
    let announce = if args.json { announcement_json } else { announcement };
    anstream::println!("{}", announce(&running.base_url, &clients));
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

fn read_certificates(file: &Path) -> Result<Vec<X509>, String> {
    let pem = std::fs::read(file).map_err(|e| format!("--client-cert {}: {e}", file.display()))?;
    match X509::stack_from_pem(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(format!("--client-cert {}: no PEM certificate in it", file.display())),
    }
}

fn announcement(base_url: &str, clients: &[String]) -> String {
    let generations = if gost_available() { "v1 (PKCS#7) and v2/v3 (raw GOST)" } else { "v1 (PKCS#7); no GOST engine, so no v2/v3" };
    let clients = if clients.is_empty() { "none: name one with --client-cert".to_owned() } else { clients.join(", ") };
    let ids: Vec<&str> = personas().iter().map(|persona| persona.id).collect();
    format!(
        "stand-in ESIA at {base_url}\n  clients       {clients}\n  protocol      {generations}\n  certificates  {base_url}/public/esia.pem\n  \
         personas      {}\n  choose one on the sign-in page or by the header X-Sandbox-Persona",
        ids.join(", ")
    )
}

fn announcement_json(base_url: &str, clients: &[String]) -> String {
    let persona = |p: &Persona| json!({"id": p.id, "title": p.title, "expect": p.expect});
    json!({
        "esia_url": base_url,
        "clients": clients,
        "generations": if gost_available() { vec!["v1", "v2"] } else { vec!["v1"] },
        "certificates_url": format!("{base_url}/public/esia.pem"),
        "personas": personas().iter().map(persona).collect::<Vec<_>>(),
    })
    .to_string()
}
