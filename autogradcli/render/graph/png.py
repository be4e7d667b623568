"""A picture in pixels."""

from autogradcli.render.graph.image import image_format

FORMAT = image_format("png")
