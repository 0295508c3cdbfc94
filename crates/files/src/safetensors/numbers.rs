//! The number types of the format, from and to little-endian bytes.

use wengert_tensor::{AnyTensor, Element, Tensor};

/// The bytes of an element of a type, if the type is one that we read.
pub(crate) fn width(dtype: &str) -> Option<usize> {
    Some(match dtype {
        "BOOL" | "U8" | "I8" => 1,
        "F16" | "BF16" | "I16" | "U16" => 2,
        "F32" | "I32" | "U32" => 4,
        "F64" | "I64" | "U64" => 8,
        _ => return None,
    })
}

/// Elements of `N` bytes each, into a tensor of a shape that has as many.
fn elements<const N: usize, T: Element>(
    bytes: &[u8],
    shape: &[usize],
    element: impl Fn([u8; N]) -> T,
) -> Result<Tensor<T>, String> {
    let elements: Vec<T> = bytes.as_chunks::<N>().0.iter().map(|&b| element(b)).collect();
    Tensor::from_vec(elements, shape).map_err(|e| e.fault().rule.clone())
}

/// A tensor of bytes whose number is right.
pub(crate) fn decode(dtype: &str, shape: &[usize], bytes: &[u8]) -> Result<AnyTensor, String> {
    use AnyTensor::{Bool, F32, F64, I64, U8};
    Ok(match dtype {
        "F32" => F32(elements(bytes, shape, f32::from_le_bytes)?),
        "F64" => F64(elements(bytes, shape, f64::from_le_bytes)?),
        "F16" => F32(elements(bytes, shape, |b| half(u16::from_le_bytes(b)))?),
        // A single with the lower half of its fraction cut off.
        "BF16" => {
            F32(elements(bytes, shape, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16))?)
        }
        "I64" => I64(elements(bytes, shape, i64::from_le_bytes)?),
        "I32" => I64(elements(bytes, shape, |b| i32::from_le_bytes(b).into())?),
        "I16" => I64(elements(bytes, shape, |b| i16::from_le_bytes(b).into())?),
        "I8" => I64(elements(bytes, shape, |b| i8::from_le_bytes(b).into())?),
        "U32" => I64(elements(bytes, shape, |b| u32::from_le_bytes(b).into())?),
        "U16" => I64(elements(bytes, shape, |b| u16::from_le_bytes(b).into())?),
        "U64" => {
            if bytes.as_chunks::<8>().0.iter().any(|b| b[7] >= 0x80) {
                return Err("a whole number beyond 2⁶³".into());
            }
            I64(elements(bytes, shape, i64::from_le_bytes)?)
        }
        "U8" => U8(elements(bytes, shape, |[b]| b)?),
        "BOOL" => {
            if let Some(b) = bytes.iter().find(|b| **b > 1) {
                return Err(format!("{b} is neither 0 nor 1"));
            }
            Bool(elements(bytes, shape, |[b]| b == 1)?)
        }
        other => return Err(format!("type {other} is not one that is read")),
    })
}

/// A number of half precision.
pub fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (bits >> 15, (bits >> 10) & 0x1f, bits & 0x3ff);
    let magnitude = match exponent {
        // Steps of 2⁻²⁴: exact.
        0 => f32::from(fraction) * (-24f32).exp2(),
        0x1f => f32::from_bits(0x7f80_0000 | u32::from(fraction) << 13),
        e => f32::from_bits((u32::from(e) + 112) << 23 | u32::from(fraction) << 13),
    };
    if sign == 1 { -magnitude } else { magnitude }
}

/// The format's name of a tensor's type, and the bytes of an element.
pub(super) fn dtype(tensor: &AnyTensor) -> (&'static str, usize) {
    match tensor {
        AnyTensor::F32(_) => ("F32", 4),
        AnyTensor::F64(_) => ("F64", 8),
        AnyTensor::I64(_) => ("I64", 8),
        AnyTensor::Usize(_) => ("U64", 8),
        AnyTensor::U8(_) => ("U8", 1),
        AnyTensor::Bool(_) => ("BOOL", 1),
    }
}

/// Adds a tensor's elements in row-major order.
pub(super) fn encode(tensor: &AnyTensor, out: &mut Vec<u8>) {
    match tensor {
        AnyTensor::F32(x) => x.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
        AnyTensor::F64(x) => x.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
        AnyTensor::I64(x) => x.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
        AnyTensor::Usize(x) => {
            x.iter().for_each(|x| out.extend_from_slice(&(x as u64).to_le_bytes()));
        }
        AnyTensor::U8(x) => out.extend(x.iter()),
        AnyTensor::Bool(x) => out.extend(x.iter().map(u8::from)),
    }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn halves() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), value, "{bits:#06x}");
        }
        assert!(half(0x7e00).is_nan());
        assert!(half(0x8000) == 0.0 && half(0x8000).is_sign_negative());
    }
}
