"""Audio of a stream: whole samples, the same in every run, or what a file holds."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import pytest

from perfspec.errors import RunError
from perfspec.plan.journey import Pcm
from perfspec.run.driver.pcm import load_pcm

if TYPE_CHECKING:
    from pathlib import Path


def write_wav(path: Path, frames: bytes, rate: int = 8000) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(frames)


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_second_has_its_bytes_and_begins_anew(bits: int, channels: int, tmp_path: Path) -> None:
    chunks = load_pcm(Pcm(rate=16_000, bits=bits, channels=channels), 0.1, str(tmp_path))
    second = b"".join(chunks.chunk(index) for index in range(10))
    assert len(second) == 16_000 * channels * bits // 8
    assert chunks.chunk(10) == chunks.chunk(0)
    assert len(set(second)) > 10


def test_a_wav_goes_round(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", bytes(range(6)))
    chunks = load_pcm(Pcm(rate=8000, bits=16, path="a.wav"), 0.0005, str(tmp_path))
    assert [chunks.chunk(0), chunks.chunk(1)] == [
        bytes([0, 1, 2, 3, 4, 5, 0, 1]),
        bytes([2, 3, 4, 5, 0, 1, 2, 3]),
    ]


def test_raw_samples_are_sent_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.pcm").write_bytes(b"abcd")
    chunks = load_pcm(Pcm(rate=1000, bits=16, path="a.pcm"), 0.002, str(tmp_path))
    assert chunks.chunk(0) == b"abcd"


def test_a_wav_of_another_rate_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", bytes(6), rate=44_100)
    with pytest.raises(RunError, match=r"a\.wav has 44100 Hz, 16 bits, 1 channels"):
        load_pcm(Pcm(rate=8000, bits=16, path="a.wav"), 0.1, str(tmp_path))


@pytest.mark.parametrize(("name", "content"), [("no.wav", None), ("bad.wav", b"?"), ("e.pcm", b"")])
def test_a_file_without_audio_is_refused(name: str, content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RunError, match=name):
        load_pcm(Pcm(rate=8000, bits=16, path=name), 0.1, str(tmp_path))
