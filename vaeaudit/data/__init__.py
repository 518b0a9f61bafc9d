"""The data room: from a path or a DataFrame to a typed `Dataset` with an exact account of its rows."""

from vaeaudit.data.dataset import Dataset, RowAccounting
from vaeaudit.data.reading.inspection import audit_toml, describe
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.load_like import OtherData, load_like
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema

__all__ = [
    "Column",
    "Dataset",
    "Kind",
    "OtherData",
    "Role",
    "RowAccounting",
    "Schema",
    "audit_toml",
    "describe",
    "load",
    "load_like",
]
