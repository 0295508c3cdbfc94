//! The debugger: a recorded pass in the terminal, forward and back, one moment at a time.

use std::io::{self, BufRead, IsTerminal, Write};

use wengert_autograd::{Lines, Tape, TapeLine, digest};
use wengert_tensor::{Float, Tensor};

use crate::sweep::{Part, adjoints, handed_on};
use command::{Command, Stop};
use style::{Ink, Style};

mod command;
mod show;
mod style;

/// A debugger of a recorded pass; see [`Inspect::debugger`](crate::Inspect::debugger). A moment is a line of the forward pass, the start of the reverse sweep, or one line that
/// passes its gradient on to its operands. All of them are on the tape, so a moment back costs nothing.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_viz::Inspect;
///
/// let tape = Tape::new();
/// let a = tape.scalar(3.0_f64);
/// let b = a + a;
/// let _c = b * b;
/// let mut session = Vec::new();
/// tape.debugger().run(&b"continue\nwhy %1\n"[..], &mut session)?;
/// assert!(String::from_utf8_lossy(&session).contains("6.0000 + 6.0000 = 12.0000"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Debugger<'t, T: Float> {
    lines: Lines<'t, T>,
    adjoints: Vec<Option<Tensor<T>>>,
    /// The lines that pass a gradient on, in the order of the sweep. The first has the gradient 1.
    sweep: Vec<usize>,
    moment: usize,
    stops: Vec<Stop>,
    style: Style,
    echo: bool,
}

/// The thing that happens at a moment.
enum Event {
    Start,
    Forward(usize),
    Seed(usize),
    Reverse(usize),
}

