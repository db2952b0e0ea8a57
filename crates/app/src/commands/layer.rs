//! `naqsha layer`: what layers there are and what each means.

use clap::Subcommand;
use naqsha_layers::{LayerDescription, descriptions};
use serde_json::{Value, json};

use super::{Context, print_line};
use crate::exit::Usage;

#[derive(Debug, Subcommand)]
pub(crate) enum LayerCommand {
    /// Every layer.
    List,
    /// One layer: its properties, parameters and reference.
    Describe {
        /// Identifier of the layer.
        layer: String,
    },
}

pub(super) fn run(context: &Context, command: LayerCommand) -> anyhow::Result<()> {
    match command {
        LayerCommand::List if context.json => {
            let layers: Vec<Value> = descriptions().iter().map(|layer| describe(layer)).collect();
            print_line(&json!({ "layers": layers }).to_string())
        }
        LayerCommand::List => {
            for layer in descriptions() {
                print_line(&format!("{:<12} {}", layer.id, layer.title))?;
            }
            Ok(())
        }
        LayerCommand::Describe { layer } => {
            let found = descriptions().iter().find(|known| known.id == layer);
            let layer = found.ok_or_else(|| Usage(format!("there is no layer {layer:?}")))?;
            print_line(&serde_json::to_string_pretty(&describe(layer))?)
        }
    }
}

fn describe(layer: &LayerDescription) -> Value {
    let properties: Vec<Value> = layer
        .properties
        .iter()
        .map(|p| json!({ "name": p.name, "title": p.title, "unit": p.unit, "description": p.description }))
        .collect();
    let parameters: Vec<Value> = layer
        .parameters
        .iter()
        .map(|p| json!({ "name": p.name(), "description": p.description() }))
        .collect();
    json!({
        "id": layer.id,
        "title": layer.title,
        "description": layer.description,
        "default": layer.default,
        "reference": layer.reference,
        "properties": properties,
        "parameters": parameters,
    })
}
