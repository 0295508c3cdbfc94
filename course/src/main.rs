//! The runner of the course: it watches the file of the first exercise that is not done, and says what it finds in it.

#![allow(clippy::print_stdout)]

use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use wengert_course::{Exercise, exercises};

mod words;

use words::{CHINESE, ENGLISH, Words};

/// The remark in the list of progress on an exercise that was not solved.
const SKIPPED: &str = " skipped";

/// The folder of the learner's files, and of the list of those that are finished.
struct Desk {
    folder: PathBuf,
    all: Vec<Exercise>,
    words: Words,
}

impl Desk {
    fn file(&self, exercise: &Exercise) -> PathBuf {
        self.folder.join(exercise.name).with_extension("rs")
    }

    /// The names of those that are finished or skipped, each with its mark in the list.
    fn finished(&self) -> Vec<(String, char)> {
        let text = fs::read_to_string(self.folder.join("progress.txt")).unwrap_or_default();
        let marked = |line: &str| match line.strip_suffix(SKIPPED) {
            Some(name) => (name.to_string(), '-'),
            None => (line.to_string(), 'x'),
        };
        text.lines().map(marked).collect()
    }

    /// Notes that an exercise is finished, or [`SKIPPED`].
    fn finish(&self, exercise: &Exercise, remark: &str) -> io::Result<()> {
        let path = self.folder.join("progress.txt");
        let done = fs::read_to_string(&path).unwrap_or_default();
        let after = if done.is_empty() || done.ends_with('\n') { "" } else { "\n" };
        fs::write(path, format!("{done}{after}{}{remark}\n", exercise.name))
    }

    /// Writes the file as it was at first.
    fn reset(&self, exercise: &Exercise) -> io::Result<()> {
        fs::write(self.file(exercise), &exercise.task)
    }

    fn next(&self) -> Option<&Exercise> {
        let finished = self.finished();
        self.all.iter().find(|e| !finished.iter().any(|(name, _)| name == e.name))
    }

    /// Prints all exercises by chapters, with a mark at those that are finished (x) or skipped (-).
    fn list(&self) {
        let (finished, mut chapter) = (self.finished(), 0);
        for Exercise { name, chapter: (number, title), .. } in &self.all {
            if *number != chapter {
                println!("{number}. {title}");
                chapter = *number;
            }
            let mark = finished.iter().rfind(|done| done.0 == *name).map_or(' ', |done| done.1);
            println!("   [{mark}] {name}");
        }
    }

    /// Names the file, and the chapter to read before it.
    fn introduce(&self, exercise: &Exercise) {
        let (number, title) = exercise.chapter;
        let place = self.all.iter().position(|e| e.name == exercise.name).unwrap_or(0) + 1;
        println!("\n{}", (self.words.exercise)(place, self.all.len(), number, title));
        if let Some(page) = chapter(number, self.words.language) {
            println!("{}{}", self.words.read, page.display());
        }
        println!("{}{}", self.words.edit, self.file(exercise).display());
        println!("{}", self.words.keys);
    }
}

/// The chapter of the book, if it is there.
fn chapter(number: usize, language: &str) -> Option<PathBuf> {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book").join(language).join("src");
    let mut pages = fs::read_dir(pages).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let page = pages.find(|page| {
        page.file_name().is_some_and(|f| f.to_string_lossy().starts_with(&format!("{number:02}-")))
    });
    page?.canonicalize().ok()
}

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("exercises");
    let in_chinese = std::env::args().any(|argument| argument == "zh");
    let all = exercises().into_iter();
    let all = all.map(|e| if in_chinese { e.in_chinese() } else { e }).collect();
    let desk = Desk { folder, all, words: if in_chinese { CHINESE } else { ENGLISH } };
    fs::create_dir_all(&desk.folder)?;
    let (send, commands) = mpsc::channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    let scratch = std::env::temp_dir().join(format!("wengert-course-{}", std::process::id()));
    let mut stays = true;
    while stays && let Some(exercise) = desk.next() {
        if !desk.file(exercise).exists() {
            desk.reset(exercise)?;
        }
        desk.introduce(exercise);
        stays = work_on(exercise, &desk, &commands, &scratch)?;
    }
    if stays {
        println!("{}", desk.words.all_done);
    }
    if scratch.exists() { fs::remove_dir_all(scratch) } else { Ok(()) }
}

/// Watches one file until it passes or is skipped; `false` if the learner leaves.
fn work_on(
    exercise: &Exercise,
    desk: &Desk,
    commands: &mpsc::Receiver<String>,
    scratch: &Path,
) -> io::Result<bool> {
    let file = desk.file(exercise);
    let (mut seen, mut hints): (Option<SystemTime>, _) = (None, exercise.hints.iter());
    loop {
        let saved = fs::metadata(&file).and_then(|m| m.modified()).ok();
        if saved.is_some() && saved != seen {
            seen = saved;
            let text = fs::read_to_string(&file)?;
            if text != exercise.task {
                match exercise.verdict(&text, scratch)? {
                    Ok(()) => {
                        println!("{}{}\n", desk.words.right, exercise.why);
                        println!("{}\n\n{}", desk.words.solution, exercise.solution);
                        desk.finish(exercise, "")?;
                        return Ok(true);
                    }
                    // The compiler and a panic name the copy that was compiled: its lines are those of the learner's file.
                    Err(message) => {
                        let copy = scratch.join(exercise.name).with_extension("rs");
                        let [copy, file] = [&copy, &file].map(|path| path.display().to_string());
                        println!("{}{}", desk.words.not_yet, message.replace(&copy, &file));
                    }
                }
            }
        }
        match commands.recv_timeout(Duration::from_millis(100)).as_deref().map(str::trim) {
            Ok("h") => println!("{}", hints.next().map_or(desk.words.no_more_hints, |h| h)),
            Ok("r") => desk.reset(exercise)?,
            Ok("l") => desk.list(),
            Ok("s") => {
                desk.finish(exercise, SKIPPED)?;
                return Ok(true);
            }
            Ok("q") => return Ok(false),
            Ok("") => {}
            Ok(_) => println!("{}", desk.words.keys),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
    }
}
