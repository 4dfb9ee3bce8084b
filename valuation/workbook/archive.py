"""The file before openpyxl sees it: is it a workbook, is it whole, is it safe to unpack."""

from __future__ import annotations

import lzma
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Final, NoReturn
from zipfile import BadZipFile, ZipFile, ZipInfo

from valuation.errors import Problem, WorkbookError

#: Most bytes a workbook may have, packed or unpacked.
LARGEST: Final = 200 * 1024 * 1024
#: Most times a member above a megabyte may grow when unpacked.
LARGEST_RATIO: Final = 200
_MEGABYTE: Final = 1024 * 1024

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_WORKBOOK: Final = "xl/workbook.xml"
_STRICT: Final = b"http://purl.oclc.org/ooxml/"
_HTML: Final = (b"<!doctype html", b"<html", b"<head", b"<meta", b"<table")
_SAVE_AS: Final = "Open it in Excel and save it as an ordinary Excel workbook (.xlsx)."
_CUT_OFF: Final = "the file is cut off or damaged. Copy or download it again."
#: What reading a damaged archive raises.
_DAMAGE: Final = (
    BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zlib.error,
)


def read_bytes(path: Path) -> bytes:
    """Read a workbook file and refuse what is not one, is damaged, or grows beyond measure.

    Raises:
        WorkbookError: With what the file is instead, and what to do.
    """
    data = _read(path)
    if not data.startswith(_ZIP):
        _refuse(path, _what_else(data))
    try:
        with ZipFile(BytesIO(data)) as archive:
            fault = _fault(archive)
    except _DAMAGE:
        fault = _CUT_OFF
    if fault:
        _refuse(path, fault)
    return data


def has_macros(data: bytes) -> bool:
    """Whether a workbook carries macros; they are never run."""
    with ZipFile(BytesIO(data)) as archive:
        return any(name.endswith("vbaProject.bin") for name in archive.namelist())


def _refuse(path: Path, text: str) -> NoReturn:
    raise WorkbookError([Problem(file=path.name, text=text)]) from None


def _read(path: Path) -> bytes:
    if not path.exists():
        _refuse(path, f"no such file. Check the path {path}.")
    if path.is_dir():
        _refuse(path, f"{path} is a folder. Name the workbook in it.")
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        _refuse(path, f"cannot be read: {error.strerror}. Check its permissions, or close it.")
    if len(data) > LARGEST:
        _refuse(path, f"larger than {LARGEST // _MEGABYTE} MB. Keep only the assumption sheets.")
    return data


def _what_else(data: bytes) -> str:
    """Say what a file is that is no zip archive."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        return "the file is empty. Copy or download it again."
    if data.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in data:
        return "protected by a password. Remove it (File, Info, Protect Workbook) and save."
    if data.startswith(_OLE):
        kind = "an old Excel file (.xls)"
    elif start.startswith(_HTML):
        kind = "a web page (HTML), whatever its name says"
    elif start.startswith(b"<?xml"):
        kind = "an XML file"
    elif data.startswith(_BYTE_ORDER_MARKS) or not set(start) & set(range(9)):
        kind = "a text file such as CSV"
    else:
        kind = "not an Excel workbook"
    return f"{kind}. {_SAVE_AS}"


def _fault(archive: ZipFile) -> str:
    """Say what is wrong with a zip archive as a workbook; empty where nothing is."""
    members = archive.infolist()
    names = {member.filename for member in members}
    if any(member.flag_bits & 1 for member in members):
        fault = "the archive is encrypted. Remove the password and save."
    elif sum(m.file_size for m in members) > LARGEST or any(map(_is_bomb, members)):
        fault = "unpacks to more than a workbook can hold. Copy the sheets to a new file."
    elif "xl/workbook.bin" in names:
        fault = f"a binary workbook (.xlsb). {_SAVE_AS}"
    elif _WORKBOOK not in names:
        fault = f"a zip archive but no Excel workbook: {_WORKBOOK} is missing. {_SAVE_AS}"
    elif archive.testzip() is not None:
        fault = _CUT_OFF
    elif _STRICT in archive.read(_WORKBOOK):
        fault = f"saved as Strict Open XML. {_SAVE_AS}"
    else:
        fault = ""
    return fault


def _is_bomb(member: ZipInfo) -> bool:
    return member.file_size > max(_MEGABYTE, LARGEST_RATIO * member.compress_size)
