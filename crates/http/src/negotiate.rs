//! Which format and which content coding a request gets: `f`, `Accept` and `Accept-Encoding` (RFC 9110 §12).

use naqsha_layers::ParameterError;

use crate::problem::{Kind, Problem};

/// A format in which a resource is offered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Format {
    /// Values of `f` that ask for it; links use the first.
    pub(crate) tokens: &'static [&'static str],
    /// Content-Type of the answer.
    pub(crate) media_type: &'static str,
    /// Media types in `Accept` that it satisfies.
    accepted: &'static [&'static str],
    /// What a link to it is called.
    pub(crate) title: &'static str,
}

pub(crate) static JSON: Format = Format {
    tokens: &["json"],
    media_type: "application/json",
    accepted: &["application/json"],
    title: "as JSON",
};
pub(crate) static PRETTY_JSON: Format = Format {
    tokens: &["pjson"],
    media_type: "text/plain; charset=utf-8",
    accepted: &[],
    title: "as JSON for reading",
};
pub(crate) static HTML: Format = Format {
    tokens: &["html"],
    media_type: "text/html; charset=utf-8",
    accepted: &["text/html", "application/xhtml+xml"],
    title: "as a page",
};
pub(crate) static GEOJSON: Format = Format {
    tokens: &["json", "geojson"],
    media_type: "application/geo+json",
    accepted: &["application/geo+json", "application/json"],
    title: "as GeoJSON",
};
pub(crate) static SEQUENCE: Format = Format {
    tokens: &["geojsonseq"],
    media_type: "application/geo+json-seq",
    accepted: &["application/geo+json-seq"],
    title: "as a GeoJSON text sequence",
};
pub(crate) static NDJSON: Format = Format {
    tokens: &["ndjson"],
    media_type: "application/x-ndjson",
    accepted: &["application/x-ndjson", "application/ndjson"],
    title: "as a GeoJSON feature a line",
};
pub(crate) static EVENTS: Format = Format {
    tokens: &["events"],
    media_type: "text/event-stream",
    accepted: &["text/event-stream"],
    title: "as server-sent events",
};
pub(crate) static FLATGEOBUF: Format = Format {
    tokens: &["fgb"],
    media_type: "application/flatgeobuf",
    accepted: &["application/flatgeobuf"],
    title: "as FlatGeobuf",
};
pub(crate) static ARROW: Format = Format {
    tokens: &["arrow"],
    media_type: "application/vnd.apache.arrow.stream",
    accepted: &["application/vnd.apache.arrow.stream"],
    title: "as an Arrow IPC stream",
};
pub(crate) static PARQUET: Format = Format {
    tokens: &["parquet"],
    media_type: "application/vnd.apache.parquet",
    accepted: &["application/vnd.apache.parquet"],
    title: "as GeoParquet",
};
pub(crate) static CSV: Format = Format {
    tokens: &["csv"],
    media_type: "text/csv; charset=utf-8",
    accepted: &["text/csv"],
    title: "as CSV",
};
/// GeoJSON beside another JSON, which a client that accepts any JSON gets.
pub(crate) static ZONES_GEOJSON: Format = Format {
    tokens: &["geojson"],
    media_type: "application/geo+json",
    accepted: &["application/geo+json"],
    title: "as GeoJSON",
};
pub(crate) static ZONES_BINARY: Format = Format {
    tokens: &["uint64"],
    media_type: "application/x-binary",
    accepted: &["application/x-binary"],
    title: "as 64-bit integers",
};
pub(crate) static CHANGE_LINES: Format = Format {
    tokens: &["ndjson"],
    media_type: "application/x-ndjson",
    accepted: &["application/x-ndjson", "application/ndjson"],
    title: "as a JSON object a line",
};
/// Asked for by its token alone: it has no media type of its own.
pub(crate) static CSV_WITH_MARK: Format = Format {
    tokens: &["csv-bom"],
    media_type: "text/csv; charset=utf-8",
    accepted: &[],
    title: "as CSV with a byte order mark",
};
pub(crate) static SCHEMA: Format = Format {
    tokens: &["json"],
    media_type: "application/schema+json",
    accepted: &["application/schema+json", "application/json"],
    title: "as JSON Schema",
};
pub(crate) static OPENAPI: Format = Format {
    tokens: &["json"],
    media_type: "application/vnd.oai.openapi+json;version=3.0",
    accepted: &[
        "application/vnd.oai.openapi+json",
        "application/openapi+json",
        "application/json",
    ],
    title: "as OpenAPI 3.0",
};
pub(crate) static STYLE: Format = Format {
    tokens: &["json", "mbs"],
    media_type: "application/vnd.mapbox.style+json",
    accepted: &["application/vnd.mapbox.style+json", "application/json"],
    title: "as a MapLibre style",
};
pub(crate) static TILEJSON: Format = Format {
    tokens: &["tilejson"],
    media_type: "application/vnd.mapbox.tile+json",
    accepted: &["application/vnd.mapbox.tile+json"],
    title: "as TileJSON",
};
pub(crate) static MVT: Format = Format {
    tokens: &["mvt"],
    media_type: "application/vnd.mapbox-vector-tile",
    accepted: &["application/vnd.mapbox-vector-tile"],
    title: "as a vector tile",
};

impl Format {
    /// The media type as links name it, without the charset.
    pub(crate) fn link_type(&self) -> &'static str {
        self.media_type
            .strip_suffix("; charset=utf-8")
            .unwrap_or(self.media_type)
    }
}

