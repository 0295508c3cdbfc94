//! The header's JSON: exactly what the format allows, read in one pass without recursion, and nothing else.

use std::collections::HashSet;

use super::MOST_AXES;

/// A tensor as the header has it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) shape: Vec<usize>,
    pub(super) begin: usize,
    pub(super) end: usize,
}

/// The contents of a header.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) tensors: Vec<Listed>,
    pub(super) metadata: Vec<(String, String)>,
}

type Parsed<T> = Result<T, String>;

/// Reads a header. Spaces may follow it, as they do where the numbers are to start at a multiple of eight.
pub(super) fn parse(text: &str) -> Parsed<Header> {
    if !text.starts_with('{') {
        return Err("the header does not start with `{`".into());
    }
    let mut json = Json { text: text.as_bytes(), at: 0 };
    let mut header = Header::default();
    let mut has_metadata = false;
    json.object(|json, name| {
        if name == "__metadata__" {
            has_metadata = true;
            return json.object(|json, key| {
                header.metadata.push((key, json.string()?));
                Ok(())
            });
        }
        header.tensors.push(listed(json, name)?);
        Ok(())
    })?;
    json.space();
    if json.at < json.text.len() {
        return Err(format!("something follows the header's end at byte {}", json.at));
    }
    Ok(header)
}

fn listed(json: &mut Json<'_>, name: String) -> Parsed<Listed> {
    let (mut dtype, mut shape, mut offsets) = (None, None, None);
    json.object(|json, key| {
        match key.as_str() {
            "dtype" => dtype = Some(json.string()?),
            "shape" => shape = Some(json.numbers(MOST_AXES)?),
            "data_offsets" => offsets = Some(json.numbers(2)?),
            other => return Err(format!("`{name}` has a field `{other}` that is not known")),
        }
        Ok(())
    })?;
    let missing = |what: &str| format!("`{name}` has no `{what}`");
    let dtype = dtype.ok_or_else(|| missing("dtype"))?;
    let shape = shape.ok_or_else(|| missing("shape"))?;
    let offsets = offsets.ok_or_else(|| missing("data_offsets"))?;
    let &[begin, end] = &offsets[..] else {
        return Err(format!("`{name}`: `data_offsets` must be two numbers"));
    };
    Ok(Listed { name, dtype, shape, begin, end })
}

/// A place in a JSON text.
struct Json<'a> {
    text: &'a [u8],
    at: usize,
}

impl Json<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// This character, after any space.
    fn expect(&mut self, c: u8) -> Parsed<()> {
        self.space();
        if self.peek() == Some(c) {
            self.at += 1;
            return Ok(());
        }
        Err(self.wanted(&format!("`{}`", char::from(c))))
    }

    fn wanted(&self, what: &str) -> String {
        match self.peek() {
            Some(c) => {
                format!("header byte {}: {what} is wanted, not `{}`", self.at, c.escape_ascii())
            }
            None => format!("the header ends where {what} is wanted"),
        }
    }

    /// Whether a list goes on: a comma, or its end.
    fn more(&mut self, end: u8) -> Parsed<bool> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(c) if c == end => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.wanted(&format!("`,` or `{}`", char::from(end)))),
        }
    }

    /// An object; `value` reads the value of each key.
    fn object(&mut self, mut value: impl FnMut(&mut Self, String) -> Parsed<()>) -> Parsed<()> {
        self.expect(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut met = HashSet::new();
        loop {
            let key = self.string()?;
            if !met.insert(key.clone()) {
                return Err(format!("`{key}` is named twice"));
            }
            self.expect(b':')?;
            value(self, key)?;
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// A list of at most so many whole numbers.
    fn numbers(&mut self, most: usize) -> Parsed<Vec<usize>> {
        self.expect(b'[')?;
        self.space();
        let mut numbers = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(numbers);
        }
        loop {
            if numbers.len() == most {
                return Err(format!("header byte {}: more than {most} numbers", self.at));
            }
            numbers.push(self.number()?);
            if !self.more(b']')? {
                return Ok(numbers);
            }
        }
    }

    fn number(&mut self) -> Parsed<usize> {
        self.space();
        let start = self.at;
        let mut number = 0usize;
        while let Some(c @ b'0'..=b'9') = self.peek() {
            let digit = usize::from(c - b'0');
            number = number
                .checked_mul(10)
                .and_then(|n| n.checked_add(digit))
                .ok_or_else(|| format!("header byte {start}: a number beyond all memory"))?;
            self.at += 1;
        }
        match self.at - start {
            0 => Err(self.wanted("a whole number")),
            n if n > 1 && self.text.get(start) == Some(&b'0') => {
                Err(format!("header byte {start}: a number that starts with 0"))
            }
            _ => Ok(number),
        }
    }

    fn string(&mut self) -> Parsed<String> {
        self.expect(b'"')?;
        let mut bytes = Vec::new();
        loop {
            let Some(c) = self.peek() else { return Err(self.wanted("`\"`")) };
            self.at += 1;
            match c {
                b'"' => break,
                b'\\' => {
                    let c = self.escape()?;
                    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                0..0x20 => {
                    let at = self.at - 1;
                    return Err(format!("header byte {at}: a control character in a string"));
                }
                c => bytes.push(c),
            }
        }
        // Cut at quotes and backslashes only, which are never part of another character.
        String::from_utf8(bytes).map_err(|_| "a string is not UTF-8".into())
    }

    fn escape(&mut self) -> Parsed<char> {
        let Some(c) = self.peek() else { return Err(self.wanted("an escaped character")) };
        self.at += 1;
        Ok(match c {
            b'"' | b'\\' | b'/' => char::from(c),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                let code = if (0xd800..0xdc00).contains(&first) {
                    // The first half of a pair.
                    if self.text.get(self.at..self.at + 2) != Some(br"\u") {
                        return Err(self.wanted("the second half of a character"));
                    }
                    self.at += 2;
                    let second = self.hex()?;
                    if !(0xdc00..0xe000).contains(&second) {
                        return Err(self.wanted("the second half of a character"));
                    }
                    0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                } else {
                    first
                };
                char::from_u32(code).ok_or_else(|| self.wanted("the first half of a character"))?
            }
            _ => {
                self.at -= 1;
                return Err(self.wanted("an escaped character"));
            }
        })
    }

    fn hex(&mut self) -> Parsed<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|c| char::from(c).to_digit(16));
            let Some(digit) = digit else { return Err(self.wanted("a hexadecimal digit")) };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

/// Words as a list in JSON.
pub(crate) fn list_to_json<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", words.map(quoted).collect::<Vec<_>>().join(","))
}

/// The words of a list in JSON; `None` if the text is anything else.
pub(crate) fn list_from_json(text: &str) -> Option<Vec<String>> {
    let mut json = Json { text: text.as_bytes(), at: 0 };
    json.expect(b'[').ok()?;
    json.space();
    let mut words = Vec::new();
    if json.peek() == Some(b']') {
        json.at += 1;
    } else {
        loop {
            words.push(json.string().ok()?);
            if !json.more(b']').ok()? {
                break;
            }
        }
    }
    json.space();
    (json.at == text.len()).then_some(words)
}

/// A string as JSON writes it.
pub fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            c if c < ' ' => json.push_str(&format!("\\u{:04x}", c as u32)),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}
