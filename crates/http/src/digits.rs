//! Numbers and texts as JSON writes them, straight into a buffer.

const PAIRS: &[u8; 200] = b"\
00010203040506070809101112131415161718192021222324\
25262728293031323334353637383940414243444546474849\
50515253545556575859606162636465666768697071727374\
75767778798081828384858687888990919293949596979899";

/// Writes millionths of a degree as degrees with six decimals: `-1_500_000` is `-1.500000`.
pub(crate) fn push_degrees(out: &mut Vec<u8>, micro: i32) {
    let magnitude = micro.unsigned_abs();
    let (whole, fraction) = (magnitude / 1_000_000, magnitude % 1_000_000);
    if micro < 0 {
        out.push(b'-');
    }
    push_integer(out, i64::from(whole));
    let pair = |value: u32| {
        let at = (value % 100) as usize * 2;
        [PAIRS[at], PAIRS[at + 1]]
    };
    let (high, middle, low) = (
        pair(fraction / 10_000),
        pair(fraction / 100),
        pair(fraction),
    );
    out.extend_from_slice(&[b'.', high[0], high[1], middle[0], middle[1], low[0], low[1]]);
}

/// Writes a whole number.
pub(crate) fn push_integer(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Writes a real number with the fewest digits that read back to it; what is not finite is null.
pub(crate) fn push_number(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// Writes the 15 hex digits of a cell.
pub(crate) fn push_cell(out: &mut Vec<u8>, cell: h3o::CellIndex) {
    let bits = u64::from(cell);
    let digit = |i: u32| b"0123456789abcdef"[(bits >> (4 * (14 - i)) & 0xf) as usize];
    out.extend_from_slice(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14].map(digit));
}

/// Writes a JSON string with its quotes.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut from = 0;
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn degrees_have_six_decimals() {
        for (micro, text) in [
            (0, "0.000000"),
            (-1_500_000, "-1.500000"),
            (74_358_701, "74.358701"),
            (-7, "-0.000007"),
            (180_000_000, "180.000000"),
            (90_900_909, "90.900909"),
        ] {
            assert_eq!(written(|out| push_degrees(out, micro)), text);
        }
    }

    #[test]
    fn numbers_and_texts_are_those_of_serde_json() {
        for value in [
            0.0,
            -0.5,
            1e-9,
            123_456.789,
            1e300,
            f64::MIN_POSITIVE,
            0.1 + 0.2,
        ] {
            assert_eq!(
                written(|out| push_number(out, value)),
                serde_json::to_string(&value).unwrap()
            );
        }
        assert_eq!(written(|out| push_number(out, f64::NAN)), "null");
        for text in [
            "",
            "plain",
            "a \"quoted\\ one\"\n\t\r\u{1}",
            "نقشہ",
            "\u{7f}\u{2028}",
        ] {
            let read: String = serde_json::from_str(&written(|out| push_text(out, text))).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn cells_are_fifteen_hex_digits() {
        let cell: h3o::CellIndex = "8642410d7ffffff".parse().unwrap();
        assert_eq!(written(|out| push_cell(out, cell)), "8642410d7ffffff");
    }
}
