//! Which format a file's own bytes are in, by what they begin with.

use naqsha_model::Code;

use super::Wrapping;
use crate::error::Refusal;

/// A format that rows are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// CSV, TSV and their kin.
    Delimited,
    /// XLSX.
    Workbook,
    /// A GeoJSON `FeatureCollection`.
    GeoJson,
    /// One GeoJSON feature after another (RFC 8142, or one a line).
    GeoJsonSeq,
    /// One JSON object after another.
    NdJson,
    Parquet,
}

impl Format {
    /// Its name in a profile.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Delimited => "csv",
            Self::Workbook => "xlsx",
            Self::GeoJson => "geojson",
            Self::GeoJsonSeq => "geojsonseq",
            Self::NdJson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    /// Reads the name that a profile gives.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "csv" | "tsv" => Some(Self::Delimited),
            "xlsx" => Some(Self::Workbook),
            "geojson" => Some(Self::GeoJson),
            "geojsonseq" => Some(Self::GeoJsonSeq),
            "ndjson" => Some(Self::NdJson),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// The format of bytes that begin with `head`, decoded; what is not clearly something else is delimited text.
pub(crate) fn recognise(head: &[u8]) -> Result<Format, Refusal> {
    let text = head.trim_ascii_start();
    match text {
        [0x1e, ..] => Ok(Format::GeoJsonSeq),
        [b'{', ..] => object(text),
        [b'[', b'{' | b'\n' | b'\r' | b' ', ..] => Err(Refusal::new(
            Code::B908,
            "the file is a JSON array: send one object a line, or a GeoJSON FeatureCollection",
        )),
        _ => Ok(Format::Delimited),
    }
}

/// The name of a format that is never read, by its first bytes.
pub(crate) fn foreign(head: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 10] = [
        (
            b"\xd0\xcf\x11\xe0",
            "an old Excel workbook (.xls), or a workbook with a password: save it as XLSX without one",
        ),
        (
            b"PARE",
            "an encrypted Parquet file: send it without encryption",
        ),
        (b"%PDF", "a PDF: export the table as CSV"),
        (b"BZh", "bzip2: compress it as gzip, zstd or ZIP"),
        (b"\xfd7zXZ", "xz: compress it as gzip, zstd or ZIP"),
        (b"7z\xbc\xaf", "a 7-Zip archive: pack it as ZIP"),
        (b"Rar!", "a RAR archive: pack it as ZIP"),
        (b"\x89PNG", "an image: send the table itself"),
        (b"\xff\xd8\xff", "an image: send the table itself"),
        (b"SQLite format 3", "a database: export the table as CSV"),
    ];
    let markup = ["<!doctype", "<html", "<table", "<?xml"];
    let start = head.trim_ascii_start();
    let is_markup = markup.iter().any(|tag| {
        start
            .get(..tag.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(tag.as_bytes()))
    });
    if is_markup {
        return Some("a web page or XML, whatever its name says: export the table as CSV");
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some("a tar archive: pack it as ZIP");
    }
    KNOWN
        .iter()
        .find(|(start, _)| head.starts_with(start))
        .map(|&(_, name)| name)
}

/// Refuses what is packed inside `outer`: layers hide how much there is.
pub(crate) fn stacked(head: &[u8], outer: Wrapping) -> Option<Refusal> {
    let inner = Wrapping::announced(head).filter(|inner| *inner != Wrapping::Zip)?;
    let detail = format!("{} inside {}: compress it once", inner.name(), outer.name());
    (outer != Wrapping::Nothing).then(|| Refusal::new(Code::B908, detail))
}

/// Tells the JSON formats apart by the members of the first object.
fn object(text: &[u8]) -> Result<Format, Refusal> {
    for (key, value) in TopMembers::new(text) {
        match (key, value) {
            (b"features", _) | (b"type", b"FeatureCollection") => return Ok(Format::GeoJson),
            (b"type", b"Feature") => return Ok(Format::GeoJsonSeq),
            (b"type", b"Topology") => {
                return Err(Refusal::new(
                    Code::B908,
                    "the file is TopoJSON: export it as GeoJSON",
                ));
            }
            _ => {}
        }
    }
    Ok(Format::NdJson)
}

/// The keys of the first object with their values where these are strings, as far as the bytes go. Escapes are left.
struct TopMembers<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
}

impl<'t> TopMembers<'t> {
    const fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// The string that begins after the quote at `at`, and moves behind it.
    fn string(&mut self) -> Option<&'t [u8]> {
        let start = self.at + 1;
        let mut end = start;
        loop {
            match self.text.get(end)? {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    fn skip_blank(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }
}

impl<'t> Iterator for TopMembers<'t> {
    type Item = (&'t [u8], &'t [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.text.get(self.at)? {
                b'"' => {
                    let key = self.string()?;
                    self.skip_blank();
                    if self.depth == 1 && self.text.get(self.at) == Some(&b':') {
                        self.at += 1;
                        self.skip_blank();
                        let is_string = self.text.get(self.at) == Some(&b'"');
                        let value = if is_string { self.string()? } else { b"" };
                        return Some((key, value));
                    }
                }
                byte => {
                    match byte {
                        b'{' | b'[' => self.depth += 1,
                        b'}' | b']' if self.depth <= 1 => return None,
                        b'}' | b']' => self.depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_formats_are_told_apart_by_their_first_object() {
        for (text, format) in [
            (
                r#" {"type":"FeatureCollection","features":[]}"#,
                Format::GeoJson,
            ),
            (
                r#"{"crs":{"type":"name"},"features":[{"type":"Feature"}],"type":"FeatureCollection"}"#,
                Format::GeoJson,
            ),
            (
                r#"{"properties":{"type":"FeatureCollection"},"type":"Feature"}"#,
                Format::GeoJsonSeq,
            ),
            (
                r#"{"type" : "Feature", "geometry":null}"#,
                Format::GeoJsonSeq,
            ),
            ("\u{1e}{\"type\":\"Feature\"}", Format::GeoJsonSeq),
            (r#"{"type":"theft","x":"\"features\":"}"#, Format::NdJson),
            (
                r#"{"a":{"features":[]}}{"type":"FeatureCollection"}"#,
                Format::NdJson,
            ),
            ("a,b\n{,}", Format::Delimited),
            ("[x],b\n", Format::Delimited),
        ] {
            assert_eq!(recognise(text.as_bytes()), Ok(format), "{text}");
        }
        assert!(recognise(br#"{"type":"Topology"}"#).is_err());
        assert!(recognise(br#"[{"a":1}]"#).is_err());
    }

    #[test]
    fn a_layer_inside_a_layer_is_refused_and_a_workbook_in_an_archive_is_not() {
        assert!(stacked(&[0x1f, 0x8b, 8], Wrapping::Zip).is_some());
        assert!(stacked(&[0x1f, 0x8b, 8], Wrapping::Nothing).is_none());
        assert!(stacked(b"PK\x03\x04", Wrapping::Gzip).is_none());
        assert!(stacked(b"a,b", Wrapping::Gzip).is_none());
    }

    #[test]
    fn a_web_page_named_xls_is_called_what_it_is() {
        assert!(foreign(b"\n<HTML><body><table>").is_some_and(|what| what.contains("web page")));
        assert!(foreign(b"a<b,c").is_none());
    }
}
