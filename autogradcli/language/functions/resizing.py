"""Functions that pad images, resize them, or move their pixels to channels and back; and dropout."""

from autogradcli.language.function import Function

RANDOM = "What it drops is drawn by torch's generator: only where nothing is dropped is the gradient verified."

RESIZING: tuple[Function, ...] = (
    Function(
        "pad",
        'input, pad: ints, mode: ("constant", "reflect", "replicate", "circular") = "constant", value: number = None',
        "With more components before and after, from the last dimension on; a negative number takes some away.",
        torch="nn.functional.pad",
        tensor=True,
    ),
    Function(
        "constant_pad_nd",
        "x, pad: ints, value: number = 0",
        "With more components of one number before and after, from the last dimension on.",
        torch="constant_pad_nd",
        definition="pad(x, pad=pad, value=value)",
        tensor=True,
    ),
    Function(
        "interpolate",
        "input, size: ints = None, scale_factor: reals = None, "
        'mode: ("nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic", "area") = "nearest", '
        "align_corners: flag = None, recompute_scale_factor: flag = None, antialias: flag = False",
        "In another size: each pixel from those that are nearest, in the dimensions after the first two.",
        torch="nn.functional.interpolate",
        tensor=True,
    ),
    Function(
        "pixel_shuffle",
        "x, upscale_factor: int",
        "Channels as pixels: images so many times as high and wide.",
        torch="pixel_shuffle",
        tensor=True,
    ),
    Function(
        "pixel_unshuffle",
        "x, downscale_factor: int",
        "Pixels as channels, the inverse of pixel_shuffle.",
        torch="pixel_unshuffle",
        tensor=True,
    ),
    Function(
        "channel_shuffle",
        "x, groups: int",
        "The channels of groups one after the other.",
        torch="channel_shuffle",
        tensor=True,
    ),
    Function(
        "glu",
        "x, dim: int = -1",
        "The first half times the sigmoid of the second.",
        torch="nn.functional.glu",
        tensor=True,
    ),
    *(
        Function(
            name,
            f"input, p: real = 0.5, training: flag = {name != 'alpha_dropout'}",
            f"{what} at random set to 0, and the others larger.",
            torch=f"nn.functional.{name}",
            tensor=True,
            draws=True,
            note=RANDOM,
        )
        for name, what in {
            "dropout": "Components",
            "dropout1d": "Channels",
            "dropout2d": "Channels",
            "dropout3d": "Channels",
            "alpha_dropout": "Components",
        }.items()
    ),
)
