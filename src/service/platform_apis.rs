//! The platforms' own interfaces, by the platform whose communities they tell of.

use std::sync::Arc;

use crate::ports::PlatformApi;

/// At most one interface for each platform.
pub struct PlatformApis(Vec<Arc<dyn PlatformApi>>);

impl PlatformApis {
    /// The platform's name where two are for the same one.
    ///
    /// # Errors
    /// That name.
    pub fn new(list: Vec<Arc<dyn PlatformApi>>) -> Result<Self, String> {
        let twice = list.iter().enumerate().find(|(i, a)| list[..*i].iter().any(|b| b.platform() == a.platform()));
        match twice.map(|(_, a)| a.platform().to_owned()) {
            Some(platform) => Err(platform),
            None => Ok(Self(list)),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn PlatformApi>> {
        self.0.iter()
    }

    /// The interface of this platform, where one is configured.
    pub fn get(&self, platform: &str) -> Option<&Arc<dyn PlatformApi>> {
        self.0.iter().find(|a| a.platform() == platform)
    }
}
