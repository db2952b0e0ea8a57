//! Files that are not what they should be: each a coded refusal, in bounded memory, with nothing accepted.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use naqsha_ingest::{
    Code, IngestError, Ingested, Profile, Reference, Settings, Verdict, ingest, shipped_profiles,
};
use naqsha_model::Incident;

const HEADER: &str = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context\n";
const ROW: &str = ",2016-07,X,X,-1.55,53.59,On or near Y,E1,B,Drugs,,\n";

fn profile() -> Profile {
    let (_, toml) = shipped_profiles()
        .iter()
        .find(|(id, _)| *id == "open.police-uk")
        .unwrap();
    Profile::parse(toml).unwrap()
}

fn run(source: impl Read + Seek) -> Result<(Ingested, Vec<Incident>), IngestError> {
    let settings = Settings::received(
        "2026-01-02T03:04:05Z".parse().unwrap(),
        "2026-01-02".parse().unwrap(),
    );
    let mut taken = Vec::new();
    let mut sink = |chunk: Vec<Incident>| {
        taken.extend(chunk);
        Ok(Vec::<Verdict>::new())
    };
    let done = ingest(
        source,
        &profile(),
        &Reference::embedded(),
        &settings,
        &mut sink,
    )?;
    Ok((done, taken))
}

fn refused(source: impl Read + Seek) -> (Code, String) {
    match run(source) {
        Err(IngestError::Refused(refusal)) => (refusal.code, refusal.detail),
        other => panic!("not refused: {other:?}"),
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A beginning and then an endless line, whose bytes are counted: a program that buffered it would read it all.
struct EndlessLine {
    start: Vec<u8>,
    at: u64,
    length: u64,
    read: u64,
}

impl Read for EndlessLine {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.length - self.at).unwrap();
        let n = buffer.len().min(rest);
        for (byte, at) in buffer[..n]
            .iter_mut()
            .zip(usize::try_from(self.at).unwrap()..)
        {
            *byte = self.start.get(at).copied().unwrap_or(b'a');
        }
        self.at += n as u64;
        self.read += n as u64;
        Ok(n)
    }
}

impl Seek for EndlessLine {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.length.checked_add_signed(by).unwrap(),
            SeekFrom::Current(by) => self.at.checked_add_signed(by).unwrap(),
        };
        Ok(self.at)
    }
}

#[test]
fn the_good_file_is_taken() {
    let (done, taken) = run(Cursor::new(format!("{HEADER}{ROW}"))).unwrap();
    assert_eq!((done.rows, done.accepted, taken.len()), (1, 1, 1));
}

#[test]
fn empty_files_and_header_only_are_b906() {
    assert_eq!(refused(io::empty()).0, Code::B906);
    assert_eq!(refused(Cursor::new(HEADER)).0, Code::B906);
    assert_eq!(refused(Cursor::new("\n\n")).0, Code::B906);
    assert_eq!(refused(Cursor::new(gzip(HEADER.as_bytes()))).0, Code::B906);
}

#[test]
fn a_gigabyte_on_one_line_is_refused_after_a_few_megabytes() {
    for start in [
        "",
        HEADER,
        &format!("{HEADER}\""),
        &format!("{HEADER}{ROW},2016-07,\""),
    ] {
        let mut line = EndlessLine {
            start: start.as_bytes().to_vec(),
            at: 0,
            length: 1 << 30,
            read: 0,
        };
        assert_eq!(refused(&mut line).0, Code::B909);
        assert!(line.read < 4 << 20, "{} bytes were read", line.read);
    }
}

#[test]
fn an_unclosed_quote_is_refused() {
    let unclosed =
        format!("{HEADER}{ROW},2016-07,X,X,-1.55,53.59,Y,E1,B,Drugs,,\"open\n{ROW}{ROW}");
    assert_eq!(refused(Cursor::new(unclosed)).0, Code::B908);
    let unclosed = format!("{HEADER}{ROW},2016-07,\"X,X,-1.55,53.59,Y,E1,B,Drugs,,\n{ROW}{ROW}");
    assert_eq!(refused(Cursor::new(unclosed)).0, Code::B908);
    let closed = format!("{HEADER},2016-07,X,X,-1.55,53.59,Y,E1,B,Drugs,,\"two\nlines\"\n");
    assert_eq!(run(Cursor::new(closed)).unwrap().0.accepted, 1);
}

#[test]
fn binary_files_are_b908() {
    for start in [
        &b"%PDF-1.7"[..],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"<html><table>",
        b"PAR1abc",
        b"a,b\n\x00\x01\x02,3\n",
        b"\x7fELF\x02\x01\x01\x00\x00",
    ] {
        assert_eq!(
            refused(Cursor::new(start.to_vec())).0,
            Code::B908,
            "{start:?}"
        );
    }
}

