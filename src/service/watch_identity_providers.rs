//! Looks at the identity providers without a person waiting: measures their clocks, meters what it finds, and tells operators of
//! certificates that end and of everything a login would fail on.

use std::sync::Arc;

use super::App;
use super::alarms::{Alarm, URGENT_DAYS, WARN_DAYS};
use super::metrics::{Step, days_left};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::{CertificateTerm, IdpCondition};

/// Looks at every provider once.
pub async fn watch_identity_providers(app: &Arc<App>) {
    let (mut alarms, mut conditions) = (Vec::new(), Vec::new());
    let now = app.clock.now();
    for idp in app.idps.iter() {
        let condition = idp.examine(now).await;
        for trouble in &condition.troubles {
            app.metrics.idp_error(idp.id(), Step::Examine, trouble);
        }
        alarms.extend(alarms_of(idp.id(), &condition, now));
        conditions.push((idp.id(), condition));
    }
    app.metrics.idp_conditions(&conditions);
    app.idp_alarms.tell(&alarms, now);
}

fn alarms_of(idp: &str, condition: &IdpCondition, now: Timestamp) -> Vec<Alarm> {
    let troubles = condition.troubles.iter().map(|e| Alarm {
        key: format!("{idp}: {}", without_numbers(&e.detail)),
        // What passes by itself is worth a line; what is ours to mend is worth waking somebody.
        urgent: !e.code.passes_by_itself(),
        text: format!("sign-in through {idp} would fail now ({}): {}", e.code, e.detail),
    });
    troubles.chain(condition.certificates.iter().filter_map(|c| ending(idp, c, now))).collect()
}

/// A clock that is off by 93 s now and by 94 s at the next look is the same alarm.
fn without_numbers(text: &str) -> String {
    text.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("#")
}

fn ending(idp: &str, certificate: &CertificateTerm, now: Timestamp) -> Option<Alarm> {
    let (days, whose) = (days_left(certificate.ends, now), &certificate.whose);
    let (stage, text) = match days {
        ..0 => ("over", format!("certificate {whose} of {idp} is over since {}: replace it", certificate.ends)),
        0..URGENT_DAYS => ("urgent", format!("certificate {whose} of {idp} ends in {days} days, on {}: replace it", certificate.ends)),
        URGENT_DAYS..WARN_DAYS => {
            ("soon", format!("certificate {whose} of {idp} ends in {days} days, on {}: order the next", certificate.ends))
        }
        _ => return None,
    };
    Some(Alarm { key: format!("{idp}: certificate {whose} {stage}"), urgent: stage != "soon", text })
}

#[cfg(test)]
mod tests {
    use super::super::alarms::Told;
    use super::*;
    use crate::domain::refusal::RefusalCode;
    use crate::ports::identity_provider::IdpError;

    const DAY: i64 = 86_400;

    fn alarms(days: i64) -> Vec<Alarm> {
        let now = Timestamp::from_secs(1_795_176_000);
        let ends = Timestamp::from_secs(now.secs() + days * DAY + 60);
        let certificates = vec![CertificateTerm { whose: "client".into(), ends }];
        alarms_of("esia", &IdpCondition { certificates, ..IdpCondition::default() }, now)
    }

    #[test]
    fn certificates_warn_early_and_shout_late() {
        assert_eq!(alarms(31), []);
        assert!(!alarms(29)[0].urgent && alarms(29)[0].text.contains("29 days"));
        assert!(alarms(6)[0].urgent && alarms(-1)[0].urgent);
        assert!(alarms(-1)[0].text.contains("is over"));
    }

    #[test]
    fn what_passes_by_itself_is_a_warning() {
        let condition = IdpCondition { troubles: vec![IdpError::new(RefusalCode::F18, "no connection")], ..IdpCondition::default() };
        assert!(!alarms_of("esia", &condition, Timestamp::from_secs(1_795_176_000))[0].urgent);
    }

    #[test]
    fn an_alarm_whose_figure_moves_is_the_same_alarm() {
        let told = Told::default();
        let now = Timestamp::from_secs(1_795_176_000);
        for (seconds, due) in [(93, true), (94, false), (107, false)] {
            let trouble = IdpError::new(RefusalCode::F17, format!("this machine's clock is {seconds} s behind ESIA's"));
            let condition = IdpCondition { troubles: vec![trouble], ..IdpCondition::default() };
            let standing = alarms_of("esia", &condition, now);
            assert_eq!(told.due(&standing, now), [due], "{seconds}");
            assert!(standing[0].text.contains(&seconds.to_string()));
        }
    }
}
