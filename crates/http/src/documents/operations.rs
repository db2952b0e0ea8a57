//! The pieces of which the OpenAPI document is put together: parameters, responses, operations.

use naqsha_formats::Crs;
use naqsha_layers::{LayerDescription, Parameter, Property};
use serde_json::{Map, Value, json};

use super::schemas::{Dialect, of_parameter, of_property};
use crate::cql2::Language;
use crate::negotiate::Format;
use crate::problem;

/// An operation by GET, or by POST where it takes a body. Unlike a struct of options, the builder says at the place of use what differs from the usual.
pub(super) struct Operation {
    id: String,
    summary: String,
    tag: &'static str,
    parameters: Vec<Value>,
    content: Value,
    /// Answers beyond the usual ones, by status.
    responses: Map<String, Value>,
    /// Media type and meaning of the body.
    body: Option<(&'static str, &'static str)>,
}

impl Operation {
    pub(super) fn new(
        id: impl Into<String>,
        summary: impl Into<String>,
        tag: &'static str,
    ) -> Self {
        Self {
            id: id.into(),
            summary: summary.into(),
            tag,
            parameters: Vec::new(),
            content: json!({}),
            responses: Map::new(),
            body: None,
        }
    }

    /// Formats of the answer; where there are several, `f` is a parameter.
    pub(super) fn answers(mut self, formats: &[&Format]) -> Self {
        self.content = formats
            .iter()
            .map(|format| (format.link_type().to_owned(), schema_of(format)))
            .collect();
        if let [_, _, ..] = formats {
            let mut tokens: Vec<&str> = Vec::new();
            for format in formats {
                // The first of its names by which none before it goes.
                let own = format.tokens.iter().find(|token| !tokens.contains(token));
                tokens.extend(own);
            }
            self.parameters.push(query(
                "f",
                "Format of the answer.",
                &json!({ "type": "string", "enum": tokens }),
            ));
        }
        self
    }

    /// The answer is a file of one of these media types, of which a part may be asked.
    pub(super) fn answers_file(mut self, media_types: impl Iterator<Item = &'static str>) -> Self {
        let binary = json!({ "schema": { "type": "string", "format": "binary" } });
        self.content = media_types
            .map(|media| (media.to_owned(), binary.clone()))
            .collect();
        let part =
            json!({ "description": "The part that Range asked for.", "content": self.content });
        let beyond = json!({ "description": "The part lies beyond the end of the file." });
        self.responses.insert("206".to_owned(), part);
        self.responses.insert("416".to_owned(), beyond);
        self
    }

