//! Exercises that rebuild backpropagation. Each is one text in `course/parts`: the file that the learner edits, a solution, a
//! check, three hints, the reason, and wrong solutions with the words by which the check must name the mistake.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A wrong solution: text of the solution, its replacement, and the words that the check's message must contain.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// The text that is replaced.
    pub find: String,
    /// The replacement.
    pub replace: String,
    /// The name of the mistake.
    pub name: String,
}

/// An exercise.
#[derive(Clone, Debug)]
pub struct Exercise {
    /// The name, which is that of its file.
    pub name: &'static str,
    /// The number and title of its chapter.
    pub chapter: (usize, &'static str),
    /// In Chinese: a line for the task, one for each hint, and one for the reason.
    pub chinese: Vec<String>,
    /// The file as the learner gets it.
    pub task: String,
    /// A solution.
    pub solution: String,
    /// The check: a function `check` that returns `Result<(), String>`.
    pub check: String,
    /// Three hints, from a push to nearly the answer.
    pub hints: Vec<String>,
    /// The reason, shown after passing.
    pub why: String,
    /// Numbers of the text, and what they are: each as it is written, and an expression that gives it.
    pub facts: Vec<(String, String)>,
    /// The planted mistakes.
    pub wrong: Vec<Wrong>,
}

const JUDGE: &str = include_str!("judge.rs");

macro_rules! chapters {
    ($($title:literal: $($name:literal)*;)*) => {
        /// All exercises, in their order: by the chapters of the book.
        #[must_use]
        pub fn exercises() -> Vec<Exercise> {
            let chapters = [$(($title, vec![$(($name, include_str!(concat!("../parts/", $name, ".txt")))),*])),*];
            let numbered = chapters.into_iter().zip(1..);
            numbered
                .flat_map(|((title, parts), number)| {
                    parts.into_iter().map(move |(name, text)| Exercise::read(name, (number, title), text))
                })
                .collect()
        }
    };
}

chapters! {
    "Order matters": "01_square" "02_product" "03_order" "04_sort";
    "A scalar tape": "05_record" "06_quotient" "07_backward";
    "Broadcasting and its transpose": "08_shapes" "09_broadcast" "10_unbroadcast";
    "The table of derivatives, and an entry of your own": "11_tanh" "12_matmul" "13_silu";
    "The loop, line by line": "14_linear" "15_loop" "16_epoch";
    "Losses: which, and why": "17_mse" "18_huber" "19_hinge";
    "Likelihood: where losses come from": "20_gaussian" "21_poisson" "22_kl";
    "Softmax, cross-entropy, and numbers that do not overflow":
        "23_softmax" "24_log_sum_exp" "25_cross_entropy" "26_bce" "27_focal";
    "From gradient descent to Adam": "28_decay" "29_momentum" "30_rmsprop" "31_adam" "32_schedule";
    "Checking gradients, and kinks": "33_gradient_check" "34_agreement" "35_kink";
    "When training goes wrong": "36_clip" "37_dead" "38_not_finite";
    "Second derivatives: curvature, Newton, saddles": "39_hessian_vector" "40_newton" "41_saddle";
    "Nets with structure: convolution, recurrence, attention":
        "42_convolution" "43_convolution_back" "44_recurrent" "45_attention" "46_layer_norm" "47_embedding";
    "A whole one: microgpt": "48_pairs" "49_temperature" "50_perplexity";
}

impl Exercise {
    fn read(name: &'static str, chapter: (usize, &'static str), text: &str) -> Self {
        let section = |title: &str| {
            let rest = text.split_once(&format!("== {title}\n")).map_or("", |(_, rest)| rest);
            rest.split("\n== ").next().unwrap_or("").trim().to_string()
        };
        let wrong = |line: &str| {
            let mut parts = line.split(" ~ ").map(str::to_string);
            let mut next = || parts.next().unwrap_or_default();
            Wrong { find: next(), replace: next(), name: next() }
        };
        let fact = |line: &str| {
            let (number, expression) = line.split_once(" ~ ").unwrap_or_default();
            (number.to_string(), expression.to_string())
        };
        Self {
            name,
            chapter,
            chinese: section("zh").lines().map(str::to_string).collect(),
            task: section("task") + "\n",
            solution: section("solution") + "\n",
            check: section("check"),
            hints: section("hints").lines().map(str::to_string).collect(),
            why: section("why"),
            facts: section("facts").lines().map(fact).collect(),
            wrong: section("wrong").lines().map(wrong).collect(),
        }
    }

