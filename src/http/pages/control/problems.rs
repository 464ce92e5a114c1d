//! What a look at a proof of control found, and what to do then, for the person who gives it.

use crate::domain::control_problem::ControlProblem;
use crate::domain::lang::Lang;

/// What was found, and what to do.
pub(super) const fn text(lang: Lang, problem: ControlProblem) -> (&'static str, &'static str) {
    match lang {
        Lang::Ru => ru(problem),
        Lang::En => en(problem),
    }
}

const fn ru(problem: ControlProblem) -> (&'static str, &'static str) {
    use ControlProblem as P;
    match problem {
        P::TextNotFound => (
            "Текста на странице пока нет",
            "Проверьте, что он вставлен целиком, без лишних знаков вплотную, и сохранён. Площадка показывает изменения не сразу: подождите минуту и проверьте ещё раз.",
        ),
        P::CommunityClosed => {
            ("Страница закрыта", "Мы видим только то, что видят все. Откройте страницу для всех в её настройках и проверьте ещё раз.")
        }
        P::CommunityGone => (
            "Такой страницы нет",
            "Площадка отвечает, что страница удалена или заблокирована. Восстановите её или подайте заявку на другую.",
        ),
        P::PlatformUnavailable => {
            ("Площадка сейчас не отвечает", "Вы ни при чём, и сделанное не пропало. Подождите несколько минут и проверьте ещё раз.")
        }
        P::SiteNotReached => (
            "Сайт не открылся",
            "Проверьте адрес: он должен открываться у всех по https и без входа. Если сайт открывается у вас, повторите через несколько минут.",
        ),
        P::SitePageMissing => (
            "Такой страницы на сайте нет",
            "Сайт отвечает, что по этому адресу ничего нет. Скопируйте адрес страницы из адресной строки браузера целиком и начните этот способ заново.",
        ),
        P::SiteRedirects => (
            "Сайт отправляет на другой адрес",
            "Назовите ту страницу, которая открывается в конце: скопируйте её адрес из адресной строки.",
        ),
        P::SiteTooLarge => ("Страница сайта слишком большая", "Назовите другую страницу, покороче, например «Контакты»."),
        P::SiteNotAPage => {
            ("По этому адресу не страница сайта", "Там файл, а не страница. Назовите страницу, которая открывается в браузере.")
        }
        P::TextNotOnSite => (
            "Ссылка есть, а нашей строки в коде страницы нет",
            "Её нужно добавить в раздел head именно этой страницы. Передайте строку тому, кто ведёт сайт, и проверьте ещё раз.",
        ),
        P::NoLinkToCommunity => (
            "На странице сайта нет ссылки на сообщество",
            "Поставьте обычную ссылку на адрес, указанный выше. Надпись без ссылки и картинка с адресом не подходят.",
        ),
        P::NoLinkBack => (
            "Сообщество не называет этот сайт",
            "Впишите адрес сайта в настройках сообщества, в поле «Сайт», точно так, как он открывается. Если это адрес раздела, назовите страницу из того же раздела.",
        ),
        P::NotAnAdministrator => (
            "Вошедший не администратор страницы",
            "Войдите на площадке под той учётной записью, у которой есть права администратора. Редактора или модератора недостаточно.",
        ),
        P::SignInCancelled => {
            ("Вход на площадке не завершён", "Начните ещё раз и разрешите доступ: он нужен один раз, чтобы увидеть ваши права.")
        }
        P::Declined => (
            "Сотрудники не смогли подтвердить, что страница ваша",
            "Попробуйте другой способ или отправьте новый запрос и укажите, где это можно увидеть.",
        ),
        P::Expired => ("Время вышло", "Начните этот способ заново."),
        P::OtherOrganisation => ("Это доказывалось для другой организации", "Вы выбрали другую организацию: начните этот способ заново."),
        P::NotNeeded => ("Больше не нужно", "Управление страницей уже доказано другим способом."),
    }
}

const fn en(problem: ControlProblem) -> (&'static str, &'static str) {
    use ControlProblem as P;
    match problem {
        P::TextNotFound => (
            "The text is not on the page yet",
            "See that all of it was pasted, with nothing joined to it, and saved. Platforms take a moment to show changes: wait a minute and check again.",
        ),
        P::CommunityClosed => {
            ("The page is closed", "We see only what everybody sees. Open the page for everybody in its settings and check again.")
        }
        P::CommunityGone => {
            ("There is no such page", "The platform says that it was deleted or blocked. Restore it, or apply for another one.")
        }
        P::PlatformUnavailable => {
            ("The platform does not answer now", "It is not your fault, and nothing is lost. Wait a few minutes and check again.")
        }
        P::SiteNotReached => (
            "The website did not open",
            "See to the address: it has to open for everybody, by https and without signing in. If it does open for you, try again in a few minutes.",
        ),
        P::SitePageMissing => (
            "The website has no such page",
            "It answers that there is nothing at this address. Copy the whole address of the page from the browser and begin this way anew.",
        ),
        P::SiteRedirects => {
            ("The website sends on to another address", "Name the page that opens in the end: copy its address from the browser.")
        }
        P::SiteTooLarge => ("The page of the website is too large", "Name another, shorter page, the one with the contacts for example."),
        P::SiteNotAPage => ("There is no page at this address", "It is a file. Name a page that opens in a browser."),
        P::TextNotOnSite => (
            "The link is there, but our line is not in the page's code",
            "It has to be in the head of exactly this page. Pass the line on to whoever runs the website, and check again.",
        ),
        P::NoLinkToCommunity => (
            "The page of the website does not link to the community",
            "Put an ordinary link to the address above on it. A text without a link, or a picture of the address, will not do.",
        ),
        P::NoLinkBack => (
            "The community does not name this website",
            "Write its address into the community's settings, into the field for it, exactly as it opens. If it is the address of a section, name a page of that section.",
        ),
        P::NotAnAdministrator => (
            "Whoever signed in does not administer the page",
            "Sign in at the platform with the account that has an administrator's rights. An editor's or moderator's are not enough.",
        ),
        P::SignInCancelled => {
            ("The sign-in at the platform was not finished", "Begin again and allow access: it is needed once, to see your rights.")
        }
        P::Declined => {
            ("It could not be confirmed that the page is yours", "Try another way, or send a new request and say where it can be seen.")
        }
        P::Expired => ("Time ran out", "Begin this way anew."),
        P::OtherOrganisation => ("This was proven for another organisation", "You chose another organisation: begin this way anew."),
        P::NotNeeded => ("Not needed any more", "Control of the page was proven in another way already."),
    }
}
