//! What a login by authorization code checks of our own values before the `oauth2` crate takes them, for every provider.

use oauth2::{PkceCodeVerifier, RedirectUrl};

use crate::domain::refusal::RefusalCode::F17;
use crate::ports::identity_provider::{IdpError, LoginSecrets};

/// Our callback address.
pub(super) fn redirect(address: &str) -> Result<RedirectUrl, IdpError> {
    RedirectUrl::new(address.to_owned()).map_err(|_| IdpError::new(F17, "our own callback address is not an address; check public_url"))
}

/// The crate panics on a verifier outside RFC 7636 §4.1's length, so it is asked first.
pub(super) fn verifier(secrets: &LoginSecrets) -> Result<PkceCodeVerifier, IdpError> {
    if (43..=128).contains(&secrets.pkce_verifier.len()) {
        Ok(PkceCodeVerifier::new(secrets.pkce_verifier.clone()))
    } else {
        Err(IdpError::new(F17, "the PKCE verifier of this login is not 43 to 128 characters long"))
    }
}
