//! The part of ONNX that a net needs: a model, its graph, nodes with attributes, and the shapes of inputs and outputs.

mod tensor;

use wengert_files::wire::{Field, Reader, Writer};
use wengert_tensor::AnyTensor;

pub(crate) use tensor::{FLOAT, INT64};
use tensor::{four, read_tensor, write_tensor};

/// The version of the format that is written.
pub(crate) const IR: i64 = 8;
/// The version of the set of operators that is written.
pub(crate) const OPSET: i64 = 17;

/// A whole file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) opset: i64,
    pub(crate) graph: Graph,
}

/// Nodes in an order in which they can run, and their constants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub(crate) name: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) tensors: Vec<(String, AnyTensor)>,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
}

/// An operator, the names of the values that it reads, and of those that it gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) op: String,
    pub(crate) inputs: Vec<String>,
    pub(crate) outputs: Vec<String>,
    pub(crate) attributes: Vec<(String, Attribute)>,
    /// Empty for the operators of ONNX itself.
    pub(crate) domain: String,
}

#[derive(Clone, Debug)]
pub(crate) enum Attribute {
    Int(i64),
    Float(f32),
    Text(String),
    Ints(Vec<i64>),
    Floats(Vec<f32>),
    Texts(Vec<String>),
    Tensor(AnyTensor),
    /// One that no operator here reads.
    Other,
}

/// An input or output, with its kind of number and its sizes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) kind: i64,
    pub(crate) sizes: Vec<Size>,
}

/// The size of an axis: a number, or a name for one that is known when the graph runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Fixed(usize),
    Named(String),
}

impl Model {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.int(1, IR);
        w.bytes(2, "wengert");
        w.bytes(3, env!("CARGO_PKG_VERSION"));
        w.message(7, |w| self.graph.write(w));
        w.message(8, |w| w.int(2, self.opset));
        w.bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let mut model = Self::default();
        let mut found = false;
        for field in Reader::new(bytes) {
            match field? {
                (7, graph) => {
                    model.graph = Graph::read(graph.bytes()?)?;
                    found = true;
                }
                (8, set) => {
                    let (mut domain, mut version) = (String::new(), 0);
                    for field in Reader::new(set.bytes()?) {
                        match field? {
                            (1, name) => domain = name.text()?,
                            (2, n) => version = n.int()?,
                            _ => {}
                        }
                    }
                    if domain.is_empty() || domain == "ai.onnx" {
                        model.opset = version;
                    }
                }
                _ => {}
            }
        }
        if found { Ok(model) } else { Err("there is no graph: it is no ONNX file".into()) }
    }
}

impl Graph {
    fn write(&self, w: &mut Writer) {
        for node in &self.nodes {
            w.message(1, |w| node.write(w));
        }
        w.bytes(2, &self.name);
        for (name, tensor) in &self.tensors {
            w.message(5, |w| write_tensor(w, name, tensor));
        }
        for port in &self.inputs {
            w.message(11, |w| port.write(w));
        }
        for port in &self.outputs {
            w.message(12, |w| port.write(w));
        }
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut graph = Self::default();
        for field in Reader::new(bytes) {
            match field? {
                (1, node) => graph.nodes.push(Node::read(node.bytes()?)?),
                (2, name) => graph.name = name.text()?,
                (5, tensor) => graph.tensors.push(read_tensor(tensor.bytes()?)?),
                (11, port) => graph.inputs.push(Port::read(port.bytes()?)?),
                (12, port) => graph.outputs.push(Port::read(port.bytes()?)?),
                (15, _) => return Err("sparse tensors are not read".into()),
                _ => {}
            }
        }
        Ok(graph)
    }
}

impl Node {
    fn write(&self, w: &mut Writer) {
        self.inputs.iter().for_each(|name| w.bytes(1, name));
        self.outputs.iter().for_each(|name| w.bytes(2, name));
        w.bytes(3, &self.name);
        w.bytes(4, &self.op);
        for (name, attribute) in &self.attributes {
            w.message(5, |w| attribute.write(w, name));
        }
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut node = Self::default();
        for field in Reader::new(bytes) {
            match field? {
                (1, name) => node.inputs.push(name.text()?),
                (2, name) => node.outputs.push(name.text()?),
                (3, name) => node.name = name.text()?,
                (4, op) => node.op = op.text()?,
                (5, attribute) => node.attributes.push(Attribute::read(attribute.bytes()?)?),
                (7, domain) => node.domain = domain.text()?,
                _ => {}
            }
        }
        Ok(node)
    }
}

