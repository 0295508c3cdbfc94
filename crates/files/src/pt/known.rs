//! The allow-list: the names that a state dict is made with, and the results of their calls.

use super::value::{Id, Refusal, Value, Values};

/// A name that a pickle may mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    OrderedDict,
    /// A dict of counts, as schedules have.
    Counter,
    /// Makes a tensor from numbers of a typed storage.
    Tensor,
    /// The same, the type apart from the storage.
    TypedTensor,
    /// Makes a parameter from a tensor.
    Parameter,
    /// A shape.
    Size,
    /// Numbers of this type.
    Storage(&'static str),
    /// A type of numbers.
    Type(&'static str),
}

/// A tensor, as a part of a storage.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct View<'a> {
    pub(super) dtype: &'static str,
    /// The name of the storage's member.
    pub(super) key: &'a str,
    /// The number of elements that the storage is said to have.
    pub(super) count: usize,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// The result of a call: a value, or one that is there already.
pub(super) enum Made<'a> {
    New(Value<'a>),
    Same(Id),
}

/// A tensor has no more axes here, so that a short pickle cannot make many large values.
const MOST_AXES: usize = 16;

/// The type of bytes whose type stands elsewhere.
const UNTYPED: &str = "";

impl Known {
    pub(super) fn named(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("collections", "Counter") => Self::Counter,
            ("torch._utils", "_rebuild_tensor_v2") => Self::Tensor,
            ("torch._utils", "_rebuild_tensor_v3") => Self::TypedTensor,
            ("torch._utils", "_rebuild_parameter") => Self::Parameter,
            ("torch", "Size") => Self::Size,
            ("torch.storage", "UntypedStorage") | ("torch", "UntypedStorage") => {
                Self::Storage(UNTYPED)
            }
            ("torch", _) => match name.strip_suffix("Storage") {
                Some(kind) => Self::Storage(match kind {
                    "Float" => "F32",
                    "Double" => "F64",
                    "Half" => "F16",
                    "BFloat16" => "BF16",
                    "Long" => "I64",
                    "Int" => "I32",
                    "Short" => "I16",
                    "Char" => "I8",
                    "Byte" => "U8",
                    "Bool" => "BOOL",
                    _ => return None,
                }),
                None => Self::Type(match name {
                    "float32" => "F32",
                    "float64" => "F64",
                    "float16" => "F16",
                    "bfloat16" => "BF16",
                    "int64" => "I64",
                    "int32" => "I32",
                    "int16" => "I16",
                    "int8" => "I8",
                    "uint64" => "U64",
                    "uint32" => "U32",
                    "uint16" => "U16",
                    "uint8" => "U8",
                    "bool" => "BOOL",
                    _ => return None,
                }),
            },
            _ => return None,
        })
    }

    /// The result of a call.
    pub(super) fn call<'a>(self, values: &Values<'a>, ids: &[Id]) -> Result<Made<'a>, Refusal> {
        let argument = |k: usize| ids.get(k).map(|&id| values.get(id));
        let first = ids.first().copied().unwrap_or(Id::MAX);
        match (self, argument(0)) {
            (Self::OrderedDict, None) => Ok(Made::New(Value::Dict(Vec::new()))),
            (Self::Counter, _) => Ok(Made::New(Value::Other)),
            (Self::Parameter, Some(Value::Tensor(_))) => Ok(Made::Same(first)),
            (Self::Size, Some(Value::Tuple(_))) => Ok(Made::Same(first)),
            (Self::Tensor | Self::TypedTensor, _) => {
                let typed = match (self, argument(6)) {
                    (Self::Tensor, _) => None,
                    (_, Some(Value::Known(Self::Type(dtype)))) => Some(*dtype),
                    _ => return Err("has a tensor without a type".into()),
                };
                let view = view(values, typed, [0, 1, 2, 3].map(argument)).ok_or(
                    "has a tensor that is not made as PyTorch makes it, or has more than 16 axes",
                )?;
                Ok(Made::New(Value::Tensor(Box::new(view))))
            }
            _ => Err(format!("calls `{self:?}` with what it does not take")),
        }
    }
}

/// The tensor of a storage, an offset, sizes and strides.
fn view<'a>(
    values: &Values<'a>,
    typed: Option<&'static str>,
    arguments: [Option<&Value<'a>>; 4],
) -> Option<View<'a>> {
    let [
        Some(storage),
        Some(Value::Int(offset)),
        Some(Value::Tuple(shape)),
        Some(Value::Tuple(strides)),
    ] = arguments
    else {
        return None;
    };
    let Value::Storage { dtype, key, count } = storage else { return None };
    let number = |&id: &Id| match values.get(id) {
        Value::Int(n) => usize::try_from(*n).ok(),
        _ => None,
    };
    if shape.len() != strides.len() || shape.len() > MOST_AXES {
        return None;
    }
    Some(View {
        dtype: match (*dtype, typed) {
            (UNTYPED, Some(dtype)) => dtype,
            (UNTYPED, None) | (_, Some(_)) => return None,
            (dtype, None) => dtype,
        },
        key,
        // Of bytes without a type the count is that of bytes, which the member's size says too.
        count: if typed.is_some() { usize::MAX } else { *count },
        offset: usize::try_from(*offset).ok()?,
        shape: shape.iter().map(number).collect::<Option<_>>()?,
        strides: strides.iter().map(number).collect::<Option<_>>()?,
    })
}

/// The storage that a persistent id names: its word, its type, its member, its place and its count.
pub(super) fn storage<'a>(values: &Values<'a>, id: Id) -> Result<Value<'a>, Refusal> {
    let found = || {
        let Value::Tuple(parts) = values.get(id) else { return None };
        let &[word, kind, key, _, count] = &**parts else { return None };
        match [word, kind, key, count].map(|id| values.get(id)) {
            [
                Value::Text("storage"),
                Value::Known(Known::Storage(dtype)),
                Value::Text(key),
                Value::Int(count),
            ] => {
                let count = usize::try_from(*count).ok()?;
                Some(Value::Storage { dtype, key, count })
            }
            _ => None,
        }
    };
    found().ok_or_else(|| "refers to something that is no storage of numbers".to_string())
}

/// The refusal of a name.
pub(super) fn unknown(module: &str, name: &str) -> Refusal {
    let short = |text: &str| text.chars().take(80).collect::<String>();
    format!(
        "mentions `{}.{}`, which no state dict of plain tensors is made of; nothing was run",
        short(module),
        short(name)
    )
}
