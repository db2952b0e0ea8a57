//! The wire format of Protocol Buffers, as far as vector tiles need it.

const VARINT: u32 = 0;
const LENGTH_DELIMITED: u32 = 2;

/// Appends a base-128 number.
#[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn push_tag(out: &mut Vec<u8>, field: u32, wire_type: u32) {
    push_varint(out, u64::from(field << 3 | wire_type));
}

/// Appends an unsigned field.
pub(crate) fn push_uint(out: &mut Vec<u8>, field: u32, value: u64) {
    push_tag(out, field, VARINT);
    push_varint(out, value);
}

/// Appends a field of bytes: a string or an embedded message.
pub(crate) fn push_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    push_tag(out, field, LENGTH_DELIMITED);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a packed repeated field of unsigned numbers.
pub(crate) fn push_packed(out: &mut Vec<u8>, field: u32, values: &[u64]) {
    let mut packed = Vec::with_capacity(values.len() * 2);
    for &value in values {
        push_varint(&mut packed, value);
    }
    push_bytes(out, field, &packed);
}

/// Signed numbers as unsigned ones, small magnitudes first.
pub(crate) const fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_encoding_guide_shows() {
        let mut out = Vec::new();
        push_uint(&mut out, 1, 150);
        assert_eq!(out, [0x08, 0x96, 0x01]);
        out.clear();
        push_bytes(&mut out, 2, b"testing");
        assert_eq!(out, [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
        out.clear();
        push_packed(&mut out, 6, &[3, 270, 86_942]);
        assert_eq!(out, [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
        assert_eq!(
            [0, -1, 1, -2, i64::MAX, i64::MIN].map(zigzag),
            [0, 1, 2, 3, u64::MAX - 1, u64::MAX]
        );
    }
}
