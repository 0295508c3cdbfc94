//! Event files, read back record by record. `.ci/tensorboard` has TensorBoard's own reader judge them.

// Helpers of tests are tests to nobody but us.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use wengert_board::{Error, TbWriter};
use wengert_data::{DataLoader, synth};
use wengert_files::checksum::crc32c;
use wengert_files::wire::{Field, Reader};
use wengert_loss::MseLoss;
use wengert_nn::{Linear, Parts};
use wengert_optim::Sgd;
use wengert_tensor::{Rng, Tensor, tensor};
use wengert_train::Trainer;

/// A directory of a test's own, which is removed in the end.
struct Run(PathBuf);

impl Run {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("wengert-board-{name}-{}", std::process::id())))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The records of a file, with their checksums compared.
fn records(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    let (mut rest, mut records) = (&bytes[..], Vec::new());
    let masked = |bytes: &[u8]| crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8);
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<8>().unwrap();
        let (check, after) = after.split_first_chunk::<4>().unwrap();
        assert_eq!(u32::from_le_bytes(*check), masked(length));
        let (record, after) = after.split_at(u64::from_le_bytes(*length) as usize);
        let (check, after) = after.split_first_chunk::<4>().unwrap();
        assert_eq!(u32::from_le_bytes(*check), masked(record));
        records.push(record.to_vec());
        rest = after;
    }
    records
}

/// A field of a message, by its number.
fn field(message: &[u8], number: u32) -> Option<Field<'_>> {
    Reader::new(message).map(Result::unwrap).find(|(n, _)| *n == number).map(|(_, field)| field)
}

/// The tag, the step and the number of each scalar.
fn scalars(path: &Path) -> Vec<(String, i64, f32)> {
    let scalar = |event: &Vec<u8>| {
        let summary = field(event, 5)?.bytes().unwrap();
        let value = field(summary, 1)?.bytes().unwrap();
        let step = field(event, 2)?.int().unwrap();
        Some((field(value, 1)?.text().unwrap(), step, field(value, 2)?.float().unwrap()))
    };
    records(path).iter().filter_map(scalar).collect()
}

#[test]
fn each_record_is_in_the_file_when_its_call_returns() {
    let run = Run::new("scalars");
    let mut board = TbWriter::new(&run.0).unwrap();
    let first = records(board.path());
    assert_eq!(first.len(), 1);
    assert_eq!(field(&first[0], 3).unwrap().text().unwrap(), "brain.Event:2");
    for step in 0..5 {
        board.scalar("loss", step, 1.0 / (step + 1) as f64).unwrap();
        assert_eq!(records(board.path()).len(), step + 2);
    }
    let (tag, step, value) = &scalars(board.path())[4];
    assert_eq!((&**tag, *step, *value), ("loss", 4, 0.2));
    // A second writer of the same run does not touch the file of the first.
    let second = TbWriter::new(&run.0).unwrap();
    assert_ne!(second.path(), board.path());
    assert_eq!(records(board.path()).len(), 6);
}

#[test]
fn errors_name_the_rule_the_fix_and_the_line() {
    let run = Run::new("errors");
    let mut board = TbWriter::new(&run.0).unwrap();
    let nothing = Tensor::<f32>::zeros([0]);
    let errors = [
        board.scalar("", 0, 1.0).unwrap_err(),
        board.histogram("w", 0, &tensor![1.0, f64::NAN]).unwrap_err(),
        board.histogram("w", 0, &nothing).unwrap_err(),
        board.image("i", 0, &Tensor::<f32>::zeros([2, 3, 4, 4])).unwrap_err(),
    ];
    for (error, said) in errors.iter().zip([
        "scalar: the tag is empty",
        "histogram: 1 of the 2 numbers of `w` are not finite",
        "histogram: `w` has no numbers",
        "image: an image is [rows, columns] or",
    ]) {
        let text = error.to_string();
        assert!(matches!(error, Error::Value { .. }) && text.starts_with(said), "{text}");
        assert!(text.contains("\n  help: ") && text.contains("tensorboard.rs"), "{text}");
    }
    assert_eq!(records(board.path()).len(), 1, "nothing was written");

    std::fs::write(run.0.join("file"), "").unwrap();
    let error = TbWriter::new(run.0.join("file")).unwrap_err();
    assert!(
        matches!(error, Error::Io { .. }) && error.to_string().contains("tensorboard.rs"),
        "{error}"
    );
}

#[test]
fn a_companion_writes_steps_and_epochs() {
    let run = Run::new("companion");
    let loader = DataLoader::new(synth::linear::<f32>(40, 3.0, 4.0, 0.5, 0), 10).unwrap();
    let model = Linear::new(1, 1, &mut Rng::new(0));
    let (criterion, mut optimizer) = (MseLoss::new(), Sgd::new(model.parameters(), 0.01));
    let mut board = TbWriter::new(&run.0).unwrap().every(2);
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer).with(&mut board);
    assert!(trainer.to_string().contains("TensorBoard, in "), "{trainer}");
    let history = trainer.fit(&loader, 2).unwrap();
    drop(trainer);
    let of = |wanted: &str| -> Vec<(i64, f32)> {
        let all = scalars(board.path()).into_iter().filter(|(tag, ..)| tag == wanted);
        all.map(|(_, step, x)| (step, x)).collect()
    };
    let steps: Vec<i64> = of("loss/step").iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [0, 2, 4, 6]);
    let losses = history.epochs.iter().map(|e| (e.number as i64, e.train_loss as f32));
    assert_eq!(of("loss/train"), losses.collect::<Vec<_>>());
    assert_eq!(of("learning_rate/epoch"), [(1, 0.01), (2, 0.01)]);
    assert_eq!(scalars(board.path()).len(), 8);
    // Without `histograms`, no parameters.
    assert_eq!(records(board.path()).len(), 9);
}
