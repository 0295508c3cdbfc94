//! Files are written whole or not at all: with writers that race, writers that are killed, and disks that
//! are full.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wengert_files::write_whole;

/// A fresh directory of a test's own.
fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("wengert-whole-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn parts(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|end| end == "part")).collect()
}

/// A file of one repeated byte, whose length depends on it: whole if both agree.
fn contents(byte: u8) -> Vec<u8> {
    vec![byte; 100_000 + 1000 * byte as usize]
}

fn is_whole(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|&first| bytes == contents(first))
}

#[test]
fn two_threads_save_and_two_load() {
    let directory = directory("threads");
    let path = directory.join("weights");
    write_whole(&path, &contents(0)).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers = [1, 2].map(|writer| {
            let path = &path;
            scope.spawn(move || {
                for round in 0..150 {
                    write_whole(path, &contents(writer * 50 + round % 50)).unwrap();
                }
            })
        });
        let readers = [0, 1].map(|_| {
            scope.spawn(|| {
                let mut loads = 0;
                while !done.load(Ordering::Relaxed) {
                    let bytes = fs::read(&path).unwrap();
                    assert!(is_whole(&bytes), "{} bytes of {:?}", bytes.len(), bytes.first());
                    loads += 1;
                }
                loads
            })
        });
        let written = writers.map(|writer| writer.join().is_ok());
        done.store(true, Ordering::Relaxed);
        assert_eq!(written, [true, true]);
        for reader in readers {
            assert!(reader.join().unwrap() > 10);
        }
    });
    assert_eq!(parts(&directory), [] as [PathBuf; 0]);
    fs::remove_dir_all(directory).unwrap();
}

/// Not a test of its own: the process that `a_writer_that_is_killed` kills.
#[test]
fn child_that_saves_for_ever() {
    let Some(path) = std::env::var_os("WENGERT_TEST_SAVE_TO") else { return };
    for round in 0.. {
        write_whole(&path, &contents(1 + round % 100)).unwrap();
    }
}

#[test]
fn a_writer_that_is_killed() {
    let directory = directory("kill");
    let path = directory.join("weights");
    write_whole(&path, &contents(7)).unwrap();
    let mut abandoned = 0;
    for round in 0..20 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_saves_for_ever"])
            .env("WENGERT_TEST_SAVE_TO", &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Not before it saves, and not at the same moment each time.
        let before = fs::read(&path).unwrap();
        while fs::read(&path).unwrap() == before {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(370 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_whole(&fs::read(&path).unwrap()));
        abandoned += parts(&directory).len();
        if round % 5 == 4 {
            write_whole(&path, &contents(7)).unwrap();
            assert_eq!(parts(&directory), [] as [PathBuf; 0]);
        }
    }
    eprintln!("{abandoned} temporary files were left by 20 kills, and removed");
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_living_writers_file_stays_and_a_dead_ones_goes() {
    let directory = directory("living");
    let [living, dead, other] =
        [".wengert-1-00.part", ".wengert-2-00.part", "notes.part"].map(|n| directory.join(n));
    for path in [&living, &dead, &other] {
        fs::write(path, "…").unwrap();
    }
    let held = fs::File::options().write(true).open(&living).unwrap();
    held.lock().unwrap();
    write_whole(directory.join("x"), b"new").unwrap();
    assert_eq!([&living, &dead, &other].map(|path| path.exists()), [true, false, true]);
    drop(held);
    // A process that another test starts holds the lock too, between its fork and its exec.
    for _ in 0..100 {
        write_whole(directory.join("x"), b"newer").unwrap();
        if !living.exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!([&living, &dead, &other].map(|path| path.exists()), [false, false, true]);
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn what_cannot_be_written_changes_nothing() {
    let directory = directory("errors");
    // A directory in the way, a directory that is not there.
    fs::create_dir(directory.join("taken")).unwrap();
    assert!(write_whole(directory.join("taken"), b"x").is_err());
    assert!(write_whole(directory.join("no/such/place"), b"x").is_err());
    assert_eq!(parts(&directory), [] as [PathBuf; 0]);
    assert!(directory.join("taken").is_dir());
    // A name as long as the system takes.
    let long = directory.join("n".repeat(255));
    write_whole(&long, b"x").unwrap();
    assert_eq!(fs::read(long).unwrap(), b"x");
    fs::remove_dir_all(directory).unwrap();
}

/// Not a test of its own: the process of `a_disk_that_is_full`, which saves more than it may.
#[test]
fn child_that_saves_too_much() {
    let Some(path) = std::env::var_os("WENGERT_TEST_TOO_MUCH") else { return };
    let error = write_whole(&path, &contents(9)).unwrap_err();
    eprintln!("refused: {error}");
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full() {
    let directory = directory("full");
    let path = directory.join("weights");
    write_whole(&path, &contents(7)).unwrap();
    // Files of this process end after 32 KB, in the middle of a write, as those of a full disk do.
    let output = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 64; exec \"$0\" --exact child_that_saves_too_much --nocapture",
        ])
        .arg(std::env::current_exe().unwrap())
        .env("WENGERT_TEST_TOO_MUCH", &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("refused: "), "{said}");
    assert_eq!(fs::read(&path).unwrap(), contents(7), "the old file is as it was");
    assert_eq!(parts(&directory), [] as [PathBuf; 0]);
    fs::remove_dir_all(directory).unwrap();
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = directory("links");
    let (file, link) = (directory.join("file"), directory.join("link"));
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&file, &link).unwrap();
    write_whole(&link, b"new").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&file).unwrap(), b"new");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    // Not a regular file: it is written to and not replaced.
    write_whole("/dev/null", b"gone").unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    fs::remove_dir_all(directory).unwrap();
}
