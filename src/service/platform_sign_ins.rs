//! Signing in at platforms, by the platform whose communities are proven so.

use std::sync::Arc;

use crate::ports::PlatformSignIn;

/// At most one way for each platform.
pub struct PlatformSignIns(Vec<Arc<dyn PlatformSignIn>>);

impl PlatformSignIns {
    /// All of them.
    pub fn new(list: Vec<Arc<dyn PlatformSignIn>>) -> Self {
        Self(list)
    }

    /// The way for this platform, where one is configured.
    pub fn get(&self, platform: &str) -> Option<&Arc<dyn PlatformSignIn>> {
        self.0.iter().find(|s| s.platform() == platform)
    }
}

/// Where a person comes back to from a platform.
pub fn callback_path(platform: &str) -> String {
    format!("/oauth/platform/{platform}/callback")
}
