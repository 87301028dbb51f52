"""Sets up and tears down what the plan needs, as a team's own script would."""

import json
import sys
from pathlib import Path

FILE = Path("build/words.json")


def main() -> int:
    """Exit code 0 when all is as it should be."""
    match sys.argv[1]:
        case "up":
            FILE.parent.mkdir(exist_ok=True)
            words = [{"word": each} for each in ("garden", "river", "city", "letter", "forest")]
            FILE.write_text(json.dumps({"words": words}), encoding="utf-8")
        case "down":
            FILE.unlink(missing_ok=True)
        case "check-clean":
            return int(FILE.exists())
    return 0


if __name__ == "__main__":
    sys.exit(main())
