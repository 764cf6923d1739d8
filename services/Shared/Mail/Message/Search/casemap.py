#!/usr/bin/env python3
"""Writes CaseMap.bin: what each character over 127 becomes in i;unicode-casemap (see CaseMap.cs).

An entry is the code point (4 octets, little-endian), the number of UTF-16 units (1 octet) and the units (2 octets each), in order of code points.
Hangul syllables are left out: CaseMap decomposes them by rule.
"""
import struct
import sys
import unicodedata


def simple_upper(text):
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in text)


with open(sys.argv[1], "wb") as out:
    for point in range(0x80, 0x110000):
        if 0xD800 <= point <= 0xDFFF or 0xAC00 <= point <= 0xD7A3:
            continue
        character = chr(point)
        mapped = simple_upper(unicodedata.normalize("NFKD", simple_upper(character)))
        if mapped != character:
            units = mapped.encode("utf-16-le")
            out.write(struct.pack("<IB", point, len(units) // 2) + units)