#[test]
fn truncated_and_damaged_gzip_is_b907() {
    let whole = gzip(format!("{HEADER}{}", ROW.repeat(5000)).as_bytes());
    let cut = whole[..whole.len() / 2].to_vec();
    assert_eq!(refused(Cursor::new(cut)).0, Code::B907);
    let short = whole[..whole.len() - 3].to_vec();
    assert_eq!(refused(Cursor::new(short)).0, Code::B907);
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8].fill(0xff);
    assert_eq!(refused(Cursor::new(damaged)).0, Code::B907);
    let (_, taken) = run(Cursor::new(whole)).unwrap();
    assert_eq!(taken.len(), 5000);
}

#[test]
fn a_gzip_bomb_is_b909() {
    let bomb = gzip(format!("{HEADER}{}", ROW.repeat(2_000_000)).as_bytes());
    assert!(bomb.len() < 1 << 20);
    let (code, detail) = refused(Cursor::new(bomb));
    assert_eq!(code, Code::B909);
    assert!(detail.contains("100:1"), "{detail}");
}

#[test]
fn headers_fail_closed() {
    let unmapped = HEADER.replace("Context", "Context,CNIC,Father Name");
    let (code, detail) = refused(Cursor::new(format!(
        "{unmapped}{}",
        ROW.replace('\n', ",1,2\n")
    )));
    assert_eq!(code, Code::E103);
    assert!(
        detail.contains("CNIC") && detail.contains("Father Name"),
        "{detail}"
    );
    let (code, detail) = refused(Cursor::new(HEADER.replace("Month", "Monat") + ROW));
    assert_eq!(code, Code::E101, "{detail}");
    assert!(detail.contains("Month"));
    assert_eq!(
        refused(Cursor::new(HEADER.replace("Context", " month ") + ROW)).0,
        Code::E102
    );
    assert_eq!(
        refused(Cursor::new(format!("{HEADER}{ROW}one,two\n"))).0,
        Code::B908,
        "ragged rows shift columns"
    );
}

#[test]
fn encodings_are_told_apart_and_never_mixed() {
    let latin = [HEADER.as_bytes(), &ROW.replace('Y', "Caf?").into_bytes()]
        .concat()
        .iter()
        .map(|&b| if b == b'?' { 0xe9 } else { b })
        .collect::<Vec<u8>>();
    let (_, taken) = run(Cursor::new(latin.clone())).unwrap();
    assert_eq!(
        taken[0].location.place_text.as_deref(),
        Some("On or near Café")
    );
    let bom = [
        &b"\xef\xbb\xbf"[..],
        HEADER.as_bytes(),
        ROW.replace('Y', "Café").as_bytes(),
    ]
    .concat();
    let (_, taken) = run(Cursor::new(bom.clone())).unwrap();
    assert_eq!(
        taken[0].location.place_text.as_deref(),
        Some("On or near Café")
    );
    let mixed = [&bom[..], &latin[HEADER.len()..]].concat();
    assert_eq!(refused(Cursor::new(mixed)).0, Code::B901);
}

#[test]
fn separators_are_found_in_the_header() {
    for separator in [";", "\t", "|"] {
        let text = format!("{HEADER}{ROW}").replace(',', separator);
        assert_eq!(
            run(Cursor::new(text)).unwrap().0.accepted,
            1,
            "{separator:?}"
        );
    }
}

#[test]
fn a_fifth_rejected_holds_the_batch() {
    let bad = ROW.replace("2016-07", "someday");
    let (done, _) = run(Cursor::new(format!("{HEADER}{}{bad}", ROW.repeat(4)))).unwrap();
    assert_eq!(
        (done.rejected, done.held),
        (1, None),
        "a fifth is not more than a fifth"
    );
    let (done, _) = run(Cursor::new(format!("{HEADER}{}{bad}{bad}", ROW.repeat(4)))).unwrap();
    assert_eq!((done.rejected, done.held), (2, Some(Code::B904)));
    assert_eq!(done.codes[&Code::E301], 2);
}

#[test]
fn keyed_repeats_are_duplicates_and_unkeyed_ones_are_not() {
    let keyed = format!("abc{ROW}");
    let changed = keyed.replace("Drugs", "Robbery");
    let (done, _) = run(Cursor::new(format!(
        "{HEADER}{ROW}{ROW}{keyed}{keyed}{changed}"
    )))
    .unwrap();
    assert_eq!((done.rows, done.accepted, done.duplicate), (5, 3, 2));
    assert_eq!((done.codes[&Code::D701], done.codes[&Code::D702]), (1, 1));
}
