//! The commands of the debugger, read from text.

use wengert_autograd::{Lines, TapeLine, nearest};
use wengert_tensor::Float;

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    Next(usize),
    Back(usize),
    Continue,
    Until(Target),
    Break(Stop),
    Breaks,
    BreakOff,
    Show(Option<usize>),
    Why(Option<usize>),
    Tape,
    Help,
    Quit,
}

/// A place to run to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// A line of the tape.
    Line(usize),
    /// A file, or its end, and a line in it.
    Place(String, u32),
    /// A layer, those within it, or an op.
    Name(String),
}

/// A reason to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stop {
    /// A value or a gradient that is not finite.
    Nan,
    /// A gradient of a larger norm.
    Norm(f64),
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nan => f.write_str("nan"),
            Self::Norm(x) => write!(f, "norm > {x}"),
        }
    }
}

/// The names of the commands, and the help.
const COMMANDS: [(&str, &str); 11] = [
    ("next [N]", "N moments on: a line of the forward pass, or a step of the reverse sweep"),
    ("back [N]", "N moments back; nothing is computed again"),
    ("until WHERE", "on, to a line of the tape (%5), of a program (main.rs:12), a layer or an op"),
    ("continue", "on, to the end or the next stop"),
    ("break nan", "stops where a value or a gradient is not finite"),
    ("break norm > X", "stops where a gradient of a larger norm is passed on"),
    ("break [off]", "lists the stops, or removes them"),
    ("show [%N]", "op, rule, value and gradient of a line, as far as they are known"),
    ("why [%N]", "the contributions to its gradient, with their sum"),
    ("tape", "every line, with what is known of it at this moment"),
    ("quit", "ends the session; `help` lists this again; a first letter is enough"),
];

/// The text of `help`.
pub(super) fn help() -> String {
    COMMANDS.iter().map(|(name, what)| format!("{name:<16}{what}\n")).collect()
}

impl Command {
    /// The command of a text; an empty one is `next`.
    ///
    /// # Errors
    /// The reason, and a fix.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (word, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        let rest = rest.trim();
        let names = ["next", "back", "continue", "until", "break", "show", "why", "tape", "help"];
        let names = names.into_iter().chain(["quit"]);
        let name = match word {
            "" => "next",
            "b" => "back",
            "exit" => "quit",
            word if word.len() == 1 => names.clone().find(|n| n.starts_with(word)).unwrap_or(word),
            word => word,
        };
        let count = |rest: &str| match rest {
            "" => Ok(1),
            rest => match rest.parse() {
                Ok(count) if count > 0 => Ok(count),
                _ => Err(format!("`{name}` takes a number from 1 on: `{name} 3`")),
            },
        };
        Ok(match name {
            "next" => Self::Next(count(rest)?),
            "back" => Self::Back(count(rest)?),
            "continue" => Self::Continue,
            "until" => Self::Until(Target::parse(rest)?),
            "break" => Self::parse_break(rest)?,
            "show" => Self::Show(line(rest, "show")?),
            "why" => Self::Why(line(rest, "why")?),
            "tape" => Self::Tape,
            "help" => Self::Help,
            "quit" => Self::Quit,
            other => {
                let like = nearest(other, names);
                let like = like.first().map_or("`help` lists the commands".to_string(), |name| {
                    format!("did you mean `{name}`?")
                });
                return Err(format!("there is no command `{other}`: {like}"));
            }
        })
    }

    fn parse_break(rest: &str) -> Result<Self, String> {
        let spaced = rest.replace('>', " > ");
        match spaced.split_whitespace().collect::<Vec<_>>()[..] {
            [] => Ok(Self::Breaks),
            ["off"] => Ok(Self::BreakOff),
            ["nan"] => Ok(Self::Break(Stop::Nan)),
            ["norm", ">", x] => match x.parse::<f64>() {
                Ok(x) if x >= 0.0 => Ok(Self::Break(Stop::Norm(x))),
                _ => Err(format!("a norm is compared with a number from 0 on, not with `{x}`")),
            },
            _ => {
                Err(format!("`break {rest}`: write `break nan`, `break norm > 10` or `break off`"))
            }
        }
    }
}

