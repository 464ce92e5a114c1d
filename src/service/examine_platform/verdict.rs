//! What an endpoint's answers mean, in words for an operator. Sends nothing.

use std::time::Duration;

use super::Finding;
use super::endpoint::Trial;
use crate::domain::time::Timestamp;
use crate::domain::webhook_signature::TOLERANCE;
use crate::ports::event_sink::DeliveryOutcome;
use crate::service::deliver::with_reason;

const ENDPOINT: &str = "endpoint";
pub(super) const SIGNATURE: &str = "signature";
pub(super) const CLOCK: &str = "clock";
const REPETITION: &str = "repetition";
pub(super) const SECRETS: &str = "secrets";

/// Clocks that far apart are worth a word, although messages still pass.
const DRIFT: Duration = Duration::from_secs(60);

/// A message that must be refused.
pub(super) enum Forgery {
    /// One bit of each signature is wrong.
    OneBit,
    /// No `webhook-*` header at all.
    Unsigned,
    /// Rightly signed, long ago.
    Stale,
    /// A SET with one bit of its signature wrong, and of those in the headers.
    Set,
}

impl Forgery {
    const fn name(&self) -> &'static str {
        match self {
            Self::OneBit => "a message with one bit of its signature wrong",
            Self::Unsigned => "a message without signature headers",
            Self::Stale => "a rightly signed message that is 10 minutes old",
            Self::Set => "a SET with one bit of its signature wrong",
        }
    }

    const fn danger(&self) -> (&'static str, &'static str) {
        match self {
            Self::OneBit | Self::Unsigned => (
                "anybody can forge events",
                "before anything else the platform has to check webhook-signature over the raw body with the outgoing secret, best with a \
                 Standard Webhooks library, and answer 401 where it does not hold",
            ),
            Self::Stale => (
                "whoever has recorded a message can play it again",
                "the platform has to refuse a webhook-timestamp more than 5 minutes away from its clock; Standard Webhooks libraries do",
            ),
            Self::Set => (
                "anybody can forge events",
                "the platform has to check each SET with the keys at /.well-known/jwks.json, and answer 400 with \
                 {\"err\":\"authentication_failed\"} where it does not hold (RFC 8935 §2.4)",
            ),
        }
    }
}

/// What an endpoint did with one message.
enum Answer {
    Taken,
    Refused(u16),
    /// Neither; in words.
    Neither(String),
}

fn answer(trial: &Trial) -> Answer {
    match (&trial.attempted.outcome, trial.attempted.status) {
        (DeliveryOutcome::Accepted, _) => Answer::Taken,
        // 408 and 429 say "later", not "no".
        (_, Some(status)) if (400..500).contains(&status) && status != 408 && status != 429 => Answer::Refused(status),
        (_, Some(status)) => Answer::Neither(format!("status {status}")),
        (DeliveryOutcome::Failed { note, .. } | DeliveryOutcome::Forbidden { note }, None) => Answer::Neither(note.clone()),
        (DeliveryOutcome::Gone, None) => Answer::Neither("no answer".to_owned()),
    }
}

/// Whether there is an endpoint at all.
pub(super) fn reached(first: &Trial, url: &str, timeout: Duration, out: &mut Vec<Finding>) -> bool {
    // A query may hold what is nobody else's business.
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    let found = match (&first.attempted.outcome, first.attempted.status) {
        (DeliveryOutcome::Forbidden { note }, _) => Finding::bad(
            ENDPOINT,
            format!("{shown}: {note}"),
            "this service never connects there: the platform has to name a public https address in PUT /v1/stream",
        ),
        (_, Some(status)) if (300..400).contains(&status) => Finding::bad(
            ENDPOINT,
            format!("{shown} answers with a redirect (status {status}), which is never followed"),
            "the platform has to name the address it leads to in PUT /v1/stream",
        ),
        (_, Some(_)) if first.took > timeout / 2 => Finding::warning(
            ENDPOINT,
            format!("{shown} answers only after {} ms; it is given up after {} s", first.took.as_millis(), timeout.as_secs()),
            "the platform should keep the message, answer, and do its work afterwards",
        ),
        (_, Some(_)) => Finding::good(ENDPOINT, format!("{shown} answers after {} ms, without a redirect", first.took.as_millis())),
        (DeliveryOutcome::Failed { note, .. }, None) if note == "timed out" => Finding::bad(
            ENDPOINT,
            format!("{shown} does not answer within {} s", timeout.as_secs_f32()),
            "look whether a firewall drops our connections; the platform should keep the message, answer, and do its work afterwards",
        ),
        (outcome, None) => {
            let note = if let DeliveryOutcome::Failed { note, .. } = outcome { note } else { "no answer" };
            Finding::bad(
                ENDPOINT,
                format!("{shown}: {note}"),
                "check from this machine the name (DNS), that the port is open, and that the certificate with its whole chain is good",
            )
        }
    };
    let answers = found.level != super::Level::Bad;
    out.push(found);
    answers
}