impl<'t, T: Float> Debugger<'t, T> {
    /// A debugger of this pass, before its first line.
    pub fn new(tape: &'t Tape<T>) -> Self {
        let adjoints = adjoints(tape);
        let lines = tape.lines();
        let passes_on = |line: &TapeLine<'_, T>| {
            let wanted = |o: &usize| lines.get(*o).is_some_and(|o| o.wants_gradient());
            adjoints.get(line.index()).is_some_and(Option::is_some)
                && line.operands()[..line.arity()].iter().any(wanted)
        };
        let sweep = lines.iter().rev().filter(passes_on).map(|line| line.index()).collect();
        let (stops, style) = (Vec::new(), Style::Plain);
        Self { lines, adjoints, sweep, moment: 0, stops, style, echo: false }
    }

    /// With colours, which [`in_terminal`](Self::in_terminal) chooses by itself.
    #[must_use]
    pub fn with_colours(self) -> Self {
        Self { style: Style::Coloured, ..self }
    }

    /// Reads commands line by line and writes the answers, until `quit` or the end of the input.
    ///
    /// # Errors
    /// Those of reading and writing.
    pub fn run(&mut self, input: impl BufRead, mut output: impl Write) -> io::Result<()> {
        let name = self.style.ink(Ink::Dim, "wengert> ");
        write!(output, "{}{name}", self.happening())?;
        output.flush()?;
        for line in input.lines() {
            let line = line?;
            if self.echo {
                writeln!(output, "{line}")?;
            }
            let Some(answer) = self.answer(&line) else { return output.flush() };
            write!(output, "{answer}{name}")?;
            output.flush()?;
        }
        writeln!(output)
    }

    /// A session in the terminal. It has colours if the output is a terminal and the variable `NO_COLOR` of the environment is not set; commands from a file or
    /// a pipe are repeated in the output.
    ///
    /// # Errors
    /// Those of reading and writing.
    pub fn in_terminal(mut self) -> io::Result<()> {
        let no_colour = std::env::var_os("NO_COLOR");
        self.style = Style::of_terminal(io::stdout().is_terminal(), no_colour.as_deref());
        self.echo = !io::stdin().is_terminal();
        self.run(io::stdin().lock(), io::stdout().lock())
    }

    /// The answer to a command; `None` to `quit`.
    pub fn answer(&mut self, command: &str) -> Option<String> {
        let wrong = |text: String, style: Style| style.ink(Ink::Wrong, &text) + "\n";
        let command = match Command::parse(command) {
            Ok(command) => command,
            Err(why) => return Some(wrong(why, self.style)),
        };
        Some(match command {
            Command::Next(n) => self.advance(|_, moved| moved == n),
            Command::Continue => self.advance(|_, _| false),
            Command::Back(n) => {
                self.moment = self.moment.saturating_sub(n);
                self.happening()
            }
            Command::Until(target) => {
                let from = self.moment;
                let there = |d: &Self| d.line_of(d.moment).is_some_and(|line| target.is(&line));
                if !self.lines.iter().any(|line| target.is(&line)) {
                    return Some(wrong(target.missing(&self.lines), self.style));
                }
                let answer = self.advance(|d, _| there(d));
                if self.moment == self.last() && !there(self) {
                    self.moment = from;
                    let why = "it is not reached again: `back` first".to_string();
                    return Some(wrong(why, self.style));
                }
                answer
            }
            Command::Break(stop) => {
                self.stops.push(stop);
                format!("stops at: {stop}\n")
            }
            Command::BreakOff => {
                self.stops.clear();
                "no stops\n".to_string()
            }
            Command::Breaks if self.stops.is_empty() => "no stops\n".to_string(),
            Command::Breaks => {
                self.stops.iter().map(|stop| format!("stops at: {stop}\n")).collect()
            }
            Command::Show(index) => self.with_line(index, Self::show),
            Command::Why(index) => self.with_line(index, Self::why),
            Command::Tape => self.table(),
            Command::Help => command::help(),
            Command::Quit => return None,
        })
    }

    /// The number of the last moment.
    fn last(&self) -> usize {
        self.lines.len() + if self.sweep.is_empty() { 0 } else { 1 + self.sweep.len() }
    }

    fn event(&self, moment: usize) -> Event {
        match moment.checked_sub(self.lines.len() + 1) {
            _ if moment == 0 => Event::Start,
            None => Event::Forward(moment - 1),
            Some(0) => Event::Seed(self.sweep[0]),
            Some(k) => Event::Reverse(self.sweep[k - 1]),
        }
    }

    /// The line that a moment is about.
    fn line_of(&self, moment: usize) -> Option<TapeLine<'_, T>> {
        match self.event(moment) {
            Event::Start => None,
            Event::Forward(i) | Event::Seed(i) | Event::Reverse(i) => self.lines.get(i),
        }
    }

    /// Whether a line has passed on its gradient.
    fn is_swept(&self, index: usize) -> bool {
        let done = self.moment.saturating_sub(self.lines.len() + 1);
        done > 0 && self.sweep[done - 1] <= index
    }

    /// Moves on until `there`, a stop, or the end, and says what happens.
    fn advance(&mut self, there: impl Fn(&Self, usize) -> bool) -> String {
        if self.moment == self.last() {
            return "this is the end of the pass: `back`, or `quit`\n".to_string();
        }
        let from = self.moment;
        while self.moment < self.last() {
            self.moment += 1;
            if let Some(stop) = self.stops.iter().copied().find(|stop| self.stops_at(*stop)) {
                let why = self.style.ink(Ink::Wrong, &format!("stop: {stop}"));
                return format!("{why}\n{}", self.happening());
            }
            if there(self, self.moment - from) {
                break;
            }
        }
        self.happening()
    }

    /// Whether there is this reason to stop now.
    fn stops_at(&self, stop: Stop) -> bool {
        let is_reason = |x: &Tensor<T>| match stop {
            Stop::Nan => x.iter().any(|x| !x.to_f64().is_finite()),
            Stop::Norm(most) => x.iter().map(|x| x.to_f64().powi(2)).sum::<f64>().sqrt() > most,
        };
        match (self.event(self.moment), stop) {
            (Event::Forward(i), Stop::Nan) => {
                self.lines.get(i).and_then(|l| l.value()).is_some_and(|x| is_reason(&x))
            }
            (Event::Reverse(i), _) => {
                let parts = handed_on(&self.lines, &self.adjoints, i);
                parts.iter().any(|p| p.pulled.as_ref().is_some_and(|p| is_reason(&p.gradient)))
            }
            _ => false,
        }
    }

    /// The contributions to the gradient of a line, in the order of the sweep.
    fn contributions(&self, to: usize) -> Vec<Part<T>> {
        let users = self.sweep.iter().filter(|&&from| {
            self.lines.get(from).is_some_and(|line| line.operands().contains(&to))
        });
        let parts = users.flat_map(|&from| handed_on(&self.lines, &self.adjoints, from));
        parts.filter(|part| part.to == to).collect()
    }

    /// The answer about a line, which is that of this moment if none is said.
    fn with_line(
        &self,
        index: Option<usize>,
        answer: fn(&Self, &TapeLine<'_, T>) -> String,
    ) -> String {
        let line = match index {
            Some(index) => self.lines.get(index),
            None => self.line_of(self.moment),
        };
        match (line, index) {
            (Some(line), _) => answer(self, &line),
            (None, Some(i)) => {
                format!("there is no line %{i}: the tape has {}\n", self.lines.len())
            }
            (None, None) => "nothing is computed yet: `next`, or name a line, as %0\n".to_string(),
        }
    }

    /// The text for this moment.
    fn happening(&self) -> String {
        let (n, steps) = (self.lines.len(), self.last().saturating_sub(self.lines.len()));
        let head = |ink, text: &str| self.style.ink(ink, text);
        let Some(line) = self.line_of(self.moment) else {
            return format!(
                "a pass of {n} lines forward, and {steps} steps back; `help` lists the commands\n"
            );
        };
        let name = self.style.ink(Ink::Line, &format!("%{}", line.index()));
        let place = self.style.ink(Ink::Dim, &line.place());
        match self.event(self.moment) {
            Event::Start | Event::Forward(_) => {
                let head = head(Ink::Forward, &format!("forward {}/{n}", self.moment));
                format!("{head}  {name} = {} is {}  {place}\n", line.call(), line.digest())
            }
            Event::Seed(_) => {
                let head = head(Ink::Reverse, &format!("reverse 1/{steps}"));
                format!(
                    "{head}  {name} {}: the sweep starts here, with the gradient {}\n",
                    line.name(),
                    self.gradient(line.index())
                )
            }
            Event::Reverse(i) => {
                let head = head(Ink::Reverse, &format!("reverse {}/{steps}", self.moment - n));
                let mut text = format!(
                    "{head}  {name} = {} has the gradient {}  {place}\n",
                    line.call(),
                    self.gradient(i)
                );
                for part in handed_on(&self.lines, &self.adjoints, i) {
                    text += &self.passed_on(&line, &part);
                }
                text
            }
        }
    }

    fn gradient(&self, index: usize) -> String {
        self.adjoints[index].as_ref().map(digest).unwrap_or_default()
    }
}
