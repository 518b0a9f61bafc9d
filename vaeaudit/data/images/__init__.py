"""Folders of pictures: found, decoded, cached, measured."""
