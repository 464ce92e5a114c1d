//! How texts in two languages are written: both wordings of a phrase side by side, as one field of one struct. A missing
//! translation does not compile, and nothing is looked up by name at run time. Also the phrases that stand on every page.

use crate::domain::lang::Lang;

/// Declares a set of phrases: `field: russian, english;` per line, and `of(lang)` that picks the set.
macro_rules! bilingual {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $ru:expr, $en:expr;)+ }) => {
        $(#[$doc])*
        pub(super) struct $name { $(pub(super) $field: &'static str,)+ }
        impl $name {
            pub(super) const fn of(lang: $crate::domain::lang::Lang) -> &'static Self {
                match lang {
                    $crate::domain::lang::Lang::Ru => &Self { $($field: $ru,)+ },
                    $crate::domain::lang::Lang::En => &Self { $($field: $en,)+ },
                }
            }
        }
    };
}
pub(super) use bilingual;

bilingual! {
    /// Header, footer and other phrases of every page.
    Common {
        brand: "Госбейдж", "Gosbadge";
        brand_line: "знак официальной страницы", "the badge of official pages";
        skip: "Перейти к содержанию", "Skip to content";
        other_language: "English", "Русский";
        nav: "Разделы", "Sections";
        check_nav: "Проверка", "Check";
        footer: "Знак подтверждает, кому принадлежит страница в социальной сети. Он не оценивает её публикации.",
            "The badge confirms whose page it is. It says nothing about what the page publishes.";
        platform: "Площадка", "Platform";
        ogrn: "ОГРН", "OGRN (state registration number)";
        ogrn_short: "ОГРН", "OGRN";
        inn: "ИНН", "INN (taxpayer number)";
        reason: "Причина", "Reason";
        link_label: "Ссылка на страницу", "Link to the page";
        link_hint: "Скопируйте адрес сообщества и вставьте его целиком, например https://vk.com/club1",
            "Copy the address of the community and paste it whole, for example https://vk.com/club1";
        check_button: "Проверить", "Check";
        request_id: "Номер запроса", "Request number";
    }
}

/// The language a page's switch leads to.
pub(super) const fn other(lang: Lang) -> Lang {
    match lang {
        Lang::Ru => Lang::En,
        Lang::En => Lang::Ru,
    }
}
