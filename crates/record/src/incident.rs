//! The whole incident as JSON, one way: out.

use jiff::Timestamp;
use naqsha_model::{
    Adjacent, Basis, BatchDigest, Category, Concealment, Conversion, Credibility, DetectionMode,
    HandlingCode, Incident, IncidentId, LocationMethod, Metres, OffenceRole, Precision,
    RecordStage, Reliability, Seizure, Status, Substance, Unit,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::details::{
    DetailsRecord, LinkageRecord, LinkedRecord, MoneyRecord, SuspectsRecord, VictimsRecord,
    is_default,
};
use crate::location::{PlaceRecord, RouteNodeRecord};
use crate::member::Member;
use crate::modus::ModusRecord;
use crate::time::{TimeRecord, instant};

/// Whether a record is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// It is.
    Live,
    /// A later revision took its place.
    Superseded,
    /// It was withdrawn.
    Withdrawn,
}

/// What the store knows of an incident beyond the incident itself.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// Its id.
    pub id: IncidentId,
    /// Which revision of its record it is, from 1.
    pub revision: u32,
    /// Whether it is served.
    pub state: RecordState,
    /// The batch it came in.
    pub batch: BatchDigest,
    /// The profile it was read through, with its version.
    pub profile: &'a str,
}

/// The canonical incident, version 1.
///
/// No field exists for a name, an identity number, a phone, an address, a caste or a religion.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Canonical incident v1", deny_unknown_fields)]
pub struct IncidentRecord {
    /// ULID assigned by the service.
    #[schemars(regex(pattern = "^[0-9A-HJKMNP-TV-Z]{26}$"))]
    incident_id: String,
    #[schemars(range(min = 1))]
    revision: u32,
    record_state: RecordState,
    #[schemars(regex(pattern = "^[A-Z0-9-]{2,32}$"))]
    agency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// SHA-256 of the bytes received.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    batch: String,
    /// Which register it comes from; stages are never summed.
    record_stage: Member<RecordStage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<CaseRecord>,
    category: CategoryCode,
    /// The adjacent crime, where the category is ADJ.
    #[serde(skip_serializing_if = "Option::is_none")]
    adjacent: Option<Member<Adjacent>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    linked_categories: Vec<LinkedRecord>,
    /// The sections cited; where none is, the category's ICCS code alone, if it has one.
    offences: Vec<OffenceRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred: Option<TimeRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reported_at: Option<TimeRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registered_at: Option<TimeRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Member<Status>>,
    /// A date.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_at: Option<String>,
    detection_mode: Member<DetectionMode>,
    /// The source's own words for what it was, personal data removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    location: LocationRecord,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    route: Vec<RouteNodeRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    seizures: Vec<SeizureRecord>,
    #[serde(skip_serializing_if = "is_default")]
    money: MoneyRecord,
    #[serde(skip_serializing_if = "is_default")]
    modus: ModusRecord,
    #[serde(skip_serializing_if = "is_default")]
    victims: VictimsRecord,
    #[serde(skip_serializing_if = "is_default")]
    suspects: SuspectsRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_code: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    linkage: LinkageRecord,
    grading: GradingRecord,
    handling: HandlingRecord,
    provenance: ProvenanceRecord,
}

