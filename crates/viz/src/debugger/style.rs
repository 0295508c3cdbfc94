//! Colours of a terminal, or none.

/// The kinds of text that have a colour.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Forward,
    Reverse,
    Line,
    Dim,
    Wrong,
}

/// Whether colours are written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Style {
    Plain,
    Coloured,
}

impl Style {
    /// Text in a colour.
    pub(super) fn ink(self, ink: Ink, text: &str) -> String {
        let code = match (self, ink) {
            (Self::Plain, _) => return text.to_string(),
            (_, Ink::Forward) => "32",
            (_, Ink::Reverse) => "33",
            (_, Ink::Line) => "36",
            (_, Ink::Dim) => "2",
            (_, Ink::Wrong) => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Colours if the output is a terminal, and the user has not asked for none.
    pub(super) fn of_terminal(is_terminal: bool, no_colour: Option<&std::ffi::OsStr>) -> Self {
        let refused = no_colour.is_some_and(|value| !value.is_empty());
        if is_terminal && !refused { Self::Coloured } else { Self::Plain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        let coloured = |terminal, no: Option<&str>| {
            Style::of_terminal(terminal, no.map(std::ffi::OsStr::new)).ink(Ink::Line, "x") != "x"
        };
        assert!(coloured(true, None) && coloured(true, Some("")));
        assert!(!coloured(true, Some("1")) && !coloured(false, None));
    }
}