    pub(super) fn takes(mut self, parameters: impl IntoIterator<Item = Value>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// The resource may be absent: 404.
    pub(super) fn may_be_absent(self) -> Self {
        self.may_answer(&[404])
    }

    /// The answer may be empty: 204.
    pub(super) fn may_be_empty(mut self) -> Self {
        self.responses.insert(
            "204".to_owned(),
            json!({ "description": "The tile is empty." }),
        );
        self
    }

    /// It may be answered later: 201 with the address of a job.
    pub(super) fn may_become_a_job(mut self) -> Self {
        let job = json!({
            "description": "A job, whose address Location has.",
            "headers": { "Location": { "schema": { "type": "string", "format": "uri" } } },
            "content": { "application/json": { "schema": { "type": "object" } } },
        });
        self.responses.insert("201".to_owned(), job);
        self
    }

    /// It takes a JSON body, and so it is a POST: 413 and 415.
    pub(super) fn takes_body(mut self, media_type: &'static str, meaning: &'static str) -> Self {
        self.body = Some((media_type, meaning));
        self.may_answer(&[413, 415])
    }

    /// What was asked about may be gone: 410.
    pub(super) fn may_be_gone(self) -> Self {
        self.may_answer(&[410])
    }

    /// Refusals that are defined once for all operations.
    fn may_answer(mut self, refusals: &[u16]) -> Self {
        for status in refusals {
            let name = refusal(*status);
            let response = json!({ "$ref": format!("#/components/responses/{name}") });
            self.responses.insert(status.to_string(), response);
        }
        self
    }

    /// The path item.
    pub(super) fn build(self) -> Value {
        let content = self.content.clone();
        let mut responses = Map::new();
        responses.insert(
            "200".to_owned(),
            json!({ "description": "The answer.", "content": content }),
        );
        let of_all = self.may_answer(&[400, 406, 500, 503]);
        responses.extend(of_all.responses);
        let mut operation = json!({
            "operationId": of_all.id,
            "summary": of_all.summary,
            "tags": [of_all.tag],
            "parameters": of_all.parameters,
        });
        let Some((media_type, meaning)) = of_all.body else {
            let unchanged = "The answer has not changed since the entity tag that was sent.";
            responses.insert("304".to_owned(), json!({ "description": unchanged }));
            operation["responses"] = responses.into();
            return json!({ "get": operation });
        };
        operation["requestBody"] = json!({
            "description": meaning,
            "required": true,
            "content": { media_type: { "schema": { "type": "object" } } },
        });
        operation["responses"] = responses.into();
        json!({ "post": operation })
    }
}

/// The name of a refusal among the responses of the document.
fn refusal(status: u16) -> &'static str {
    match status {
        400 => "BadRequest",
        404 => "NotFound",
        406 => "NotAcceptable",
        410 => "Gone",
        413 => "TooLarge",
        415 => "UnsupportedMediaType",
        503 => "Busy",
        _ => "ServerFault",
    }
}

fn schema_of(format: &Format) -> Value {
    let media = format.link_type();
    let schema = if media.ends_with("json") || media.ends_with("version=3.0") {
        json!({ "type": "object" })
    } else if media.starts_with("text/") || media.ends_with("seq") {
        json!({ "type": "string" })
    } else {
        json!({ "type": "string", "format": "binary" })
    };
    json!({ "schema": schema })
}

/// A query parameter in the form that GDAL and QGIS look for.
pub(super) fn query(name: &str, description: &str, schema: &Value) -> Value {
    json!({
        "name": name,
        "in": "query",
        "description": description,
        "required": false,
        "style": "form",
        "explode": false,
        "schema": schema,
    })
}

/// A path parameter.
pub(super) fn in_path(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "path", "description": description, "required": true, "schema": schema })
}

/// A parameter defined once for all operations.
pub(super) fn shared(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// A layer's parameter, by reference: it is the same for every layer that has it.
pub(super) fn shared_of_layer(parameter: Parameter) -> Value {
    shared(component(parameter))
}

/// The name under which a layer's parameter is defined once for all operations.
pub(super) fn component(parameter: Parameter) -> &'static str {
    match parameter {
        // Its name is that of another parameter too, which other layers have.
        Parameter::ForecastModel => "model-of-forecast",
        other => other.name(),
    }
}

/// A layer's parameter, inline, as GDAL and QGIS look for it.
pub(super) fn of_layer(parameter: Parameter) -> Value {
    query(
        parameter.name(),
        parameter.description(),
        &of_parameter(parameter, Dialect::OpenApi30),
    )
}

/// The name of a parameter, inline or shared.
pub(super) fn parameter_name<'a>(api: &'a Value, parameter: &'a Value) -> Option<&'a str> {
    let defined = match parameter["$ref"].as_str() {
        Some(path) => api.pointer(path.trim_start_matches('#'))?,
        None => parameter,
    };
    defined["name"].as_str()
}

/// Parameters that choose features by what a filter says, and cut them to some properties.
pub(super) fn of_filters() -> Vec<Value> {
    let text = || json!({ "type": "string" });
    vec![
        query(
            "filter",
            "Only features of which this CQL2 expression is true; the names are those of the queryables.",
            &text(),
        ),
        query(
            "filter-lang",
            "Language of the filter.",
            &json!({
                "type": "string", "enum": Language::TOKENS, "default": Language::TOKENS[0],
            }),
        ),
        in_system(
            "filter-crs",
            "Coordinate reference system of positions in the filter.",
        ),
        query(
            "properties",
            "Names of the properties that features come with, comma separated.",
            &text(),
        ),
    ]
}

