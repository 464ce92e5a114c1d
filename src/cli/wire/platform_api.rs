//! The platforms' own interfaces from the configuration.

use std::fs;
use std::sync::Arc;

use super::WireError;
use crate::adapters::platform::Connection;
use crate::adapters::platform::max::MaxApi;
use crate::adapters::platform::ok::{OkApi, OkCredentials};
use crate::adapters::platform::vk::VkApi;
use crate::adapters::platform::vk_id::{VkIdClient, VkIdSignIn};
use crate::config::{Config, PlatformInterface};
use crate::ports::{Clock, PlatformApi, PlatformSignIn};

/// The configured interfaces.
///
/// # Errors
/// [`WireError`] naming the setting or file.
pub fn interfaces(config: &Config, clock: &Arc<dyn Clock>) -> Result<Vec<Arc<dyn PlatformApi>>, WireError> {
    let c = &config.platform_api;
    let mut all: Vec<Arc<dyn PlatformApi>> = Vec::new();
    if let Some(vk) = &c.vk {
        let (token, pages) = (vk.token.expose().clone(), vk.pages.clone());
        all.push(Arc::new(VkApi::new(&connection(config, vk), token, pages, Arc::clone(clock)).map_err(WireError::new)?));
    }
    if let Some(ok) = &c.ok {
        let credentials = OkCredentials {
            application_key: ok.application_key.clone(),
            application_secret: ok.interface.token.expose().clone(),
            access_token: ok.access_token.as_ref().map(|t| t.expose().clone()),
        };
        let made = OkApi::new(&connection(config, &ok.interface), credentials, ok.interface.pages.clone(), Arc::clone(clock));
        all.push(Arc::new(made.map_err(WireError::new)?));
    }
    if let Some(max) = &c.max {
        let mut connection = connection(config, &max.interface);
        if let Some(path) = &max.root_certificate_file {
            connection.roots_pem = Some(fs::read(path).map_err(|e| WireError(format!("cannot read {}: {e}", path.display())))?);
        }
        let (token, pages) = (max.interface.token.expose().clone(), max.interface.pages.clone());
        all.push(Arc::new(MaxApi::new(&connection, token, pages, Arc::clone(clock)).map_err(WireError::new)?));
    }
    Ok(all)
}

fn connection(config: &Config, interface: &PlatformInterface) -> Connection {
    Connection {
        platform: interface.platform.clone(),
        url: interface.url.clone(),
        per_second: interface.requests_per_second,
        connect_timeout: config.platform_api.connect_timeout,
        timeout: config.platform_api.timeout,
        max_response_bytes: config.platform_api.max_response_bytes,
        roots_pem: None,
        allow_http: config.dev,
    }
}

/// The configured ways to sign in at a platform.
///
/// # Errors
/// [`WireError`] naming the setting.
pub(super) fn sign_ins(config: &Config) -> Result<Vec<Arc<dyn PlatformSignIn>>, WireError> {
    let Some(vk) = &config.vk_oauth else { return Ok(Vec::new()) };
    let connection = Connection {
        platform: vk.platform.clone(),
        url: vk.url.clone(),
        per_second: 1,
        connect_timeout: config.platform_api.connect_timeout,
        timeout: config.platform_api.timeout,
        max_response_bytes: config.platform_api.max_response_bytes,
        roots_pem: None,
        allow_http: config.dev,
    };
    let client = VkIdClient {
        client_id: vk.client_id.clone(),
        client_secret: vk.client_secret.as_ref().map(|s| s.expose().clone()),
        api_url: vk.api_url.clone(),
    };
    Ok(vec![Arc::new(VkIdSignIn::new(&connection, client).map_err(WireError::new)?)])
}
