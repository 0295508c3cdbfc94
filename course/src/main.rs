//! The runner of the course: it watches the file of the first exercise that is not done, and says what it finds in it.

#![allow(clippy::print_stdout)]

use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use wengert_course::{Exercise, exercises};

/// The folder of the learner's files, and of the list of those that are finished.
struct Desk {
    folder: PathBuf,
    all: Vec<Exercise>,
    in_chinese: bool,
}

impl Desk {
    fn file(&self, exercise: &Exercise) -> PathBuf {
        self.folder.join(exercise.name).with_extension("rs")
    }

    fn finished(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join("progress.txt")).unwrap_or_default();
        text.lines().map(str::to_string).collect()
    }

    fn finish(&self, exercise: &Exercise) -> io::Result<()> {
        let mut names = self.finished();
        names.push(exercise.name.to_string());
        fs::write(self.folder.join("progress.txt"), names.join("\n"))
    }

    /// Writes the file as it was at first.
    fn reset(&self, exercise: &Exercise) -> io::Result<()> {
        fs::write(self.file(exercise), &exercise.task)
    }

    fn next(&self) -> Option<&Exercise> {
        let finished = self.finished();
        self.all.iter().find(|e| !finished.iter().any(|name| name == e.name))
    }

    /// Prints all exercises by chapters, with a mark at those that are finished.
    fn list(&self) {
        let (finished, mut chapter) = (self.finished(), 0);
        for Exercise { name, chapter: (number, title), .. } in &self.all {
            if *number != chapter {
                println!("{number}. {title}");
                chapter = *number;
            }
            let mark = if finished.iter().any(|done| done == name) { 'x' } else { ' ' };
            println!("   [{mark}] {name}");
        }
    }

    /// Names the file, and the chapter to read before it.
    fn introduce(&self, exercise: &Exercise) {
        let (number, title) = exercise.chapter;
        let place = self.all.iter().position(|e| e.name == exercise.name).unwrap_or(0) + 1;
        println!("\nExercise {place} of {}. Chapter {number}: {title}.", self.all.len());
        if let Some(page) = chapter(number, if self.in_chinese { "zh" } else { "en" }) {
            println!("To read before: {}", page.display());
        }
        println!("Edit {}", self.file(exercise).display());
        if self.in_chinese {
            println!("{}", exercise.chinese.first().map_or("", |task| task));
            println!("保存即检查。h：提示，s：跳过，r：恢复，l：列表，q：退出（再按回车）");
        } else {
            println!(
                "Save it, and it is checked. h: hint, s: skip, r: reset, l: list, q: quit (and Enter)"
            );
        }
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
    let desk = Desk { folder, all, in_chinese };
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
        println!("All exercises are done.");
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
                        println!("Right. {}\n\nA solution:\n\n{}", exercise.why, exercise.solution);
                        desk.finish(exercise)?;
                        return Ok(true);
                    }
                    // The compiler and a panic name the copy that was compiled: its lines are those of the learner's file.
                    Err(message) => {
                        let copy = scratch.join(exercise.name).with_extension("rs");
                        let [copy, file] = [&copy, &file].map(|path| path.display().to_string());
                        println!("Not yet: {}", message.replace(&copy, &file));
                    }
                }
            }
        }
        match commands.recv_timeout(Duration::from_millis(100)).as_deref().map(str::trim) {
            Ok("h") => println!("{}", hints.next().map_or("There are no more hints.", |h| h)),
            Ok("r") => desk.reset(exercise)?,
            Ok("l") => desk.list(),
            Ok("s") => {
                desk.finish(exercise)?;
                return Ok(true);
            }
            Ok("q") => return Ok(false),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                std::thread::sleep(Duration::from_millis(100));
            }
            _ => {}
        }
    }
}
