//! Rows between processes: a kind, a number of cells, and each cell's length and text. What comes in is not trusted.

use std::io::{self, Read, Write};

use csv::StringRecord;

/// What one frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Header,
    Row,
    /// Everything was read.
    End,
    /// The file is refused: code, detail, columns.
    Refused,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Header => b'H',
            Self::Row => b'R',
            Self::End => b'E',
            Self::Refused => b'X',
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        match byte {
            b'H' => Some(Self::Header),
            b'R' => Some(Self::Row),
            b'E' => Some(Self::End),
            b'X' => Some(Self::Refused),
            _ => None,
        }
    }
}

/// Writes one frame.
pub(crate) fn write<'c>(
    out: &mut impl Write,
    kind: Kind,
    cells: impl ExactSizeIterator<Item = &'c str>,
) -> io::Result<()> {
    out.write_all(&[kind.byte()])?;
    out.write_all(&length(cells.len())?)?;
    for cell in cells {
        out.write_all(&length(cell.len())?)?;
        out.write_all(cell.as_bytes())?;
    }
    Ok(())
}

fn length(n: usize) -> io::Result<[u8; 4]> {
    let n = u32::try_from(n).map_err(|_large| io::Error::from(io::ErrorKind::InvalidInput))?;
    Ok(n.to_le_bytes())
}

/// How large a frame may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) cells: usize,
    pub(crate) cell_bytes: usize,
}

/// Why no frame was read.
#[derive(Debug)]
pub(crate) enum FrameError {
    /// The writer ended without saying so.
    Ended,
    /// What was written is no frame, or a greater one than agreed.
    Broken,
    Io(io::Error),
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Ended,
            _ => Self::Io(error),
        }
    }
}

/// Reads one frame into `cells`, which is emptied first; `buffer` is scratch.
pub(crate) fn read(
    source: &mut impl Read,
    bounds: Bounds,
    cells: &mut StringRecord,
    buffer: &mut Vec<u8>,
) -> Result<Kind, FrameError> {
    let mut kind = [0];
    source.read_exact(&mut kind)?;
    let kind = Kind::of(kind[0]).ok_or(FrameError::Broken)?;
    let number = read_length(source, bounds.cells)?;
    cells.clear();
    for _ in 0..number {
        let bytes = read_length(source, bounds.cell_bytes)?;
        buffer.resize(bytes, 0);
        source.read_exact(buffer)?;
        cells.push_field(std::str::from_utf8(buffer).map_err(|_utf8| FrameError::Broken)?);
    }
    Ok(kind)
}

fn read_length(source: &mut impl Read, most: usize) -> Result<usize, FrameError> {
    let mut bytes = [0; 4];
    source.read_exact(&mut bytes)?;
    usize::try_from(u32::from_le_bytes(bytes))
        .ok()
        .filter(|n| *n <= most)
        .ok_or(FrameError::Broken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOUNDS: Bounds = Bounds {
        cells: 8,
        cell_bytes: 64,
    };

    fn one(bytes: &[u8]) -> Result<(Kind, Vec<String>), FrameError> {
        let mut cells = StringRecord::new();
        let kind = read(&mut &*bytes, BOUNDS, &mut cells, &mut Vec::new())?;
        Ok((kind, cells.iter().map(str::to_owned).collect()))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(cells in proptest::collection::vec(".{0,16}", 0..8)) {
            let mut out = Vec::new();
            write(&mut out, Kind::Row, cells.iter().map(String::as_str)).unwrap();
            let (kind, read) = one(&out).unwrap();
            prop_assert_eq!((kind, read), (Kind::Row, cells));
            for cut in 0..out.len() {
                prop_assert!(matches!(one(out.get(..cut).unwrap()), Err(FrameError::Ended)));
            }
        }

        #[test]
        fn no_bytes_make_it_panic_or_allocate(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(one(&bytes));
        }
    }

    #[test]
    fn frames_greater_than_agreed_are_broken() {
        assert!(matches!(one(b"R\xff\xff\xff\xff"), Err(FrameError::Broken)));
        assert!(matches!(
            one(b"R\x01\0\0\0\x41\0\0\0"),
            Err(FrameError::Broken)
        ));
        assert!(matches!(one(b"Z\0\0\0\0"), Err(FrameError::Broken)));
    }
}
