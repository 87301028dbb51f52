from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from perfspec.redact import MASK, Redactor, secret_values

secrets = st.text(
    st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=4, max_size=40
).filter(lambda text: text.strip() == text and len(text.splitlines()) == 1)
around = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
encodings = st.sampled_from(
    [
        str,
        lambda text: json.dumps(text)[1:-1],
        lambda text: json.dumps(text, ensure_ascii=False)[1:-1].replace("/", r"\/"),
        lambda text: repr(text)[1:-1],
        lambda text: repr(f"it's {text}")[6:-1],
        lambda text: text.encode().decode("latin-1"),
        lambda text: json.dumps(text.encode().decode("latin-1"))[1:-1],
        lambda text: repr(text.encode().decode("latin-1"))[1:-1],
        lambda text: quote(text, safe=""),
        quote_plus,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    ]
)


@given(st.lists(secrets, min_size=1, max_size=4), around, around, encodings)
def test_no_form_of_a_secret_is_left(
    values: list[str],
    before: str,
    after: str,
    encode: st.SearchStrategy[str],
) -> None:
    written = [encode(value) for value in values]  # type: ignore[operator]
    masked = Redactor(values).text(before + after.join(written) + after)
    assert not [form for form in written if form in masked]


@given(secrets, around)
def test_one_value_leaves_one_mask(secret: str, between: str) -> None:
    text = f"<{secret}>{between.replace(secret, '')}"
    assert Redactor([secret]).text(text).startswith(f"<{MASK}>")


@given(st.lists(secrets, max_size=3), st.text(st.sampled_from("xyz \n"), max_size=80))
def test_what_holds_no_secret_stays_as_it_is(values: list[str], text: str) -> None:
    redactor = Redactor(value + "0" for value in values)
    assert redactor.text(text) == text


@given(secrets, around, st.integers(4, 40))
def test_a_secret_cut_off_by_the_end_shows_at_most_three_characters(
    secret: str, before: str, length: int
) -> None:
    start = secret[:length]
    masked = Redactor([secret]).cut(before + start)
    assert masked.endswith(MASK)


@given(secrets, st.binary(max_size=20), st.binary(max_size=20))
def test_basic_credentials_show_no_part_that_is_the_secret_alone(
    secret: str, before: bytes, after: bytes
) -> None:
    content = secret.encode()
    text = base64.b64encode(before + content + after).decode()
    first, last = -(-len(before) * 8 // 6), (len(before) + len(content)) * 8 // 6
    if last - first >= 8:
        assert text[first:last] not in Redactor([secret]).text(text)


@given(st.lists(secrets), secrets)
def test_adding_later_masks_the_same(values: list[str], late: str) -> None:
    redactor = Redactor(values)
    redactor.add([late])
    text = " ".join([*values, late])
    assert redactor.text(text) == Redactor([*values, late]).text(text)


@given(st.dictionaries(st.sampled_from("ABC"), secrets), st.lists(secrets))
def test_values_come_from_variables_and_columns(variables: dict[str, str], keys: list[str]) -> None:
    rows = {"students": [{"name": "Ann", "key": {"d": key, "n": 12345}} for key in keys]}
    found = secret_values(["A", "students.key", "others.key"], variables, rows)
    expected = {variables[name] for name in variables if name == "A"} | set(keys)
    assert found == expected | ({"12345"} if keys else set())