/// What the endpoint's clock says.
pub(super) fn clock(first: &Trial) -> Finding {
    let Some(theirs) = first.attempted.date else {
        return Finding::warning(
            CLOCK,
            "the answer has no Date header, so nobody can tell how far the endpoint's clock is off",
            "the platform should keep its clock with NTP: a signature is good for 5 minutes",
        );
    };
    let (off, word) = apart(theirs, first.at);
    let detail = format!("the endpoint's clock is {} s {word} ours", off.as_secs());
    let advice = "one of the two has to be set, and kept with NTP: a signature is good for 5 minutes";
    match off {
        off if off > TOLERANCE => Finding::bad(CLOCK, detail, advice),
        off if off > DRIFT => Finding::warning(CLOCK, detail, advice),
        _ => Finding::good(CLOCK, detail),
    }
}

fn apart(theirs: Timestamp, ours: Timestamp) -> (Duration, &'static str) {
    if theirs > ours { (theirs.since(ours), "ahead of") } else { (ours.since(theirs), "behind") }
}

/// Whether a right message was taken; else wrong ones that are refused would say nothing.
pub(super) fn taken(first: &Trial, proven: bool, out: &mut Vec<Finding>) -> bool {
    let status = match answer(first) {
        Answer::Taken => {
            out.push(match (first.state_came_back, proven) {
                (true, _) => Finding::good(SIGNATURE, "takes a rightly signed message and gives its state back"),
                (false, true) => Finding::good(SIGNATURE, "takes a rightly signed message (its state need not come back from a live endpoint)"),
                (false, false) => Finding::warning(
                    SIGNATURE,
                    "takes a rightly signed message, and its state does not come back",
                    "this endpoint goes live only when the platform gives the state back: {\"state\":\"…\"} in the answer, or POST /v1/stream/verify",
                ),
            });
            return true;
        }
        Answer::Neither(how) => {
            out.push(Finding::bad(
                SIGNATURE,
                format!("a rightly signed message is not taken: {how}"),
                "the platform has to look into its log",
            ));
            return false;
        }
        Answer::Refused(status) => status,
    };
    let advice = match status {
        410 => "410 disables the stream; the platform has to name another endpoint in PUT /v1/stream if it wants events",
        404 | 405 => "the address takes no messages: the platform has to look at its endpoint_url and at what listens there to POST",
        _ => {
            "most often the platform has another secret (gosbadge platform rotate-secret ID --secret webhook-out makes a new one), checks \
             something else than the raw body, or its clock is off; wrong messages were not tried, since refusing them proves nothing here"
        }
    };
    let how = with_reason(format!("status {status}"), &first.attempted.answer);
    out.push(Finding::bad(SIGNATURE, format!("a rightly signed message is refused ({how})"), advice));
    false
}

/// The same message once more.
pub(super) fn repeated(second: &Trial) -> Finding {
    let how = match answer(second) {
        Answer::Taken => return Finding::good(REPETITION, "takes the same message twice"),
        Answer::Refused(status) => format!("status {status}"),
        Answer::Neither(how) => how,
    };
    Finding::bad(
        REPETITION,
        format!("does not take the same message a second time ({how})"),
        "messages come at least once: the platform has to answer 2xx to a webhook-id it knows and do nothing, or the message is tried for a day \
         and given up, and later events of its badge wait behind it",
    )
}

/// A wrong message.
pub(super) fn forged(what: &'static str, forgery: &Forgery, trial: &Trial) -> Finding {
    let (name, (danger, advice)) = (forgery.name(), forgery.danger());
    match (answer(trial), forgery) {
        (Answer::Taken, _) => Finding::bad(what, format!("takes {name}: {danger}"), advice),
        (Answer::Refused(status), Forgery::Set) if status != 400 => Finding::warning(
            what,
            format!("refuses {name} with status {status}"),
            "RFC 8935 §2.4 wants 400 with {\"err\":\"authentication_failed\"}",
        ),
        (Answer::Refused(status), _) => Finding::good(what, format!("refuses {name} (status {status})")),
        (Answer::Neither(how), _) => Finding::warning(
            what,
            format!("neither takes nor refuses {name} ({how})"),
            "the platform should refuse it with a status between 400 and 499; an error of its own hides whether it looked",
        ),
    }
}

/// A message signed with the newer of two secrets alone.
pub(super) fn newest_secret(trial: &Trial) -> Finding {
    if matches!(answer(trial), Answer::Taken) {
        return Finding::good(SECRETS, "the platform knows the newer one");
    }
    Finding::warning(
        SECRETS,
        "the platform does not take what the newer one alone signs",
        "the platform has to change to the newer secret before the older one ends, or it will refuse every message from then on",
    )
}