    /// The exercise with title, task, hints and reason in Chinese. The messages of its check stay as they are.
    #[must_use]
    pub fn in_chinese(mut self) -> Self {
        let titles = include_str!("../../book/zh/src/SUMMARY.md").split("\n- [").skip(1);
        let title = titles.filter_map(|line| line.split(']').next()).nth(self.chapter.0 - 1);
        self.chapter.1 = title.unwrap_or(self.chapter.1);
        self.task = format!("// {}\n{}", self.chinese.first().map_or("", |task| task), self.task);
        let mut lines = self.chinese.iter().skip(1).cloned();
        self.hints = lines.by_ref().take(3).collect();
        self.why = lines.collect();
        self
    }

    /// A module with a learner's text and the check, whose public function `verdict` judges it.
    #[must_use]
    pub fn module(&self, name: &str, text: &str) -> String {
        let check = &self.check;
        format!(
            "#[allow(unused, clippy::all)] mod {name} {{ {text}\n use super::judge;\n{check}\n\
             pub fn verdict() -> Result<(), String> {{ check() }}\n}}\n"
        )
    }

    /// The verdict on a text, with the compiler's messages or the panic if there are any.
    ///
    /// # Errors
    ///
    /// If the compiler cannot be started or a file cannot be written.
    pub fn verdict(&self, text: &str, folder: &Path) -> io::Result<Result<(), String>> {
        let main = "fn main() { if let Err(m) = attempt::verdict() { eprintln!(\"{m}\"); std::process::exit(1) } }";
        // The learner's text begins on the first line, so that messages give its own line numbers.
        run(&(self.module("attempt", text) + main), self.name, folder, Duration::from_millis(1500))
    }
}

/// Compiles and runs a program of one file, with the function that the checks use. It is ended if it takes longer than `limit`.
///
/// # Errors
///
/// If the compiler cannot be started or a file cannot be written.
pub fn run(
    program: &str,
    name: &str,
    folder: &Path,
    limit: Duration,
) -> io::Result<Result<(), String>> {
    fs::create_dir_all(folder)?;
    let (source, binary, output) =
        (folder.join(format!("{name}.rs")), folder.join(name), folder.join("output.txt"));
    fs::write(&source, format!("{program}\n{JUDGE}"))?;
    let compiled = Command::new(std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into()))
        .args(["--edition", "2024", "-C", "debuginfo=0", "-o"])
        .args([&binary, &source])
        .output()?;
    if !compiled.status.success() {
        return Ok(Err(String::from_utf8_lossy(&compiled.stderr).into_owned()));
    }
    let log = fs::File::create(&output)?;
    let mut child = Command::new(&binary)
        .env("RUST_BACKTRACE", "0")
        .stdout(log.try_clone()?)
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            let said = fs::read_to_string(&output)?;
            // How to get a backtrace of the copy helps nobody.
            let said =
                said.lines().filter(|line| !line.starts_with("note: run with `RUST_BACKTRACE"));
            let said: Vec<&str> = said.collect();
            return Ok(if status.success() {
                Ok(())
            } else {
                Err(said.join("\n").trim().to_string())
            });
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            let limit = limit.as_secs_f64();
            return Ok(Err(format!(
                "the program did not end within {limit} seconds: is there a loop without an end?"
            )));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
