"""Raw audio: little-endian samples, made up the same in every run or read from a file."""

from __future__ import annotations

import math
import wave
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perfspec.errors import RunError

if TYPE_CHECKING:
    from perfspec.plan.journey import Pcm

TONE_HZ = 220  # whole waves in a second, so that its end meets its beginning
_LOUD = 0.3  # of full scale


class Chunks(NamedTuple):
    """``content`` goes round and round; ``frame`` is the bytes of one sample of all channels."""

    content: bytes
    frame: int
    frames_each: float

    def chunk(self, index: int) -> bytes:
        """The bytes of one step of the stream; over time their mean is exact."""
        first, after = int(index * self.frames_each), int((index + 1) * self.frames_each)
        size, whole = (after - first) * self.frame, len(self.content)
        start = first * self.frame % whole
        if start + size <= whole:
            return self.content[start : start + size]
        found = self.content[start:]
        while len(found) < size:
            found += self.content[: size - len(found)]
        return found


def load_pcm(pcm: Pcm, every_s: float, directory: str) -> Chunks:
    """Chunks of ``every_s``; raises RunError for a file that cannot be read or does not fit."""
    frame = pcm.bits // 8 * pcm.channels
    content = _tone(pcm) if pcm.path is None else _read(pcm, Path(directory) / pcm.path)
    content = content[: len(content) // frame * frame]
    if not content:
        msg = f"{pcm.path} holds no audio"
        raise RunError(msg)
    return Chunks(content, frame, pcm.rate * every_s)


def _tone(pcm: Pcm) -> bytes:
    """One second of a tone."""
    full = 2 ** (pcm.bits - 1) - 1
    offset = 128 if pcm.bits == 8 else 0  # samples of a byte have no sign
    found = bytearray()
    for index in range(pcm.rate):
        level = round(full * _LOUD * math.sin(2 * math.pi * TONE_HZ * index / pcm.rate)) + offset
        sample = level.to_bytes(pcm.bits // 8, "little", signed=not offset)
        found += sample * pcm.channels
    return bytes(found)


def _read(pcm: Pcm, path: Path) -> bytes:
    try:
        if path.suffix.lower() != ".wav":
            return path.read_bytes()
        with wave.open(str(path), "rb") as file:
            found = file.getframerate(), file.getsampwidth() * 8, file.getnchannels()
            if found != (pcm.rate, pcm.bits, pcm.channels):
                msg = f"{path.name} has {found[0]} Hz, {found[1]} bits, {found[2]} channels"
                raise RunError(msg)
            return file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        msg = f"the audio {path.name} cannot be read: {error}"
        raise RunError(msg) from None
