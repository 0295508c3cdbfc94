//! The operators that are known: the most inputs that each takes, and the attributes that are read.
//!
//! An attribute that is not read would be one whose default is computed with, silently. So a node with any other attribute, or with
//! another value of one, is refused when the file is read.

use Family::{Elementwise, Net, Other, Shape};
use Is::{Either, Float, Floats, Int, Ints, Number, One, Repeated, Tensor, Text};

use crate::proto::{Attribute, Node};

/// The file that runs an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Elementwise,
    Shape,
    Net,
    /// Operators of several results, and those that only hand a value on.
    Other,
}

/// The values of an attribute that are known.
#[derive(Clone, Copy, Debug)]
enum Is {
    Int,
    Float,
    Ints,
    Floats,
    Tensor,
    /// This integer alone.
    One(i64),
    /// This number alone.
    Number(f64),
    /// One of these texts.
    Text(&'static [&'static str]),
    /// A list of texts that repeats this one.
    Repeated(&'static [&'static str]),
    /// A list of texts that repeats one of these two.
    Either(&'static str, &'static str),
}

type Attributes = &'static [(&'static str, Is)];

/// Any number of inputs.
const ANY: usize = usize::MAX;
const AXIS: Attributes = &[("axis", Int)];
const AXES: Attributes = &[("axes", Ints)];
const ALPHA: Attributes = &[("alpha", Float)];
const DIRECTION: (&str, Is) = ("direction", Text(&["forward", "reverse", "bidirectional"]));

/// Operators of a family, the most inputs of each, and their attributes.
#[rustfmt::skip]
const TABLE: &[(Family, &[&str], usize, Attributes)] = &[
    (Elementwise, &[
        "Neg", "Reciprocal", "Sqrt", "Abs", "Sign", "Floor", "Ceil", "Round", "Exp", "Log", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan",
        "Sinh", "Cosh", "Tanh", "Erf", "Sigmoid", "Relu", "Softsign", "HardSwish", "Softplus", "Mish",
    ], 1, &[]),
    (Elementwise, &["LeakyRelu", "Elu", "Celu"], 1, ALPHA),
    (Elementwise, &["Selu"], 1, &[("alpha", Number(1.673_263_242_354_377_2)), ("gamma", Number(1.050_700_987_355_480_5))]),
    (Elementwise, &["Gelu"], 1, &[("approximate", Text(&["none", "tanh"]))]),
    (Elementwise, &["Shrink"], 1, &[("lambd", Float), ("bias", Float)]),
    (Elementwise, &["HardSigmoid"], 1, &[("alpha", Float), ("beta", Float)]),
    (Elementwise, &["Clip"], 3, &[("min", Float), ("max", Float)]),
    (Elementwise, &["PRelu", "Add", "Sub", "Mul", "Div", "Pow", "Greater"], 2, &[]),
    (Elementwise, &["Max", "Min"], ANY, &[]),
    (Net, &["MatMul"], 2, &[]),
    (Net, &["Gemm"], 3, &[("alpha", Float), ("beta", Float), ("transA", Int), ("transB", Int), ("broadcast", Int)]),
    (Net, &["Softmax", "LogSoftmax"], 1, AXIS),
    (Net, &["CumSum"], 2, &[("exclusive", One(0)), ("reverse", One(0))]),
    (Net, &["Conv"], 3, &[
        ("auto_pad", Text(&["NOTSET"])), ("kernel_shape", Ints), ("strides", Ints), ("dilations", Ints), ("pads", Ints), ("group", Int),
    ]),
    (Net, &["ConvTranspose"], 3, &[
        ("auto_pad", Text(&["NOTSET"])), ("kernel_shape", Ints), ("strides", Ints), ("dilations", Ints), ("pads", Ints), ("group", Int),
        ("output_padding", Ints),
    ]),
    (Net, &["MaxPool"], 1, &[
        ("auto_pad", Text(&["NOTSET"])), ("kernel_shape", Ints), ("strides", Ints), ("dilations", Ints), ("pads", Ints),
        ("ceil_mode", Int), ("storage_order", One(0)),
    ]),
    (Net, &["AveragePool"], 1, &[
        ("auto_pad", Text(&["NOTSET"])), ("kernel_shape", Ints), ("strides", Ints), ("dilations", Ints), ("pads", Ints),
        ("ceil_mode", Int), ("count_include_pad", Int),
    ]),
    (Net, &["GlobalAveragePool", "GlobalMaxPool"], 1, &[]),
    (Net, &["BatchNormalization"], 5, &[
        ("epsilon", Float), ("momentum", Float), ("training_mode", One(0)), ("spatial", One(1)), ("is_test", One(1)),
    ]),
    (Net, &["LayerNormalization"], 3, &[("axis", Int), ("epsilon", Float), ("stash_type", One(1))]),
    (Net, &[
        "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSumExp",
    ], 2, &[("axes", Ints), ("keepdims", Int), ("noop_with_empty_axes", Int)]),
    (Shape, &["Reshape"], 2, &[("allowzero", Int)]),
    (Shape, &["Transpose"], 1, &[("perm", Ints)]),
    (Shape, &["Flatten"], 1, AXIS),
    (Shape, &["Expand"], 2, &[]),
    (Shape, &["Concat"], ANY, AXIS),
    (Shape, &["Slice"], 5, &[("starts", Ints), ("ends", Ints), ("axes", Ints)]),
    (Shape, &["Squeeze", "Unsqueeze"], 2, AXES),
    (Shape, &["Gather"], 2, AXIS),
    (Shape, &["Shape"], 1, &[("start", Int), ("end", Int)]),
    (Shape, &["Pad"], 3, &[("mode", Text(&["constant"])), ("pads", Ints), ("value", Float)]),
    (Shape, &["Cast"], 1, &[("to", Int), ("saturate", Int)]),
    (Shape, &["Where"], 3, &[]),
    (Shape, &["ConstantOfShape"], 1, &[("value", Tensor)]),
    (Other, &["Identity"], 1, &[]),
    (Other, &["Dropout"], 3, &[("ratio", Float), ("seed", Int), ("is_test", One(1))]),
    (Other, &["Constant"], 0, &[
        ("value", Tensor), ("value_float", Float), ("value_int", Int), ("value_ints", Ints), ("value_floats", Floats),
    ]),
    (Other, &["Split"], 2, &[("axis", Int), ("split", Ints), ("num_outputs", Int)]),
    (Other, &["RNN"], 6, &[DIRECTION, ("hidden_size", Int), ("layout", One(0)), ("activations", Either("Tanh", "Relu"))]),
    (Other, &["GRU"], 6, &[
        DIRECTION, ("hidden_size", Int), ("layout", One(0)), ("activations", Repeated(&["Sigmoid", "Tanh"])),
        ("linear_before_reset", One(1)),
    ]),
    (Other, &["LSTM"], 7, &[
        DIRECTION, ("hidden_size", Int), ("layout", One(0)), ("activations", Repeated(&["Sigmoid", "Tanh", "Tanh"])),
        ("input_forget", One(0)),
    ]),
];

