//! TensorBoard's messages, as far as they are written: an event, which holds the version of the file, a graph or a value.

use wengert_files::wire::Writer;

use crate::png::Image;

/// A value under a tag.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    /// A number. The format holds it in single precision.
    Scalar(f64),
    Histogram(Buckets),
    Image(&'a Image),
    /// Text in Markdown.
    Text(&'a str),
    /// A message of the page of hyper-parameters, whose value is empty.
    HyperParameters(Vec<u8>),
}

/// A distribution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Buckets {
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) num: f64,
    pub(crate) sum: f64,
    pub(crate) sum_squares: f64,
    /// The right end of each bucket, and the number of values in it.
    pub(crate) buckets: Vec<(f64, f64)>,
}

/// The first event of each file.
pub(crate) fn version(time: f64) -> Vec<u8> {
    event(time, 0, |w| {
        w.bytes(3, "brain.Event:2");
        w.message(10, |w| w.bytes(1, "wengert"));
    })
}

/// An event with a graph, which is a message of its own.
pub(crate) fn graph(time: f64, graph: &[u8]) -> Vec<u8> {
    event(time, 0, |w| w.bytes(4, graph))
}

/// An event with values, each with its tag.
pub(crate) fn values(time: f64, step: usize, values: &[(&str, Value<'_>)]) -> Vec<u8> {
    event(time, step, |w| {
        w.message(5, |w| {
            for (tag, value) in values {
                w.message(1, |w| {
                    w.bytes(1, tag);
                    value.write(w);
                });
            }
        });
    })
}

fn event(time: f64, step: usize, content: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::default();
    w.double(1, time);
    w.int(2, step as i64);
    content(&mut w);
    w.bytes
}

/// The number types of TensorFlow.
const FLOAT: i64 = 1;
const STRING: i64 = 7;

impl Value<'_> {
    fn write(&self, w: &mut Writer) {
        match self {
            Self::Scalar(x) => w.float(2, *x as f32),
            Self::Histogram(all) => w.message(5, |w| all.write(w)),
            Self::Image(image) => w.message(4, |w| {
                w.int(1, image.rows.into());
                w.int(2, image.columns.into());
                w.int(3, image.channels.into());
                w.bytes(4, image.to_png());
            }),
            Self::Text(text) => {
                plugin(w, "text", &[]);
                w.message(8, |w| {
                    one(w, STRING);
                    w.bytes(8, text);
                });
            }
            Self::HyperParameters(content) => {
                plugin(w, "hparams", content);
                w.message(8, |w| {
                    one(w, FLOAT);
                    w.float(5, 0.0);
                });
            }
        }
    }
}

/// The page that shows a value, and its message to that page.
fn plugin(w: &mut Writer, name: &str, content: &[u8]) {
    w.message(9, |w| {
        w.message(1, |w| {
            w.bytes(1, name);
            w.bytes(2, content);
        });
    });
}

/// The type and the shape of a tensor of one element.
fn one(w: &mut Writer, kind: i64) {
    w.int(1, kind);
    w.message(2, |w| w.message(2, |w| w.int(1, 1)));
}

impl Buckets {
    fn write(&self, w: &mut Writer) {
        for (field, x) in
            [self.min, self.max, self.num, self.sum, self.sum_squares].into_iter().enumerate()
        {
            w.double(field as u32 + 1, x);
        }
        let packed = |part: fn(&(f64, f64)) -> f64| -> Vec<u8> {
            self.buckets.iter().flat_map(|bucket| part(bucket).to_le_bytes()).collect()
        };
        w.bytes(6, packed(|bucket| bucket.0));
        w.bytes(7, packed(|bucket| bucket.1));
    }
}
