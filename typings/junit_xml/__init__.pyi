"""The part of junit-xml 1.9 that perfspec uses."""

from collections.abc import Iterable, Mapping, Sequence
from xml.etree.ElementTree import Element

class TestCase:
    def __init__(
        self,
        name: str,
        classname: str | None = None,
        elapsed_sec: float | None = None,
        stdout: str | None = None,
        stderr: str | None = None,
        assertions: int | None = None,
        timestamp: str | None = None,
        status: str | None = None,
        category: str | None = None,
        file: str | None = None,
        line: int | None = None,
        log: str | None = None,
        url: str | None = None,
        allow_multiple_subelements: bool = False,
    ) -> None: ...
    def add_error_info(
        self, message: str | None = None, output: str | None = None, error_type: str | None = None
    ) -> None: ...
    def add_failure_info(
        self, message: str | None = None, output: str | None = None, failure_type: str | None = None
    ) -> None: ...
    def add_skipped_info(self, message: str | None = None, output: str | None = None) -> None: ...

class TestSuite:
    def __init__(
        self,
        name: str,
        test_cases: Iterable[TestCase] | None = None,
        hostname: str | None = None,
        id: str | None = None,
        package: str | None = None,
        timestamp: str | None = None,
        properties: Mapping[str, str] | None = None,
        file: str | None = None,
        log: str | None = None,
        url: str | None = None,
        stdout: str | None = None,
        stderr: str | None = None,
    ) -> None: ...
    def build_xml_doc(self, encoding: str | None = None) -> Element: ...

def to_xml_report_string(
    test_suites: Sequence[TestSuite], prettyprint: bool = True, encoding: str | None = None
) -> str: ...
