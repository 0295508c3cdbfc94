//! The few elements of SVG that the pictures use.

use std::fmt::Write;

/// A drawing that is being made.
pub(crate) struct Svg {
    body: String,
}

/// Escapes the characters that text must not contain.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A coordinate with as many digits as a screen shows.
pub(crate) fn number(x: f64) -> String {
    trimmed(&format!("{x:.2}")).to_string()
}

/// The text of a number with a point, without zeros at its end.
pub(crate) fn trimmed(number: &str) -> &str {
    number.trim_end_matches('0').trim_end_matches('.')
}

/// The position of text relative to its point.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Colours of the light theme, and what the dark theme has instead. Both stand out from their backgrounds.
const DARK: [(&str, &str); 11] = [
    ("white", "#12161c"),
    ("#222", "#e6edf3"),
    ("#666", "#9aa5b1"),
    ("#888", "#6b7683"),
    ("#e4e4e4", "#2b333d"),
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#ff9a4d"),
    ("#00795a", "#2fc49a"),
    ("#b0457f", "#e58fbd"),
    ("#8a6d00", "#d9b93b"),
    ("#444444", "#b8c0c8"),
];

/// The style by which a picture follows the dark setting of its reader. Pictures that are not shown in a browser stay light.
fn dark() -> String {
    let rules = DARK.iter().flat_map(|(light, dark)| {
        ["fill", "stroke"].map(|kind| {
            // Images and tape boxes keep their white ground.
            let only = if *light == "white" { ".paper" } else { "" };
            format!(".wengert {only}[{kind}=\"{light}\"]{{{kind}:{dark}}}")
        })
    });
    let rules: String = rules.collect();
    format!("<style>@media (prefers-color-scheme: dark){{{rules}}}</style>")
}

impl Svg {
    pub(crate) fn new() -> Self {
        Self { body: String::new() }
    }

    pub(crate) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, style: &str) {
        let [x, y, width, height] = [x, y, width, height].map(number);
        let _ = writeln!(
            self.body,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {style}/>"
        );
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), style: &str) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(number);
        let _ =
            writeln!(self.body, "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {style}/>");
    }

    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], style: &str) {
        let points: Vec<String> =
            points.iter().map(|p| format!("{},{}", number(p.0), number(p.1))).collect();
        let _ = writeln!(
            self.body,
            "<polyline points=\"{}\" fill=\"none\" {style}/>",
            points.join(" ")
        );
    }

    pub(crate) fn path(&mut self, d: &str, style: &str) {
        let _ = writeln!(self.body, "<path d=\"{d}\" fill=\"none\" {style}/>");
    }

    /// A closed path.
    pub(crate) fn filled(&mut self, d: &str, style: &str) {
        let _ = writeln!(self.body, "<path d=\"{d}\" {style}/>");
    }

    pub(crate) fn circle(&mut self, at: (f64, f64), radius: f64, fill: &str) {
        let [x, y] = [at.0, at.1].map(number);
        let _ =
            writeln!(self.body, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\"/>");
    }

    /// Begins a group, which [`end`](Self::end) ends. It shows `tip` when the pointer rests on it.
    pub(crate) fn begin(&mut self, tip: &str) {
        let _ = writeln!(self.body, "<g><title>{}</title>", escape(tip));
    }

    pub(crate) fn end(&mut self) {
        self.body.push_str("</g>\n");
    }

    pub(crate) fn text(&mut self, x: f64, y: f64, size: f64, anchor: Anchor, text: &str) {
        self.text_in(x, y, size, anchor, "#222", text);
    }

    pub(crate) fn text_in(
        &mut self,
        x: f64,
        y: f64,
        size: f64,
        anchor: Anchor,
        colour: &str,
        text: &str,
    ) {
        if text.is_empty() {
            return;
        }
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let ([x, y], text) = ([x, y].map(number), escape(text));
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{text}</text>"
        );
    }

    pub(crate) fn finish(self, width: f64, height: f64) -> String {
        let (w, h) = (number(width), number(height));
        format!(
            "<svg class=\"wengert\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
             font-family=\"system-ui, Helvetica, Arial, sans-serif\">\n{}\n<rect class=\"paper\" width=\"{w}\" height=\"{h}\" rx=\"6\" fill=\"white\"/>\n{}</svg>\n",
            dark(),
            self.body
        )
    }
}
