//! The guide for platforms: what to do in which order, with two whole programs. The programs are the ones `tests/interop` runs.

use askama::Template;

use super::frame::{Frame, Here};
use super::texts::bilingual;

/// The guide's programs, as files to download: path, media type, text.
pub const PROGRAMS: [(&str, &str, &str); 2] = [
    ("/docs/integration.py", "text/x-python; charset=utf-8", include_str!("guide/integration.py")),
    ("/docs/integration.mjs", "text/javascript; charset=utf-8", include_str!("guide/integration.mjs")),
];

/// Steps of the guide; each program has a part for every one of them, and one before.
const STEPS: usize = 4;

/// The guide.
pub struct GuideView {
    /// Language and address.
    pub here: Here,
    /// This service's own address.
    pub issuer: String,
}

bilingual! {
    Texts {
        title: "Подключение площадки", "Connecting a platform";
        h1: "Подключение за\u{a0}полдня", "Integrate in an afternoon";
        lead: "Ниже вся площадка целиком, на Python и на Node: начать подтверждение, принять человека обратно, проверить подпись без обращения к нам и узнать об отзыве. Обе программы работают как есть; мы запускаем их при каждой сборке сервиса.",
            "Below is a whole platform, in Python and in Node: start a confirmation, take the person back, check the signature without asking us, and hear of a revocation. Both programs run as they are; we run them at every build of the service.";
        before: "Что понадобится", "What you need";
        before_1: "Регистрация у оператора сервиса. Сообщите точные адреса возврата, начало адресов ваших сообществ и адрес для событий; получите client_id, client_secret и два секрета вебхуков.",
            "Registration with the operator of this service. Say your exact redirect addresses, what addresses of your communities begin with, and where events go; you get a client_id, a client_secret and two webhook secrets.";
        before_2: "Библиотека OAuth 2.0 с PKCE, библиотека JWT и библиотека Standard Webhooks. Своего кода протоколов писать не нужно.",
            "A library for OAuth 2.0 with PKCE, one for JWT and one for Standard Webhooks. You write no protocol code.";
        before_3: "Всё остальное программы узнают сами:", "The programs find out everything else by themselves:";
        program: "Начало программы", "The beginning of the program";
        step_1: "1. Начать", "1. Start";
        step_1_text: "Администратор сообщества нажимает кнопку у вас. Вы передаёте запрос нам напрямую (PAR) и этим ручаетесь, что человек управляет сообществом, затем отправляете его браузер к нам. Запомните state и code_verifier в сессии именно этого браузера.",
            "A community's administrator presses a button at your site. You push the request to us directly (PAR), which is your word that the person runs the community, then send the browser to us. Keep state and code_verifier in the session of that very browser.";
        step_2: "2. Принять обратно", "2. Take the person back";
        step_2_text: "Проверьте state и iss, обменяйте код. Знак выдаётся только в этот момент: человек, которому прислали чужую ссылку, вернётся в браузер без вашей сессии, и знака не будет. Отказ приходит с кодом gosbadge_code.",
            "Check state and iss, redeem the code. Only now is the badge issued: somebody who was sent a stranger's link comes back without your session, and there is no badge. A refusal carries gosbadge_code.";
        step_3: "3. Проверять и показывать", "3. Check and show";
        step_3_text: "Показывайте знак, только пока подтверждение проверяется для этого сообщества: подпись, назначение ключа, номер сообщества, срок и список состояний. Любая ошибка означает: знака нет.",
            "Show the badge only while its attestation verifies for that community: signature, purpose of the key, number of the community, time, and status list. Any error means: no badge.";
        step_4: "4. Слушать события", "4. Listen to events";
        step_4_text: "Отвечайте 2xx, когда событие сохранено; иначе мы повторим его в течение суток. Одно событие может прийти дважды; version растёт на единицу, поэтому старое не отменит новое. Попросите оператора сервиса проверить ваш адрес: gosbadge platform doctor пришлёт верные и поддельные проверочные сообщения и скажет, что не так; обе программы проверку проходят.",
            "Answer 2xx once the event is kept; otherwise we repeat it for a day. The same event may come twice; version grows by one, so an older one never undoes a newer one. Ask the operator of this service to try your endpoint: gosbadge platform doctor sends right and forged verification messages and says what is wrong; both programs pass.";
        also: "Что ещё пригодится", "What else will help";
        also_1: "Проверьте свой код на примерах из tests/vectors: подтверждения, которые должны пройти, и те, что не должны, с причинами.",
            "Run your check against tests/vectors: attestations that must pass and that must not, with reasons.";
        also_2: "Сообщайте нам о переименовании, захвате, смене администраторов и удалении сообществ: POST /v1/webhooks/{platform}, или в формате VK Callback API.",
            "Tell us when a community is renamed, captured, changes administrators or is deleted: POST /v1/webhooks/{platform}, or in the form of VK's Callback API.";
        also_3: "Секреты меняются без перерыва: на время замены действуют оба.", "Secrets are exchanged without a gap: both hold meanwhile.";
        download: "Программы целиком:", "The whole programs:";
        metadata: "параметры сервера авторизации", "authorization server metadata";
        keys: "ключи проверки подписи", "signature verification keys";
    }
}

/// One step: heading, text, the parts of the programs.
struct Step {
    heading: &'static str,
    text: &'static str,
    parts: [&'static str; 2],
}

#[derive(Template)]
#[template(path = "guide.html")]
struct Page<'a> {
    f: Frame,
    t: &'static Texts,
    v: &'a GuideView,
    beginnings: [&'static str; 2],
    steps: [Step; STEPS],
    programs: [&'static str; 2],
}

/// A program in parts: what stands before its first step, then each step from its numbered comment on.
fn parts(program: &'static str) -> [&'static str; STEPS + 1] {
    let starts = |n: usize| ["# ", "// "].iter().find_map(|c| program.find(&format!("\n{c}{n}. "))).map_or(program.len(), |at| at + 1);
    std::array::from_fn(|n| {
        let from = if n == 0 { 0 } else { starts(n) };
        program[from..starts(n + 1)].trim_end()
    })
}

/// Renders `/docs/guide`.
pub fn guide(v: &GuideView) -> String {
    let t = Texts::of(v.here.lang);
    let [python, node] = PROGRAMS.map(|(_, _, text)| parts(text));
    let step = |n: usize, heading, text| Step { heading, text, parts: [python[n], node[n]] };
    let steps = [
        step(1, t.step_1, t.step_1_text),
        step(2, t.step_2, t.step_2_text),
        step(3, t.step_3, t.step_3_text),
        step(4, t.step_4, t.step_4_text),
    ];
    let programs = PROGRAMS.map(|(path, ..)| path);
    super::render(&Page { f: Frame::new(&v.here), t, v, beginnings: [python[0], node[0]], steps, programs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole_program() {
        for (path, _, text) in PROGRAMS {
            let parts = parts(text);
            assert!(parts.iter().all(|p| p.lines().count() > 5), "{path} has a part for every step");
            let joined = |t: &str| t.lines().filter(|l| !l.trim().is_empty()).collect::<Vec<_>>().join("\n");
            assert_eq!(joined(&parts.join("\n")), joined(text), "{path}");
        }
    }
}
