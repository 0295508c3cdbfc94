//! Mutations of ONNX files that keep them whole messages: the lengths fit, and so the mutation reaches what the field means.

use wengert::files::wire::{Field, Reader, Writer};
use wengert::onnx::operators;

use crate::mutate::Draws;

/// Kinds of messages of the format.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Port,
    Type,
    TensorType,
    Shape,
    Size,
}

/// The message that a field holds, if it holds one.
fn inner(kind: Kind, field: u32) -> Option<Kind> {
    Some(match (kind, field) {
        (Kind::Model, 7) => Kind::Graph,
        (Kind::Graph, 1) => Kind::Node,
        (Kind::Graph, 5) | (Kind::Attribute, 5) => Kind::Tensor,
        (Kind::Graph, 11 | 12) => Kind::Port,
        (Kind::Node, 5) => Kind::Attribute,
        (Kind::Port, 2) => Kind::Type,
        (Kind::Type, 1) => Kind::TensorType,
        (Kind::TensorType, 2) => Kind::Shape,
        (Kind::Shape, 1) => Kind::Size,
        _ => return None,
    })
}

/// Attributes that operators read.
const ATTRIBUTES: [&str; 20] = [
    "axis",
    "axes",
    "perm",
    "pads",
    "strides",
    "dilations",
    "kernel_shape",
    "group",
    "output_padding",
    "alpha",
    "beta",
    "transA",
    "transB",
    "keepdims",
    "ceil_mode",
    "start",
    "end",
    "allowzero",
    "direction",
    "value",
];
/// Numbers at edges.
const NUMBERS: [i64; 18] = [
    0,
    1,
    -1,
    2,
    3,
    -2,
    7,
    64,
    4096,
    1 << 20,
    1 << 31,
    (1 << 31) - 1,
    1 << 40,
    1 << 62,
    i64::MAX,
    i64::MIN,
    -(1 << 31),
    1_000_000_000,
];

#[derive(Clone, Debug)]
enum Content {
    Int(i64),
    Four([u8; 4]),
    Eight([u8; 8]),
    Bytes(Vec<u8>),
    Message(Kind, Vec<Part>),
}

/// A field and its content.
type Part = (u32, Content);

/// The fields of a message; none, if it is broken.
fn parse(bytes: &[u8], kind: Kind) -> Option<Vec<Part>> {
    let parts = Reader::new(bytes).map(|field| {
        let (field, content) = field.ok()?;
        let content = match (content, inner(kind, field)) {
            (Field::Int(n), _) => Content::Int(n),
            (Field::Fixed32(four), _) => Content::Four(four),
            (Field::Fixed64(eight), _) => Content::Eight(eight),
            (Field::Bytes(bytes), Some(kind)) => Content::Message(kind, parse(bytes, kind)?),
            (Field::Bytes(bytes), None) => Content::Bytes(bytes.to_vec()),
        };
        Some((field, content))
    });
    parts.collect()
}

fn write(w: &mut Writer, parts: &[Part]) {
    for (field, content) in parts {
        match content {
            Content::Int(n) => w.int(*field, *n),
            Content::Four(four) => w.float(*field, f32::from_le_bytes(*four)),
            Content::Eight(eight) => w.double(*field, f64::from_le_bytes(*eight)),
            Content::Bytes(bytes) => w.bytes(*field, bytes),
            Content::Message(_, parts) => w.message(*field, |w| write(w, parts)),
        }
    }
}

/// All texts under a field of one kind of message: names that exist.
fn texts(kind: Kind, parts: &[Part], wanted: &[(Kind, u32)], found: &mut Vec<Vec<u8>>) {
    for (field, content) in parts {
        match content {
            Content::Bytes(text) if wanted.contains(&(kind, *field)) => found.push(text.clone()),
            Content::Message(kind, parts) => texts(*kind, parts, wanted, found),
            _ => {}
        }
    }
}

/// Changes one field of a file, wherever it is; not the file, if it is no whole message.
pub(crate) fn mutate(bytes: &mut Vec<u8>, draws: &mut Draws) {
    let Some(mut model) = parse(bytes, Kind::Model) else { return };
    let names = [(Kind::Node, 1), (Kind::Node, 2), (Kind::Tensor, 8), (Kind::Port, 1)];
    let mut known = Vec::new();
    texts(Kind::Model, &model, &names, &mut known);
    change(Kind::Model, &mut model, &known, draws);
    let mut w = Writer::default();
    write(&mut w, &model);
    *bytes = w.bytes;
}

fn change(kind: Kind, parts: &mut Vec<Part>, names: &[Vec<u8>], draws: &mut Draws) {
    if parts.is_empty() {
        return;
    }
    let at = draws.below(parts.len());
    let stays = kind == Kind::Model || draws.below(3) > 0;
    if let (true, (_, Content::Message(kind, inner))) = (stays, &mut parts[at]) {
        return change(*kind, inner, names, draws);
    }
    match draws.below(8) {
        0 => drop(parts.remove(at)),
        1 => parts.insert(draws.below(parts.len() + 1), parts[at].clone()),
        2 => {
            let other = draws.below(parts.len());
            parts.swap(at, other);
        }
        _ => {
            let (field, content) = &mut parts[at];
            match content {
                Content::Int(n) => *n = NUMBERS[draws.below(NUMBERS.len())],
                Content::Four(four) => {
                    let floats = [0.0, -1.0, f32::NAN, f32::INFINITY, 1e38, -0.0, 1e-40];
                    *four = floats[draws.below(floats.len())].to_le_bytes();
                }
                Content::Eight(eight) => *eight = f64::MAX.to_le_bytes(),
                Content::Bytes(bytes) => text(kind, *field, bytes, names, draws),
                Content::Message(kind, parts) => change(*kind, parts, names, draws),
            }
        }
    }
}

/// Another text, or other packed numbers.
fn text(kind: Kind, field: u32, bytes: &mut Vec<u8>, names: &[Vec<u8>], draws: &mut Draws) {
    match (kind, field) {
        (Kind::Node, 4) => {
            let all: Vec<&str> = operators().collect();
            *bytes = all[draws.below(all.len())].into();
        }
        (Kind::Attribute, 1) => *bytes = ATTRIBUTES[draws.below(ATTRIBUTES.len())].into(),
        // The numbers of a tensor: one of eight bytes, at an edge.
        (Kind::Tensor, 9) if bytes.len() >= 8 => {
            let at = 8 * draws.below(bytes.len() / 8);
            bytes[at..at + 8].copy_from_slice(&NUMBERS[draws.below(NUMBERS.len())].to_le_bytes());
        }
        _ if !names.is_empty() => bytes.clone_from(&names[draws.below(names.len())]),
        _ => bytes.clear(),
    }
}
