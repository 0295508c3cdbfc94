//! `Progress`: one line with the position of a loop, its speed, and the time that is left.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _, stderr};
use std::time::{Duration, Instant};

/// The least time between two drawings of the line: a terminal that is written to more often slows the loop it tells of.
const EVERY: Duration = Duration::from_millis(100);

/// A line on the terminal that is redrawn in place and erased when it is dropped. Where stderr is not a terminal (a file, a
/// pipe, a test) nothing is written at all.
///
/// ```
/// use wengert_train::Progress;
///
/// let mut progress = Progress::new("Epoch 1/20", 1437);
/// for batch in [64, 64, 64] {
///     // … a step …
///     progress.advance(batch, format_args!("loss {:.3}", 0.25));
/// }
/// assert_eq!(progress.done(), 192);
/// ```
///
/// ```text
/// Epoch 1/20  [===>                ]  192/1437  3,840/s  1 s left  loss 0.250
/// ```
#[derive(Debug)]
pub struct Progress {
    label: String,
    done: usize,
    total: usize,
    started: Instant,
    drawn: Option<Instant>,
    shown: bool,
}

impl Progress {
    /// A line for so many samples (or steps, or whatever is counted), drawn on stderr if that is a terminal.
    pub fn new(label: impl Into<String>, total: usize) -> Self {
        let (started, shown) = (Instant::now(), stderr().is_terminal());
        Self { label: label.into(), done: 0, total, started, drawn: None, shown }
    }

    /// With nothing drawn, even if stderr is a terminal.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.shown = false;
        self
    }

    /// So many more are done. The words are put at the line's end, and not even formatted when it is not drawn.
    pub fn advance(&mut self, count: usize, words: impl std::fmt::Display) {
        self.done = self.done.saturating_add(count);
        if !self.shown || self.drawn.is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        self.drawn = Some(Instant::now());
        let mut line = self.line(self.started.elapsed());
        let _ = write!(line, "  {words}");
        // A line that wraps could not be drawn over.
        let line: String = line.chars().take(width()).collect();
        self.put(&line);
    }

    /// Changes what the line starts with, as from epoch to epoch.
    pub fn label(&mut self, label: impl Into<String>) {
        self.label = label.into();
    }

    /// The number that is done.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Takes the line away, so that something can be printed. The next [`advance`](Self::advance) draws it anew.
    pub fn clear(&mut self) {
        if self.drawn.take().is_some() {
            self.put("");
        }
    }

    /// Over the line that is there: back to its start, and erased. That a terminal is gone is no fault of the loop's.
    fn put(&self, line: &str) {
        let mut stderr = stderr().lock();
        let _ = write!(stderr, "\r\x1b[2K{line}").and_then(|()| stderr.flush());
    }

    /// The line after this long.
    fn line(&self, elapsed: Duration) -> String {
        const BAR: usize = 20;
        let share = if self.total == 0 { 1.0 } else { self.done as f64 / self.total as f64 };
        let full = (share.min(1.0) * BAR as f64) as usize;
        let head = if full < BAR { ">" } else { "" };
        let bar = format!("{}{head}", "=".repeat(full));
        let rate = self.done as f64 / elapsed.as_secs_f64().max(1e-9);
        let (done, total) = (self.done, self.total);
        let mut line = format!("{}  [{bar:BAR$}]  {done}/{total}  {}/s", self.label, short(rate));
        if rate > 0.0 && done < total {
            let _ = write!(line, "  {} left", time((total - done) as f64 / rate));
        }
        line
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The terminal's width, as shells say it, or what fits any.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse::<usize>().ok());
    columns.unwrap_or(80).max(20) - 1
}

/// A number with its thousands apart; below ten with a digit after the point.
fn short(x: f64) -> String {
    if x < 10.0 {
        return format!("{x:.1}");
    }
    let digits = format!("{x:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in the two units that say most.
fn time(seconds: f64) -> String {
    let s = seconds.ceil() as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3600, s % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(done: usize, total: usize, seconds: u64) -> String {
        let mut progress = Progress::new("Epoch 2/3", total).silent();
        progress.advance(done, "");
        progress.line(Duration::from_secs(seconds))
    }

    #[test]
    fn the_line_says_rate_and_time_left() {
        let line = "Epoch 2/3  [==========>         ]  1000/2000  500/s  2 s left";
        assert_eq!(at(1000, 2000, 2), line);
        assert!(at(2000, 2000, 1).ends_with("[====================]  2000/2000  2,000/s"));
        assert!(at(7, 90_000, 7).ends_with("1.0/s  24 h 59 min left"));
        assert!(at(10, 1210, 1).ends_with("10/s  2 min 0 s left"));
    }

    #[test]
    fn nothing_done_and_nothing_to_do_are_no_trouble() {
        assert_eq!(at(0, 10, 0), "Epoch 2/3  [>                   ]  0/10  0.0/s");
        assert!(at(0, 0, 0).contains("0/0"));
        assert!(at(20, 10, 1).contains("[====================]  20/10"));
    }
}