/// The properties of a layer by which an equal value can be asked; parameters of the same name go first.
pub(super) fn of_properties(layer: &LayerDescription) -> Vec<Value> {
    let parameter = |name| {
        layer
            .parameters
            .iter()
            .any(|parameter| parameter.name() == name)
    };
    let properties = layer
        .properties
        .iter()
        .filter(|property| !parameter(property.name));
    let equal = |property: &Property| {
        let description = format!("Only features with this value. {}", property.description);
        query(property.name, &description, &of_property(property))
    };
    properties.map(equal).collect()
}

/// The box.
pub(super) fn bbox() -> Value {
    let schema =
        json!({ "type": "array", "minItems": 4, "maxItems": 6, "items": { "type": "number" } });
    let description = "West, south, east, north in degrees (or with heights: west, south, low, east, north, high), or in the \
                       order of the axes of bbox-crs. Only what meets the box is returned; west greater than east crosses \
                       the antimeridian.";
    query("bbox", description, &schema)
}

/// Parameters that every collection's items take beside those of the layer.
pub(super) fn of_items() -> Vec<Value> {
    vec![
        shared("limit"),
        query(
            "offset",
            "Features skipped.",
            &json!({ "type": "integer", "minimum": 0, "default": 0 }),
        ),
        bbox(),
        in_system("bbox-crs", "Coordinate reference system of bbox."),
        in_system("crs", "Coordinate reference system of the answer."),
        query(
            "cursor",
            "Where the page starts, as a link to a next page has it.",
            &json!({ "type": "string", "pattern": "^[0-9a-f]+-[0-9a-f]+$" }),
        ),
        query(
            "sortby",
            "Properties to sort by, comma separated, those with a hyphen before them descending.",
            &json!({ "type": "string" }),
        ),
        query(
            "skipGeometry",
            "Whether features come without geometry.",
            &json!({ "type": "boolean", "default": false }),
        ),
    ]
}

/// A parameter that names a coordinate reference system.
pub(super) fn in_system(name: &str, description: &str) -> Value {
    let schema = json!({
        "type": "string",
        "format": "uri",
        "enum": Crs::ALL.map(Crs::uri),
        "default": Crs::default().uri(),
    });
    query(name, description, &schema)
}

/// Problem responses that operations refer to.
pub(super) fn problem_responses() -> Value {
    let response = |description: &str| {
        let schema = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
        json!({ "description": description, "content": { problem::MEDIA_TYPE: schema } })
    };
    json!({
        "BadRequest": response("A parameter is unknown or wrong; every mistake is listed."),
        "Unauthenticated": response("There is no key, or it is no good here and now."),
        "Forbidden": response("The role of the key may not do this."),
        "TooMany": response("So many requests a minute are more than one asker may make; Retry-After says when to ask again."),
        "NotFound": response("There is no such resource, or the asker may not know of it."),
        "Gone": response("What was asked about is no longer there; the detail says what to do."),
        "NotAcceptable": response("None of the accepted formats is offered."),
        "TooLarge": response("The body is longer than is read."),
        "UnsupportedMediaType": response("The body is of a type that is not understood."),
        "ServerFault": response("The service failed; the failure has been logged under the id of the problem."),
        "Busy": response("The service is busy; Retry-After says when to ask again."),
    })
}

/// The schema of a problem document.
pub(super) fn problem_schema() -> Value {
    let text = || json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": text(),
            "title": text(),
            "status": { "type": "integer" },
            "detail": text(),
            "instance": text(),
            "errors": {
                "type": "array",
                "items": { "type": "object", "properties": { "parameter": text(), "detail": text() } },
            },
        },
    })
}
