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

    fn next(&self, all: &[Exercise]) -> Option<Exercise> {
        let finished = self.finished();
        all.iter().find(|e| !finished.iter().any(|name| name == e.name)).cloned()
    }
}

fn main() -> io::Result<()> {
    let desk = Desk { folder: Path::new(env!("CARGO_MANIFEST_DIR")).join("exercises") };
    fs::create_dir_all(&desk.folder)?;
    let (send, commands) = mpsc::channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    let all = exercises();
    while let Some(exercise) = desk.next(&all) {
        if !desk.file(&exercise).exists() {
            desk.reset(&exercise)?;
        }
        println!(
            "\n{} of {}: edit {}",
            1 + desk.finished().len(),
            all.len(),
            desk.file(&exercise).display()
        );
        println!(
            "Each time you save it, it is checked. h: hint, s: skip, r: reset, q: quit (and Enter)"
        );
        if !work_on(&exercise, &desk, &commands)? {
            return Ok(());
        }
    }
    println!("All exercises are done.");
    Ok(())
}

/// Watches one file until it passes or is skipped; `false` if the learner leaves.
fn work_on(
    exercise: &Exercise,
    desk: &Desk,
    commands: &mpsc::Receiver<String>,
) -> io::Result<bool> {
    let file = desk.file(exercise);
    let scratch = std::env::temp_dir().join(format!("wengert-course-{}", std::process::id()));
    let (mut seen, mut hints): (Option<SystemTime>, _) = (None, exercise.hints.iter());
    loop {
        let saved = fs::metadata(&file).and_then(|m| m.modified()).ok();
        if saved.is_some() && saved != seen {
            seen = saved;
            let text = fs::read_to_string(&file)?;
            if text == exercise.task {
                continue;
            }
            match exercise.verdict(&text, &scratch)? {
                Ok(()) => {
                    println!("Right. {}\n\nA solution:\n\n{}", exercise.why, exercise.solution);
                    desk.finish(exercise)?;
                    return Ok(true);
                }
                Err(message) => println!("Not yet. {message}"),
            }
        }
        match commands.recv_timeout(Duration::from_millis(100)).as_deref().map(str::trim) {
            Ok("h") => println!("{}", hints.next().map_or("There are no more hints.", |h| h)),
            Ok("r") => desk.reset(exercise)?,
            Ok("s") => {
                desk.finish(exercise)?;
                return Ok(true);
            }
            Ok("q") => return Ok(false),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                std::thread::sleep(Duration::from_millis(100))
            }
            _ => {}
        }
    }
}
