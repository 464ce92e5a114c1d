//! What a refusal says to people: short sentences without jargon, in Russian and English. The reader is a school
//! secretary. The codes themselves and their rules stand in `refusal`.

mod en;
mod ru;

use super::lang::Lang;
use super::refusal::RefusalCode;

/// A refusal explained. Every part is a finished text; none is empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RefusalText {
    /// Heading, without a full stop.
    pub title: &'static str,
    /// What happened.
    pub what_happened: &'static str,
    /// The next step.
    pub what_to_do: &'static str,
    /// Who can help.
    pub whom_to_ask: &'static str,
}

/// Who can remove the obstacle. Decides the tone of the page, and whether an operator is alerted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Audience {
    /// The person who signed in.
    Person,
    /// The organisation: its head, its records, its community.
    Organisation,
    /// We, or the identity provider: nobody outside did anything wrong.
    Us,
}

impl Audience {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organisation => "organisation",
            Self::Us => "us",
        }
    }
}

/// The texts of a code.
pub const fn text(code: RefusalCode, lang: Lang) -> RefusalText {
    match lang {
        Lang::Ru => ru::text(code),
        Lang::En => en::text(code),
    }
}

/// Who can remove the obstacle.
pub const fn audience(code: RefusalCode) -> Audience {
    use RefusalCode as R;
    match code {
        R::F01 | R::F02 | R::F03 | R::F04 | R::F09 | R::F19 | R::F21 | R::F23 => Audience::Person,
        R::F05 | R::F06 | R::F07 | R::F08 | R::F10 | R::F11 | R::F12 | R::F13 | R::F14 | R::F15 | R::F16 | R::F22 | R::B01 | R::B02 => {
            Audience::Organisation
        }
        R::F17 | R::F18 | R::F20 => Audience::Us,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn parts(t: RefusalText) -> [&'static str; 4] {
        [t.title, t.what_happened, t.what_to_do, t.whom_to_ask]
    }

    #[test]
    fn every_code_has_texts_of_its_own() {
        for lang in Lang::ALL {
            let (mut titles, mut stories, mut steps) = (HashSet::new(), HashSet::new(), HashSet::new());
            for code in RefusalCode::ALL {
                let t = text(code, lang);
                for part in parts(t) {
                    assert!(part.chars().count() >= 10 && part.trim() == part && !part.contains("  "), "{code} {lang}: {part:?}");
                }
                assert!(!t.title.ends_with('.'), "{code} {lang}");
                for sentence in [t.what_happened, t.what_to_do, t.whom_to_ask] {
                    assert!(sentence.ends_with('.'), "{code} {lang}: {sentence}");
                }
                assert!(titles.insert(t.title) && stories.insert(t.what_happened) && steps.insert(t.what_to_do), "{code} {lang}");
            }
        }
    }

    #[test]
    fn russian_is_russian_and_english_is_english() {
        let known = ["VK", "MAX"];
        for code in RefusalCode::ALL {
            for part in parts(text(code, Lang::Ru)) {
                let foreign = |w: &&str| w.chars().any(|c| c.is_ascii_alphabetic()) && !known.contains(w);
                let found: Vec<&str> = part.split(|c: char| !c.is_alphanumeric()).filter(foreign).collect();
                assert!(found.is_empty(), "{code}: {found:?}");
            }
            for part in parts(text(code, Lang::En)) {
                assert!(!part.chars().any(|c| ('\u{400}'..='\u{4ff}').contains(&c)), "{code}: {part}");
            }
        }
    }

    /// Long sentences lose the reader.
    #[test]
    fn sentences_are_short() {
        for lang in Lang::ALL {
            for code in RefusalCode::ALL {
                for sentence in parts(text(code, lang)).iter().flat_map(|p| p.split(['.', '?', ':'])) {
                    assert!(sentence.split_whitespace().count() <= 24, "{code} {lang}: {sentence}");
                }
            }
        }
    }

    #[test]
    fn our_faults_are_owned_and_the_application_is_kept() {
        for code in RefusalCode::ALL.into_iter().filter(|c| audience(*c) == Audience::Us) {
            let ru = text(code, Lang::Ru);
            let en = text(code, Lang::En);
            assert!(ru.what_happened.contains("не ваша ошибка") && ru.what_to_do.contains("Заявка сохранена"), "{code}");
            assert!(en.what_happened.contains("not your mistake") && en.what_to_do.contains("Your application is kept"), "{code}");
            assert!(code.can_retry(), "{code}");
        }
    }

    #[test]
    fn an_employee_learns_who_may_act_and_how() {
        let t = text(RefusalCode::F04, Lang::Ru);
        assert!(t.what_happened.contains("руководитель") && t.what_to_do.contains("руководителя"));
        let t = text(RefusalCode::F04, Lang::En);
        assert!(t.what_happened.contains("head") && t.what_to_do.contains("head"));
    }
}
