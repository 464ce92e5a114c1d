//! What an endpoint does with a right message, with the same twice, and with wrong ones. What an answer means is in `verdict.rs`.

use std::sync::Arc;
use std::time::Duration;

use super::verdict::{self, CLOCK, Forgery, SIGNATURE};
use super::{Finding, Record, Target};
use crate::domain::ids::DeliveryId;
use crate::domain::spoiled_signature;
use crate::domain::stream::Method;
use crate::domain::time::Timestamp;
use crate::ports::event_sink::{Attempted, OutgoingMessage};
use crate::service::deliver::{Address, To, authorization};
use crate::service::verify_stream::{gives_back, verification};
use crate::service::{App, Error};

/// Older than the five minutes that Standard Webhooks allow.
const STALE: Duration = Duration::from_secs(10 * 60);

/// One verification event before it is signed.
struct Draft {
    id: String,
    text: String,
    body: String,
    at: Timestamp,
}

/// What came of sending one.
pub(super) struct Trial {
    pub attempted: Attempted,
    pub took: Duration,
    /// When the answer was there.
    pub at: Timestamp,
    pub state_came_back: bool,
}

struct Examiner<'a> {
    app: &'a Arc<App>,
    target: &'a Target<'a>,
    /// With all secrets that are good now.
    address: Address,
    authorization: Option<String>,
}

/// Examines; stops where an answer says nothing more.
pub(super) async fn examine(app: &Arc<App>, record: &Record, target: &Target<'_>, out: &mut Vec<Finding>) -> Result<(), Error> {
    let examiner = Examiner {
        app,
        target,
        address: Address::open(app, record.platform.clone(), &record.secrets)?,
        authorization: authorization(app, &record.platform.id, target.authorization)?,
    };
    let draft = examiner.draft(app.clock.now())?;
    let first = examiner.send(&draft, examiner.seal(&draft, &examiner.address)).await;
    if !verdict::reached(&first, target.url, app.settings.delivery_timeout, out) {
        return Ok(());
    }
    out.push(verdict::clock(&first));
    if !verdict::taken(&first, target.proven, out) {
        return Ok(());
    }
    out.push(verdict::repeated(&examiner.send(&draft, examiner.seal(&draft, &examiner.address)).await));
    examiner.forge(out).await?;
    examiner.newest_secret(record, out).await
}

impl Examiner<'_> {
    fn draft(&self, at: Timestamp) -> Result<Draft, Error> {
        let text = self.app.entropy.token();
        let body = verification(self.app, &self.address.platform, self.target.method, &text, at)?;
        Ok(Draft { id: DeliveryId::new(at, self.app.entropy.bytes()).to_string(), text, body, at })
    }

    fn seal(&self, draft: &Draft, address: &Address) -> OutgoingMessage {
        let to = To { method: self.target.method, url: self.target.url, authorization: self.authorization.clone() };
        address.message(to, &draft.id, draft.body.clone(), draft.at)
    }

    async fn send(&self, draft: &Draft, message: OutgoingMessage) -> Trial {
        let before = self.app.clock.now();
        let attempted = self.app.sink.deliver(message).await;
        let at = self.app.clock.now();
        let state_came_back = gives_back(&attempted.answer, &draft.text);
        Trial { attempted, took: at.since(before), at, state_came_back }
    }

    /// Wrong messages, each wrong in one way and new in everything else.
    async fn forge(&self, out: &mut Vec<Finding>) -> Result<(), Error> {
        let now = self.app.clock.now();
        if self.target.method == Method::PushSet {
            // Whoever checks the headers instead of the SET must notice as well.
            let draft = self.draft(now)?;
            let mut message = self.seal(&draft, &self.address);
            message.body = spoiled_signature::jws(&message.body);
            spoil_headers(&mut message);
            out.push(verdict::forged(SIGNATURE, &Forgery::Set, &self.send(&draft, message).await));
            return Ok(());
        }
        let draft = self.draft(now)?;
        let mut message = self.seal(&draft, &self.address);
        spoil_headers(&mut message);
        out.push(verdict::forged(SIGNATURE, &Forgery::OneBit, &self.send(&draft, message).await));

        let draft = self.draft(now)?;
        let mut message = self.seal(&draft, &self.address);
        message.headers.retain(|(name, _)| !name.starts_with("webhook-"));
        out.push(verdict::forged(SIGNATURE, &Forgery::Unsigned, &self.send(&draft, message).await));

        let draft = self.draft(now.minus(STALE))?;
        let stale = self.send(&draft, self.seal(&draft, &self.address)).await;
        out.push(verdict::forged(CLOCK, &Forgery::Stale, &stale));
        Ok(())
    }

    /// While two secrets are good: whether the platform has changed to the newer one.
    async fn newest_secret(&self, record: &Record, out: &mut Vec<Finding>) -> Result<(), Error> {
        let Some(newest) = record.secrets.iter().find(|s| s.expires_at.is_none()) else { return Ok(()) };
        // A SET is signed with a key of ours; who looks at the headers beside it cannot be told from outside.
        if record.secrets.len() < 2 || self.target.method == Method::PushSet {
            return Ok(());
        }
        let address = Address::open(self.app, record.platform.clone(), std::slice::from_ref(newest))?;
        let draft = self.draft(self.app.clock.now())?;
        let trial = self.send(&draft, self.seal(&draft, &address)).await;
        out.push(verdict::newest_secret(&trial));
        Ok(())
    }
}

fn spoil_headers(message: &mut OutgoingMessage) {
    for (name, value) in &mut message.headers {
        if *name == "webhook-signature" {
            *value = spoiled_signature::webhook(value);
        }
    }
}
