"""What QGIS reads from the service, without a screen.

Usage: qgis_read.py PROVIDER SOURCE [WEST,SOUTH,EAST,NORTH]
PROVIDER is oapif, arcgisfeatureserver or vectortile. Prints JSON: for features their count and a few properties, for tiles
the share of the picture that is not background.
"""

import json
import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeatureRequest,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize  # noqa: E402
from qgis.PyQt.QtGui import QColor  # noqa: E402


def features(provider, source, box):
    layer = QgsVectorLayer(source, "layer", "OAPIF" if provider == "oapif" else provider)
    if not layer.isValid():
        return {"valid": False, "error": layer.dataProvider().error().message()}
    request = QgsFeatureRequest()
    if box:
        request.setFilterRect(QgsRectangle(*box))
    names = [field.name() for field in layer.fields()]
    wanted = [name for name in ("h3", "n", "class") if name in names]
    found = []
    for feature in layer.getFeatures(request):
        values = {name: feature[name] for name in wanted}
        values["geometry"] = feature.geometry().type()
        values["area"] = feature.geometry().area()
        found.append(values)
    return {
        "valid": True,
        "crs": layer.crs().authid(),
        "count": layer.featureCount(),
        "fields": names,
        "features": found,
    }


def tiles(source, box):
    layer = QgsVectorTileLayer(source, "layer")
    if not layer.isValid():
        return {"valid": False}
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setBackgroundColor(QColor(255, 255, 255))
    settings.setOutputSize(QSize(256, 256))
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setExtent(QgsRectangle(*box))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    picture = job.renderedImage()
    samples = [picture.pixelColor(x, y) for x in range(0, 256, 4) for y in range(0, 256, 4)]
    drawn = sum(colour != QColor(255, 255, 255) for colour in samples)
    return {"valid": True, "drawn": drawn / len(samples)}


def main():
    provider, source = sys.argv[1:3]
    box = [float(corner) for corner in sys.argv[3].split(",")] if len(sys.argv) > 3 else None
    application = QgsApplication([], False)
    application.initQgis()
    try:
        told = tiles(source, box) if provider == "vectortile" else features(provider, source, box)
        print(json.dumps(told))
    finally:
        application.exitQgis()


main()
