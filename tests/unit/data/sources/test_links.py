"""Nothing outside a folder of data is read through a link or a name in it; what is refused is accounted for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.sources.listing import LEADS_OUT, list_folder
from vaeaudit.errors import InputError

REASON = f"{LEADS_OUT}; nothing behind it was read"


def write_table(path: Path, word: str = "mine") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("size,word\n" + "".join(f"{number / 7},{word}{number % 3}\n" for number in range(30)))
    return path


def write_pictures(folder: Path, shade: int = 0) -> Path:
    folder.mkdir(parents=True)
    for number in range(24):
        pixels = np.full((16, 16), shade, dtype=np.uint8)
        pixels[number % 16] = 200 + number
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return folder


def read(folder: Path) -> Dataset:
    return load(folder, ReadConfig(cache=str(folder.parent / "cache")))


def quarantined(dataset: Dataset) -> dict[str, str]:
    account = dataset.accounting
    assert account.read == account.scored + account.quarantined + account.skipped
    assert account.quarantined == len(dataset.quarantine)
    return dict(zip(dataset.quarantine["file"], dataset.quarantine["reason"], strict=True))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return write_table(tmp_path / "outside" / "secret.csv", "secret")


@pytest.mark.parametrize("place", ["p.csv", "year=2024/p.csv", "year=2024/month=01/p.csv"])
@pytest.mark.parametrize("relative", [False, True])
def test_a_linked_table_that_lies_outside_is_quarantined_unread(
    tmp_path: Path, secret: Path, place: str, relative: bool
) -> None:
    folder = write_table(tmp_path / "data" / "a.csv").parent
    link = folder / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.relpath(secret, link.parent) if relative else secret)
    dataset = read(folder)
    assert quarantined(dataset) == {place: REASON}
    assert not dataset.frame["word"].astype(str).str.contains("secret").any()


def test_a_system_file_behind_a_table_name_is_not_read(tmp_path: Path) -> None:
    folder = write_table(tmp_path / "data" / "a.csv").parent
    (folder / "p.csv").symlink_to("/etc/passwd")
    (folder / "zero.csv").symlink_to("/dev/zero")
    assert quarantined(read(folder)) == {"p.csv": REASON, "zero.csv": REASON}


def test_a_chain_of_links_is_judged_by_where_it_ends(tmp_path: Path, secret: Path) -> None:
    folder = write_table(tmp_path / "data" / "a.csv").parent
    (folder / "z.txt").symlink_to(secret)
    (folder / "p.csv").symlink_to("z.txt")
    dataset = read(folder)
    assert quarantined(dataset) == {"p.csv": REASON}
    assert any(f"z.txt ({LEADS_OUT})" in note for note in dataset.notes)


def test_a_folder_with_a_similar_name_is_outside(tmp_path: Path) -> None:
    folder = write_table(tmp_path / "data" / "a.csv").parent
    (folder / "p.csv").symlink_to(write_table(tmp_path / "data2" / "b.csv"))
    assert quarantined(read(folder)) == {"p.csv": REASON}


def test_a_linked_folder_outside_is_accounted_for_and_one_inside_is_only_mentioned(
    tmp_path: Path, secret: Path
) -> None:
    folder = write_table(tmp_path / "data" / "year=2023" / "a.csv").parents[1]
    (folder / "year=2024").symlink_to(secret.parent, target_is_directory=True)
    (folder / "again").symlink_to("year=2023", target_is_directory=True)
    (folder / "round").symlink_to(folder, target_is_directory=True)
    dataset = read(folder)
    assert quarantined(dataset) == {"year=2024": REASON}
    assert len(dataset) == 30
    assert any("again (a linked folder), round (a linked folder)" in note for note in dataset.notes)


def test_links_within_the_folder_and_hard_links_are_read(tmp_path: Path, secret: Path) -> None:
    folder = write_table(tmp_path / "data" / "a.csv").parent
    (folder / "same.csv").symlink_to("a.csv")
    os.link(secret, folder / "hard.csv")
    dataset = read(folder)
    assert (len(dataset), len(dataset.quarantine)) == (90, 0)


def test_data_that_is_itself_a_link_is_what_the_user_asked_for(tmp_path: Path, secret: Path) -> None:
    folder = write_table(tmp_path / "data" / "a.csv").parent
    (tmp_path / "file.csv").symlink_to(secret)
    (tmp_path / "folder").symlink_to(folder, target_is_directory=True)
    (folder / "b.csv").symlink_to("a.csv")
    (folder / "c.csv").symlink_to((folder / "a.csv").resolve())
    assert len(read(tmp_path / "file.csv")) == 30
    assert len(read(tmp_path / "folder")) == 90


def test_devices_pipes_loops_and_broken_links_are_quarantined_without_waiting(tmp_path: Path) -> None:
    folder = write_table(tmp_path / "data" / "a.csv").parent
    os.mkfifo(folder / "pipe.csv")
    (folder / "to_pipe.csv").symlink_to("pipe.csv")
    (folder / "loop.csv").symlink_to("loop.csv")
    (folder / "ping.csv").symlink_to("pong.csv")
    (folder / "pong.csv").symlink_to("ping.csv")
    (folder / "broken.csv").symlink_to("nowhere.csv")
    found = quarantined(read(folder))
    assert found.keys() == {"pipe.csv", "to_pipe.csv", "loop.csv", "ping.csv", "pong.csv", "broken.csv"}
    assert all("expected a regular file" in reason for reason in found.values())


def test_a_folder_of_nothing_but_links_out_says_so(tmp_path: Path, secret: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "p.csv").symlink_to(secret)
    with pytest.raises(InputError, match=f"none could be read. p.csv: {LEADS_OUT}"):
        read(folder)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "p.png").symlink_to(write_pictures(tmp_path / "others") / "00.png")
    with pytest.raises(InputError, match=rf"none of the 1 record\(s\) can be used.*p.png.*{LEADS_OUT}"):
        read(pictures)


def test_linked_pictures_folders_and_metadata_outside_are_quarantined_unread(tmp_path: Path) -> None:
    folder, other = write_pictures(tmp_path / "photos"), write_pictures(tmp_path / "others", shade=90)
    (other / "metadata.csv").write_text("file_name,word\n" + "".join(f"{n:02}.png,secret\n" for n in range(24)))
    (folder / "linked.png").symlink_to(other / "00.png")
    (folder / "no_ending").symlink_to(other / "01.png")
    (folder / "class").symlink_to(other, target_is_directory=True)
    (folder / "metadata.csv").symlink_to(other / "metadata.csv")
    (folder / "twin.png").symlink_to("00.png")
    dataset = read(folder)
    assert quarantined(dataset) == {"linked.png": REASON, "class": REASON, "metadata.csv": REASON}
    assert len(dataset) == 25
    assert "word" not in dataset.schema
    assert any(f"no_ending ({LEADS_OUT})" in note for note in dataset.notes)


@pytest.mark.parametrize("name", ["../others/00.png", "{others}/00.png", "..\\others\\00.png", "a/../../others/00.png"])
def test_a_file_name_that_leads_out_of_the_folder_is_quarantined_unread(tmp_path: Path, name: str) -> None:
    folder, others = write_pictures(tmp_path / "photos"), write_pictures(tmp_path / "others", shade=90)
    stated = name.format(others=others)
    rows = "".join(f"{number:02}.png,word{number % 2}\n" for number in range(24))
    (folder / "metadata.csv").write_text(f"file_name,word\n{rows}{stated},secret\n")
    dataset = read(folder)
    assert quarantined(dataset) == {
        "metadata.csv": f"names {stated!r}, which leads out of the folder; it was not opened"
    }
    assert set(dataset.frame["word"]) == {"word0", "word1"}


def test_a_file_name_that_goes_up_but_stays_inside_is_fine(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "photos")
    (folder / "sub").mkdir()
    rows = "".join(f"../{number:02}.png,word{number % 2}\n" for number in range(24))
    (folder / "sub" / "metadata.csv").write_text(f"file_name,word\n{rows}")
    dataset = read(folder)
    assert quarantined(dataset) == {}
    assert dataset.frame["word"].notna().all()


def test_a_listing_separates_links_that_lead_out(tmp_path: Path) -> None:
    folder, outside = tmp_path / "data", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "in.csv").touch()
    (folder / ".hidden.csv").symlink_to(outside)
    (folder / "file.csv").symlink_to(outside / "none.csv")
    (folder / "sub").symlink_to(outside, target_is_directory=True)
    listing = list_folder(folder)
    assert (listing.names, listing.links_out, listing.folders_out) == (("in.csv",), ("file.csv",), ("sub",))
    shutil.rmtree(outside)
    assert list_folder(folder).links_out == ("file.csv", "sub")
