"""The outer form of a shared string: prefix, version, preset, items, checksum; small and bounded however hostile it is."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import dataclass

VERSION = 1
LONGEST = 16_384
"""Letters of a string; a QR code holds fewer than 3,000."""
LARGEST = 65_536
"""Letters of the items once they are unpacked."""
READABLE = 72
"""Letters of the items up to which they stay as they are, to be read in a chat; more are compressed where that is shorter."""
COMMON = (
    b":training.muon_lr~:training.momentum~:training.step_every~:training.step_factor~:training.decay_share~:training.average~ema"
    b":training.average_decay~:training.accumulate~:training.optimiser~muon:training.precision~bfloat16:training.label_smoothing~"
    b":training.clip~:training.beta1~:task.validation~:task.mask_ratio~:task.examples~:task.kind~digits-classify:seed~:model.init."
    b"zero_out~true:model.init.std~:d.attention.position.fraction~:d.attention.position.buckets~:d.attention.position.max_distance~"
    b":d.attention.qk_norm_place~after:d.attention.sink~true:d.attention.gate~true:d.attention.soft_cap~:d.attention.window~:d."
    b"attention.d_head~:d.mlp.experts~:d.mlp.top_k~:d.order~parallel_shared:d.branch_scale~:model.unembedding.soft_cap~:model."
    b"unembedding.scale~root:model.embedding.scale~root:model.encoder_norm.kind~rms:model.encoder_norm.eps~1e-6:model.embedding."
    b"norm.kind~layer:model.embedding.position.kind~learned:model.embedding.dropout~0.1:model.unembedding.hidden~768:model."
    b"unembedding.bias~true:model.unembedding.norm.kind~rms:model.unembedding.norm.eps~1e-6:model.unembedding.tied~true:model."
    b"init.depth_scaled~false:task.objective~masked:task.mask_rule~bert:task.tokenizer.kind~characters:task.tokenizer.vocab~512"
    b":training.steps~2000:training.batch~16:training.lr~0.002:training.schedule~linear:training.warmup~200:training.lr_min~0.0002"
    b":training.beta2~0.999:training.weight_decay~0.01:training.validate_every~250:training.validation_windows~200:model.d_model~96"
    b":model.n_ctx~1024:encoder~d1-4:decoder~d1-4.d4x2:e.attention.mask~bidirectional:d.cross~new:d.attention.position.kind~rotary"
    b":d.attention.kv_heads~2:d.attention.qk_norm~head:d.attention.pattern_dropout~0.1:d.attention.scaled~false:d.attention.bias~"
    b"true:d.attention.dropout~0:d.norm.kind~layer:d.norm.eps~1e-6:d.norm.place~pre:d.mlp.activation~silu:d.mlp.gated~true:d.mlp."
    b"bias~false:d.mlp.dropout~0:d.mlp.d_mlp~384:d1.attention.heads~8"
)
"""What items commonly say, so that it need not be in the string. Part of the version: it never changes while that stays."""
_HEAD = re.compile(r"tp(\d{1,4}):")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_WRAPPING = "`'\"<>()“”„‘’«»"
"""What people and programs put around something that is to be copied."""
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))


class ShareError(Exception):
    """A string that cannot be made or used: what, why, and what to do."""

    def __init__(self, what: str, why: str = "", remedy: str = "") -> None:
        super().__init__(" ".join(part for part in (what, why, remedy) if part))
        self.what, self.why, self.remedy = what, why, remedy


@dataclass(frozen=True)
class Parcel:
    """What a string holds: the preset, what differs from it, and a fingerprint of what comes out."""

    base: str
    items: tuple[str, ...]
    fingerprint: str


def pack(parcel: Parcel) -> str:
    """One line of URL-safe characters; the items are compressed where that is shorter. Raises ShareError."""
    if not _NAME.fullmatch(parcel.base):
        raise ShareError(
            "This cannot be shared as a string.",
            "A string says what differs from a shipped model, and what is open here is none.",
            "Open a shipped model and make the changes there, or send the model's folder.",
        )
    body = ":".join(parcel.items)
    if len(body) > LARGEST:
        raise too_much()
    if len(body) > READABLE:
        packer = zlib.compressobj(9, wbits=-15, zdict=COMMON)
        body = min(body, "~" + _letters(packer.compress(body.encode("ascii")) + packer.flush()), key=len)
    text = ":".join(part for part in (f"tp{VERSION}", parcel.base, body, parcel.fingerprint) if part)
    if len(text) > LONGEST - 16:
        raise too_much()
    return text + checksum(text)


def unpack(text: str) -> Parcel:
    """What a pasted string holds, its surroundings and line breaks left out; raises ShareError with a sentence."""
    if len(text) > 2 * LONGEST:
        raise _no_string()
    tidy = "".join(text.translate(_INVISIBLE).split()).strip(_WRAPPING)
    head = _HEAD.match(tidy)
    if head is None or len(tidy) > LONGEST:
        raise _no_string()
    if head[1] != str(VERSION):
        raise ShareError(
            f"This string has version {head[1]}.",
            f"This program reads version {VERSION} only.",
            "Use the version of the program that it was made with, or ask for a string made with this one.",
        )
    inner, sum_ = tidy[:-6], tidy[-6:]
    parts = inner.split(":")
    if checksum(inner) != sum_ or len(parts) < 3 or not inner.isascii():
        raise ShareError(
            "This string is not whole.",
            "It was cut short, or a character in it has changed: its checksum does not fit.",
            "Copy it once more, from tp1 to its last character.",
        )
    if not _NAME.fullmatch(parts[1]):
        raise impossible("The name of its preset is none.")
    body = parts[2:-1]
    if body and body[0].startswith("~"):
        body = _inflated(body).split(":")
    return Parcel(parts[1], tuple(body), parts[-1])


def checksum(text: str, letters: int = 6) -> str:
    """A CRC-32 in letters: all six find every change of one character, and four are enough for a fingerprint."""
    return _letters(zlib.crc32(text.encode()).to_bytes(4, "big"))[:letters]


def impossible(why: str) -> ShareError:
    """The string is whole, but what it says cannot be."""
    return ShareError("This string describes no experiment.", why, "Ask whoever made it for another one.")


def too_much() -> ShareError:
    """More differs than a string can hold."""
    return ShareError(
        "This is too much for a string.", "Too many fields differ from the preset.", "Save the model and send its folder."
    )


def _inflated(body: list[str]) -> str:
    """Compressed items; at most LARGEST letters are ever unpacked."""
    if len(body) != 1:
        raise impossible("Its compressed part is not alone.")
    try:
        packed = base64.b64decode(body[0][1:] + "=" * (-len(body[0][1:]) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj(-15, zdict=COMMON)
        text = unpacker.decompress(packed, LARGEST + 1)
        if len(text) > LARGEST:
            raise impossible("Unpacked it is far too long.")
        if not unpacker.eof or unpacker.unused_data:
            raise impossible("Its compressed part is damaged.")
        return text.decode("ascii")
    except (ValueError, zlib.error):
        raise impossible("Its compressed part is damaged.") from None


def _letters(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _no_string() -> ShareError:
    return ShareError(
        "This is no experiment.",
        "The string of an experiment begins with tp1: and is shorter than this program's longest.",
        "Copy the whole string, and nothing else.",
    )