/// The number of a line of the tape, if one is said: `%5` or `5`.
fn line(text: &str, command: &str) -> Result<Option<usize>, String> {
    match text {
        "" => Ok(None),
        text => text.trim_start_matches('%').parse().map(Some).map_err(|_| {
            format!("`{command}` takes the number of a line: `{command} %5`, not `{text}`")
        }),
    }
}

impl Target {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("`until` takes a line of the tape (%5), of a program (main.rs:12), a layer or an op".into());
        }
        if let Ok(index) = text.trim_start_matches('%').parse() {
            return Ok(Self::Line(index));
        }
        if let Some((file, line)) = text.rsplit_once(':')
            && let Ok(line) = line.parse()
        {
            return Ok(Self::Place(file.to_string(), line));
        }
        Ok(Self::Name(text.to_string()))
    }

    /// Whether a line is there.
    pub(super) fn is<T: Float>(&self, line: &TapeLine<'_, T>) -> bool {
        match self {
            Self::Line(index) => line.index() == *index,
            Self::Place(file, at) => line.at().line() == *at && line.at().file().ends_with(file),
            Self::Name(name) => {
                let layer = line.layer();
                let within = layer.strip_prefix(name.as_str());
                line.op().name() == name
                    || within.is_some_and(|r| r.is_empty() || r.starts_with('.'))
            }
        }
    }

    /// The reason why there is no such place, and what there is.
    pub(super) fn missing<T: Float>(&self, lines: &Lines<'_, T>) -> String {
        match self {
            Self::Line(index) => format!("there is no line %{index}: the tape has {}", lines.len()),
            Self::Place(file, line) => format!("nothing was recorded at {file}:{line}"),
            Self::Name(name) => {
                let names = lines.iter().flat_map(|l| [l.layer(), l.op().name().to_string()]);
                let names: std::collections::BTreeSet<String> = names.collect();
                let like = nearest(name, names.iter().map(String::as_str));
                let like = like.first().map(|n| format!(": did you mean `{n}`?"));
                format!("there is no layer or op `{name}`{}", like.unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_mistakes_name_the_fix() {
        let of = |text| Command::parse(text).unwrap();
        assert_eq!(
            [of(""), of("n 3"), of("b")],
            [Command::Next(1), Command::Next(3), Command::Back(1)]
        );
        assert_eq!(of("break norm>2.5"), Command::Break(Stop::Norm(2.5)));
        assert_eq!(of("u %7"), Command::Until(Target::Line(7)));
        assert_eq!(of("until a.rs:12"), Command::Until(Target::Place("a.rs".into(), 12)));
        assert_eq!((of("w 2"), of("q")), (Command::Why(Some(2)), Command::Quit));
        for (text, fix) in [
            ("nxet", "did you mean `next`?"),
            ("frobnicate", "`help` lists"),
            ("next much", "`next 3`"),
            ("next 0", "from 1 on"),
            ("break norm > x", "from 0 on"),
            ("break norm > -1", "from 0 on"),
            ("until", "a layer or an op"),
            ("why tanh", "`why %5`"),
        ] {
            let error = Command::parse(text).unwrap_err();
            assert!(error.contains(fix), "{text}: {error}");
        }
    }

    /// Each command of the help is read.
    #[test]
    fn help_lists_commands_that_there_are() {
        for (name, _) in COMMANDS {
            let example = name.replace("[N]", "2").replace("WHERE", "%1").replace(" X", " 1");
            let example = example.replace("[%N]", "%1").replace("[off]", "off");
            assert!(Command::parse(&example).is_ok(), "{example}");
        }
    }
}