/// The format a request gets of those offered, best first: `f` decides, else `Accept`, else the first.
pub(crate) fn format(
    token: Option<&str>,
    accept: Option<&str>,
    offered: &[&'static Format],
) -> Result<&'static Format, Problem> {
    if let Some(token) = token {
        return offered
            .iter()
            .copied()
            .find(|format| format.tokens.contains(&token))
            .ok_or_else(|| {
                let tokens: Vec<_> = offered
                    .iter()
                    .filter_map(|format| format.tokens.first().copied())
                    .collect();
                Problem::parameters(vec![ParameterError::new(
                    "f",
                    format!("is not one of {}", tokens.join(", ")),
                )])
            });
    }
    let Some(accept) = accept else {
        return Ok(offered[0]);
    };
    let ranges = weighted(accept);
    let quality = |format: &Format| {
        format
            .accepted
            .iter()
            .map(|media| quality_of_media(&ranges, media))
            .max()
            .unwrap_or(0)
    };
    // `min_by_key` takes the first of equals, so that the order of the offer decides between equal qualities.
    offered
        .iter()
        .copied()
        .filter(|format| quality(format) > 0)
        .min_by_key(|format| 1_000 - quality(format))
        .ok_or_else(|| {
            let types: Vec<_> = offered.iter().map(|format| format.link_type()).collect();
            Problem::new(
                Kind::NotAcceptable,
                format!("Offered are {}.", types.join(", ")),
            )
        })
}

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    /// Its name in headers and entity tags.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The coding a request gets: the best liked one, the cheapest to make among equals.
    pub(crate) fn of(accept_encoding: Option<&str>) -> Self {
        let Some(header) = accept_encoding else {
            return Self::Identity;
        };
        let ranges = weighted(header);
        let quality = |coding: Self| {
            let named = ranges.iter().find(|(name, _)| {
                name.eq_ignore_ascii_case(coding.name())
                    || (coding == Self::Gzip && name.eq_ignore_ascii_case("x-gzip"))
            });
            let any = ranges.iter().find(|(name, _)| *name == "*");
            named.or(any).map_or(0, |&(_, quality)| quality)
        };
        [Self::Zstd, Self::Brotli, Self::Gzip]
            .into_iter()
            .filter(|&coding| quality(coding) > 0)
            .min_by_key(|&coding| 1_000 - quality(coding))
            .filter(|&coding| quality(coding) >= quality_of_identity(&ranges))
            .unwrap_or(Self::Identity)
    }
}

/// How much the uncoded body is wanted where that was said at all; unsaid it loses to any coding.
fn quality_of_identity(ranges: &[(&str, u16)]) -> u16 {
    ranges
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("identity"))
        .map_or(0, |&(_, quality)| quality)
}

/// Members of a weighted list with their quality in thousandths; what cannot be read counts as 1.
fn weighted(header: &str) -> Vec<(&str, u16)> {
    header
        .split(',')
        .filter_map(|member| {
            let mut parts = member.split(';').map(str::trim);
            let name = parts.next().filter(|name| !name.is_empty())?;
            let quality =
                parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            Some((name, quality.map_or(1_000, thousandths)))
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=1000 before"
)]
fn thousandths(quality: &str) -> u16 {
    quality
        .parse::<f64>()
        .map_or(1_000, |q| (q * 1_000.0).clamp(0.0, 1_000.0) as u16)
}

/// Quality of a media type by the most specific range that covers it.
fn quality_of_media(ranges: &[(&str, u16)], media: &str) -> u16 {
    let whole_type = media.split('/').next().unwrap_or_default();
    let covers = |range: &str| {
        if range.eq_ignore_ascii_case(media) {
            3
        } else if range
            .strip_suffix("/*")
            .is_some_and(|kind| kind.eq_ignore_ascii_case(whole_type))
        {
            2
        } else {
            u8::from(range == "*/*")
        }
    };
    ranges
        .iter()
        .map(|&(range, quality)| (covers(range), quality))
        .filter(|&(specificity, _)| specificity > 0)
        .max()
        .map_or(0, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_wins_for_anything_and_html_for_a_browser() {
        let offered: [&'static Format; 2] = [&JSON, &HTML];
        let chosen = |accept| format(None, accept, &offered).unwrap().tokens[0];
        assert_eq!(chosen(None), "json");
        assert_eq!(chosen(Some("*/*")), "json");
        assert_eq!(chosen(Some("application/*;q=0.5, text/html;q=0.4")), "json");
        assert_eq!(
            chosen(Some(
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
            )),
            "html"
        );
        assert_eq!(
            format(None, Some("image/png"), &offered).unwrap_err().kind,
            Kind::NotAcceptable
        );
        assert_eq!(
            format(None, Some("application/json;q=0"), &offered)
                .unwrap_err()
                .kind,
            Kind::NotAcceptable
        );
        assert_eq!(
            format(Some("html"), Some("application/json"), &offered).unwrap(),
            &HTML
        );
        assert_eq!(
            format(Some("xml"), None, &offered).unwrap_err().kind,
            Kind::BadParameter
        );
    }

    #[test]
    fn what_gdal_and_qgis_send_for_openapi_is_understood() {
        let accept = "application/vnd.oai.openapi+json;version=3.0, application/openapi+json;version=3.0, application/json";
        assert_eq!(
            format(None, Some(accept), &[&OPENAPI, &HTML]).unwrap(),
            &OPENAPI
        );
    }

    #[test]
    fn codings_follow_their_quality() {
        assert_eq!(Coding::of(None), Coding::Identity);
        assert_eq!(Coding::of(Some("gzip, deflate, br, zstd")), Coding::Zstd);
        assert_eq!(Coding::of(Some("gzip;q=1.0, br;q=0.5")), Coding::Gzip);
        assert_eq!(Coding::of(Some("gzip;q=0, *;q=0")), Coding::Identity);
        assert_eq!(Coding::of(Some("identity, gzip;q=0.5")), Coding::Identity);
        assert_eq!(Coding::of(Some("deflate")), Coding::Identity);
    }
}
