"""One large list and 10 000 places in it, drawn at random once and for all, with the values that were put there."""

import hashlib

from issuer import LIST, lst, status_list

SIZE = 2**20


def document():
    # SHAKE-256 instead of a random source, so that the file is the same each time.
    dice = hashlib.shake_256(b"gosbadge test vectors: entries").digest(SIZE)
    entries = bytes(1 + die % 3 if die < 13 else 0 for die in dice)
    data = bytes(entries[i] | entries[i + 1] << 2 | entries[i + 2] << 4 | entries[i + 3] << 6 for i in range(0, SIZE, 4))
    drawn = hashlib.shake_256(b"gosbadge test vectors: places").digest(4 * 10_000)
    places = [int.from_bytes(drawn[i : i + 4], "big") % SIZE for i in range(0, len(drawn), 4)]
    # At random one place in twenty is not VALID; here every second one, so that a reader of zeros does not nearly pass.
    taken = [i for i, value in enumerate(entries) if value]
    places = [taken[place % len(taken)] if n % 2 else place for n, place in enumerate(places)]
    return {
        "about": "A status list of 2^20 two-bit entries, 10 000 places in it, and the value at each, one digit for one place.",
        "uri": LIST,
        "token": status_list({"status_list/lst": lst(data)}),
        "places": places,
        "values": "".join(str(entries[place]) for place in places),
    }
