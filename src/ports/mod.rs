//! Traits for the outside world, one small file each. Who implements them is decided in `cli/wire.rs`.

pub mod certificates;
pub mod clock;
pub mod entropy;
pub mod event_sink;
pub mod identity_provider;
pub mod platform_api;
pub mod platform_sign_in;
pub mod signer;
pub mod site_reader;
pub mod vault;
pub mod witness;

pub use certificates::Certificates;
pub use clock::Clock;
pub use entropy::Entropy;
pub use event_sink::EventSink;
pub use identity_provider::IdentityProvider;
pub use platform_api::PlatformApi;
pub use platform_sign_in::PlatformSignIn;
pub use signer::Signer;
pub use site_reader::SiteReader;
pub use vault::Vault;
pub use witness::Witness;
