//! What is of use on a page: where its links lead, and the texts in our own `meta` element. Read by the tokenizer of the HTML standard,
//! so that what stands in a comment, a script or a text is none. No tree is built: a page may nest as deep as it likes. What a tag with
//! very many attributes costs grows with their square, so a page is read in pieces, and reading can be given up between two of them.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use crate::ports::site_reader::{META_NAME, UnverifiedSitePage};

/// Links and marks kept of one page.
const MOST: usize = 20_000;

/// Bytes read at a time. A piece of the worst page costs some tens of milliseconds by the time it is given up.
const PIECE: usize = 4096;

#[derive(Default)]
struct Sink {
    page: RefCell<UnverifiedSitePage>,
    /// Past the head's end: our element counts in the head alone, where no visitor's comment lands.
    in_body: Cell<bool>,
}

/// The links and marks of a page; none where it was given up before the end.
pub(super) fn of(html: &str, given_up: &AtomicBool) -> Option<UnverifiedSitePage> {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    let mut rest = html;
    while !rest.is_empty() {
        if given_up.load(Ordering::Relaxed) {
            return None;
        }
        let (piece, further) = rest.split_at(rest.floor_char_boundary(PIECE));
        input.push_back(StrTendril::from_slice(piece));
        // Scripts are text to us, so it never stops to wait for one.
        let _ = tokenizer.feed(&input);
        rest = further;
    }
    tokenizer.end();
    Some(tokenizer.sink.page.take())
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        match tag.kind {
            TagKind::StartTag => self.opened(&tag),
            TagKind::EndTag => {
                if &*tag.name == "head" {
                    self.in_body.set(true);
                }
                TokenSinkResult::Continue
            }
        }
    }
}

impl Sink {
    fn opened(&self, tag: &Tag) -> TokenSinkResult<()> {
        let attribute = |name: &str| tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| a.value.trim().to_owned());
        let mut page = self.page.borrow_mut();
        match &*tag.name {
            "a" | "area" | "link" if page.links.len() < MOST => page.links.extend(attribute("href")),
            "meta"
                if !self.in_body.get()
                    && page.marks.len() < MOST
                    && attribute("name").is_some_and(|name| name.eq_ignore_ascii_case(META_NAME)) =>
            {
                page.marks.extend(attribute("content"));
            }
            _ => {}
        }
        // What may stand in a head; anything else ends it (HTML §13.2.6.4.4).
        let of_head =
            ["html", "head", "base", "basefont", "bgsound", "link", "meta", "title", "noscript", "noframes", "style", "script", "template"];
        if !of_head.contains(&&*tag.name) {
            self.in_body.set(true);
        }
        // In the place of a tree builder: what follows these is text up to their end.
        match &*tag.name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            "plaintext" => TokenSinkResult::Plaintext,
            _ => TokenSinkResult::Continue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> UnverifiedSitePage {
        super::of(html, &AtomicBool::new(false)).unwrap()
    }

    #[test]
    fn links_and_marks_are_found_however_they_are_written() {
        let page = of("<!DOCTYPE html><HTML><head><title>Сайт <a href=t></title><META content='one ' name=GosBadge>\
             <meta name=\"gosbadge\" content=\"two\"><link rel=me href=\"https://vk.com/club1\"></head>\
             <body><a class=x href='https://vk.com/club2?a=1&amp;b=2'>мы</a><map><area href=https://vk.com/club3></map>\
             <a>пусто</a><p>&lt;a href=\"https://vk.com/club9\"&gt;</p></body>");
        assert_eq!(page.links, ["https://vk.com/club1", "https://vk.com/club2?a=1&b=2", "https://vk.com/club3"]);
        assert_eq!(page.marks, ["one", "two"]);
    }

    #[test]
    fn what_is_no_element_of_the_page_does_not_count() {
        let page = of("<head><!-- <meta name=gosbadge content=x><a href=c> --><script>'<meta name=gosbadge content=x><a href=s>'</script>\
             <style><a href=y></style><noframes><a href=n></noframes><meta property=gosbadge content=x><meta name=other content=x>\
             </head><textarea><a href=t></textarea><iframe><a href=i></iframe><xmp><a href=p></xmp>");
        assert_eq!(page, UnverifiedSitePage::default());
    }

    #[test]
    fn a_visitor_s_comment_is_not_in_the_head() {
        for html in [
            "<head></head><body><p>комментарий <meta name=gosbadge content=x></body>",
            "<head><title>t</title><body><meta name=gosbadge content=x>",
            "<p>без головы</p><meta name=gosbadge content=x>",
            "<head><div><meta name=gosbadge content=x></div></head>",
        ] {
            assert!(of(html).marks.is_empty(), "{html}");
        }
        assert_eq!(of("<meta name=gosbadge content=x><title>без тега head</title>").marks, ["x"]);
    }

    #[test]
    fn a_page_may_nest_and_break_as_it_likes() {
        let deep = format!("{}<a href=z>", "<div>".repeat(200_000));
        assert_eq!(of(&deep).links, ["z"]);
        for broken in ["", "<", "<a href=", "<a href='x", "<!--", "<script>", "\0<a href=\0>", "<a href=x href=y>"] {
            assert!(of(broken).links.len() <= 1, "{broken:?}");
        }
        assert_eq!(of("<a href=x href=y>").links, ["x"], "as browsers do, the first one counts");
    }

    #[test]
    fn a_large_page_is_read_whole_wherever_its_pieces_end() {
        let image = "iVBORw0KGgo".repeat(5_000);
        let mut html = format!("<head><meta name=gosbadge content=m></head><img src=\"data:image/png;base64,{image}\" alt='Рисунок'>");
        for i in 0..8_000 {
            html.push_str(&format!(
                "<p>Запись №&nbsp;{i}, ещё текст <a title='Наша группа' href=\"https://vk.com/club{i}?a=1&amp;b=2\">мы</a>"
            ));
        }
        assert!(html.len() > 900_000);
        let page = of(&html);
        assert_eq!(page.marks, ["m"]);
        assert_eq!(page.links, Vec::from_iter((0..8_000).map(|i| format!("https://vk.com/club{i}?a=1&b=2"))));
    }

    #[test]
    fn a_page_that_was_given_up_says_nothing() {
        assert_eq!(super::of("<a href=x>", &AtomicBool::new(true)), None);
    }
}
