//! A tape as a graph of TensorBoard's: a node for each line, in folders by layer.

use std::collections::HashSet;

use wengert_autograd::{Tape, TapeLine};
use wengert_files::wire::Writer;
use wengert_tensor::Float;

/// The message of a graph.
pub(crate) fn message<T: Float>(tape: &Tape<T>) -> Vec<u8> {
    let lines = tape.lines();
    let (mut taken, mut names): (HashSet<String>, Vec<String>) = Default::default();
    for line in lines.iter() {
        let mut name = name(&line);
        if taken.contains(&name) {
            name = format!("{name}_{}", line.index());
        }
        while !taken.insert(name.clone()) {
            name.push('_');
        }
        names.push(name);
    }
    let mut w = Writer::default();
    for (line, name) in lines.iter().zip(&names) {
        w.message(1, |w| {
            w.bytes(1, name);
            w.bytes(2, line.op().name());
            line.operands().iter().for_each(|&operand| w.bytes(3, &names[operand]));
            for (key, text) in line.op().attributes() {
                attribute(w, key, |w| w.bytes(2, text));
            }
            attribute(w, "line", |w| w.bytes(2, line.at().to_string()));
            attribute(w, "_output_shapes", |w| {
                w.message(1, |w| {
                    w.message(7, |w| {
                        for &size in line.shape().iter() {
                            w.message(2, |w| w.int(1, size as i64));
                        }
                    });
                });
            });
        });
    }
    w.message(4, |w| w.int(1, 22));
    w.bytes
}

fn attribute(w: &mut Writer, key: &str, value: impl FnOnce(&mut Writer)) {
    w.message(5, |w| {
        w.bytes(1, key);
        w.message(2, value);
    });
}

/// The path of a line: its layer, with a folder for each dot, and its op; of a parameter, its own path.
fn name<T: Float>(line: &TapeLine<'_, T>) -> String {
    let (layer, own) = (line.layer(), line.name());
    let own = own.rsplit('.').next().unwrap_or(&own);
    let path = if layer.is_empty() { own.to_string() } else { format!("{layer}.{own}") };
    // The characters of a node's name, of which the first is a letter, a digit or a dot.
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-\\>".contains(c);
    let path: String = path
        .chars()
        .map(|c| {
            if c == '.' {
                '/'
            } else if fits(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    if path.starts_with(|c: char| c.is_ascii_alphanumeric()) { path } else { format!("n{path}") }
}
