//! `Page`: texts and pictures as one HTML file that needs no other.

use std::fmt::Write as _;

use crate::svg::escape;

/// Texts and pictures below each other, as one HTML file: no script, no network, and colours by the reader's light or dark setting.
///
/// ```
/// use wengert_viz::{Chart, Page};
///
/// let curve = Chart::new("loss").line("train", [1.0, 0.5, 0.3]).to_svg();
/// let html = Page::new("a run").heading("losses").svg(curve).prose("3 epochs").text("a  b").to_html();
/// assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<svg") && html.contains("3 epochs"));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Page {
    title: String,
    body: String,
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,Helvetica,Arial,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
pre{font:13px/1.4 ui-monospace,Menlo,Consolas,monospace;overflow-x:auto;padding:.8rem 1rem;border-radius:6px;background:rgba(128,128,128,.12)}\
pre.prose{white-space:pre-wrap;overflow-wrap:anywhere}\
h2{margin-top:2rem}figure{margin:1rem 0}svg{max-width:100%;height:auto}";

impl Page {
    /// An empty page.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), body: String::new() }
    }

    /// Adds a heading.
    pub fn heading(mut self, text: &str) -> Self {
        let _ = writeln!(self.body, "<h2>{}</h2>", escape(text));
        self
    }

    /// Adds text whose long lines go on in the next where the window ends.
    pub fn prose(mut self, text: &str) -> Self {
        let _ = writeln!(self.body, "<pre class=\"prose\">{}</pre>", escape(text));
        self
    }

    /// Adds text as a terminal would show it: a table, for example.
    pub fn text(mut self, text: &str) -> Self {
        let _ = writeln!(self.body, "<pre>{}</pre>", escape(text));
        self
    }

    /// Adds a picture, which is SVG text of this crate.
    pub fn svg(mut self, svg: impl AsRef<str>) -> Self {
        let _ = writeln!(self.body, "<figure>{}</figure>", svg.as_ref());
        self
    }

    /// The page as text.
    pub fn to_html(&self) -> String {
        let title = escape(&self.title);
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
             <style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n{}</body></html>\n",
            self.body
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let html = Page::new("a < b").heading("<script>").text("x & y").to_html();
        assert!(
            !html.contains("<script>") && html.contains("a &lt; b") && html.contains("x &amp; y")
        );
    }
}
