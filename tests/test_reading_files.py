"""Files that are no workbook, damaged, or dangerous."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheets import NAME, find_company, to_bytes, valid, with_members

from valuation.errors import InputError, WorkbookError
from valuation.workbook import archive
from valuation.workbook.archive import has_macros, read_bytes
from valuation.workbook.cells import open_book
from valuation.workbook.read import read

SAVE_AS = r"Open it in Excel and save it as an ordinary Excel workbook \(\.xlsx\)\.$"
CUT_OFF = r"^mill\.xlsx: the file is cut off or damaged\. Copy or download it again\.$"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
VALID = to_bytes(valid())


@pytest.fixture
def written(tmp_path):
    def write(data):
        path = tmp_path / NAME
        path.write_bytes(data)
        return path

    return write


def without(name):
    return with_members(VALID, lambda members: members.pop(name))


def test_a_good_workbook_passes_byte_for_byte(written):
    assert read_bytes(written(VALID)) == VALID


def test_a_missing_file_is_told_with_its_path(tmp_path):
    path = tmp_path / "nowhere" / NAME
    with pytest.raises(
        WorkbookError, match=r"^mill\.xlsx: no such file\. Check the path .*nowhere"
    ):
        read_bytes(path)


def test_a_folder_is_no_workbook(tmp_path):
    with pytest.raises(WorkbookError, match=r"is a folder\. Name the workbook in it\.$"):
        read_bytes(tmp_path)


def test_a_file_that_may_not_be_read_says_why(written, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    path = written(VALID)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(WorkbookError, match=r"^mill\.xlsx: cannot be read: Permission denied\."):
        read_bytes(path)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", r"the file is empty\. Copy or download it again\.$"),
        (b"Key,Label,Unit,Base\nmill.price,Price,CNY,3\n", f"a text file such as CSV. {SAVE_AS}"),
        ("Key\t名称\n".encode("utf-16"), f"a text file such as CSV. {SAVE_AS}"),
        ("键,名称\n".encode("gb18030"), f"a text file such as CSV. {SAVE_AS}"),
        (b"\xef\xbb\xbf\r\n<HTML><body><table>", rf"a web page \(HTML\), whatever.* {SAVE_AS}"),
        (b"<!DOCTYPE html><html>", rf"a web page \(HTML\), whatever.* {SAVE_AS}"),
        (b"<?xml version='1.0'?><Workbook/>", f"an XML file. {SAVE_AS}"),
        (OLE + "Workbook".encode("utf-16-le"), rf"an old Excel file \(\.xls\)\. {SAVE_AS}"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), r"protected by a password\. Remove it"),
        (b"%PDF-1.7\x00\x01\x02", f"not an Excel workbook. {SAVE_AS}"),
    ],
)
def test_other_files_are_told_apart(written, data, told):
    with pytest.raises(WorkbookError, match=rf"^mill\.xlsx: {told}"):
        read_bytes(written(data))


@pytest.mark.parametrize("length", [10, 100, len(VALID) // 2, len(VALID) - 30])
def test_a_file_cut_off_is_damaged(written, length):
    with pytest.raises(WorkbookError, match=CUT_OFF):
        read_bytes(written(VALID[:length]))


def test_a_flipped_byte_inside_a_member_is_damage(written):
    with zipfile.ZipFile(io.BytesIO(VALID)) as file:
        member = file.getinfo("xl/worksheets/sheet1.xml")
    at = member.header_offset + 30 + len(member.filename) + member.compress_size // 2
    with pytest.raises(WorkbookError, match=CUT_OFF):
        read_bytes(written(VALID[:at] + bytes([VALID[at] ^ 0xFF]) + VALID[at + 1 :]))


def test_an_encrypted_archive_is_refused(written):
    """Bit 0 of the flags, in the local header and in the directory."""
    data = bytearray(VALID)
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(WorkbookError, match=r"the archive is encrypted\. Remove the password"):
        read_bytes(written(bytes(data)))


def test_a_zip_without_a_workbook_is_refused(written):
    told = f"a zip archive but no Excel workbook: xl/workbook.xml is missing. {SAVE_AS}"
    with pytest.raises(WorkbookError, match=told):
        read_bytes(written(without("xl/workbook.xml")))


def test_an_empty_zip_is_refused(written):
    with pytest.raises(WorkbookError, match=r"xl/workbook\.xml is missing"):
        read_bytes(written(b"PK\x05\x06" + bytes(18)))


def test_a_binary_workbook_is_named(written):
    data = with_members(VALID, lambda m: m.update({"xl/workbook.bin": m.pop("xl/workbook.xml")}))
    with pytest.raises(WorkbookError, match=rf"a binary workbook \(\.xlsb\)\. {SAVE_AS}"):
        read_bytes(written(data))


def test_strict_open_xml_is_refused(written):
    def strict(members):
        old, new = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", archive._STRICT
        text = members["xl/workbook.xml"].replace(old, new + b"spreadsheetml/main")
        members["xl/workbook.xml"] = text

    with pytest.raises(WorkbookError, match=f"saved as Strict Open XML. {SAVE_AS}"):
        read_bytes(written(with_members(VALID, strict)))


def test_a_member_that_grows_beyond_measure_is_refused_before_it_is_unpacked(written, monkeypatch):
    data = with_members(VALID, lambda m: m.update({"xl/media/bomb": bytes(5_000_000)}))

    def unpack(*_):
        raise AssertionError("unpacked")

    monkeypatch.setattr(zipfile.ZipFile, "testzip", unpack)
    monkeypatch.setattr(zipfile.ZipFile, "read", unpack)
    with pytest.raises(WorkbookError, match="unpacks to more than a workbook can hold"):
        read_bytes(written(data))


def test_a_small_member_may_shrink_as_it_likes(written):
    data = with_members(VALID, lambda m: m.update({"xl/media/blank": bytes(1_000_000)}))
    assert read_bytes(written(data)) == data


def test_members_together_may_not_pass_the_limit(written, monkeypatch):
    """No single member is a bomb, but all together are larger than a workbook may be."""
    monkeypatch.setattr(archive, "LARGEST", len(VALID) + 1)
    with pytest.raises(WorkbookError, match="unpacks to more than a workbook can hold"):
        read_bytes(written(VALID))


def test_a_file_larger_than_the_limit_is_refused(written, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST", len(VALID) - 1)
    with pytest.raises(WorkbookError, match="larger than"):
        read_bytes(written(VALID))


def test_macros_are_ignored_with_a_notice(written):
    data = with_members(VALID, lambda m: m.update({"xl/vbaProject.bin": b"macros"}))
    assert has_macros(data)
    assert not has_macros(VALID)
    assert read(written(data), find_company).notices == (
        "the workbook has macros; they are not run",
    )


def test_a_workbook_with_the_content_type_of_macros_is_read(written):
    def retype(members):
        types = members["[Content_Types].xml"]
        old = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
        new = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
        assert old in types
        members["[Content_Types].xml"] = types.replace(old, new)

    assert read(written(with_members(VALID, retype)), find_company).inputs


def test_openpyxl_reads_through_defusedxml():
    assert openpyxl.DEFUSEDXML


@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/worksheets/sheet2.xml"])
def test_an_entity_bomb_is_refused(written, name):
    bomb = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'

    def plant(members):
        head, sep, rest = members[name].partition(b"?>")
        members[name] = head + sep + bomb + rest if sep else bomb + members[name]

    with pytest.raises(WorkbookError, match=r"^mill\.xlsx: damaged inside \("):
        read(written(with_members(VALID, plant)), find_company)


@pytest.mark.parametrize("name", ["[Content_Types].xml", "xl/_rels/workbook.xml.rels"])
def test_a_missing_part_is_damage_inside(written, name):
    with pytest.raises(WorkbookError, match=r"damaged inside \(.*\)\. Open it in Excel and save"):
        read(written(without(name)), find_company)


def test_what_openpyxl_drops_gives_no_warning(recwarn):
    """A date format on a number beyond the calendar makes openpyxl warn."""
    book = valid()
    book["Mill"]["Q30"] = 9_999_999
    book["Mill"]["Q30"].number_format = "yyyy-mm-dd"
    open_book(to_bytes(book), NAME)
    assert not recwarn.list


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(VALID) - 1), st.integers(1, 255), st.booleans())
def test_any_damage_ends_in_an_answer_or_one_of_our_errors(tmp_path_factory, at, bits, cut):
    data = VALID[:at] if cut else VALID[:at] + bytes([VALID[at] ^ bits]) + VALID[at + 1 :]
    path = tmp_path_factory.mktemp("damaged") / NAME
    path.write_bytes(data)
    try:
        assert read(path, find_company).inputs
    except InputError as error:
        assert error.problems  # noqa: PT017  either outcome is right