#[derive(Debug, Serialize, JsonSchema)]
enum CategoryCode {
    #[serde(rename = "TF")]
    TerrorFinancing,
    #[serde(rename = "DT")]
    DrugTrafficking,
    #[serde(rename = "HT")]
    HumanTrafficking,
    #[serde(rename = "CY")]
    Cybercrime,
    #[serde(rename = "ADJ")]
    Adjacent,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct CaseRecord {
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    year: Option<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    station: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct OffenceRecord {
    #[serde(skip_serializing_if = "String::is_empty")]
    statute: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    section: String,
    role: Member<OffenceRole>,
    #[schemars(regex(pattern = "^((0[1-9]|1[01])[0-9]{0,4})?$"))]
    iccs: String,
    principal: bool,
    attempted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 120))]
    raw: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct LocationRecord {
    basis: Member<Basis>,
    precision: Member<Precision>,
    method: Member<LocationMethod>,
    /// Longitude, latitude (WGS 84); restricted tier only.
    #[serde(skip_serializing_if = "Option::is_none")]
    point: Option<[f64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    uncertainty_m: Option<f64>,
    /// Cell at the finest resolution that the uncertainty supports.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^8[0-9a-f]{14}$"))]
    h3: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 3, max = 9))]
    h3_res: Option<u8>,
    /// District as resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    district: Option<String>,
    /// The place in the bureau's words, personal data removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    place_text: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    admin: PlaceRecord,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct SeizureRecord {
    substance: Member<Substance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qty_reported: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_reported: Option<Member<Unit>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kg_equivalent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversion: Option<Member<Conversion>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purity_pct: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forensic_report: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concealment: Option<Member<Concealment>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct GradingRecord {
    reliability: Member<Reliability>,
    credibility: Member<Credibility>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct HandlingRecord {
    code: Member<HandlingCode>,
    releasable_to: Vec<String>,
    /// A date.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_embargo_until: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ProvenanceRecord {
    profile: String,
    #[schemars(range(min = 1))]
    row: u64,
    /// RFC 3339.
    received_at: String,
    warnings: Vec<String>,
}

impl IncidentRecord {
    /// Writes an incident as the canonical record.
    pub fn new(incident: &Incident, source: &Source<'_>) -> Self {
        let details = DetailsRecord::from(incident.details());
        Self {
            incident_id: source.id.to_string(),
            revision: source.revision,
            record_state: source.state,
            agency: incident.agency.to_string(),
            unit: incident.unit.clone(),
            batch: source.batch.to_string(),
            record_stage: Member(incident.stage),
            case: incident.case.as_ref().map(|case| CaseRecord {
                number: case.number.clone(),
                year: case.year,
                station: case.station.clone(),
            }),
            category: category_code(incident.category),
            adjacent: match incident.category {
                Category::Adjacent(adjacent) => Some(Member(adjacent)),
                _ => None,
            },
            linked_categories: details.linked_categories,
            offences: offences(incident),
            occurred: incident.occurred.map(TimeRecord::from),
            reported_at: incident.reported.map(TimeRecord::from),
            registered_at: details.registered,
            status: incident.status.map(Member),
            status_at: details.status_at,
            detection_mode: Member(incident.detection),
            description: incident.description.clone(),
            location: location(incident, details.place),
            route: details.route,
            seizures: incident.seizures.iter().map(seizure).collect(),
            money: details.money,
            modus: details.modus,
            victims: details.victims,
            suspects: details.suspects,
            group_code: details.group_code,
            linkage: details.linkage,
            grading: GradingRecord {
                reliability: Member(incident.grading.reliability),
                credibility: Member(incident.grading.credibility),
            },
            handling: HandlingRecord {
                code: Member(incident.handling.code),
                releasable_to: incident.handling.releasable_to.clone(),
                public_embargo_until: incident
                    .handling
                    .public_embargo_until
                    .map(|day| day.date().to_string()),
            },
            provenance: provenance(incident, incident.received_at, source),
        }
    }
}

fn provenance(
    incident: &Incident,
    received_at: Timestamp,
    source: &Source<'_>,
) -> ProvenanceRecord {
    ProvenanceRecord {
        profile: source.profile.to_owned(),
        row: incident.provenance.row,
        received_at: instant(received_at),
        warnings: incident
            .provenance
            .warnings
            .iter()
            .map(|code| code.code().to_owned())
            .collect(),
    }
}

const fn category_code(category: Category) -> CategoryCode {
    match category {
        Category::TerrorFinancing => CategoryCode::TerrorFinancing,
        Category::DrugTrafficking => CategoryCode::DrugTrafficking,
        Category::HumanTrafficking => CategoryCode::HumanTrafficking,
        Category::Cybercrime => CategoryCode::Cybercrime,
        Category::Adjacent(_) => CategoryCode::Adjacent,
    }
}

fn offences(incident: &Incident) -> Vec<OffenceRecord> {
    let record = |offence: &naqsha_model::Offence| OffenceRecord {
        statute: offence.statute.clone(),
        section: offence.section.clone(),
        role: Member(offence.role),
        iccs: offence.iccs.clone(),
        principal: offence.principal,
        attempted: offence.attempted,
        raw: offence.raw.clone(),
    };
    if !incident.offences.is_empty() {
        return incident.offences.iter().map(record).collect();
    }
    let by_category = |iccs: &str| OffenceRecord {
        statute: String::new(),
        section: String::new(),
        role: Member(OffenceRole::Substantive),
        iccs: iccs.to_owned(),
        principal: true,
        attempted: false,
        raw: None,
    };
    incident
        .category
        .iccs()
        .map(by_category)
        .into_iter()
        .collect()
}

fn location(incident: &Incident, admin: PlaceRecord) -> LocationRecord {
    let place = &incident.location;
    LocationRecord {
        basis: Member(place.basis),
        precision: Member(place.precision()),
        method: Member(place.method),
        point: place.point().map(|point| [point.lon(), point.lat()]),
        uncertainty_m: place.uncertainty().map(Metres::get),
        h3: place.cell().map(|cell| cell.to_string()),
        h3_res: place.cell().map(|cell| cell.resolution().into()),
        district: place.district.clone(),
        place_text: place.place_text.clone(),
        admin,
    }
}

fn seizure(line: &Seizure) -> SeizureRecord {
    SeizureRecord {
        substance: Member(line.substance),
        qty_reported: line.quantity,
        unit_reported: line.unit.map(Member),
        kg_equivalent: line.kilograms,
        conversion: line.conversion.map(Member),
        purity_pct: line.purity_percent,
        forensic_report: line.forensic_report,
        concealment: line.concealment.map(Member),
    }
}
