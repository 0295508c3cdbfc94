//! The launcher: starts programs by `mpirun`, and looks at how they end and what they print.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The end of a program.
struct Ended {
    well: bool,
    /// The text that all ranks have printed, to both streams.
    text: String,
    seconds: f64,
}

/// No program takes longer; one that does hangs.
const LIMIT: Duration = Duration::from_secs(100);

fn start(ranks: usize, program: &str, more: &[(&str, &str)]) -> Ended {
    let launcher = std::env::var("WENGERT_MPIRUN").unwrap_or("mpirun --oversubscribe".into());
    let mut words = launcher.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.args(words).args(["-n", &ranks.to_string()]).arg(std::env::current_exe().unwrap());
    command.env("WENGERT_MPI_PROGRAM", program).envs(more.iter().copied());
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("`{launcher}` could not be started: {error}"));
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let texts = [read(out), read(err)];
    let well = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.success();
        }
        if begun.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("{program} on {ranks} ranks hangs");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let seconds = begun.elapsed().as_secs_f64();
    let text = texts.map(|text| text.join().unwrap()).concat();
    Ended { well, text, seconds }
}

/// Reads a stream to its end, on a thread of its own.
fn read(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The lines that begin with the program's name, which must be the same on all ranks; the first of them.
fn agreed(ranks: usize, program: &str, more: &[(&str, &str)]) -> Vec<String> {
    let Ended { well, text, seconds } = start(ranks, program, more);
    assert!(well, "{program} on {ranks} ranks:\n{text}");
    let mut lines: Vec<String> =
        text.lines().filter(|line| line.starts_with(program)).map(str::to_string).collect();
    lines.sort();
    let all = lines.len();
    lines.dedup();
    assert!(!lines.is_empty() && all == ranks * lines.len(), "{program} on {ranks} ranks:\n{text}");
    println!("test {program:<16} {ranks} ranks ... ok, {seconds:.1} s: {}", lines.join(", "));
    lines
}

/// A program that fails on every rank, within seconds, with these words.
fn fails(ranks: usize, program: &str, words: &[&str]) {
    let Ended { well, text, seconds } = start(ranks, program, &[]);
    assert!(!well, "{program} on {ranks} ranks ends well:\n{text}");
    for word in words {
        assert!(
            text.contains(word),
            "{program} on {ranks} ranks says nothing of {word:?}:\n{text}"
        );
    }
    assert!(seconds < 20.0, "{program} on {ranks} ranks takes {seconds} s to fail:\n{text}");
    println!("test {program:<16} {ranks} ranks ... ok, fails after {seconds:.1} s");
}

pub(crate) fn all() {
    let mut passed = 0;
    let mut count = |n: usize| passed += n;

    // The same bits as one process.
    let bits: Vec<_> = (1..=4).map(|ranks| agreed(ranks, "bits", &[])).collect();
    assert!(bits.windows(2).all(|two| two[0] != two[1]), "steps of more batches are other steps");
    count(4);
    let batches: Vec<_> = (1..=4).map(|ranks| agreed(ranks, "batches", &[])).collect();
    assert!(batches.windows(2).all(|two| two[0] == two[1]), "{batches:?}");
    count(4);
    for program in ["metrics", "broadcast", "trainer"] {
        (1..=4).for_each(|ranks| drop(agreed(ranks, program, &[])));
        count(4);
    }
    for ranks in 2..=4 {
        agreed(ranks, "no-gradient", &[]);
        count(1);
    }

    // All ranks go on from what rank 0 has written, also after a death.
    for ranks in [2, 4] {
        let folder =
            std::env::temp_dir().join(format!("wengert-mpi-{}-{ranks}", std::process::id()));
        let place = folder.display().to_string();
        let new = || {
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(folder.join("rank0")).unwrap();
        };
        let here = ("WENGERT_MPI_FOLDER", &*place);
        new();
        let whole = agreed(ranks, "checkpoint", &[here]);
        new();
        let killed = start(ranks, "checkpoint", &[here, ("WENGERT_MPI_KILL", "1")]);
        assert!(!killed.well && !killed.text.contains("checkpoint from"), "{}", killed.text);
        let resumed = agreed(ranks, "checkpoint", &[here]);
        assert!(resumed[0].starts_with("checkpoint from 2 "), "{resumed:?}");
        let digest = |lines: &[String]| lines[0].rsplit(' ').next().unwrap().to_string();
        assert_eq!(digest(&resumed), digest(&whole));
        assert!(!folder.join("rank1").exists());
        std::fs::remove_dir_all(&folder).unwrap();
        count(2);
    }

    // Whoever goes, and however, the others do not hang, and say so.
    for ranks in [2, 4] {
        let others = |text: &str| -> Vec<String> {
            (0..ranks)
                .filter(|&rank| rank != 1)
                .map(|rank| text.replace('#', &rank.to_string()))
                .collect()
        };
        let said = |program: &str, first: &[&str], others: Vec<String>| {
            let words: Vec<&str> =
                first.iter().copied().chain(others.iter().map(|s| &**s)).collect();
            fails(ranks, program, &words);
        };
        let left = "average_gradients, on rank #: ";
        let after = "rank 1 has left after 3 calls of its world, and this rank is at call 4";
        said("leaves", &[after, "shard the loader", "programs.rs:"], others(left));
        said("fails", &[after, "the disk of rank 1 is full"], others(left));
        said("panics", &[after, "rank 1 panics"], others(left));
        said(
            "other-call",
            &["rank 1 is at `mean` as call 1 of its world, and this rank at `sum`"],
            others("sum, on rank #: "),
        );
        said("other-size", &["sends ", "all ranks need the same model"], vec![]);
        said(
            "other-model",
            &[
                "rank 0 has `0.weight [4, 3]` where rank 1 has `0.weight [5, 3]`",
                "broadcast, on rank 1",
            ],
            others("sum, on rank #: "),
        );
        said(
            "trainer-unequal",
            &["rank 1 trains for 1 epochs of 18 batches", "programs.rs:", "shard the loader"],
            vec![],
        );
        // Those two that a rank cannot tell: the launcher or the next rank does.
        said("dies", &["rank 1 "], vec![]);
        said("stops", &["rank 1 was silent for 2", "ends all"], vec![]);
        count(9);
    }
    println!("\ntest result: ok. {passed} passed; 0 failed");
}