impl Attribute {
    fn write(&self, w: &mut Writer, name: &str) {
        w.bytes(1, name);
        match self {
            Self::Float(x) => w.float(2, *x),
            Self::Int(n) => w.int(3, *n),
            Self::Text(text) => w.bytes(4, text),
            Self::Tensor(tensor) => w.message(5, |w| write_tensor(w, "", tensor)),
            Self::Floats(all) => all.iter().for_each(|x| w.float(7, *x)),
            Self::Ints(all) => all.iter().for_each(|n| w.int(8, *n)),
            Self::Texts(all) => all.iter().for_each(|text| w.bytes(9, text)),
            Self::Other => {}
        }
        let kind = match self {
            Self::Float(_) => 1,
            Self::Int(_) => 2,
            Self::Text(_) => 3,
            Self::Tensor(_) => 4,
            Self::Floats(_) => 6,
            Self::Ints(_) => 7,
            Self::Texts(_) => 8,
            Self::Other => 0,
        };
        w.int(20, kind);
    }

    fn read(bytes: &[u8]) -> Result<(String, Self), String> {
        let (mut name, mut kind) = (String::new(), 0);
        let (mut one, mut ints, mut floats, mut texts) = (Self::Other, vec![], vec![], vec![]);
        for field in Reader::new(bytes) {
            match field? {
                (1, text) => name = text.text()?,
                (2, x) => one = Self::Float(x.float()?),
                (3, n) => one = Self::Int(n.int()?),
                (4, text) => {
                    one = Self::Text(String::from_utf8_lossy(text.bytes()?).into_owned());
                }
                (5, tensor) => one = Self::Tensor(read_tensor(tensor.bytes()?)?.1),
                (7, Field::Bytes(packed)) => floats.extend(packed.chunks_exact(4).map(four)),
                (7, x) => floats.push(x.float()?),
                (8, Field::Bytes(packed)) => ints.extend(Reader::numbers(packed)?),
                (8, n) => ints.push(n.int()?),
                (9, text) => texts.push(String::from_utf8_lossy(text.bytes()?).into_owned()),
                (20, n) => kind = n.int()?,
                _ => {}
            }
        }
        let attribute = match kind {
            6 => Self::Floats(floats),
            7 => Self::Ints(ints),
            8 => Self::Texts(texts),
            // Without its kind, an empty list looks like no attribute.
            0 if !ints.is_empty() => Self::Ints(ints),
            0 if !floats.is_empty() => Self::Floats(floats),
            // A field that is 0 may be left out.
            1 if matches!(one, Self::Other) => Self::Float(0.0),
            2 if matches!(one, Self::Other) => Self::Int(0),
            _ => one,
        };
        Ok((name, attribute))
    }
}

impl Port {
    fn write(&self, w: &mut Writer) {
        w.bytes(1, &self.name);
        w.message(2, |w| {
            w.message(1, |w| {
                w.int(1, self.kind);
                w.message(2, |w| {
                    for size in &self.sizes {
                        w.message(1, |w| match size {
                            Size::Fixed(n) => w.int(1, *n as i64),
                            Size::Named(name) => w.bytes(2, name),
                        });
                    }
                });
            });
        });
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut port = Self::default();
        for field in Reader::new(bytes) {
            match field? {
                (1, name) => port.name = name.text()?,
                (2, kind) => {
                    for field in Reader::new(kind.bytes()?) {
                        if let (1, tensor) = field? {
                            port.read_tensor_type(tensor.bytes()?)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(port)
    }

    fn read_tensor_type(&mut self, bytes: &[u8]) -> Result<(), String> {
        for field in Reader::new(bytes) {
            match field? {
                (1, kind) => self.kind = kind.int()?,
                (2, shape) => {
                    for field in Reader::new(shape.bytes()?) {
                        let (1, size) = field? else { continue };
                        let mut found = Size::Named(String::new());
                        for field in Reader::new(size.bytes()?) {
                            match field? {
                                (1, n) => {
                                    let n = usize::try_from(n.int()?);
                                    found = Size::Fixed(n.map_err(|_| "a negative size")?);
                                }
                                (2, name) => found = Size::Named(name.text()?),
                                _ => {}
                            }
                        }
                        self.sizes.push(found);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
