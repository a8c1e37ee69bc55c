"""Ids: UUIDv7 text for machines, a short `ref` for people. Time and chance are handed in."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REF_SHORTEST = 4
REF_LONGEST = 12
_UUID_LENGTH, _UUID_DASHES = 36, 4


def uuid7(milliseconds: int, random: bytes) -> str:
    """Return a UUIDv7 (RFC 9562) made of epoch milliseconds and 10 random bytes."""
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(random[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def ref_of(uuid: str, length: int = REF_SHORTEST) -> str:
    """Return `length` Crockford characters of the id's random tail."""
    tail = int(uuid.replace("-", "")[-15:], 16)
    digits = []
    for _ in range(length):
        tail, digit = divmod(tail, 32)
        digits.append(_CROCKFORD[digit])
    return "".join(digits)


def normal_ref(text: str) -> str:
    """Return what a person typed as a ref: upper case, look-alikes of digits replaced."""
    return text.strip().upper().translate(str.maketrans("ILO", "110"))


def looks_like_id(text: str) -> bool:
    """Say whether the text is a whole UUID (else it is taken for a ref)."""
    return len(text) == _UUID_LENGTH and text.count("-") == _UUID_DASHES
