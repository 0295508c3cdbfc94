//! A stack machine for the part of Python's pickle that a state dict is written in. Where a pickle names a function, this machine knows
//! what the function would have made, or refuses: nothing is looked up, and nothing is run.
#![deny(clippy::indexing_slicing)]

use std::collections::HashMap;

use super::known::{self, Known, Made};
use super::value::{Id, Refusal, Value, Values};

/// Runs a pickle. Gives its values, and the number of the one that it stands for.
pub(super) fn run(pickle: &[u8]) -> Result<(Values<'_>, Id), Refusal> {
    let mut machine = Machine { rest: pickle, ..Machine::default() };
    loop {
        if let Some(root) = machine.step()? {
            return Ok((machine.values, root));
        }
    }
}

#[derive(Debug, Default)]
struct Machine<'a> {
    rest: &'a [u8],
    values: Values<'a>,
    stack: Vec<Id>,
    /// The heights of the stack at marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or("ends early")?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        self.take(N)?.try_into().map_err(|_| "ends early".to_string())
    }

    fn byte(&mut self) -> Result<u8, Refusal> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, Refusal> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// The number of bytes that follow, as four or eight bytes.
    fn count(&mut self, wide: bool) -> Result<usize, Refusal> {
        let count = if wide { u64::from_le_bytes(self.array()?) } else { self.u32()?.into() };
        usize::try_from(count).map_err(|_| "ends early".to_string())
    }

    fn text(&mut self, count: usize) -> Result<&'a str, Refusal> {
        std::str::from_utf8(self.take(count)?).map_err(|_| "holds text that is none".to_string())
    }

    fn line(&mut self) -> Result<&'a str, Refusal> {
        let end = self.rest.iter().position(|&b| b == b'\n').ok_or("ends within a name")?;
        let line = self.text(end)?;
        self.take(1)?;
        Ok(line)
    }

    fn push(&mut self, value: Value<'a>) -> Result<(), Refusal> {
        let id = self.values.add(value)?;
        self.stack.push(id);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, Refusal> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err("takes a value where there is none".into());
        }
        self.stack.pop().ok_or_else(|| "takes a value where there is none".to_string())
    }

    fn top(&self) -> Result<Id, Refusal> {
        self.stack.last().copied().ok_or_else(|| "takes a value where there is none".to_string())
    }

    /// The values since the last mark.
    fn marked(&mut self) -> Result<Vec<Id>, Refusal> {
        let mark = self.marks.pop().ok_or("takes values since a mark, and there is none")?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn tuple(&mut self, count: usize) -> Result<(), Refusal> {
        let mut members = Vec::with_capacity(count);
        for _ in 0..count {
            members.push(self.pop()?);
        }
        members.reverse();
        self.push(Value::Tuple(members.into()))
    }

    fn text_of(&self, id: Id) -> Result<&'a str, Refusal> {
        match self.values.get(id) {
            Value::Text(text) => Ok(text),
            _ => Err("has a name that is no text".into()),
        }
    }

    fn global(&mut self, module: &str, name: &str) -> Result<(), Refusal> {
        let known = Known::named(module, name).ok_or_else(|| known::unknown(module, name))?;
        self.push(Value::Known(known))
    }

    fn get(&mut self, number: u32) -> Result<(), Refusal> {
        let id = self.memo.get(&number).ok_or("reads a value that was not noted")?;
        self.stack.push(*id);
        Ok(())
    }

    fn extend(&mut self, members: &[Id]) -> Result<(), Refusal> {
        let list = self.top()?;
        match self.values.get_mut(list) {
            Some(Value::List(list)) => list.extend(members),
            _ => return Err("adds to a list that is none".into()),
        }
        Ok(())
    }

    fn insert(&mut self, members: &[Id]) -> Result<(), Refusal> {
        let (pairs, odd) = members.as_chunks::<2>();
        let dict = self.top()?;
        match self.values.get_mut(dict) {
            Some(Value::Dict(dict)) if odd.is_empty() => {
                dict.extend(pairs.iter().map(|&[key, value]| (key, value)));
            }
            _ => return Err("adds to a dict that is none".into()),
        }
        Ok(())
    }

    /// The next instruction. Gives the result, if it was the last.
    fn step(&mut self) -> Result<Option<Id>, Refusal> {
        match self.byte()? {
            // A protocol, and the length of a frame, which says nothing that is needed.
            0x80 => drop(self.byte()?),
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b')' => self.tuple(0)?,
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let members = self.marked()?;
                self.push(Value::Tuple(members.into()))?;
            }
            b']' => self.push(Value::List(Vec::new()))?,
            b'}' => self.push(Value::Dict(Vec::new()))?,
            b'a' => {
                let member = self.pop()?;
                self.extend(&[member])?;
            }
            b'e' => {
                let members = self.marked()?;
                self.extend(&members)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[key, value])?;
            }
            b'u' => {
                let members = self.marked()?;
                self.insert(&members)?;
            }
            b'N' | 0x88 | 0x89 => self.push(Value::Other)?,
            b'K' => {
                let n = self.byte()?;
                self.push(Value::Int(n.into()))?;
            }
            b'M' => {
                let n = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(n.into()))?;
            }
            b'J' => {
                let n = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(n.into()))?;
            }
            0x8a => {
                let count = self.byte()?.into();
                let bytes = self.take(count)?;
                let number = whole(bytes).map_or(Value::Other, Value::Int);
                self.push(number)?;
            }
            b'G' => {
                self.take(8)?;
                self.push(Value::Other)?;
            }
            code @ (b'X' | 0x8d) => {
                let count = self.count(code == 0x8d)?;
                let text = self.text(count)?;
                self.push(Value::Text(text))?;
            }
            0x8c => {
                let count = self.byte()?.into();
                let text = self.text(count)?;
                self.push(Value::Text(text))?;
            }
            code @ (b'B' | 0x8e) => {
                let count = self.count(code == 0x8e)?;
                self.take(count)?;
                self.push(Value::Other)?;
            }
            b'C' => {
                let count = self.byte()?.into();
                self.take(count)?;
                self.push(Value::Other)?;
            }
            b'q' => {
                let (number, top) = (self.byte()?.into(), self.top()?);
                self.memo.insert(number, top);
            }
            b'r' => {
                let (number, top) = (self.u32()?, self.top()?);
                self.memo.insert(number, top);
            }
            0x94 => {
                let (number, top) = (self.memo.len() as u32, self.top()?);
                self.memo.insert(number, top);
            }
            b'h' => {
                let number = self.byte()?.into();
                self.get(number)?;
            }
            b'j' => {
                let number = self.u32()?;
                self.get(number)?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(module, name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (module, name) = (self.text_of(module)?, self.text_of(name)?);
                self.global(module, name)?;
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = known::storage(&self.values, id)?;
                self.push(storage)?;
            }
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let (Value::Known(known), Value::Tuple(arguments)) =
                    (self.values.get(function), self.values.get(arguments))
                else {
                    return Err("calls what is no function of the list".into());
                };
                match known.call(&self.values, arguments)? {
                    Made::New(value) => self.push(value)?,
                    Made::Same(id) => self.stack.push(id),
                }
            }
            b'b' => {
                // The attributes of an ordered dict: notes of PyTorch's about its layers.
                self.pop()?;
                let object = self.top()?;
                if !matches!(self.values.get(object), Value::Dict(_)) {
                    return Err("sets attributes of an object, which a state dict has not".into());
                }
            }
            b'.' => return self.pop().map(Some),
            code => {
                return Err(format!("has the instruction {code:#04x}, which no state dict needs"));
            }
        }
        Ok(None)
    }
}

/// A whole number of up to eight bytes.
fn whole(bytes: &[u8]) -> Option<i64> {
    let negative = bytes.last().is_some_and(|&b| b >= 0x80);
    let mut all = [if negative { 0xff } else { 0 }; 8];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(all))
}

#[cfg(test)]
mod tests;
