//! `gosbadge platform`: registers platforms and manages their secrets.

mod doctor;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::wire::{self, Parts, WireError};
use super::{ConfigFile, app_for_command, print_json, told};
use crate::domain::client_certificate::CertificateRule;
use crate::domain::community::{CommunityNumber, PlatformId};
use crate::domain::community_ranges::CommunityRanges;
use crate::domain::distinguished_name::DistinguishedName;
use crate::ports::platform_api::{UnverifiedCommunity, Visibility};
use crate::service::Actor;
use crate::service::add_callback_server::{NewCallbackServer, add_callback_server};
use crate::service::add_platform::{self, NewPlatform, PlatformSecrets, SecretPurpose};
use crate::service::look_at_community::look_at_community;
use crate::service::{set_certificate, show_platform};

/// Options of `gosbadge platform`.
#[derive(Args)]
pub struct PlatformArgs {
    #[command(subcommand)]
    command: PlatformCommand,
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum PlatformCommand {
    /// Registers a platform and prints its secrets, this once
    Add(Box<AddArgs>),
    /// Lists platforms
    List,
    /// Shows everything on record about a platform but its secrets
    Show {
        /// Short name of the platform
        id: String,
    },
    /// Sets what the certificate of a platform must be like, in place of what was demanded before
    SetCertificate {
        /// Short name of the platform
        #[arg(requires = "CertificateArgs")]
        id: String,
        #[command(flatten)]
        certificate: Box<CertificateArgs>,
    },
    /// Sets which communities a platform may speak for
    SetCommunities {
        /// Short name of the platform
        id: String,
        /// Numbers and ranges, like 218000001,218000100-218000199; without it: any
        #[arg(long, value_name = "NUMBERS")]
        communities: Option<CommunityRanges>,
    },
    /// Makes a new secret and prints it, this once
    RotateSecret {
        /// Short name of the platform
        id: String,
        /// Which secret
        #[arg(long, value_enum, default_value = "client")]
        secret: Secret,
        /// How long the old secret stays good, hours
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        overlap: u64,
    },
    /// Looks at a community through the platform's own interface and prints what it says of itself: a check of the section `platform_api`
    Look {
        /// Short name of the platform
        id: String,
        /// Link to the community, its number, or @name
        link: String,
    },
    /// Registers this service as a server of the platform's callback API (VK); prints the secret to enter there, this once
    Callback {
        /// Short name of the platform
        id: String,
        /// The text the platform wants to hear at the handshake, as it shows it
        #[arg(long, value_name = "TEXT")]
        confirmation: String,
        /// The one community it is for; without it, every community of the platform
        #[arg(long, value_name = "NUMBER")]
        community: Option<CommunityNumber>,
        /// How long the secret before this one stays good, hours
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        overlap: u64,
    },
    /// Sends verification messages to a platform's endpoint, right and wrong ones, and says what is wrong with it and its stream
    Doctor {
        /// Short name of the platform
        id: String,
    },
    /// Shuts a platform out; its badges stay as they are
    Disable {
        /// Short name of the platform
        id: String,
    },
    /// Lets a platform in again
    Enable {
        /// Short name of the platform
        id: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Secret {
    /// OAuth client secret
    Client,
    /// With which the platform signs messages to us
    WebhookIn,
    /// With which we sign messages to the platform
    WebhookOut,
}

#[derive(Args)]
struct AddArgs {
    /// Short name, like vk
    id: PlatformId,
    /// Name for people
    #[arg(long)]
    name: String,
    /// The platform's own address, like `https://vk.com`
    #[arg(long, value_name = "URL")]
    base_url: String,
    /// Where people are sent back to, compared to the byte; may be repeated
    #[arg(long, required = true, value_name = "URL")]
    redirect_uri: Vec<String>,
    /// What addresses of its communities begin with, like `https://vk.com/`; may be repeated
    #[arg(long, required = true, value_name = "URL")]
    community_prefix: Vec<String>,
    /// File with the platform's public keys (JWK set): it authenticates with private_key_jwt instead of a secret
    #[arg(long, value_name = "FILE", conflicts_with = "CertificateArgs")]
    jwks: Option<PathBuf>,
    #[command(flatten)]
    certificate: CertificateArgs,
    /// Numbers of the communities it may speak for, like 218000001,218000100-218000199; without it: any
    #[arg(long, value_name = "NUMBERS")]
    communities: Option<CommunityRanges>,
    /// Where events are to be pushed; it has to answer a verification event first, which the running service sends
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
}

/// How its certificate is known (RFC 8705): it authenticates with that instead of a secret.
#[derive(Args)]
#[group(multiple = false)]
struct CertificateArgs {
    /// Subject of its certificate (RFC 4514), like CN=client,O=Example,C=RU
    #[arg(long, value_name = "NAME")]
    tls_subject_dn: Option<DistinguishedName>,
    /// DNS name in its certificate
    #[arg(long, value_name = "NAME")]
    tls_san_dns: Option<String>,
    /// URI in its certificate
    #[arg(long, value_name = "URI")]
    tls_san_uri: Option<String>,
    /// IP address in its certificate
    #[arg(long, value_name = "ADDRESS")]
    tls_san_ip: Option<IpAddr>,
    /// Mail address in its certificate
    #[arg(long, value_name = "ADDRESS")]
    tls_san_email: Option<String>,
    /// File with its certificate or certificates (PEM), whoever signed them: only these very ones are taken
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
}

impl CertificateArgs {
    fn rule(self) -> Result<Option<CertificateRule>, WireError> {
        if let Some(file) = self.tls_certificate {
            return wire::thumbprints_in(&file).map(|found| Some(CertificateRule::SelfSigned(found)));
        }
        let rule = self.tls_subject_dn.map(CertificateRule::Subject);
        let rule = rule.or(self.tls_san_dns.map(CertificateRule::Dns)).or(self.tls_san_uri.map(CertificateRule::Uri));
        Ok(rule.or(self.tls_san_ip.map(CertificateRule::Ip)).or(self.tls_san_email.map(CertificateRule::Email)))
    }
}

/// Does what is asked.
///
/// # Errors
/// [`WireError`].
pub async fn run(args: PlatformArgs, parts: Parts) -> Result<(), WireError> {
    let (app, config) = app_for_command(&args.file, parts).await?;
    let actor = Actor::shell();
    match args.command {
        PlatformCommand::Add(add) => {
            let add = *add;
            let jwks = add.jwks.map(|f| std::fs::read_to_string(&f).map_err(|e| WireError(format!("cannot read {}: {e}", f.display()))));
            let new = NewPlatform {
                id: add.id,
                name: add.name,
                base_url: add.base_url,
                redirect_uris: add.redirect_uri,
                community_prefixes: add.community_prefix,
                jwks: jwks.transpose()?,
                webhook_url: add.webhook_url,
                certificate: add.certificate.rule()?,
                communities: add.communities,
            };
            let secrets = add_platform::add_platform(&app, new, &actor).await.map_err(told)?;
            show_secrets(&secrets, args.json)
        }
        PlatformCommand::List => list(&app, args.json).await,
        PlatformCommand::Show { id } => show(&app, id, args.json).await,
        PlatformCommand::SetCertificate { id, certificate } => {
            let rule = certificate.rule()?.ok_or_else(|| WireError("say what the certificate must be like".to_owned()))?;
            set_certificate::set_certificate(&app, id, &rule, &actor).await.map_err(told)
        }
        PlatformCommand::SetCommunities { id, communities } => {
            add_platform::set_communities(&app, id, communities, &actor).await.map_err(told)
        }
        PlatformCommand::RotateSecret { id, secret, overlap } => {
            let purpose = match secret {
                Secret::Client => SecretPurpose::Client,
                Secret::WebhookIn => SecretPurpose::WebhookIn,
                Secret::WebhookOut => SecretPurpose::WebhookOut,
            };
            let overlap = Duration::from_secs(overlap.saturating_mul(3600));
            let text = add_platform::rotate_secret(&app, id, purpose, overlap, &actor).await.map_err(told)?;
            if args.json {
                return print_json(&json!({ "purpose": purpose.as_str(), "secret": text }));
            }
            anstream::println!("{text}");
            Ok(())
        }
        PlatformCommand::Look { id, link } => show_community(&look_at_community(&app, &id, &link).await.map_err(told)?, args.json),
        PlatformCommand::Callback { id, confirmation, community, overlap } => {
            let overlap = Duration::from_secs(overlap.saturating_mul(3600));
            let path = format!("{}/v1/webhooks/{id}/callback", config.public_url);
            let new = NewCallbackServer { platform: id, community, confirmation, overlap };
            show_callback(&path, &add_callback_server(&app, new, &actor).await.map_err(told)?, args.json)
        }
        PlatformCommand::Doctor { id } => doctor::run(&app, &id, args.json, &actor).await,
        PlatformCommand::Disable { id } => add_platform::set_platform_state(&app, id, false, &actor).await.map_err(told),
        PlatformCommand::Enable { id } => add_platform::set_platform_state(&app, id, true, &actor).await.map_err(told),
    }
}

fn show_callback(path: &str, secret: &str, json: bool) -> Result<(), WireError> {
    if json {
        return print_json(&json!({ "url": path, "secret": secret }));
    }
    anstream::println!("address  {path}\nsecret   {secret}");
    Ok(())
}

fn show_secrets(s: &PlatformSecrets, json: bool) -> Result<(), WireError> {
    if json {
        return print_json(&json!({
            "client_id": s.client_id,
            "client_secret": s.client_secret,
            "inbound_webhook_secret": s.inbound_webhook_secret,
            "outgoing_webhook_secret": s.outgoing_webhook_secret,
        }));
    }
    anstream::println!("client_id                {}", s.client_id);
    if let Some(secret) = &s.client_secret {
        anstream::println!("client_secret            {secret}");
    }
    anstream::println!("inbound_webhook_secret   {}   (the platform signs messages to gosbadge)", s.inbound_webhook_secret);
    anstream::println!("outgoing_webhook_secret  {}   (gosbadge signs messages to the platform)", s.outgoing_webhook_secret);
    anstream::println!("These are shown once. Hand them over on a channel you trust.");
    Ok(())
}

fn show_community(c: &UnverifiedCommunity, json: bool) -> Result<(), WireError> {
    let visibility = match c.visibility {
        Visibility::Open => "open",
        Visibility::Closed => "closed",
        Visibility::Deleted => "deleted",
        Visibility::Blocked => "blocked",
    };
    if json {
        return print_json(&json!({
            "id": c.id, "uri": c.uri, "name": c.name, "screen_name": c.screen_name, "visibility": visibility,
            "description": c.description, "status": c.status, "site": c.site,
        }));
    }
    // Texts are whatever somebody typed there: nothing of it may steer the terminal.
    let plain = |text: &str| text.chars().map(|ch| if ch.is_control() { ' ' } else { ch }).collect::<String>();
    anstream::println!("{:<12} {}", "id", c.id);
    anstream::println!("{:<12} {}", "uri", plain(&c.uri));
    anstream::println!("{:<12} {}", "name", plain(&c.name));
    anstream::println!("{:<12} {}", "screen name", plain(c.screen_name.as_deref().unwrap_or("-")));
    anstream::println!("{:<12} {visibility}", "visibility");
    for (field, text) in c.texts() {
        anstream::println!("{field:<12} {}", plain(text));
    }
    Ok(())
}

async fn list(app: &std::sync::Arc<crate::service::App>, json: bool) -> Result<(), WireError> {
    let all = add_platform::list_platforms(app).await.map_err(told)?;
    if json {
        let rows: Vec<_> = all
            .iter()
            .map(|(p, s)| {
                let stream = s.as_ref().map(
                    |s| json!({ "state": s.state, "method": s.method, "endpoint_url": s.endpoint_url, "next_endpoint_url": s.next_url }),
                );
                json!({
                    "id": p.id, "name": p.name, "client_id": p.client_id, "auth_method": p.auth_method, "state": p.state, "stream": stream,
                    "communities": p.communities,
                })
            })
            .collect();
        return print_json(&json!({ "platforms": rows }));
    }
    for (p, s) in all {
        let communities = p.communities.as_deref().unwrap_or("any");
        let stream = s.map_or_else(
            || "no stream".to_owned(),
            |s| format!("{} {} {}", s.method, s.state, s.endpoint_url.or(s.next_url).as_deref().unwrap_or("-")),
        );
        anstream::println!("{:<16} {:<9} {:<27} {}  {stream}  communities {communities}", p.id, p.state, p.auth_method, p.name);
    }
    Ok(())
}

async fn show(app: &std::sync::Arc<crate::service::App>, id: String, json: bool) -> Result<(), WireError> {
    let (p, secrets) = show_platform::show_platform(app, id).await.map_err(told)?;
    let redirects = p.redirects().map_err(WireError::new)?;
    let prefixes = p.prefixes().map_err(WireError::new)?;
    let certificate = p.certificate_rule().map_err(WireError::new)?;
    if json {
        let live = secrets.iter().map(|s| json!({ "purpose": s.purpose.as_str(), "created_at": s.created_at, "expires_at": s.expires_at }));
        return print_json(&json!({
            "id": p.id, "name": p.name, "base_url": p.base_url, "client_id": p.client_id, "auth_method": p.auth_method,
            "state": p.state, "redirect_uris": redirects, "community_prefixes": prefixes, "communities": p.communities,
            "certificate": certificate, "secrets": live.collect::<Vec<_>>(),
        }));
    }
    let line = |name: &str, value: &str| anstream::println!("{name:<20} {value}");
    line("id", &p.id);
    line("name", &p.name);
    line("base_url", &p.base_url);
    line("client_id", &p.client_id);
    line("state", &p.state);
    line("auth_method", &p.auth_method);
    if let Some(rule) = certificate {
        line("certificate", &serde_json::to_string(&rule).map_err(WireError::new)?);
    }
    redirects.iter().for_each(|r| line("redirect_uri", r));
    prefixes.iter().for_each(|p| line("community_prefix", p));
    line("communities", p.communities.as_deref().unwrap_or("any"));
    for s in secrets {
        let until = s.expires_at.map_or_else(|| "no end set".to_owned(), |at| format!("until {at}"));
        line("secret", &format!("{} of {}, {until}", s.purpose.as_str(), s.created_at));
    }
    Ok(())
}
