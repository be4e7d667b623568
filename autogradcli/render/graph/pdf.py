"""A picture for print."""

from autogradcli.render.graph.image import image_format

FORMAT = image_format("pdf")
