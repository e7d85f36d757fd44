"""Plain files of a world that hold a dump, an image of a device, or a copy of files."""

from __future__ import annotations

from svmrun.simulator.world import DumpImage, World
from svmrun.values import replace


def image_file(world: World, path: str) -> DumpImage | None:
    return next((image for image in world.files if image.target == path), None)


def put_image_file(world: World, image: DumpImage) -> World:
    """The world with the image in the file that it names, in the place of what was in there."""
    return replace(world, files=(*(old for old in world.files if old.target != image.target), image))
