//! The platform's own interface, through which others read its communities: VK's, over the communities of this network.

use std::sync::Arc;

use super::state::Platform;
use crate::sandbox::platform_api::{Interface, Page, Pages, PlatformApi, PlatformApiConfig};

/// Requests in a second, as VK permits a service token.
const PER_SECOND: usize = 3;

/// The interface for whoever has this token.
pub(super) fn of(platform: &Arc<Platform>, token: String) -> Arc<PlatformApi> {
    let pages: Arc<dyn Pages> = Arc::clone(platform) as Arc<dyn Pages>;
    let clock = Arc::clone(&platform.clock);
    PlatformApi::new(PlatformApiConfig { interface: Interface::Vk { token }, pages, per_second: PER_SECOND, clock })
}

impl Pages for Platform {
    fn all(&self) -> Vec<Page> {
        let state = self.state();
        let page = |c: &super::communities::Community| Page {
            number: c.id.as_str().parse().unwrap_or_default(),
            name: c.name.clone(),
            screen_name: Some(c.screen_name.to_owned()),
            description: c.about.clone(),
            status: String::new(),
            site: c.site.clone(),
            standing: c.standing,
        };
        state.communities.values().map(page).collect()
    }
}
