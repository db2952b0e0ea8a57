//! The pieces of which the OpenAPI document is put together: parameters, responses, operations.

use naqsha_formats::Crs;
use naqsha_layers::Parameter;
use serde_json::{Value, json};

use super::schemas::{Dialect, of_parameter};
use crate::negotiate::Format;
use crate::problem;

/// A GET operation. Unlike a struct of options, the builder says at the place of use what differs from the usual.
pub(super) struct Operation {
    id: String,
    summary: String,
    tag: &'static str,
    parameters: Vec<Value>,
    content: Value,
    absent: bool,
    empty: bool,
    file: bool,
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
            absent: false,
            empty: false,
            file: false,
        }
    }

    /// Formats of the answer; where there are several, `f` is a parameter.
    pub(super) fn answers(mut self, formats: &[&Format]) -> Self {
        self.content = formats
            .iter()
            .map(|format| (format.link_type().to_owned(), schema_of(format)))
            .collect();
        if let [_, _, ..] = formats {
            let tokens: Vec<&str> = formats
                .iter()
                .filter_map(|format| format.tokens.first().copied())
                .collect();
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
        self.file = true;
        self
    }

    pub(super) fn takes(mut self, parameters: impl IntoIterator<Item = Value>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// The resource may be absent: 404.
    pub(super) fn may_be_absent(mut self) -> Self {
        self.absent = true;
        self
    }

    /// The answer may be empty: 204.
    pub(super) fn may_be_empty(mut self) -> Self {
        self.empty = true;
        self
    }

    /// The path item.
    pub(super) fn build(self) -> Value {
        let mut responses = json!({
            "200": { "description": "The answer.", "content": self.content },
            "304": { "description": "The answer has not changed since the entity tag that was sent." },
            "400": { "$ref": "#/components/responses/BadRequest" },
            "406": { "$ref": "#/components/responses/NotAcceptable" },
            "500": { "$ref": "#/components/responses/ServerFault" },
            "503": { "$ref": "#/components/responses/Busy" },
        });
        if self.absent {
            responses["404"] = json!({ "$ref": "#/components/responses/NotFound" });
        }
        if self.file {
            responses["206"] = json!({ "description": "The part that Range asked for.", "content": responses["200"]["content"] });
            responses["416"] =
                json!({ "description": "The part lies beyond the end of the file." });
        }
        if self.empty {
            responses["204"] = json!({ "description": "The tile is empty." });
        }
        json!({
            "get": {
                "operationId": self.id,
                "summary": self.summary,
                "tags": [self.tag],
                "parameters": self.parameters,
                "responses": responses,
            },
        })
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

/// A layer's parameter, inline.
pub(super) fn of_layer(parameter: Parameter) -> Value {
    query(
        parameter.name(),
        parameter.description(),
        &of_parameter(parameter, Dialect::OpenApi30),
    )
}

/// The name of a parameter, inline or shared.
pub(super) fn parameter_name(parameter: &Value) -> Option<&str> {
    let reference = || {
        parameter["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next())
    };
    parameter["name"].as_str().or_else(reference)
}

/// Parameters that every collection's items take beside those of the layer.
pub(super) fn of_items() -> Vec<Value> {
    let bbox =
        json!({ "type": "array", "minItems": 4, "maxItems": 6, "items": { "type": "number" } });
    vec![
        shared("limit"),
        query(
            "offset",
            "Features skipped.",
            &json!({ "type": "integer", "minimum": 0, "default": 0 }),
        ),
        query(
            "bbox",
            "West, south, east, north in degrees (or with heights: west, south, low, east, north, high), or in the order of \
             the axes of bbox-crs. Only features that meet the box are returned; west greater than east crosses the antimeridian.",
            &bbox,
        ),
        in_system("bbox-crs", "Coordinate reference system of bbox."),
        in_system("crs", "Coordinate reference system of the answer."),
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
        "NotFound": response("There is no such resource, or the asker may not know of it."),
        "NotAcceptable": response("None of the accepted formats is offered."),
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
