//! How ESIA and our own means to reach it are doing, found out without anybody signing in.

use oauth2::HttpRequest;
use oauth2::http::Method;

use super::errors::fault;
use super::server_clock::Measured;
use super::settings::{Generation, TokenAlg};
use super::sign::{GOST_ADVICE, streebog};
use super::transport::Repeat;
use super::{EsiaProvider, Pkce};
use crate::adapters::outbound::NoAnswer;
use crate::domain::refusal::RefusalCode::F17;
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::{IdpCondition, IdpError};

impl EsiaProvider {
    /// Asks ESIA for the time and looks at certificates, key files and the GOST engine.
    pub(super) async fn condition(&self, now: Timestamp) -> IdpCondition {
        let (signer, tokens) = (self.signer.current(now), self.tokens.current(now));
        let own = signer.term();
        let mut troubles = Vec::new();
        if own.as_ref().is_some_and(|term| term.ends <= now) {
            troubles.push(fault(F17, "our certificate at ESIA has ended: renew it there and replace idp.esia.certificate_file"));
        }
        troubles.extend([self.signer.trouble(), self.tokens.trouble()].into_iter().flatten().map(|e| fault(F17, e.to_string())));
        let s = &self.settings;
        let needs_gost = s.generation == Generation::V2 || s.token_alg == TokenAlg::Gost3410_2012_256 || s.pkce == Pkce::Gost3411;
        if needs_gost && streebog().is_none() {
            troubles.push(fault(F17, GOST_ADVICE));
        }
        let measured = match self.measure(now).await {
            Ok(measured) => measured,
            Err(e) => {
                troubles.push(e);
                None
            }
        };
        troubles.extend(measured.filter(|m| m.exceeds(s.leeway)).map(clock_is_off));
        IdpCondition {
            clock_offset_ms: measured.map(|m| m.offset_ms),
            certificates: own.into_iter().chain(tokens.terms()).collect(),
            troubles,
        }
    }

    /// What ESIA says the time is, where it says it. Any answer will do, a redirect to its sign-in page too.
    pub(super) async fn measure(&self, now: Timestamp) -> Result<Option<Measured>, IdpError> {
        self.transport.take_measured();
        let mut request = HttpRequest::new(Vec::new());
        *request.method_mut() = Method::HEAD;
        *request.uri_mut() =
            format!("{}/", self.base).try_into().map_err(|_| fault(F17, "an address at ESIA cannot be formed; check idp.esia.base_url"))?;
        match self.transport.step(now).send(request, Repeat::Safe).await {
            Err(e) if e.why != NoAnswer::Redirect => Err(e.into()),
            _ => Ok(self.transport.take_measured()),
        }
    }
}

/// ESIA's clock is the country's: when ours differs, ours is set.
fn clock_is_off(m: Measured) -> IdpError {
    let (seconds, direction) = (m.offset_ms.unsigned_abs() / 1000, if m.offset_ms > 0 { "behind" } else { "ahead of" });
    fault(
        F17,
        format!(
            "this machine's clock is {seconds} s {direction} ESIA's, more than idp.esia.leeway: set this machine's clock and keep it with NTP"
        ),
    )
}