/// The operators whose nodes a graph that is read may hold.
///
/// ```
/// assert!(wengert_onnx::operators().any(|name| name == "Gemm"));
/// ```
pub fn operators() -> impl Iterator<Item = &'static str> {
    TABLE.iter().flat_map(|row| row.1).copied()
}

/// The family of an operator that is known.
pub(super) fn family(op: &str) -> Option<Family> {
    TABLE.iter().find(|row| row.1.contains(&op)).map(|row| row.0)
}

/// The reason why a node is refused, if it is.
pub(super) fn unknown(node: &Node) -> Option<String> {
    let row = TABLE.iter().find(|row| row.1.contains(&node.op.as_str()));
    let Some((_, _, most, known)) = row.filter(|_| matches!(&*node.domain, "" | "ai.onnx")) else {
        return Some(format!("`{}` is an operator `{}`, which is not known", node.name, node.op));
    };
    let the_node = format!("the node `{}` ({})", node.name, node.op);
    for (name, value) in &node.attributes {
        match known.iter().find(|(of, _)| of == name) {
            None => {
                return Some(format!("{the_node} has an attribute `{name}`, which is not read"));
            }
            Some((_, is)) if !is.met_by(value) => {
                return Some(format!("{the_node}: `{name}` is {value}, and {is} is known"));
            }
            Some(_) => {}
        }
    }
    let given = node.inputs.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    (given > *most).then(|| format!("{the_node} has {given} inputs, and {most} are read"))
}

impl Is {
    fn met_by(self, value: &Attribute) -> bool {
        match (self, value) {
            (Int, Attribute::Int(_))
            | (Float, Attribute::Float(_))
            | (Ints, Attribute::Ints(_))
            | (Floats, Attribute::Floats(_))
            | (Tensor, Attribute::Tensor(_)) => true,
            (One(one), Attribute::Int(n)) => one == *n,
            (Number(one), Attribute::Float(x)) => one as f32 == *x,
            (Text(all), Attribute::Text(text)) => all.contains(&text.as_str()),
            (Repeated(of), Attribute::Texts(all)) => repeats(all, of),
            (Either(a, b), Attribute::Texts(all)) => repeats(all, &[a]) || repeats(all, &[b]),
            _ => false,
        }
    }
}

/// Whether a list is another one, some times.
fn repeats(all: &[String], of: &[&str]) -> bool {
    all.chunks(of.len()).all(|part| part == of)
}

impl std::fmt::Display for Is {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Int => f.write_str("an integer"),
            Float => f.write_str("a number"),
            Ints => f.write_str("a list of integers"),
            Floats => f.write_str("a list of numbers"),
            Tensor => f.write_str("a tensor"),
            One(n) => write!(f, "{n}"),
            Number(x) => write!(f, "{x}"),
            Text(all) => f.write_str(&all.join(" or ")),
            Repeated(all) => f.write_str(&all.join(", ")),
            Either(a, b) => write!(f, "{a} or {b}"),
        }
    }
}

impl std::fmt::Display for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(n) => write!(f, "{n}"),
            Self::Float(x) => write!(f, "{x}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Texts(all) => f.write_str(&all.join(", ")),
            Self::Ints(_) => f.write_str("a list of integers"),
            Self::Floats(_) => f.write_str("a list of numbers"),
            Self::Tensor(_) => f.write_str("a tensor"),
            Self::Other => f.write_str("of a kind that is not read"),
        }
    }
}
