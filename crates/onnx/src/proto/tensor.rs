//! A tensor of a file: its kind of number, its sizes, and its numbers.

use wengert_files::wire::{Field, Reader, Writer};
use wengert_tensor::{AnyTensor, Element, Tensor};

/// Numbers of single precision, by the format's number for them.
pub(crate) const FLOAT: i64 = 1;
/// Integers of 64 bits.
pub(crate) const INT64: i64 = 7;

/// Writes the fields of a tensor.
pub(super) fn write_tensor(w: &mut Writer, name: &str, tensor: &AnyTensor) {
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

pub(super) fn four(bytes: &[u8]) -> f32 {
    f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn eight(bytes: &[u8]) -> [u8; 8] {
    std::array::from_fn(|i| bytes[i])
}

/// The name and the numbers of a tensor, however they are packed.
pub(super) fn read_tensor(bytes: &[u8]) -> Result<(String, AnyTensor), String> {
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

/// The numbers in their shape, if they fill it.
fn shaped<E: Element>(numbers: Vec<E>, shape: &[usize]) -> Result<AnyTensor, String>
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
