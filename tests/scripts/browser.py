# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium driven through its own pipe (DevTools protocol), with nothing but Python's library."""
import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
from pathlib import Path

PROGRAM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", "--remote-debugging-pipe")


class Browser:
    """One page at a time. `said` has what the console heard since it was opened, `asked` the addresses that were asked for."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory()
        commands, self.to_browser = os.pipe()
        self.from_browser, answers = os.pipe()

        def take_places():  # Chromium reads commands from 3 and answers to 4
            first, second = fcntl.fcntl(commands, fcntl.F_DUPFD, 10), fcntl.fcntl(answers, fcntl.F_DUPFD, 10)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen([PROGRAM, *ARGUMENTS, f"--user-data-dir={self.profile.name}", "about:blank"], preexec_fn=take_places,
                                        close_fds=False, stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self.buffer, self.number, self.session, self.events, self.said, self.asked = b"", 0, None, [], [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        os.close(self.to_browser)
        os.close(self.from_browser)
        self.profile.cleanup()

    def _read(self) -> dict:
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.from_browser], [], [], 60)
            more = os.read(self.from_browser, 1 << 20) if ready else b""
            if not more:
                raise RuntimeError("the browser does not answer" if not ready else "the browser is gone")
            self.buffer += more
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        name, given = message.get("method"), message.get("params", {})
        if name == "Runtime.consoleAPICalled":
            self.said.append(str(given["args"]))
        elif name == "Runtime.exceptionThrown":
            self.said.append(str(given["exceptionDetails"]))
        elif name == "Log.entryAdded":
            self.said.append(given["entry"]["text"])
        elif name == "Network.requestWillBeSent":
            self.asked.append(given["request"]["url"])
        elif name:
            self.events.append(name)
        return message

    def call(self, method: str, **given) -> dict:
        self.number += 1
        message = {"id": self.number, "method": method, "params": given} | ({"sessionId": self.session} if self.session else {})
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self.number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(self, page: Path, width: int, height: int, script: bool = True) -> None:
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.events.clear(), self.said.clear(), self.asked.clear()
        self.call("Page.navigate", url=page.as_uri())
        while "Page.loadEventFired" not in self.events:
            self._read()

    def evaluate(self, expression: str):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]))

    def print_pdf(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=False, paperWidth=8.27, paperHeight=11.69)["data"]))

    def mouse(self, x: float, y: float, click: bool = False) -> None:
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased") if click else ():
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def middle(self, selector: str) -> tuple[float, float]:
        """Of an element, in the window, scrolled there first."""
        return tuple(self.evaluate(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
                                   " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"))
