//! Hyper-parameters: the settings of a run, and the tags of the scalars that measure it.

use wengert_files::wire::Writer;
use wengert_train::{Config, Setting};

/// The messages of an experiment, and of the start and of the end of its one run.
pub(crate) fn messages(
    time: f64,
    config: &Config,
    metrics: &[&str],
) -> [(&'static str, Vec<u8>); 3] {
    let experiment = data(2, |w| {
        w.double(3, time);
        for (name, setting) in config.iter() {
            w.message(4, |w| {
                w.bytes(1, name);
                w.int(4, if matches!(setting, Setting::Number(_)) { NUMBER } else { WORD });
            });
        }
        for tag in metrics {
            w.message(5, |w| w.message(1, |w| w.bytes(2, tag)));
        }
    });
    let start = data(3, |w| {
        for (name, setting) in config.iter() {
            w.message(1, |w| {
                w.bytes(1, name);
                w.message(2, |w| match setting {
                    Setting::Number(x) => w.double(2, *x),
                    Setting::Word(word) => w.bytes(3, word),
                });
            });
        }
        w.double(5, time);
    });
    let end = data(4, |w| {
        w.int(1, SUCCESS);
        w.double(2, time);
    });
    [
        ("_hparams_/experiment", experiment),
        ("_hparams_/session_start_info", start),
        ("_hparams_/session_end_info", end),
    ]
}

const WORD: i64 = 1;
const NUMBER: i64 = 3;
const SUCCESS: i64 = 1;

/// A message of the page of hyper-parameters: the version of its format, and one of its contents.
fn data(field: u32, content: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::default();
    w.int(1, 0);
    w.message(field, content);
    w.bytes
}
