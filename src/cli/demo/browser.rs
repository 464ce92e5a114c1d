//! A browser without a screen: keeps cookies per server and follows redirects one by one, so that each hop can be shown.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header;
use reqwest::redirect::Policy;

/// One browser.
pub struct Browser {
    client: reqwest::Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// What came back.
pub struct Answer {
    /// Status.
    pub status: u16,
    /// `Location`.
    pub location: Option<String>,
    /// Body.
    pub body: String,
}

fn origin(url: &str) -> String {
    url::Url::parse(url).map(|u| u.origin().ascii_serialization()).unwrap_or_default()
}

impl Browser {
    /// A new one, without cookies.
    pub fn new() -> Result<Self, String> {
        let client = reqwest::Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(20)).no_proxy().build();
        Ok(Self { client: client.map_err(|e| e.to_string())?, cookies: BTreeMap::new() })
    }

    /// Takes over a cookie, `name=value`, for the server at `url`.
    pub fn remember(&mut self, url: &str, cookie: &str) {
        if let Some((name, value)) = cookie.split_once('=') {
            self.cookies.entry(origin(url)).or_default().insert(name.to_owned(), value.to_owned());
        }
    }

    /// Opens an address.
    pub async fn get(&mut self, url: &str, persona: Option<&str>) -> Result<Answer, String> {
        let mut request = self.client.get(url).header(header::ACCEPT, "text/html");
        if let Some(persona) = persona {
            request = request.header("X-Sandbox-Persona", persona);
        }
        self.send(url, request).await
    }

    async fn send(&mut self, url: &str, mut request: reqwest::RequestBuilder) -> Result<Answer, String> {
        let here = origin(url);
        if let Some(jar) = self.cookies.get(&here) {
            let line: Vec<String> = jar.iter().map(|(n, v)| format!("{n}={v}")).collect();
            request = request.header(header::COOKIE, line.join("; "));
        }
        let response = request.send().await.map_err(|e| e.without_url().to_string())?;
        for set in response.headers().get_all(header::SET_COOKIE) {
            let pair = set.to_str().unwrap_or_default().split(';').next().unwrap_or_default().to_owned();
            self.remember(url, &pair);
        }
        let location = response.headers().get(header::LOCATION).and_then(|l| l.to_str().ok());
        let location =
            location.map(|l| url::Url::parse(url).and_then(|base| base.join(l)).map_or_else(|_| l.to_owned(), |u| u.to_string()));
        Ok(Answer { status: response.status().as_u16(), location, body: response.text().await.map_err(|e| e.without_url().to_string())? })
    }
}
