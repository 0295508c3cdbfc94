//! The wire format of protocol buffers, of which ONNX files and TensorBoard's events are made: fields, each a number, a kind and
//! its bytes. Forty lines write it and forty read it, which is why there is no dependency for it.

/// A message that is written, field by field.
#[derive(Debug, Default)]
pub struct Writer {
    /// The bytes so far.
    pub bytes: Vec<u8>,
}

impl Writer {
    fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    /// An integer; a negative one takes ten bytes.
    pub fn int(&mut self, field: u32, n: i64) {
        self.number(u64::from(field) << 3);
        self.number(n as u64);
    }

    /// A float of four bytes.
    pub fn float(&mut self, field: u32, x: f32) {
        self.number(u64::from(field) << 3 | 5);
        self.bytes.extend(x.to_le_bytes());
    }

    /// A float of eight bytes.
    pub fn double(&mut self, field: u32, x: f64) {
        self.number(u64::from(field) << 3 | 1);
        self.bytes.extend(x.to_le_bytes());
    }

    /// Bytes, or text.
    pub fn bytes(&mut self, field: u32, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.number(u64::from(field) << 3 | 2);
        self.number(bytes.len() as u64);
        self.bytes.extend(bytes);
    }

    /// A message within this one.
    pub fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        write(&mut inner);
        self.bytes(field, inner.bytes);
    }
}

/// The content of a field.
#[derive(Clone, Copy, Debug)]
pub enum Field<'a> {
    /// A number of one to ten bytes.
    Int(i64),
    /// Four bytes.
    Fixed32([u8; 4]),
    /// Eight bytes.
    Fixed64([u8; 8]),
    /// Bytes, text, a message, or packed numbers.
    Bytes(&'a [u8]),
}

/// The fields of a message, in order. It ends at the first field that is broken, and gives the reason.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn number(&mut self) -> Result<u64, String> {
        let mut n = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or("the file ends within a number")?;
            self.rest = rest;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err("a number of more than ten bytes".into())
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8], String> {
        let short = || format!("a field of {count} bytes, where {} are left", self.rest.len());
        let count = usize::try_from(count).map_err(|_| short())?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<(u32, Field<'a>), String> {
        let key = self.number()?;
        let field = u32::try_from(key >> 3).map_err(|_| "a field of a number without end")?;
        let content = match key & 7 {
            0 => Field::Int(self.number()? as i64),
            1 => Field::Fixed64(self.take(8)?.try_into().map_err(|_| "eight bytes")?),
            2 => {
                let count = self.number()?;
                Field::Bytes(self.take(count)?)
            }
            5 => Field::Fixed32(self.take(4)?.try_into().map_err(|_| "four bytes")?),
            kind => return Err(format!("a field is of kind {kind}, which no message has")),
        };
        Ok((field, content))
    }

    /// All integers of a packed field.
    ///
    /// # Errors
    /// The reason, if the bytes end within one.
    pub fn numbers(bytes: &'a [u8]) -> Result<Vec<i64>, String> {
        let mut reader = Self::new(bytes);
        let mut numbers = Vec::new();
        while !reader.rest.is_empty() {
            numbers.push(reader.number()? as i64);
        }
        Ok(numbers)
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<(u32, Field<'a>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'a> Field<'a> {
    /// The content as an integer.
    ///
    /// # Errors
    /// The reason, if it is something else.
    pub fn int(self) -> Result<i64, String> {
        match self {
            Self::Int(n) => Ok(n),
            _ => Err("a field that should be a number".into()),
        }
    }

    /// The content as a float of four bytes.
    ///
    /// # Errors
    /// The reason, if it is something else.
    pub fn float(self) -> Result<f32, String> {
        match self {
            Self::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            _ => Err("a field that should be a float".into()),
        }
    }

    /// The content as bytes.
    ///
    /// # Errors
    /// The reason, if it is something else.
    pub fn bytes(self) -> Result<&'a [u8], String> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err("a field that should be bytes".into()),
        }
    }

    /// The content as text.
    ///
    /// # Errors
    /// The reason, if it is something else.
    pub fn text(self) -> Result<String, String> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| "a name that is no text".into())
    }
}
