//! Generated files in memory, and the truth beside them.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use jiff::civil::Date;
use naqsha_ingest::{
    GenerateSettings, Ingested, LinkageSecret, Profile, Reference, Settings, TableFile, Tables,
    Verdict, generate, ingest, shipped_profiles, write_table,
};
use naqsha_model::Incident;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;

/// Files by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A file that is being written into memory.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn generated(settings: &GenerateSettings) -> Files {
    let mut files = BTreeMap::new();
    generate(settings, &Reference::embedded(), &mut |name| {
        let file = Shared::default();
        files.insert(name.to_owned(), file.clone());
        Ok(Box::new(file))
    })
    .unwrap();
    files
        .into_iter()
        .map(|(name, file)| (name, file.0.lock().unwrap().clone()))
        .collect()
}

/// `punjab.fir` of `punjab.fir-001.csv`.
pub(crate) fn profile_of(name: &str) -> &str {
    name.rsplit_once('-').unwrap().0
}

pub(crate) fn profile(id: &str) -> Profile {
    let (_, toml) = shipped_profiles()
        .iter()
        .find(|(name, _)| *name == id)
        .unwrap();
    Profile::parse(toml).unwrap()
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::received(
        "2026-01-02T03:04:05Z".parse().unwrap(),
        "2026-01-02".parse().unwrap(),
    );
    settings.secret = Some(LinkageSecret::new([7; 32]));
    // In the program a process of its own reads workbooks; what it reads is the same.
    settings.tables = Some(Tables::new(|file, request| {
        let mut bytes = Vec::new();
        match file {
            TableFile::AsReceived(file) => {
                file.rewind()?;
                file.read_to_end(&mut bytes)?
            }
            TableFile::Packed(file) => file.read_to_end(&mut bytes)?,
        };
        let mut frames = Vec::new();
        write_table(Cursor::new(bytes), request, &mut frames)?;
        Ok(Box::new(Cursor::new(frames)))
    }));
    settings
}

pub(crate) fn ingest_file(name: &str, bytes: &[u8]) -> (Ingested, Vec<Incident>) {
    let mut taken = Vec::new();
    let mut sink = |incidents| {
        taken.extend(incidents);
        Ok(Vec::<Verdict>::new())
    };
    let done = ingest(
        Cursor::new(bytes),
        &profile(profile_of(name)),
        &Reference::embedded(),
        &settings(),
        &mut sink,
    )
    .unwrap();
    (done, taken)
}

/// What the truth says about one row.
#[derive(Debug)]
pub(crate) struct TruthRow {
    pub(crate) outcome: String,
    pub(crate) codes: Vec<String>,
    pub(crate) category: String,
    pub(crate) day: Option<Date>,
    pub(crate) precision: String,
    pub(crate) point: Option<(f64, f64)>,
    pub(crate) mess: String,
    /// Column and text of personal data.
    pub(crate) private: Vec<(String, String)>,
}

/// The truth by file, in row order.
pub(crate) fn truth(table: &[u8]) -> BTreeMap<String, Vec<TruthRow>> {
    let reader = SerializedFileReader::new(Bytes::copy_from_slice(table)).unwrap();
    let mut files: BTreeMap<String, Vec<TruthRow>> = BTreeMap::new();
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let text = |i: usize| row.get_string(i).unwrap().clone();
        let list = |text: String, by: char| -> Vec<String> {
            text.split(by)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let private: Vec<BTreeMap<String, String>> = match text(13).as_str() {
            "" => Vec::new(),
            json => serde_json::from_str(json).unwrap(),
        };
        let rows = files.entry(text(0)).or_default();
        rows.push(TruthRow {
            outcome: text(2),
            codes: list(text(3), ' '),
            category: text(4),
            day: text(5).parse().ok(),
            precision: text(6),
            point: row.get_double(9).ok().zip(row.get_double(10).ok()),
            mess: text(12),
            private: private
                .into_iter()
                .map(|p| (p["column"].clone(), p["text"].clone()))
                .collect(),
        });
        assert_eq!(row.get_long(1).unwrap(), i64::try_from(rows.len()).unwrap());
    }
    files
}
