//! The part of ONNX that a net needs: a model, its graph, nodes with attributes, tensors, and the shapes of inputs and outputs.

use wengert_tensor::{AnyTensor, Tensor};

use wengert_files::wire::{Field, Reader, Writer};

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

pub(crate) const FLOAT: i64 = 1;
pub(crate) const INT64: i64 = 7;

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

fn write_tensor(w: &mut Writer, name: &str, tensor: &AnyTensor) {
    for &size in tensor.shape() {
        w.int(1, size as i64);
    }
    let (kind, bytes): (i64, Vec<u8>) = match tensor {
        AnyTensor::F32(x) => (FLOAT, x.iter().flat_map(|x| x.to_le_bytes()).collect()),
        AnyTensor::F64(x) => (11, x.iter().flat_map(|x| x.to_le_bytes()).collect()),
        AnyTensor::I64(x) => (INT64, x.iter().flat_map(|x| x.to_le_bytes()).collect()),
        AnyTensor::Usize(x) => (INT64, x.iter().flat_map(|x| (x as i64).to_le_bytes()).collect()),
        AnyTensor::U8(x) => (2, x.iter().collect()),
        AnyTensor::Bool(x) => (9, x.iter().map(u8::from).collect()),
    };
    w.int(2, kind);
    w.bytes(8, name);
    w.bytes(9, bytes);
}

fn four(bytes: &[u8]) -> f32 {
    f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn eight(bytes: &[u8]) -> [u8; 8] {
    std::array::from_fn(|i| bytes[i])
}

fn read_tensor(bytes: &[u8]) -> Result<(String, AnyTensor), String> {
    let (mut sizes, mut kind, mut name, mut raw) = (Vec::new(), 0, String::new(), None);
    let (mut floats, mut ints, mut doubles) = (Vec::new(), Vec::new(), Vec::new());
    for field in Reader::new(bytes) {
        match field? {
            (1, Field::Bytes(packed)) => sizes.extend(Reader::numbers(packed)?),
            (1, n) => sizes.push(n.int()?),
            (2, n) => kind = n.int()?,
            (4, Field::Bytes(packed)) => floats.extend(packed.chunks_exact(4).map(four)),
            (4, x) => floats.push(x.float()?),
            (5 | 7, Field::Bytes(packed)) => ints.extend(Reader::numbers(packed)?),
            (5 | 7, n) => ints.push(n.int()?),
            (8, text) => name = text.text()?,
            (9, bytes) => raw = Some(bytes.bytes()?),
            (10, Field::Bytes(packed)) => {
                doubles.extend(packed.chunks_exact(8).map(|b| f64::from_le_bytes(eight(b))));
            }
            (10, Field::Fixed64(x)) => doubles.push(f64::from_le_bytes(x)),
            (14, place) if place.int()? != 0 => {
                return Err(format!(
                    "the numbers of `{name}` lie in another file, which is not read"
                ));
            }
            _ => {}
        }
    }
    let shape: Vec<usize> = sizes
        .iter()
        .map(|&n| usize::try_from(n).map_err(|_| format!("`{name}` has a size of {n}")))
        .collect::<Result<_, _>>()?;
    let of = |size: usize| raw.map(|raw| raw.chunks_exact(size));
    let tensor = match kind {
        FLOAT => shaped(of(4).map_or(floats, |all| all.map(four).collect()), &shape),
        11 => shaped(
            of(8).map_or(doubles, |all| all.map(|b| f64::from_le_bytes(eight(b))).collect()),
            &shape,
        ),
        6 => {
            let four = |b: &[u8]| i64::from(i32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            shaped(of(4).map_or(ints, |all| all.map(four).collect()), &shape)
        }
        INT64 => shaped(
            of(8).map_or(ints, |all| all.map(|b| i64::from_le_bytes(eight(b))).collect()),
            &shape,
        ),
        9 => shaped(
            match raw {
                Some(raw) => raw.iter().map(|&b| b != 0).collect(),
                None => ints.iter().map(|&n| n != 0).collect::<Vec<bool>>(),
            },
            &shape,
        ),
        kind => Err(format!("numbers of kind {kind} are not read (1, 6, 7, 9 and 11 are)")),
    };
    let tensor = tensor.map_err(|what| format!("the tensor `{name}`: {what}"))?;
    Ok((name, tensor))
}

fn shaped<E: wengert_tensor::Element>(numbers: Vec<E>, shape: &[usize]) -> Result<AnyTensor, String>
where
    AnyTensor: From<Tensor<E>>,
{
    let count = shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
    if count != Some(numbers.len()) {
        return Err(format!("{} numbers do not fill the shape {shape:?}", numbers.len()));
    }
    let tensor = Tensor::from(numbers).reshape(shape).map_err(|error| error.to_string())?;
    Ok(AnyTensor::from(tensor))
}
