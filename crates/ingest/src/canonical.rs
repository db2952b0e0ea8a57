//! The normalised fields of an incident as one text, by which an equal record is told from a changed one.

use std::fmt::Write as _;

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
        let mut out = Out(&mut self.text);
        out.incident(incident);
        out.seizures(seizures);
        out.judgement(incident);
        if let Some(details) = details.filter(|details| !details.is_empty()) {
            let json = serde_json::to_string(&details).expect("keys are texts, numbers finite");
            out.field(&json);
        }
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

/// The text so far. Without the machinery of formatting, which took a third of the time of digesting.
struct Out<'t>(&'t mut String);

impl Out<'_> {
    fn text(&mut self, text: &str) -> &mut Self {
        self.0.push_str(text);
        self
    }

    fn number(&mut self, number: impl itoa::Integer) -> &mut Self {
        self.0.push_str(itoa::Buffer::new().format(number));
        self
    }

    /// Length first, so that no text can imitate its neighbour.
    fn field(&mut self, text: &str) {
        self.text("|").number(text.len()).text(":").text(text);
    }

    fn incident(&mut self, incident: &Incident) {
        self.text(incident.stage.code()).text("|");
        self.number(incident.category.index()).text("|");
        self.moments(incident);
        let place = &incident.location;
        self.number(place.basis.index())
            .number(place.precision().index());
        if let Some(point) = place.point() {
            let uncertainty = place.uncertainty().map_or(0.0, Metres::get);
            let [lon, lat, metres] = [point.lon() * 1e7, point.lat() * 1e7, uncertainty].map(whole);
            self.text(":").number(lon).text(",").number(lat);
            self.text(",").number(metres);
        }
        for text in [
            &incident.unit,
            &place.district,
            &place.place_text,
            &incident.description,
        ] {
            self.field(text.as_deref().unwrap_or_default());
        }
        for offence in &incident.offences {
            self.text("|").text(&offence.statute).text(":");
            self.text(&offence.section).text(&offence.iccs);
        }
    }

    /// When it happened and when it was reported, each with a place of its own: an absent one is no shorter list.
    fn moments(&mut self, incident: &Incident) {
        let second = |t: Option<jiff::Timestamp>| t.map_or(0, jiff::Timestamp::as_second);
        for moment in [&incident.occurred, &incident.reported] {
            if let Some(o) = moment {
                self.number(o.days.first().0).text("-");
                self.number(o.days.last().0).number(o.precision.index());
                self.text("@").number(second(o.start)).text("-");
                self.number(second(o.end));
            }
            self.text("|");
        }
    }

    /// In an order of their own: the lines of a case may come in any.
    fn seizures(&mut self, seizures: &[Seizure]) {
        let mut lines: Vec<String> = seizures
            .iter()
            .map(|s| {
                let (substance, unit) = (s.substance.code(), s.unit.map_or("", Unit::code));
                let mut line = String::with_capacity(48);
                write!(line, "|{substance}={:?}{unit}", s.quantity)
                    .expect("writing to a string does not fail");
                line
            })
            .collect();
        lines.sort_unstable();
        for line in &lines {
            self.text(line);
        }
    }

    fn judgement(&mut self, incident: &Incident) {
        let grading = incident.grading;
        self.text("|")
            .number(incident.status.map_or(0, |status| status.index() + 1));
        self.text(grading.reliability.code())
            .text(grading.credibility.code());
    }
}
