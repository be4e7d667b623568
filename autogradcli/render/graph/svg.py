"""A picture for pages: Scalable Vector Graphics."""

from autogradcli.render.graph.image import image_format

FORMAT = image_format("svg")
