//! Zones, aggregates and changes in the OpenAPI document. Zones of the data set and those of a collection differ in the ends
//! of their operations' names, which OGC 21-038r1 sets.

use naqsha_layers::{
    DEEPEST, FINEST_LEVEL, GroupKey, LayerDescription, Parameter, aggregated, has_zones,
};
use serde_json::{Value, json};

use super::operations::{Operation, bbox, in_path, of_layer, query, shared};
use crate::negotiate::{HTML, JSON};
use crate::{aggregate, changes, dggs};

/// Zones of the data set as a whole.
pub(super) fn of_data_set(layer: &LayerDescription) -> Vec<(String, Value)> {
    let mut paths = zones("/dggs", "dggs.dataset", "All records", layer);
    let definition = Operation::new("getDGGRSDefinition", "H3 as a reference system", "Zones");
    paths.push((
        format!("/dggs/{}/definition", dggs::ID),
        definition.answers(&[&JSON, &HTML]).build(),
    ));
    paths
}

/// What a collection has beside its features: zones, aggregates, changes.
pub(super) fn of_collection(layer: &LayerDescription) -> Vec<(String, Value)> {
    let id = layer.id;
    let root = format!("/collections/{id}");
    let mut paths = Vec::new();
    if has_zones(layer) {
        let (at, of) = (format!("{root}/dggs"), format!("{id}.collection"));
        paths.extend(zones(&at, &of, layer.title, layer));
    }
    if aggregated().any(|aggregated| aggregated.id == id) {
        paths.push((format!("{root}/aggregate"), of_aggregate(layer)));
    }
    if id == changes::COLLECTION {
        paths.push((format!("{root}/changes"), of_changes(layer)));
    }
    paths
}

fn of_aggregate(layer: &LayerDescription) -> Value {
    let text = json!({ "type": "string" });
    let names = GroupKey::ALL.map(GroupKey::name).join(", ");
    let group_by =
        format!("What is told apart, separated by commas: {names}. Left out, one row has all.");
    let periods = json!({ "type": "string", "enum": ["week", "month", "quarter", "year"], "default": "month" });
    let own = [
        query("group_by", &group_by, &text),
        query(
            "period",
            "Length of the steps that periods are; a record is of that of its first day.",
            &periods,
        ),
        bbox(),
    ];
    let resolution = Parameter::Resolution;
    let has_none = !layer.parameters.contains(&resolution);
    Operation::new(
        format!("aggregate.{}", layer.id),
        format!("{}: numbers of records by group", layer.title),
        "Data",
    )
    .answers(&aggregate::FORMATS)
    .takes(own)
    .takes(has_none.then(|| of_layer(resolution)))
    .takes(layer.parameters.iter().copied().map(of_layer))
    .may_be_absent()
    .build()
}

fn of_changes(layer: &LayerDescription) -> Value {
    let since = "Where to go on: the cursor of an answer. Left out, everything is told.";
    Operation::new(
        format!("getChanges.{}", layer.id),
        format!("{}: what became of records since", layer.title),
        "Data",
    )
    .answers(&changes::FORMATS)
    .takes([
        query("since", since, &json!({ "type": "string" })),
        shared("limit"),
    ])
    .may_be_absent()
    .may_be_gone()
    .build()
}

fn zones(
    root: &str,
    operations: &str,
    title: &str,
    layer: &LayerDescription,
) -> Vec<(String, Value)> {
    let operation = |verb: &str, what: &str| {
        Operation::new(
            format!("{operations}.{verb}"),
            format!("{title}: {what}"),
            "Zones",
        )
    };
    let documents = [&JSON, &HTML];
    let dggrs = format!("{root}/{}", dggs::ID);
    let zone_id = || {
        let schema = json!({ "type": "string", "pattern": "^8[0-9a-f]{14}$" });
        in_path("zoneId", "A zone: an H3 cell.", &schema)
    };
    let of_layer = || {
        let parameters = layer.parameters.iter().copied();
        parameters
            .filter(|parameter| *parameter != Parameter::Resolution)
            .map(of_layer)
    };
    let list =
        operation("getDGGRSList", "discrete global grid reference systems").answers(&documents);
    let description = operation("getDGGRS", "H3 as it is used here").answers(&documents);
    let zones = operation("getDGGRSZones", "zones that have a value")
        .answers(&dggs::ZONES_FORMATS)
        .takes(of_zones())
        .takes(of_layer());
    let info = operation("getDGGRSZoneInfo", "a zone")
        .answers(&dggs::ZONE_FORMATS)
        .takes([zone_id()]);
    let data = operation("getDGGRSZoneData", "values of a zone and of those below it")
        .answers(&dggs::DATA_FORMATS)
        .takes([zone_id()])
        .takes(of_data())
        .takes(of_layer());
    vec![
        (root.to_owned(), list.may_be_absent().build()),
        (dggrs.clone(), description.may_be_absent().build()),
        (format!("{dggrs}/zones"), zones.may_be_absent().build()),
        (
            format!("{dggrs}/zones/{{zoneId}}"),
            info.may_be_absent().build(),
        ),
        (
            format!("{dggrs}/zones/{{zoneId}}/data"),
            data.may_be_absent().build(),
        ),
    ]
}

fn of_zones() -> Vec<Value> {
    let text = json!({ "type": "string" });
    let level = json!({ "type": "integer", "minimum": 0, "maximum": u8::from(FINEST_LEVEL) });
    let compact = json!({ "type": "boolean", "default": true });
    let drawn = json!({ "type": "string", "enum": ["zone-region", "zone-centroid", "none"] });
    let whole = |least: u64| json!({ "type": "integer", "minimum": least });
    vec![
        query("zone-level", "H3 resolution of the zones.", &level),
        query(
            "compact-zones",
            "Whether families of zones are told as their parents.",
            &compact,
        ),
        query(
            "parent-zone",
            "Only this zone and those below it, by index.",
            &text,
        ),
        bbox(),
        query(
            "bbox-crs",
            "Coordinate reference system of bbox: CRS84.",
            &text,
        ),
        query(
            "subset",
            "Parts of axes: Lat(24:37),Lon(60:78),time(\"2018-07-01\":\"2018-07-31\").",
            &text,
        ),
        query(
            "subset-crs",
            "Coordinate reference system of subset: CRS84.",
            &text,
        ),
        query("limit", "Most zones of an answer.", &whole(1)),
        query("offset", "Zones skipped.", &whole(0)),
        query("geometry", "How zones are drawn in GeoJSON.", &drawn),
        query(
            "filter",
            "Only zones of whose values this expression of CQL2 is true.",
            &text,
        ),
        query("filter-lang", "Language of the filter.", &text),
    ]
}

fn of_data() -> Vec<Value> {
    let text = json!({ "type": "string" });
    let depth = format!(
        "Depths below the zone, at most {DEEPEST}: one (2), a range (0-2) or a list (0,2)."
    );
    vec![
        query("zone-depth", &depth, &text),
        query(
            "properties",
            "Fields that are told, separated by commas.",
            &text,
        ),
        query(
            "exclude-properties",
            "Fields that are left out, separated by commas.",
            &text,
        ),
        query(
            "subset",
            "Part of the axis of time: time(\"2018-07-01\":\"2018-07-31\").",
            &text,
        ),
    ]
}
