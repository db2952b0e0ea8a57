//! The normalised fields of an incident as one text, by which an equal record is told from a changed one.

use std::fmt::{Result, Write as _};

use naqsha_model::{ContentDigest, Incident, Metres, Seizure, Unit};
use naqsha_record::DetailsRecord;

/// Digests contents, reusing its memory.
#[derive(Debug, Default)]
pub(crate) struct Canonical {
    text: String,
}

impl Canonical {
    /// Digests the normalised fields, not the provenance: the same record in another file has the same digest.
    ///
    /// Linkage keys are left out. They come of columns that a result file does not hold, so its rows, sent again, are still
    /// the records that they were.
    pub(crate) fn digest(&mut self, incident: &Incident) -> ContentDigest {
        let details = incident.details.as_deref().map(DetailsRecord::from);
        let details = details.map(DetailsRecord::without_linkage_keys);
        self.digest_with(incident, &incident.seizures, details)
    }

    /// Digests what every line of a case repeats: neither the goods nor the persons of the line.
    pub(crate) fn digest_head(&mut self, incident: &Incident) -> ContentDigest {
        let details = incident.details.as_deref().map(DetailsRecord::from);
        let details = details.map(DetailsRecord::without_linkage);
        self.digest_with(incident, &[], details)
    }

    fn digest_with(
        &mut self,
        incident: &Incident,
        seizures: &[Seizure],
        details: Option<DetailsRecord>,
    ) -> ContentDigest {
        self.text.clear();
        write_canonical(&mut self.text, incident, seizures, details)
            .expect("writing to a string does not fail");
        ContentDigest::of(&[&self.text])
    }
}

/// Ten-millionths of a degree, or metres: below 2⁵³ either way, and printed faster than a float.
#[expect(
    clippy::cast_possible_truncation,
    reason = "at most 1.8e9, or a length on earth"
)]
fn whole(number: f64) -> i64 {
    number.round() as i64
}

fn write_canonical(
    out: &mut String,
    incident: &Incident,
    seizures: &[Seizure],
    details: Option<DetailsRecord>,
) -> Result {
    write!(
        out,
        "{}|{}|",
        incident.stage.code(),
        incident.category.index()
    )?;
    write_moments(out, incident)?;
    let place = &incident.location;
    write!(out, "{}{}", place.basis.index(), place.precision().index())?;
    if let Some(point) = place.point() {
        let uncertainty = place.uncertainty().map_or(0.0, Metres::get);
        let [lon, lat, metres] = [point.lon() * 1e7, point.lat() * 1e7, uncertainty].map(whole);
        write!(out, ":{lon},{lat},{metres}")?;
    }
    for text in [
        &incident.unit,
        &place.district,
        &place.place_text,
        &incident.description,
    ] {
        write_text(out, text.as_deref().unwrap_or_default())?;
    }
    for offence in &incident.offences {
        write!(
            out,
            "|{}:{}{}",
            offence.statute, offence.section, offence.iccs
        )?;
    }
    write_seizures(out, seizures);
    let grading = incident.grading;
    write!(
        out,
        "|{}{}{}",
        incident.status.map_or(0, |status| status.index() + 1),
        grading.reliability.code(),
        grading.credibility.code()
    )?;
    if let Some(details) = details.filter(|details| !details.is_empty()) {
        let json = serde_json::to_string(&details).map_err(|_json| std::fmt::Error)?;
        write_text(out, &json)?;
    }
    Ok(())
}

/// When it happened and when it was reported, each with a place of its own: an absent one is no shorter list.
fn write_moments(out: &mut String, incident: &Incident) -> Result {
    for moment in [&incident.occurred, &incident.reported] {
        match moment {
            Some(o) => {
                write!(
                    out,
                    "{}-{}{}",
                    o.days.first().0,
                    o.days.last().0,
                    o.precision.index()
                )?;
                let second = |t: Option<jiff::Timestamp>| t.map_or(0, jiff::Timestamp::as_second);
                write!(out, "@{}-{}|", second(o.start), second(o.end))?;
            }
            None => out.push('|'),
        }
    }
    Ok(())
}

/// In an order of their own: the lines of a case may come in any.
fn write_seizures(out: &mut String, seizures: &[Seizure]) {
    let mut lines: Vec<String> = seizures
        .iter()
        .map(|s| {
            format!(
                "|{}={:?}{}",
                s.substance.code(),
                s.quantity,
                s.unit.map_or("", Unit::code)
            )
        })
        .collect();
    lines.sort_unstable();
    for line in &lines {
        out.push_str(line);
    }
}

/// Length first, so that no text can imitate its neighbour.
fn write_text(out: &mut String, text: &str) -> Result {
    write!(out, "|{}:{text}", text.len())
}
