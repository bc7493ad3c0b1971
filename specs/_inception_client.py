"""Send one picture to the model server and print what it sees. Needs nothing but Python."""

import base64
import json
import os
import urllib.request


def main() -> None:
    """Fetch the picture, ask the server, print its answer; any failure ends the Job with an error."""
    picture = urllib.request.Request(os.environ["PICTURE"], headers={"User-Agent": "inception-client"})
    with urllib.request.urlopen(picture, timeout=60) as response:
        content = base64.b64encode(response.read()).decode()
    question = json.dumps({"instances": [{"b64": content}]}).encode()
    request = urllib.request.Request(os.environ["URL"], question, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as response:
        print(json.dumps(json.load(response), indent=2))  # noqa: T201


main()
