"""Checks a captured delivery with the PyPI package `standardwebhooks`.

Usage: python webhook.py <delivery file> <secret whsec_…>
"""

import json
import sys

from standardwebhooks.webhooks import Webhook


def check(file: str, secret: str) -> dict:
    with open(file, encoding="utf-8") as captured:
        delivery = json.load(captured)
    body = delivery["body"]
    if not isinstance(body, str):
        raise ValueError("body must be the text that was sent")
    headers = {name.lower(): value for name, value in delivery["headers"].items()}
    event = Webhook(secret).verify(body, headers)
    if not isinstance(event.get("type"), str):
        raise ValueError("the event has no type")
    return {"ok": True, "type": event["type"]}


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: python webhook.py <delivery file> <secret whsec_...>", file=sys.stderr)
        return 2
    try:
        print(json.dumps(check(sys.argv[1], sys.argv[2])))
        return 0
    except Exception as error:  # whatever the library raises, the delivery was not accepted
        print(json.dumps({"ok": False, "error": f"{type(error).__name__}: {error}"}))
        return 1


if __name__ == "__main__":
    sys.exit(main())
